/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process holds which socket: found by a walk through /proc (proc_scan.h), or by
 * one pass of a BPF program (bpf/task_files.h) where it is built in, is faster, and sees
 * the same. A process that ends meanwhile is left out silently; a process that may not
 * be looked into is counted.
 *
 * The walk looks into every process, whatever is wanted: a descriptor may have been
 * inherited by or passed to any process, across users, cgroups and namespaces, and no
 * file of /proc tells how many hold it. Only where one responsible process is enough, as
 * for a finding, and there are very many descriptors, does the walk begin in the cgroups
 * of the sockets and end there if each socket has its holder.
 */
#include "collect/handle.h"

#include "base/grow.h"
#include "base/ids.h"
#include "base/order.h"
#include "base/own.h"
#include "collect/bpf/task_files.h"
#include "collect/proc_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With this many open files on the machine, looking at all of them takes noticeable time. */
enum { MANY_FILES = 10000 };

/*
 * Keeps for --verbose how owners were found, and before that what was not possible and
 * why.
 */
static void say_way(struct snapshot *seen, const char *words)
{
	size_t size = strlen(seen->holders_way);

	snprintf(seen->holders_way + size, sizeof(seen->holders_way) - size, "%s%s",
		 size && *words ? ", " : "", words);
}

static void add_holder(struct snapshot *seen, const struct map *wanted,
		       const struct scanned *scanned, int32_t fd, uint32_t inode)
{
	if (wanted && !map_find(wanted, inode))
		return;
	*grow_add(&seen->holders) = (struct holder){
		.inode = inode, .fd = fd, .process = scanned_add(seen, scanned),
	};
}

/* ---- one pass in the kernel ---- */

struct bpf_pass {
	struct proc_scan *scan;
	struct owners    *owners;
	int32_t      pid;       /* whose descriptors come now, all in a row */
	bool         gone;      /* it ended meanwhile */
};

static void introduce_next(struct bpf_pass *pass, int32_t pid)
{
	struct scanned scanned = { .pid = pid };

	if (pass->pid == pid)
		return;
	pass->pid = pid;
	pass->gone = !scan_introduce(pass->scan, -1, &scanned);
	if (!pass->gone)
		*grow_add(&pass->owners->processes) = scanned;
}

static void take_task_file(void *ctx, const struct task_file *file)
{
	struct bpf_pass *pass = ctx;
	const struct proc_scan *scan = pass->scan;
	struct holder holder = {
		.inode = file->inode, .process = (uint32_t)file->pid, .fd = file->fd,
	};

	if (!scan_wants(scan, file->inode))
		return;
	introduce_next(pass, file->pid);
	if (!pass->gone)
		*grow_add(&scan->seen->holders) = holder;
}

/* Returns false, with nothing added, when there is no BPF pass; then /proc must be walked. */
static bool read_with_bpf(struct proc_scan *scan, struct owners *owners)
{
	struct bpf_pass pass = { .scan = scan, .owners = owners };
	struct snapshot *seen = scan->seen;
	size_t before = seen->holders.count;
	struct text why = { 0 };
	bool done = task_files_read(take_task_file, &pass, &why);

	if (done) {
		say_way(seen, "one BPF pass over all open files");
	} else {
		seen->holders.count = before;
		owners->processes.count = 0;
		say_way(seen, text_str(&why));
	}
	text_fini(&why);
	return done;
}

/* ---- from pids to processes of the snapshot ---- */

static int compare_scanned(const void *left, const void *right)
{
	const struct scanned *a = left, *b = right;

	return order_of(a->pid, b->pid);
}

/* Compares holders whose @process is still the pid. */
static int compare_as_walked(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;

	return order_of(a->process, b->process) ?: order_of(a->fd, b->fd);
}

