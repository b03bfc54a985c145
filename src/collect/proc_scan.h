/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROC_SCAN_H
#define COLLECT_PROC_SCAN_H

#include "collect/cgroups.h"
#include "collect/collect.h"
#include "collect/proc.h"
#include "collect/recorder.h"

/*
 * The walk through /proc that finds holders (owners.c) and counts descriptors
 * (descriptors.c), live or from a recording.
 */

/* A process as it was met, before it is known whether it matters. */
struct scanned {
	int32_t  pid;
	uint64_t cgroup_id;
	size_t   comm_size;
	char     comm[64];
	int      nameless;      /* the process exists, but its name could not be read: errno */
};

/* Which processes are looked into in this round. */
enum scan_round {
	SCAN_ALL,
	SCAN_NEAR,              /* those that are likely to hold the wanted sockets */
	SCAN_REST,              /* all others */
};

/* All but recorder, seen and wanted (NULL: everything is wanted) begins zeroed. */
struct proc_scan {
	struct recorder  *recorder;
	struct snapshot  *seen;
	const struct map *wanted;
	const struct holder_ask *near;  /* for the rounds NEAR and REST */
	enum scan_round   round;
	struct proc       proc;
	struct cgroup_tree tree;
	const char       *hidden;       /* why /proc does not list every process, or NULL */
	uint64_t          unreadable;   /* processes that may not be read */
	uint64_t          broken;       /* processes not read for lack of descriptors or memory */
	int               broken_err;
	uint64_t          nameless;     /* processes whose names could not be read */
	int               nameless_err;
};

/*
 * Opens /proc, and writes into the recording, under @head, whether there is one and
 * whether processes can be outside of it, which the snapshot gets, too.
 */
bool scan_open(struct proc_scan *scan, enum frame_type head);
void scan_close(struct proc_scan *scan);

/*
 * Reads name and cgroup of @scanned, whose pid is set. Returns false when it is gone.
 * @descriptors, the open folder of its descriptors or -1, leads to the process that was
 * listed even if another one has its pid by now.
 */
bool scan_introduce(const struct proc_scan *scan, int descriptors, struct scanned *scanned);

/* Saves the process when a recording is made. */
void scan_save(struct proc_scan *scan, const struct scanned *scanned);

/*
 * Opens the folder of a process's descriptors. Negative, and counted, when it cannot be
 * opened. When the first thread ended before the others, the descriptors are theirs and
 * it shows none.
 */
int scan_open_descriptors(struct proc_scan *scan, int32_t pid);

/*
 * Counts a process that cannot be looked into. One that is gone, or holds no descriptors
 * anyway (proc_is_bare()), does not count.
 */
void scan_failed(struct proc_scan *scan, int32_t pid, int err);

/* Adds a gap and returns true when the listing of /proc itself ended early. */
bool scan_note_early_end(struct proc_scan *scan);

/*
 * The snapshot for gaps: NULL when no owner was wanted, because then gaps are saved but
 * not told.
 */
struct snapshot *scan_told(struct snapshot *seen, const struct map *wanted);

/*
 * Adds gaps for processes whose @what ("descriptors") could not be read, which are hidden
 * or have no name. Returns true when there was one of the first two.
 */
bool scan_note_gaps(struct proc_scan *scan, const char *what);

/*
 * Finds the next section of that type in a recording. Returns false, with a gap, when
 * there is none or the machine had no /proc.
 */
bool scan_replay(struct recorder *recorder, enum frame_type type, struct snapshot *seen,
		 bool *made, struct cursor *cursor);

/* Reads a process of a recording. */
void scanned_read(struct scanned *scanned, const struct frame *frame);

/* Adds a process to the snapshot, live and in a replay alike. Returns its index there. */
uint32_t process_add(struct snapshot *seen, int32_t pid, uint64_t cgroup_id, const char *comm,
		     size_t comm_size);
uint32_t scanned_add(struct snapshot *seen, const struct scanned *scanned);

/*
 * The descriptors of all processes through /proc, looked at by one worker, or by two
 * where there are many descriptors and more than one CPU. One listing is handed out in
 * batches, so that a single process with most of the descriptors keeps both busy. The
 * number of workers changes the order of what is found, and nothing else.
 *
 * At most three descriptors are open for one worker and four for two: /proc, a folder
 * for each, and one file.
 */

/*
 * What a walk has found. The holders are in seen->holders, where @process is the pid
 * until the processes have their numbers.
 */
struct owners {
	struct { struct scanned *at; size_t count, room; } processes; /* those that hold something */
	unsigned threads;
};

/*
 * Adds what @scan wants, in no order, and counts in @scan the processes that could not
 * be looked into.
 */
void scan_descriptors(struct proc_scan *scan, struct owners *owners);

/* True when the socket is wanted; for a recording every socket is. */
bool scan_wants(const struct proc_scan *scan, uint32_t inode);

#endif
