/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/proc.h"

#include <stdio.h>
#include <string.h>

struct thread_walk {
	struct proc proc;
	struct answer_thread held;               /* pid, tid and comm of the thread at hand */
	struct text *rows;                       /* all of them so far */
};

static void read_comm(struct thread_walk *walk, const char *task)
{
	struct text comm = { 0 };
	char rest[32];
	size_t size;

	snprintf(rest, sizeof(rest), "%s/comm", task);
	memset(walk->held.comm, 0, sizeof(walk->held.comm));
	if (proc_read(&walk->proc, walk->held.pid, rest, &comm) == 0) {
		size = strcspn(text_str(&comm), "\n");
		memcpy(walk->held.comm, text_str(&comm),
		       size < sizeof(walk->held.comm) ? size : sizeof(walk->held.comm) - 1);
	}
	text_fini(&comm);
}

static void walk_descriptors(struct thread_walk *walk, DIR *folder)
{
	const struct dirent *entry;
	int err;

	while ((entry = proc_entry(folder, &err))) {
		char link[64];
		ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link));

		if (size > 0 && proc_number(entry->d_name, &walk->held.fd) &&
		    proc_link_inode(link, (size_t)size, "socket:[", &walk->held.inode))
			text_add(walk->rows, &walk->held, sizeof(walk->held));
	}
}

static void walk_thread(struct thread_walk *walk, const char *tid)
{
	char task[24], rest[32], path[PROC_PATH];
	OWN_DIR DIR *folder = NULL;

	if (!proc_number(tid, &walk->held.tid) || walk->held.tid == walk->held.pid)
		return;
	snprintf(task, sizeof(task), "task/%d", walk->held.tid);
	snprintf(rest, sizeof(rest), "%s/fd", task);
	proc_path(path, walk->held.pid, rest);
	folder = proc_folder(&walk->proc, path);
	if (!folder)
		return;
	read_comm(walk, task);
	walk_descriptors(walk, folder);
}

static void walk_process(struct thread_walk *walk, int32_t pid)
{
	char path[PROC_PATH];
	const struct dirent *entry;
	OWN_DIR DIR *folder = NULL;
	int err;

	walk->held.pid = pid;
	proc_path(path, pid, "task");
	folder = proc_folder(&walk->proc, path);
	while (folder && (entry = proc_entry(folder, &err)))
		walk_thread(walk, entry->d_name);
}

/* An entry of its own for each thread: the descriptors of one stand together. */
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

static void add_all(struct snapshot *seen, const struct text *rows)
{
	struct answer_thread held, before = { 0 };

	for (size_t at = 0; at < rows->count; at += sizeof(held)) {
		memcpy(&held, rows->at + at, sizeof(held));
		if (held.pid != before.pid || held.tid != before.tid)
			add_thread(seen, &held);
		before = held;
		*grow_add(&seen->holders) = (struct holder){
			.inode = held.inode, .fd = held.fd,
			.process = (uint32_t)seen->processes.count - 1,
		};
	}
	snapshot_sort_holders(seen);
}

/* False where there is no /proc, which is told with the processes. */
static bool walk_all(struct text *rows)
{
	struct thread_walk walk = { .rows = rows };
	int32_t pid;

	if (proc_open(&walk.proc) < 0)
		return false;
	while (proc_next(&walk.proc, &pid))
		walk_process(&walk, pid);
	proc_close(&walk.proc);
	return true;
}

/* A process that hides its descriptors hides its threads' too. */
void collect_threads(struct collect *collect, struct snapshot *seen)
{
	struct recorder *recorder = &collect->recorder;
	static const uint32_t only = 1; /* there is one answer in a recording */
	struct question question = {
		.kind = ANSWER_THREADS, .key = &only, .key_size = sizeof(only),
	};

	if (!recorder_replays(recorder)) {
		if (walk_all(&question.rows))
			recorder_answer(recorder, &question);
	} else if (!recorder_answered(recorder, &question)) {
		snapshot_gap(seen, GAP_RECORDING, 1,
			     "the recording does not hold the threads of processes");
	}
	add_all(seen, &question.rows);
	text_fini(&question.rows);
}