/* Saves holders process by process, in the order of /proc. */
static void save_owners(struct proc_scan *scan, const struct owners *owners, size_t from)
{
	const struct snapshot *seen = scan->seen;
	struct holder *at = seen->holders.at + from;
	size_t count = seen->holders.count - from, next = 0;

	if (count)
		qsort(at, count, sizeof(*at), compare_as_walked);
	for (size_t i = 0; i < owners->processes.count; i++) {
		const struct scanned *scanned = &owners->processes.at[i];

		scan_save(scan, scanned);
		for (; next < count && at[next].process == (uint32_t)scanned->pid; next++) {
			struct frame_holder frame = { .fd = at[next].fd, .inode = at[next].inode };

			recorder_put(scan->recorder, FRAME_HOLDER, &frame, NULL, 0);
		}
	}
}

/* Drops holders that were wanted for the recording only. */
static void drop_unwanted(struct snapshot *seen, const struct map *wanted, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < seen->holders.count; i++)
		if (map_find(wanted, seen->holders.at[i].inode))
			seen->holders.at[kept++] = seen->holders.at[i];
	seen->holders.count = kept;
}

/* The index of a process, found by its pid. */
static uint32_t find_scanned(const struct owners *owners, uint32_t pid)
{
	struct scanned key = { .pid = (int32_t)pid };
	const struct scanned *scanned = bsearch(&key, owners->processes.at,
						owners->processes.count, sizeof(key),
						compare_scanned);

	return (uint32_t)(scanned - owners->processes.at);
}

/*
 * Numbers processes by their pids, so that the order in which they were met does not
 * matter.
 */
static void number_processes(struct snapshot *seen, const struct owners *owners, size_t from)
{
	OWN_MEM uint32_t *index = grow_alloc(owners->processes.count * sizeof(*index));
	struct holder *holder = seen->holders.at;
	uint32_t pid = 0, scanned = 0;

	for (size_t i = from; i < seen->holders.count; i++) {
		if (holder[i].process != pid)
			scanned = find_scanned(owners, pid = holder[i].process);
		holder[i].process = scanned;
		index[scanned] = 1;
	}
	for (size_t i = 0; i < owners->processes.count; i++)
		if (index[i])
			index[i] = scanned_add(seen, &owners->processes.at[i]);
	for (size_t i = from; i < seen->holders.count; i++)
		holder[i].process = index[holder[i].process];
}

static void count_nameless(struct proc_scan *scan, const struct owners *owners)
{
	for (size_t i = 0; i < owners->processes.count; i++) {
		if (!owners->processes.at[i].nameless)
			continue;
		scan->nameless++;
		scan->nameless_err = owners->processes.at[i].nameless;
	}
}

static void add_owners(struct proc_scan *scan, struct owners *owners, size_t from)
{
	if (owners->processes.count)
		qsort(owners->processes.at, owners->processes.count, sizeof(*owners->processes.at),
		      compare_scanned);
	if (recorder_records(scan->recorder)) {
		save_owners(scan, owners, from);
		if (scan->wanted)
			drop_unwanted(scan->seen, scan->wanted, from);
	}
	number_processes(scan->seen, owners, from);
	count_nameless(scan, owners);
	grow_fini(&owners->processes);
}

/* ---- what was seen, and what was not ---- */

/* Notes what could not be seen. Returns true when there was something. */
static bool note_owner_gaps(struct proc_scan *scan)
{
	bool gaps = scan_note_gaps(scan, "descriptors");

	return scan_note_early_end(scan) || gaps;
}

static void set_known(struct snapshot *seen, bool known, bool complete)
{
	snapshot_sort_holders(seen);
	seen->holders_known = known;
	seen->holders_complete = known && complete;
}

/*
 * True when every wanted socket has a holder, so that looking into some processes was
 * enough.
 */
static bool are_found(const struct proc_scan *scan, size_t from)
{
	const struct map *inodes = scan->near->inodes;
	struct ids found = { 0 };
	size_t count = 0;

	for (size_t i = from; i < scan->seen->holders.count; i++) {
		uint32_t inode = scan->seen->holders.at[i].inode;

		count += map_find(inodes, inode) && ids_add(&found, inode);
	}
	ids_fini(&found);
	return count == inodes->count;
}

