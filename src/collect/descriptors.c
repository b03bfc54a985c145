/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many descriptors processes have open, by a walk through /proc. */
#include "collect/handle.h"

#include "base/ids.h"
#include "base/own.h"
#include "collect/netns.h"
#include "collect/proc_scan.h"
#include "collect/sysctls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The soft limit in a /proc/PID/limits; -1: unlimited. */
static bool holder_limit(const char *limits, int64_t *limit)
{
	static const char name[] = "Max open files";
	const char *line = strstr(limits, name);
	char *end;

	if (!line || (line != limits && line[-1] != '\n'))
		return false;
	line += sizeof(name) - 1;
	line += strspn(line, " ");
	*limit = -1;
	if (strncmp(line, "unlimited", 9) == 0)
		return true;
	errno = 0;
	*limit = strtoll(line, &end, 10);
	return end != line && !errno && *limit >= 0;
}

/* ---- sockets that no table has ---- */

/* Counts TCP sockets that are in the tables of the namespaces that were met. */
struct tables {
	struct ids namespaces;          /* those that were counted */
	int64_t    listed;
	bool       whole;               /* none was met that could not be counted */
};

static bool count_table(const struct proc_scan *scan, int32_t pid, const char *file,
			const char *prefix, int64_t *listed)
{
	struct text content = { 0 };
	int64_t value = 0;
	int err = proc_read(&scan->proc, pid, file, &content);
	bool is = err == -ENOENT || (!err && counter_inline(text_str(&content), prefix, "inuse", &value));

	text_fini(&content);
	*listed += value;
	return is;
}

/* One process is enough for each namespace. */
static void count_tables(struct tables *tables, const struct proc_scan *scan, int32_t pid,
			 uint64_t netns)
{
	if (!ids_add(&tables->namespaces, netns))
		return;
	tables->whole &= count_table(scan, pid, "net/sockstat", "TCP:", &tables->listed) &&
			 count_table(scan, pid, "net/sockstat6", "TCP6:", &tables->listed);
}

static void set_unlisted(struct snapshot *seen, const struct tables *tables)
{
	const struct known *alloc = &seen->limits.counter[COUNTER_ALLOC];

	if (tables->whole && alloc->is)
		seen->tcp_unlisted = (struct known){ true, alloc->value - tables->listed };
}

/*
 * True when the process is in that namespace. A first thread that has ended is in none,
 * but the threads that it left are. False, and counted, when it is not known.
 */
static bool is_inside(struct proc_scan *scan, int32_t pid, uint64_t netns, struct tables *tables)
{
	char path[PROC_PATH];
	struct stat st;

	proc_path(path, pid, "ns/net");
	if (fstatat(dirfd(scan->proc.folder), path, &st, 0) < 0) {
		OWN_FD int fd = scan_open_descriptors(scan, pid);

		if (fd < 0)
			return false;
		if (fstatat(fd, "../ns/net", &st, 0) < 0) {
			scan_failed(scan, pid, errno);
			return false;
		}
	}
	count_tables(tables, scan, pid, (uint64_t)st.st_ino);
	return (uint64_t)st.st_ino == netns;
}

/* Takes @fd over. Returns 0 or an errno. */
static int count_listed(int fd, int64_t *count)
{
	OWN_DIR DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	int err = errno;

	if (!folder) {
		close(fd);
		return err;
	}
	while ((entry = proc_entry(folder, &err)))
		*count += entry->d_name[0] != '.';
	return err;
}

/*
 * Since Linux 6.2 the size of the folder is the count; before, that size is 0, as it is
 * when only the first thread has ended. False, and counted, when it is not known.
 */
static bool count_descriptors(struct proc_scan *scan, int32_t pid, int64_t *count)
{
	char path[PROC_PATH];
	struct stat st;
	int fd, err;

	*count = 0;
	proc_path(path, pid, "fd");
	if (fstatat(dirfd(scan->proc.folder), path, &st, 0) == 0 && st.st_size) {
		*count = st.st_size;
		return true;
	}
	fd = scan_open_descriptors(scan, pid);
	if (fd < 0)
		return false;
	err = count_listed(fd, count);
	if (err)
		scan_failed(scan, pid, err);
	return !err;
}

