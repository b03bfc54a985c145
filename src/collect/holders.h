/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_HOLDERS_H
#define COLLECT_HOLDERS_H

#include "collect/tape.h"

/*
 * Who holds which socket: a walk through /proc. Processes that end meanwhile are
 * left out without a word; those that may not be looked into are counted.
 */

/* See collect_holders(). A recording gets every socket, wanted or not. */
void holders_collect(struct tape *tape, struct snapshot *seen, const struct map *wanted);
void holders_replay(struct tape *tape, struct snapshot *seen, const struct map *wanted);

/* "socket:[123]" -> 123; false for anything else. For tests, too. */
bool holder_inode(const char *link, size_t size, uint32_t *inode);

#endif