static void scan_rounds(struct proc_scan *scan, struct owners *owners, size_t from)
{
	if (!scan->near) {
		scan_descriptors(scan, owners);
		return;
	}
	scan->round = SCAN_NEAR;
	scan_descriptors(scan, owners);
	if (are_found(scan, from)) {
		say_way(scan->seen, "only in the control groups of the sockets");
		return;
	}
	scan->round = SCAN_REST;
	rewinddir(scan->proc.folder);
	scan_descriptors(scan, owners);
}

static void scan_all(struct proc_scan *scan)
{
	size_t from = scan->seen->holders.count;
	struct owners owners = { 0 };

	if (!read_with_bpf(scan, &owners)) {
		scan_rounds(scan, &owners, from);
		say_way(scan->seen, owners.threads > 1 ? "through /proc by two workers" :
							 "through /proc by one worker");
	}
	add_owners(scan, &owners, from);
}

/* @near: where to look first, or NULL. A recording gets every socket, wanted or not. */
static void find_owners(struct recorder *recorder, struct snapshot *seen,
			const struct map *wanted, const struct holder_ask *near)
{
	struct proc_scan scan = { .recorder = recorder, .seen = seen, .wanted = wanted, .near = near };
	bool known = true, complete = true;

	if (!wanted || wanted->count || recorder_records(recorder)) {
		known = scan_open(&scan, FRAME_HOLDERS);
		if (known) {
			scan_all(&scan);
			complete = !note_owner_gaps(&scan);
		}
		scan_close(&scan);
	}
	set_known(seen, known, complete);
}

/* Returns false when the frame says that something could not be seen. */
static bool replay_holder(struct snapshot *seen, const struct map *wanted,
			  struct scanned *scanned, const struct frame *frame)
{
	struct frame_holder holder;
	size_t size;

	switch (frame->type) {
	case FRAME_PROCESS:
		scanned_read(scanned, frame);
		return true;
	case FRAME_CGROUP:
		cgroup_replay(seen, NULL, frame);
		return true;
	case FRAME_HOLDER:
		frame_open(frame, &holder, &size);
		add_holder(seen, wanted, scanned, holder.fd, holder.inode);
		return true;
	case FRAME_GAP:
		if (scan_told(seen, wanted))
			recorder_replay_gap(seen, frame);
		return false;
	default:
		return true;
	}
}

static void replay_owners(struct recorder *recorder, struct snapshot *seen, const struct map *wanted)
{
	struct scanned scanned = { 0 };
	bool known = !scan_told(seen, wanted), complete = true;
	struct cursor cursor;
	struct frame frame;

	if (scan_replay(recorder, FRAME_HOLDERS, scan_told(seen, wanted), &known, &cursor))
		while (load_next(&cursor, &frame))
			complete &= replay_holder(seen, wanted, &scanned, &frame);
	set_known(seen, known, complete);
}

/* ---- looked up once for all namespaces ---- */

void owner_cache_fini(struct owner_cache *cache)
{
	if (cache->scanned)
		snapshot_fini(&cache->owners);
	if (cache->named)
		snapshot_fini(&cache->groups);
}

void owner_cache_gaps(struct snapshot *seen, const struct snapshot *from)
{
	for (size_t i = 0; i < from->gaps.count; i++)
		snapshot_gap(seen, from->gaps.at[i].kind, from->gaps.at[i].count, "%s",
			     from->gaps.at[i].text);
}

static void copy_holder(struct snapshot *seen, const struct snapshot *owners,
			const struct holder *from)
{
	const struct process *process = &owners->processes.at[from->process];
	const struct cgroup *told = process->cgroup_id & CGROUP_TOLD ?
				    snapshot_cgroup(owners, process->cgroup_id) : NULL;

	if (told)
		snapshot_add_cgroup(seen, told->id, told->path);
	*grow_add(&seen->holders) = (struct holder){
		.inode = from->inode, .fd = from->fd,
		.process = process_add(seen, process->pid, process->cgroup_id, process->comm,
				       process->comm_size),
	};
}