static void read_limit(const struct proc_scan *scan, int32_t pid, struct frame_limit *frame)
{
	struct text limits = { 0 };

	if (proc_read(&scan->proc, pid, "limits", &limits) == 0 &&
	    holder_limit(text_str(&limits), &frame->limit))
		frame->have |= 2;
	text_fini(&limits);
}

static void add_limit(struct snapshot *seen, const struct scanned *scanned,
		      const struct frame_limit *frame)
{
	uint32_t index = scanned_add(seen, scanned);
	struct process_files *files;

	if (!(frame->have & 3))
		return;
	files = snapshot_process_files(seen, index);
	if (frame->have & 1)
		files->open = (struct known){ true, frame->descriptors };
	if (frame->have & 2)
		files->limit = (struct known){ true, frame->limit };
}

static void count_process(struct proc_scan *scan, int32_t pid)
{
	struct frame_limit frame = { .have = 1 };
	struct scanned scanned = { .pid = pid };

	if (!count_descriptors(scan, pid, &frame.descriptors) || !frame.descriptors ||
	    !scan_introduce(scan, -1, &scanned))
		return;
	scan_save(scan, &scanned);
	read_limit(scan, pid, &frame);
	recorder_put(scan->recorder, FRAME_LIMIT, &frame, NULL, 0);
	add_limit(scan->seen, &scanned, &frame);
}

static void count_all(struct recorder *recorder, struct snapshot *seen)
{
	struct proc_scan scan = { .recorder = recorder, .seen = seen };
	const struct netns *netns = seen->netns;
	struct tables tables = { .whole = !netns->visited };
	uint64_t ours = netns_inode();
	int32_t pid;

	if (scan_open(&scan, FRAME_DESCRIPTORS)) {
		if (!ours)
			recorder_gap(recorder, seen, GAP_OWNERS, 1, "which processes are in this network "
				     "namespace is not known: /proc is not mounted or is of another "
				     "process namespace (mount -t proc proc /proc)");
		/* the processes of one that was visited are known */
		for (size_t i = 0; i < netns->pids.count; i++)
			count_process(&scan, netns->pids.at[i]);
		while (!netns->visited && proc_next(&scan.proc, &pid))
			if (is_inside(&scan, pid, ours, &tables))
				count_process(&scan, pid);
		scan_note_gaps(&scan, "descriptors");
		scan_note_early_end(&scan);
		seen->tcp_unlisted.is = false;
		set_unlisted(seen, &tables);
		ids_fini(&tables.namespaces);
	}
	scan_close(&scan);
}

static void replay_all(struct recorder *recorder, struct snapshot *seen)
{
	struct scanned scanned = { 0 };
	struct frame_limit limit;
	struct cursor cursor;
	struct frame frame;
	size_t size;
	bool made;

	if (!scan_replay(recorder, FRAME_DESCRIPTORS, seen, &made, &cursor))
		return;
	while (load_next(&cursor, &frame)) {
		if (frame.type == FRAME_PROCESS) {
			scanned_read(&scanned, &frame);
		} else if (frame.type == FRAME_CGROUP) {
			cgroup_replay(seen, NULL, &frame);
		} else if (frame.type == FRAME_LIMIT) {
			frame_open(&frame, &limit, &size);
			add_limit(seen, &scanned, &limit);
		} else if (frame.type == FRAME_GAP) {
			recorder_replay_gap(seen, &frame);
		}
	}
}

void collect_descriptors(struct collect *collect, struct snapshot *seen)
{
	if (recorder_replays(&collect->recorder))
		replay_all(&collect->recorder, seen);
	else
		count_all(&collect->recorder, seen);
}
