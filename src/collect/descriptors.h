/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_DESCRIPTORS_H
#define COLLECT_DESCRIPTORS_H

#include "collect/recorder.h"

/*
 * How full the descriptor tables of processes are: a walk through /proc. Gaps are
 * told as for holders.
 */

/* See collect_descriptors(). */
void descriptors_collect(struct recorder *recorder, struct snapshot *seen);
void descriptors_replay(struct recorder *recorder, struct snapshot *seen);

/* Of the processes of one namespace alone. */
void descriptors_collect_of(const struct netns *netns, struct snapshot *seen);

/* The soft limit in /proc/PID/limits; -1: unlimited. For tests, too. */
bool holder_limit(const char *limits, int64_t *limit);

#endif
