/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/holders.h"

#include "base/grow.h"
#include "base/ids.h"
#include "base/own.h"
#include "collect/bpf/task_files.h"
#include "collect/crew.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With so many open files on the machine looking at all of them takes its time. */
enum { MANY_FILES = 10000 };

static uint64_t files_open(void)
{
	struct text content = { 0 };
	uint64_t open = 0;

	if (tape_read(AT_FDCWD, "/proc/sys/fs/file-nr", &content) == 0)
		open = strtoull(text_str(&content), NULL, 10);
	text_fini(&content);
	return open;
}

/* For --verbose: which way was taken, and before it which one was not, and why. */
static void say_way(struct snapshot *seen, const char *words)
{
	size_t size = strlen(seen->holders_way);

	snprintf(seen->holders_way + size, sizeof(seen->holders_way) - size, "%s%s",
		 size && *words ? ", " : "", words);
}

static void add_holder(struct snapshot *seen, const struct map *wanted,
		       const struct person *person, int32_t fd, uint32_t inode)
{
	struct holder holder = { .inode = inode, .fd = fd };

	if (wanted && !map_find(wanted, inode))
		return;
	person_add(seen, person, &holder.process);
	*grow_add(&seen->holders) = holder;
}

/* ---- one pass in the kernel ---- */

struct pass {
	struct walk *walk;
	struct roll *roll;
	int32_t      pid;       /* whose descriptors are being told, all in a row */
	bool         gone;      /* and it has ended since */
};

static void meet(struct pass *pass, int32_t pid)
{
	struct person person = { .pid = pid };

	if (pass->pid == pid)
		return;
	pass->pid = pid;
	pass->gone = !walk_introduce(pass->walk, -1, &person);
	if (!pass->gone)
		*grow_add(&pass->roll->persons) = person;
}

static void take_file(void *ctx, const struct task_file *file)
{
	struct pass *pass = ctx;
	const struct walk *walk = pass->walk;
	struct holder holder = {
		.inode = file->inode, .process = (uint32_t)file->pid, .fd = file->fd,
	};

	if (!crew_wants(walk, file->inode))
		return;
	meet(pass, file->pid);
	if (!pass->gone)
		*grow_add(&walk->seen->holders) = holder;
}

/* False, with nothing added, when it is not to be had; then /proc has to be walked. */
static bool pass_through(struct walk *walk, struct roll *roll)
{
	struct pass pass = { .walk = walk, .roll = roll };
	struct snapshot *seen = walk->seen;
	size_t before = seen->holders.count;
	struct text why = { 0 };
	bool done = task_files_read(take_file, &pass, &why);

	if (done) {
		say_way(seen, "one BPF pass over all open files");
	} else {
		seen->holders.count = before;
		roll->persons.count = 0;
		say_way(seen, text_str(&why));
	}
	text_fini(&why);
	return done;
}

/* ---- from pids to processes of the snapshot ---- */

