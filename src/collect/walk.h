/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_WALK_H
#define COLLECT_WALK_H

#include "collect/cgroups.h"
#include "collect/collect.h"
#include "collect/proc.h"
#include "collect/tape.h"

#include <errno.h>

/*
 * The walk through /proc that finds holders (holders.c) and counts descriptors
 * (descriptors.c), live and from a recording.
 */

/* A process as it is met, before anybody knows whether it matters. */
struct person {
	int32_t  pid;
	uint64_t cgroup_id;
	size_t   comm_size;
	char     comm[64];
	int      nameless;      /* errno: it is there and its name could not be read */
};

/* Which processes are looked into now. */
enum walk_round {
	WALK_ALL,
	WALK_NEAR,              /* those where the wanted sockets are likely to be */
	WALK_REST,              /* all the others */
};

/* begins zeroed, but for tape, seen and wanted (NULL: everything is) */
struct walk {
	struct tape      *tape;
	struct snapshot  *seen;
	const struct map *wanted;
	const struct holder_ask *near;  /* for the last two rounds */
	enum walk_round   round;
	struct proc       proc;
	struct cgroup_tree tree;
	uint64_t          unreadable;   /* processes */
	uint64_t          broken;       /* processes, for want of descriptors or memory */
	int               broken_err;
	uint64_t          nameless;     /* processes whose names could not be read */
	int               nameless_err;
};

/* Opens /proc and says in the recording, with @head, whether there is one. */
bool walk_open(struct walk *walk, enum frame_type head);
void walk_close(struct walk *walk);

/*
 * Reads name and cgroup of @person, whose pid is set; false when it is gone. Its
 * own folder of descriptors, when one is open (else -1), leads to the very process
 * that was listed, whoever has its number by now.
 */
bool walk_introduce(const struct walk *walk, int descriptors, struct person *person);

/* Saves it when a recording is made. */
void walk_save(struct walk *walk, const struct person *person);

/* True when it is to be looked into in this round. */
bool walk_is_turn_of(const struct walk *walk, int32_t pid);

/* The folder of its descriptors or -errno. The caller closes it. */
int walk_descriptor_folder(const struct walk *walk, int32_t pid);

/* Counts a process that cannot be looked into. Gone is no gap, and bare has nothing. */
void walk_failed(struct walk *walk, int32_t pid, int err);

/* True, with a gap, when the listing of /proc itself ended early. */
bool walk_note_early_end(struct walk *walk);

/* Where gaps go: NULL when nobody wanted an owner, which is worth saving, not worth telling. */
struct snapshot *walk_told(struct snapshot *seen, const struct map *wanted);

/* For sentences: "process" or "processes", and what would show more of them. */
const char *walk_processes(uint64_t count);
const char *walk_way_out(void);

/* The head of the next section of that type, @made: of a machine with /proc; a gap when there is none. */
bool walk_replay(struct tape *tape, enum frame_type type, struct snapshot *seen,
		 bool *made, struct cursor *cursor);

/* A process of a recording. */
void person_read(struct person *person, const struct frame *frame);

/* Puts it into the snapshot, live and replayed the same way. */
void person_add(struct snapshot *seen, const struct person *person, uint32_t *index);

/* What is told of a process that has gone meanwhile. */
static inline bool walk_is_gone(int err)
{
	return err == ENOENT || err == ESRCH;
}

#endif
