/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_HOLDERS_H
#define COLLECT_HOLDERS_H

#include "collect/tape.h"

/*
 * Who holds which socket, and how full the descriptor tables are: the walk
 * through /proc. Processes that end meanwhile are left out without a word;
 * those that may not be looked into are counted.
 */

/* See collect_holders(). A recording gets every socket, wanted or not. */
void holders_collect(struct tape *tape, struct snapshot *seen, const struct map *wanted);
void holders_replay(struct tape *tape, struct snapshot *seen, const struct map *wanted);

/* See collect_descriptors(). */
void descriptors_collect(struct tape *tape, struct snapshot *seen);
void descriptors_replay(struct tape *tape, struct snapshot *seen);
void descriptors_collect_of(const struct place *place, struct snapshot *seen);

/* Parts, for tests: they trust nothing about their text. */

/* "socket:[123]" -> 123; false for anything else. */
bool holder_inode(const char *link, size_t size, uint32_t *inode);

/* The soft limit in /proc/PID/limits; -1: unlimited. */
bool holder_limit(const char *limits, int64_t *limit);

/* True for kernel threads and zombies, which hold no descriptor, by /proc/PID/stat. */
bool holder_is_bare(const char *stat);

#endif