static int compare_persons(const void *left, const void *right)
{
	const struct person *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* Here @process is still the pid. */
static int compare_as_walked(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;

	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* A recording holds them process by process, in the order of /proc. */
static void save(struct walk *walk, const struct roll *roll, size_t from)
{
	const struct snapshot *seen = walk->seen;
	struct holder *at = seen->holders.at + from;
	size_t count = seen->holders.count - from, next = 0;

	if (count)
		qsort(at, count, sizeof(*at), compare_as_walked);
	for (size_t i = 0; i < roll->persons.count; i++) {
		const struct person *person = &roll->persons.at[i];

		walk_save(walk, person);
		for (; next < count && at[next].process == (uint32_t)person->pid; next++) {
			struct frame_holder frame = { .fd = at[next].fd, .inode = at[next].inode };

			tape_put(walk->tape, FRAME_HOLDER, &frame, NULL, 0);
		}
	}
}

/* What was only to be recorded goes. */
static void drop_unwanted(struct snapshot *seen, const struct map *wanted, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < seen->holders.count; i++)
		if (map_find(wanted, seen->holders.at[i].inode))
			seen->holders.at[kept++] = seen->holders.at[i];
	seen->holders.count = kept;
}

/* Its index among the persons; each has a pid of its own. */
static uint32_t find_person(const struct roll *roll, uint32_t pid)
{
	struct person key = { .pid = (int32_t)pid };
	const struct person *person = bsearch(&key, roll->persons.at, roll->persons.count,
					      sizeof(key), compare_persons);

	return (uint32_t)(person - roll->persons.at);
}

/* In the order of their pids, so that it does not matter who was met first. */
static void number(struct snapshot *seen, const struct roll *roll, size_t from)
{
	OWN_MEM uint32_t *index = grow_alloc(roll->persons.count * sizeof(*index));
	struct holder *holder = seen->holders.at;
	uint32_t pid = 0, person = 0;

	for (size_t i = from; i < seen->holders.count; i++) {
		if (holder[i].process != pid)
			person = find_person(roll, pid = holder[i].process);
		holder[i].process = person;
		index[person] = 1;
	}
	for (size_t i = 0; i < roll->persons.count; i++)
		if (index[i])
			person_add(seen, &roll->persons.at[i], &index[i]);
	for (size_t i = from; i < seen->holders.count; i++)
		holder[i].process = index[holder[i].process];
}

static void count_nameless(struct walk *walk, const struct roll *roll)
{
	for (size_t i = 0; i < roll->persons.count; i++) {
		if (!roll->persons.at[i].nameless)
			continue;
		walk->nameless++;
		walk->nameless_err = roll->persons.at[i].nameless;
	}
}

static void enter(struct walk *walk, struct roll *roll, size_t from)
{
	if (roll->persons.count)
		qsort(roll->persons.at, roll->persons.count, sizeof(*roll->persons.at),
		      compare_persons);
	if (tape_records(walk->tape)) {
		save(walk, roll, from);
		if (walk->wanted)
			drop_unwanted(walk->seen, walk->wanted, from);
	}
	number(walk->seen, roll, from);
	count_nameless(walk, roll);
	grow_fini(&roll->persons);
}

/* ---- what was seen, and what was not ---- */

/* True when something could not be seen. */
static bool note_owner_gaps(struct walk *walk)
{
	struct snapshot *seen = walk_told(walk->seen, walk->wanted);
	bool hidden = proc_hides(&walk->proc);

	if (walk->unreadable)
		tape_gap(walk->tape, seen, GAP_OWNERS, walk->unreadable,
			 "descriptors of %llu %s could not be read (%s)",
			 (unsigned long long)walk->unreadable, walk_processes(walk->unreadable),
			 walk_way_out());
	if (walk->broken)
		tape_gap(walk->tape, seen, GAP_RESOURCES, walk->broken,
			 "descriptors of %llu %s could not be read: %s",
			 (unsigned long long)walk->broken, walk_processes(walk->broken),
			 strerror(walk->broken_err));
	if (walk->nameless)
		tape_gap(walk->tape, seen, GAP_OWNERS, walk->nameless,
			 "names of %llu %s could not be read: %s",
			 (unsigned long long)walk->nameless, walk_processes(walk->nameless),
			 strerror(walk->nameless_err));
	if (hidden)
		tape_gap(walk->tape, seen, GAP_OWNERS, 1,
			 "this /proc hides processes of others (hidepid, subset) or is not mounted; "
			 "run as root to see all owners");
	return walk_note_early_end(walk) || hidden || walk->unreadable || walk->broken;
}

static void finish(struct snapshot *seen, bool known, bool complete)
{
	snapshot_sort_holders(seen);
	seen->holders_known = known;
	seen->holders_complete = known && complete;
}

/* Not before each of them has a holder is it enough to have looked into some processes. */
static bool are_found(const struct walk *walk, size_t from)
{
	const struct map *inodes = walk->near->inodes;
	struct ids found = { 0 };
	size_t count = 0;

	for (size_t i = from; i < walk->seen->holders.count; i++) {
		uint32_t inode = walk->seen->holders.at[i].inode;

		count += map_find(inodes, inode) && ids_add(&found, inode);
	}
	ids_fini(&found);
	return count == inodes->count;
}

static void walk_rounds(struct walk *walk, struct roll *roll, size_t from)
{
	if (!walk->near) {
		crew_walk(walk, roll);
		return;
	}
	walk->round = WALK_NEAR;
	crew_walk(walk, roll);
	if (are_found(walk, from)) {
		say_way(walk->seen, "only in the control groups of the sockets");
		return;
	}
	walk->round = WALK_REST;
	proc_rewind(&walk->proc);
	crew_walk(walk, roll);
}

static void look_into_all(struct walk *walk)
{
	size_t from = walk->seen->holders.count;
	struct roll roll = { 0 };

	if (!pass_through(walk, &roll)) {
		walk_rounds(walk, &roll, from);
		say_way(walk->seen, roll.workers > 1 ? "through /proc by two workers" :
							    "through /proc by one worker");
	}
	enter(walk, &roll, from);
}

/* @near: where to begin, or NULL. */
static void collect(struct tape *tape, struct snapshot *seen, const struct map *wanted,
		    const struct holder_ask *near)
{
	struct walk walk = { .tape = tape, .seen = seen, .wanted = wanted, .near = near };
	bool known = true, complete = true;

	if (!wanted || wanted->count || tape_records(tape)) {
		known = walk_open(&walk, FRAME_HOLDERS);
		if (known) {
			look_into_all(&walk);
			complete = !note_owner_gaps(&walk);
		}
		walk_close(&walk);
	}
	finish(seen, known, complete);
}

void holders_collect(struct tape *tape, struct snapshot *seen, const struct map *wanted)
{
	collect(tape, seen, wanted, NULL);
}

void holders_collect_some(struct tape *tape, struct snapshot *seen, const struct map *wanted,
			  const struct holder_ask *ask)
{
	collect(tape, seen, wanted, ask->cgroups && files_open() >= MANY_FILES ? ask : NULL);
}

/* False when the frame says that something could not be seen. */
static bool replay_holder(struct snapshot *seen, const struct map *wanted,
			  struct person *person, const struct frame *frame)
{
	struct frame_holder holder;
	size_t size;

	switch (frame->type) {
	case FRAME_PROCESS:
		person_read(person, frame);
		return true;
	case FRAME_HOLDER:
		frame_open(frame, &holder, &size);
		add_holder(seen, wanted, person, holder.fd, holder.inode);
		return true;
	case FRAME_GAP:
		if (walk_told(seen, wanted))
			tape_replay_gap(seen, frame);
		return false;
	default:
		return true;
	}
}

void holders_replay(struct tape *tape, struct snapshot *seen, const struct map *wanted)
{
	struct person person = { 0 };
	bool known = !walk_told(seen, wanted), complete = true;
	struct cursor cursor;
	struct frame frame;

	if (walk_replay(tape, FRAME_HOLDERS, walk_told(seen, wanted), &known, &cursor))
		while (load_next(&cursor, &frame))
			complete &= replay_holder(seen, wanted, &person, &frame);
	finish(seen, known, complete);
}
