/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_CREW_H
#define COLLECT_CREW_H

#include "collect/proc_scan.h"

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

/* "socket:[123]" -> 123; false for anything else. For tests, too. */
bool holder_inode(const char *link, size_t size, uint32_t *inode);

#endif
