/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/grow.h"
#include "base/map.h"
#include "base/own.h"
#include "collect/proc_scan.h"

#include <errno.h>
#include <string.h>

struct thread_walk {
	struct proc_scan     scan;
	struct answer_thread held;      /* pid, tid and comm of the thread at hand */
	struct text         *rows;      /* all of them so far */
	int                  err;       /* why some thread of the process at hand was not seen */
};

/* A process that may not be read was counted already, with its own descriptors. */
static void note_failure(struct thread_walk *walk, int err)
{
	if (err && err != ENOENT && err != ESRCH && err != EACCES && err != EPERM)
		walk->err = err;
}

static void read_comm(struct thread_walk *walk, const struct proc *threads)
{
	struct text comm = { 0 };

	memset(walk->held.comm, 0, sizeof(walk->held.comm));
	note_failure(walk, -proc_read(threads, walk->held.tid, "comm", &comm));
	proc_comm(&comm, walk->held.comm, sizeof(walk->held.comm));
	text_fini(&comm);
}

static void walk_descriptors(struct thread_walk *walk, DIR *folder)
{
	const struct dirent *entry;
	int err;

	while ((entry = proc_entry(folder, &err))) {
		if (proc_socket(dirfd(folder), entry->d_name, &walk->held.fd, &walk->held.inode,
				NULL, &err))
			text_add(walk->rows, &walk->held, sizeof(walk->held));
		note_failure(walk, err);
	}
	note_failure(walk, err);
}

static void walk_thread(struct thread_walk *walk, const struct proc *threads)
{
	char path[PROC_PATH];
	OWN_DIR DIR *folder = NULL;

	proc_path(path, walk->held.tid, "fd");
	folder = proc_folder(threads, path);
	if (!folder) {
		note_failure(walk, errno);
		return;
	}
	read_comm(walk, threads);
	walk_descriptors(walk, folder);
}

/* Told of those only whose other threads hold sockets, which have been taken for its own. */
static void note_ended_first(struct thread_walk *walk)
{
	struct answer_thread none = { .pid = walk->held.pid, .tid = walk->held.pid, .fd = -1 };
	struct text stat = { 0 };

	if (proc_read(&walk->scan.proc, walk->held.pid, "stat", &stat) == 0 &&
	    proc_is_bare(text_str(&stat)))
		text_add(walk->rows, &none, sizeof(none));
	text_fini(&stat);
}

static void walk_process(struct thread_walk *walk, int32_t pid)
{
	size_t before = walk->rows->count;
	struct proc threads;

	walk->held.pid = pid;
	walk->err = 0;
	proc_threads(&walk->scan.proc, pid, &threads);
	while (proc_next(&threads, &walk->held.tid))
		if (walk->held.tid != pid)
			walk_thread(walk, &threads);
	note_failure(walk, threads.err);
	proc_close(&threads);
	if (walk->rows->count > before)
		note_ended_first(walk);
	if (walk->err)
		scan_failed(&walk->scan, pid, walk->err);
}

/* Adds a process entry for each thread; the descriptors of one thread stand together. */
static void add_thread(struct snapshot *seen, const struct answer_thread *held)
{
	const struct process *leader = snapshot_find_process(seen, held->pid);
	struct process thread = {
		.pid = held->pid, .tid = held->tid, .cgroup_id = leader ? leader->cgroup_id : 0,
	};

	*grow_add(&seen->processes) = thread;
	snapshot_name_process(seen, (uint32_t)seen->processes.count - 1, held->comm,
			      strnlen(held->comm, sizeof(held->comm)));
}

static void drop_ended(struct snapshot *seen, const struct map *ended)
{
	size_t kept = 0;

	for (size_t i = 0; i < seen->holders.count; i++) {
		const struct holder *holder = &seen->holders.at[i];
		const struct process *process = &seen->processes.at[holder->process];

		if (process->tid || !map_find(ended, (uint32_t)process->pid))
			seen->holders.at[kept++] = *holder;
	}
	seen->holders.count = kept;
}

static void add_all(struct snapshot *seen, const struct text *rows)
{
	struct answer_thread held, before = { 0 };
	struct map ended = { 0 };

	for (size_t at = 0; at < rows->count; at += sizeof(held)) {
		memcpy(&held, rows->at + at, sizeof(held));
		if (held.tid == held.pid) {
			map_slot(&ended, (uint32_t)held.pid, NULL);
			continue;
		}
		if (held.pid != before.pid || held.tid != before.tid)
			add_thread(seen, &held);
		before = held;
		*grow_add(&seen->holders) = (struct holder){
			.inode = held.inode, .fd = held.fd,
			.process = (uint32_t)seen->processes.count - 1,
		};
	}
	if (ended.count)
		drop_ended(seen, &ended);
	map_fini(&ended);
	snapshot_sort_holders(seen);
}

/* Gaps come before the answer, because a recording has them among the gaps of the owners. */
static void note_gaps(struct proc_scan *scan)
{
	bool gaps = scan_note_gaps(scan, "threads");

	if (scan_note_early_end(scan) || gaps)
		scan->seen->holders_complete = false;
}

/* Returns false where there is no /proc; the walk for processes has told that. */
static bool walk_all(struct recorder *recorder, struct snapshot *seen, struct text *rows)
{
	struct thread_walk walk = { .scan = { .recorder = recorder, .seen = seen }, .rows = rows };
	int32_t pid;

	if (proc_open(&walk.scan.proc) < 0)
		return false;
	while (proc_next(&walk.scan.proc, &pid))
		walk_process(&walk, pid);
	note_gaps(&walk.scan);
	proc_close(&walk.scan.proc);
	return true;
}

/* A process that hides its descriptors hides those of its threads, too. */
void collect_threads(struct collect *collect, struct snapshot *seen)
{
	struct recorder *recorder = &collect->recorder;
	static const uint32_t only = 1; /* a recording has one answer */
	struct question question = {
		.kind = ANSWER_THREADS, .key = &only, .key_size = sizeof(only),
	};

	if (!recorder_replays(recorder)) {
		if (walk_all(recorder, seen, &question.rows))
			recorder_answer(recorder, &question);
	} else if (!recorder_answered(recorder, &question)) {
		snapshot_gap(seen, GAP_RECORDING, 1,
			     "the recording does not hold the threads of processes");
	}
	add_all(seen, &question.rows);
	text_fini(&question.rows);
}
