/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROC_SCAN_H
#define COLLECT_PROC_SCAN_H

#include "collect/cgroups.h"
#include "collect/collect.h"
#include "collect/proc.h"
#include "collect/tape.h"

#include <errno.h>

/*
 * The walk through /proc that finds holders (owners.c) and counts descriptors
 * (descriptors.c), live and from a recording.
 */

/* A process as it is met, before anybody knows whether it matters. */
struct scanned {
	int32_t  pid;
	uint64_t cgroup_id;
	size_t   comm_size;
	char     comm[64];
	int      nameless;      /* errno: it is there and its name could not be read */
};

/* Which processes are looked into now. */
enum scan_round {
	SCAN_ALL,
	SCAN_NEAR,              /* those where the wanted sockets are likely to be */
	SCAN_REST,              /* all the others */
};

/* begins zeroed, but for tape, seen and wanted (NULL: everything is) */
struct proc_scan {
	struct tape      *tape;
	struct snapshot  *seen;
	const struct map *wanted;
	const struct holder_ask *near;  /* for the last two rounds */
	enum scan_round   round;
	struct proc       proc;
	struct cgroup_tree tree;
	uint64_t          unreadable;   /* processes */
	uint64_t          broken;       /* processes, for want of descriptors or memory */
	int               broken_err;
	uint64_t          nameless;     /* processes whose names could not be read */
	int               nameless_err;
};

/* Opens /proc and says in the recording, with @head, whether there is one. */
bool scan_open(struct proc_scan *scan, enum frame_type head);
void scan_close(struct proc_scan *scan);

/*
 * Reads name and cgroup of @scanned, whose pid is set; false when it is gone. Its
 * own folder of descriptors, when one is open (else -1), leads to the very process
 * that was listed, whoever has its number by now.
 */
bool scan_introduce(const struct proc_scan *scan, int descriptors, struct scanned *scanned);

/* Saves it when a recording is made. */
void scan_save(struct proc_scan *scan, const struct scanned *scanned);

/* True when it is to be looked into in this round. */
bool scan_is_turn_of(const struct proc_scan *scan, int32_t pid);

/* The folder of its descriptors or -errno. The caller closes it. */
int scan_descriptor_folder(const struct proc_scan *scan, int32_t pid);

/* Counts a process that cannot be looked into. Gone is no gap, and bare has nothing. */
void scan_failed(struct proc_scan *scan, int32_t pid, int err);

/* True, with a gap, when the listing of /proc itself ended early. */
bool scan_note_early_end(struct proc_scan *scan);

/* Where gaps go: NULL when nobody wanted an owner, which is worth saving, not worth telling. */
struct snapshot *scan_told(struct snapshot *seen, const struct map *wanted);

/* For sentences: "process" or "processes", and what would show more of them. */
const char *scan_processes(uint64_t count);
const char *scan_way_out(void);

/* The head of the next section of that type, @made: of a machine with /proc; a gap when there is none. */
bool scan_replay(struct tape *tape, enum frame_type type, struct snapshot *seen,
		 bool *made, struct cursor *cursor);

/* A process of a recording. */
void scanned_read(struct scanned *scanned, const struct frame *frame);

/* Puts it into the snapshot, live and replayed the same way. */
void scanned_add(struct snapshot *seen, const struct scanned *scanned, uint32_t *index);

/* What is told of a process that has gone meanwhile. */
static inline bool scan_is_gone(int err)
{
	return err == ENOENT || err == ESRCH;
}

#endif
