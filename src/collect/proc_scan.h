/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROC_SCAN_H
#define COLLECT_PROC_SCAN_H

#include "collect/cgroups.h"
#include "collect/collect.h"
#include "collect/proc.h"
#include "collect/recorder.h"

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

/* begins zeroed, but for recorder, seen and wanted (NULL: everything is) */
struct proc_scan {
	struct recorder  *recorder;
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

/* Counts a process that cannot be looked into. Gone is no gap, and bare has nothing. */
void scan_failed(struct proc_scan *scan, int32_t pid, int err);

/* True, with a gap, when the listing of /proc itself ended early. */
bool scan_note_early_end(struct proc_scan *scan);

/* Where gaps go: NULL when nobody wanted an owner, which is worth saving, not worth telling. */
struct snapshot *scan_told(struct snapshot *seen, const struct map *wanted);

/*
 * Gaps for processes whose @what ("descriptors") could not be @done ("read"), and for those
 * without a name. True when there was one of the former.
 */
bool scan_note_gaps(struct proc_scan *scan, const char *what, const char *done);

/*
 * The head of the next section of that type, @made: of a machine with /proc; a gap when
 * there is none.
 */
bool scan_replay(struct recorder *recorder, enum frame_type type, struct snapshot *seen,
		 bool *made, struct cursor *cursor);

/* A process of a recording. */
void scanned_read(struct scanned *scanned, const struct frame *frame);

/* Puts it into the snapshot, live and replayed the same way. */
void scanned_add(struct snapshot *seen, const struct scanned *scanned, uint32_t *index);

/*
 * The descriptors of all processes through /proc, looked at by one worker, or by
 * two when they are many and there is more than one CPU. One listing is handed
 * out in batches, so that a single process with most of the descriptors keeps both
 * busy. What is found does not depend on how many they were, only its order does.
 *
 * At most three descriptors are open for one worker and four for two: /proc, a
 * folder for each, and one file.
 */

/*
 * What a walk has found. The holders are in seen->holders, with the pid where the
 * number of the process in the snapshot is to stand.
 */
struct owners {
	struct { struct scanned *at; size_t count, room; } processes; /* who holds something */
	unsigned threads;
};

/* Adds what @scan wants, in no order, and counts in it who could not be looked into. */
void scan_descriptors(struct proc_scan *scan, struct owners *owners);

/* True for every socket when a recording is made. */
bool scan_wants(const struct proc_scan *scan, uint32_t inode);

#endif