static int compare_inodes(const void *left, const void *right)
{
	return order_of(*(const uint32_t *)left, *(const uint32_t *)right);
}

/*
 * Copies by looking up each wanted inode: there may be as many namespaces as processes,
 * and each would otherwise go through the holders of all of them.
 */
static void copy_wanted(struct snapshot *seen, const struct snapshot *owners,
			const struct map *wanted)
{
	struct { uint32_t *at; size_t count, room; } inodes = { NULL, 0, 0 };

	for (size_t i = 0; i < seen->socks.count; i++)
		if (map_find(wanted, seen->socks.at[i].inode))
			*grow_add(&inodes) = seen->socks.at[i].inode;
	if (inodes.count)
		qsort(inodes.at, inodes.count, sizeof(*inodes.at), compare_inodes);
	for (size_t i = 0; i < inodes.count; i++) {
		size_t count;
		const struct holder *holder = snapshot_holders(owners, inodes.at[i], &count);

		if (i && inodes.at[i] == inodes.at[i - 1])
			continue;
		for (size_t j = 0; j < count; j++)
			copy_holder(seen, owners, &holder[j]);
	}
	grow_fini(&inodes);
}

/* Copies every socket of some processes, except those that copy_wanted() has copied. */
static void copy_processes(struct snapshot *seen, const struct snapshot *owners,
			   const struct map *pids, const struct map *copied)
{
	for (size_t i = 0; i < owners->holders.count; i++) {
		const struct holder *holder = &owners->holders.at[i];
		uint32_t pid = (uint32_t)owners->processes.at[holder->process].pid;

		if (map_find(pids, pid) && !map_find(copied, holder->inode))
			copy_holder(seen, owners, holder);
	}
}

/* @pids: processes of which every socket is wanted beside them, or NULL. */
static void copy_owners(struct owner_cache *cache, struct snapshot *seen,
			const struct map *wanted, const struct map *pids)
{
	const struct snapshot *owners = &cache->owners;
	struct recorder none = { 0 };

	/* nobody is wanted, so no walk is needed */
	if (wanted && !wanted->count && !(pids && pids->count)) {
		seen->holders_known = seen->holders_complete = true;
		return;
	}
	if (!cache->scanned) {
		snapshot_init(&cache->owners);
		find_owners(&none, &cache->owners, NULL, NULL);
		cache->scanned = true;
	}
	if (wanted)
		copy_wanted(seen, owners, wanted);
	if (wanted && pids && pids->count)
		copy_processes(seen, owners, pids, wanted);
	for (size_t i = 0; !wanted && i < owners->holders.count; i++)
		copy_holder(seen, owners, &owners->holders.at[i]);
	snapshot_sort_holders(seen);
	seen->holders_known = owners->holders_known;
	seen->holders_complete = owners->holders_complete;
	seen->holders_outside = owners->holders_outside;
	memcpy(seen->holders_way, owners->holders_way, sizeof(seen->holders_way));
	owner_cache_gaps(seen, owners);
}

/* ---- how they are asked for ---- */

void collect_holders(struct collect *collect, struct snapshot *seen, const struct map *wanted)
{
	if (collect->cache)
		copy_owners(collect->cache, seen, wanted, NULL);
	else if (recorder_replays(&collect->recorder))
		replay_owners(&collect->recorder, seen, wanted);
	else
		find_owners(&collect->recorder, seen, wanted, NULL);
}

/* A recording holds every holder, whatever was wanted. */
void collect_some_holders(struct collect *collect, const struct holder_ask *ask,
			  struct snapshot *seen)
{
	const struct map *wanted = ask->pids->count ? NULL : ask->inodes;

	if (recorder_replays(&collect->recorder) || recorder_records(&collect->recorder))
		collect_holders(collect, seen, wanted);
	else if (collect->cache)
		copy_owners(collect->cache, seen, ask->inodes, ask->pids);
	else
		find_owners(&collect->recorder, seen, wanted,
			    ask->cgroups && proc_files_open() >= MANY_FILES ? ask : NULL);
}
