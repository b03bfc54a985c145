/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/proc_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the walk ---- */

struct snapshot *scan_told(struct snapshot *seen, const struct map *wanted)
{
	return wanted && !wanted->count ? NULL : seen;
}

bool scan_open(struct proc_scan *scan, enum frame_type head)
{
	int err = proc_open(&scan->proc);
	struct frame_flag made = { .is = !err };

	tape_put(scan->tape, head, &made, NULL, 0);
	if (err)
		tape_gap(scan->tape, scan_told(scan->seen, scan->wanted), GAP_OWNERS, 1,
			 "processes could not be listed: /proc: %s", strerror(-err));
	else    /* now, while no other descriptor is needed */
		cgroup_tree_find(&scan->tree);
	return !err;
}

void scan_close(struct proc_scan *scan)
{
	proc_close(&scan->proc);
	cgroup_tree_fini(&scan->tree);
}

void scan_failed(struct proc_scan *scan, int32_t pid, int err)
{
	if (proc_shows_nothing(pid, err))
		return;
	if (err == EACCES || err == EPERM) {
		scan->unreadable++;
	} else {
		scan->broken++;
		scan->broken_err = err;
	}
}

int scan_descriptor_folder(const struct proc_scan *scan, int32_t pid)
{
	char path[PROC_PATH];
	int fd;

	proc_path(path, pid, "fd");
	fd = openat(dirfd(scan->proc.folder), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- a process ---- */

/* Reads @name of the process whole. Returns 0 or -errno. */
static int read_about(const struct proc_scan *scan, int descriptors,
		      const struct scanned *scanned, const char *name, struct text *content)
{
	char path[PROC_PATH];

	if (descriptors < 0)
		return proc_read(&scan->proc, scanned->pid, name, content);
	snprintf(path, sizeof(path), "../%s", name);
	return tape_read(descriptors, path, content);
}

static void set_comm(struct scanned *scanned, const struct text *comm)
{
	size_t size = comm->count;

	if (size && comm->at[size - 1] == '\n')
		size--;
	scanned->comm_size = size < sizeof(scanned->comm) ? size : sizeof(scanned->comm) - 1;
	memcpy(scanned->comm, text_str(comm), scanned->comm_size);
}

bool scan_introduce(const struct proc_scan *scan, int descriptors, struct scanned *scanned)
{
	struct text comm = { 0 }, cgroup = { 0 };
	int err = read_about(scan, descriptors, scanned, "comm", &comm);

	if (!err)
		set_comm(scanned, &comm);
	scanned->nameless = -err;
	if (read_about(scan, descriptors, scanned, "cgroup", &cgroup) == 0)
		scanned->cgroup_id = cgroup_tree_id(&scan->tree, text_str(&cgroup));
	text_fini(&comm);
	text_fini(&cgroup);
	return !scan_is_gone(-err);
}

static bool is_near(const struct proc_scan *scan, int32_t pid)
{
	struct scanned scanned = { .pid = pid };
	struct text cgroup = { 0 };
	uint64_t id = 0;

	if (map_find(scan->near->pids, (uint32_t)pid))
		return true;
	if (read_about(scan, -1, &scanned, "cgroup", &cgroup) == 0)
		id = cgroup_tree_id(&scan->tree, text_str(&cgroup));
	text_fini(&cgroup);
	return id && map_find(scan->near->cgroups, id);
}

bool scan_is_turn_of(const struct proc_scan *scan, int32_t pid)
{
	return scan->round == SCAN_ALL || is_near(scan, pid) == (scan->round == SCAN_NEAR);
}

void scan_save(struct proc_scan *scan, const struct scanned *scanned)
{
	struct frame_process frame = { .pid = scanned->pid, .cgroup_id = scanned->cgroup_id };

	tape_put(scan->tape, FRAME_PROCESS, &frame, scanned->comm, scanned->comm_size);
}

void scanned_add(struct snapshot *seen, const struct scanned *scanned, uint32_t *index)
{
	struct process *process;

	*index = snapshot_process(seen, scanned->pid);
	process = &seen->processes.at[*index];
	if (!process->comm_size)
		snapshot_name_process(seen, *index, scanned->comm, scanned->comm_size);
	if (!process->cgroup_id)
		process->cgroup_id = scanned->cgroup_id;
}

void scanned_read(struct scanned *scanned, const struct frame *frame)
{
	struct frame_process told_of;
	size_t size;
	const uint8_t *comm = frame_open(frame, &told_of, &size);

	*scanned = (struct scanned){ .pid = told_of.pid, .cgroup_id = told_of.cgroup_id };
	scanned->comm_size = size < sizeof(scanned->comm) ? size : sizeof(scanned->comm) - 1;
	memcpy(scanned->comm, comm, scanned->comm_size);
}

/* ---- what could not be seen ---- */

const char *scan_processes(uint64_t count)
{
	return count == 1 ? "process" : "processes";
}

const char *scan_way_out(void)
{
	return geteuid() ? "run as root to see all owners" :
	       "a user namespace or security module guards them";
}

bool scan_note_early_end(struct proc_scan *scan)
{
	if (scan->proc.err)
		tape_gap(scan->tape, scan_told(scan->seen, scan->wanted), GAP_OWNERS, 1,
			 "processes could not be listed to the end: /proc: %s",
			 strerror(scan->proc.err));
	return scan->proc.err;
}

bool scan_replay(struct tape *tape, enum frame_type type, struct snapshot *seen,
		 bool *made, struct cursor *cursor)
{
	struct frame_flag flag;
	struct frame head;
	size_t size;

	if (!tape_section(tape, type, &head, cursor)) {
		if (seen)
			snapshot_gap(seen, GAP_RECORDING, 1,
				     type == FRAME_HOLDERS ?
				     "the recording does not hold the owners of sockets" :
				     "the recording does not hold the open files of processes");
		return false;
	}
	frame_open(&head, &flag, &size);
	*made = flag.is;
	return true;
}
