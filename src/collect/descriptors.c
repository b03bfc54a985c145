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

/*
 * The kernel's count of allocated TCP sockets, less those in the tables of namespaces.
 * Namespaces are told apart by the file, whose inode each has for itself: it can be read
 * of every process, whereas ns/net takes the right to trace it.
 */
struct tables {
	struct ids namespaces;          /* those that were counted */
	int64_t    unlisted;
	bool       known;
};

/* So few can be no finding, and need not be counted exactly. */
enum { FEW_UNLISTED = 16 };

static void count_table(const struct proc_scan *scan, int32_t pid, const char *file,
			const char *prefix, int64_t *listed)
{
	struct text content = { 0 };
	int64_t value = 0;

	if (proc_read(&scan->proc, pid, file, &content) == 0 &&
	    counter_inline(text_str(&content), prefix, "inuse", &value))
		*listed += value;
	text_fini(&content);
}

/* One process is enough for each namespace. */
static void count_tables(struct tables *tables, const struct proc_scan *scan, int32_t pid)
{
	char path[PROC_PATH];
	struct stat st;
	int64_t listed = 0;

	if (!tables->known || tables->unlisted < FEW_UNLISTED)
		return;
	proc_path(path, pid, "net/sockstat");
	if (fstatat(dirfd(scan->proc.folder), path, &st, 0) < 0 ||
	    !ids_add(&tables->namespaces, (uint64_t)st.st_ino))
		return;
	count_table(scan, pid, "net/sockstat", "TCP:", &listed);
	count_table(scan, pid, "net/sockstat6", "TCP6:", &listed);
	tables->unlisted -= listed;
}

/*
 * True when the process is in that namespace. A first thread that has ended is in none,
 * but the threads that it left are. False, and counted, when it is not known.
 */
static bool is_inside(struct proc_scan *scan, int32_t pid, uint64_t netns)
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

/*
 * Orphans have no descriptor, and those of a namespace that is gone are in no table that
 * could be counted; so all of them and what is established here give a second bound.
 */
static int64_t most_unlisted(const struct known *counter)
{
	int64_t held = counter[COUNTER_ALLOC].value;

	if (counter[COUNTER_ORPHANS].is)
		held -= counter[COUNTER_ORPHANS].value;
	if (counter[COUNTER_CURR_ESTAB].is)
		held -= counter[COUNTER_CURR_ESTAB].value;
	return held;
}

static void set_unlisted(struct snapshot *seen, const struct tables *tables)
{
	int64_t most = most_unlisted(seen->limits.counter);

	seen->tcp_unlisted = (struct known){
		tables->known, most < tables->unlisted ? most : tables->unlisted,
	};
}

static void count_all(struct recorder *recorder, struct snapshot *seen)
{
	struct proc_scan scan = { .recorder = recorder, .seen = seen };
	const struct netns *netns = seen->netns;
	const struct known *alloc = &seen->limits.counter[COUNTER_ALLOC];
	struct tables tables = { .unlisted = alloc->value, .known = alloc->is && !netns->visited };
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
		while (!netns->visited && proc_next(&scan.proc, &pid)) {
			count_tables(&tables, &scan, pid);
			if (is_inside(&scan, pid, ours))
				count_process(&scan, pid);
		}
		scan_note_gaps(&scan, "descriptors");
		scan_note_early_end(&scan);
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
