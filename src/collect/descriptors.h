/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_DESCRIPTORS_H
#define COLLECT_DESCRIPTORS_H

#include "collect/recorder.h"

/* How many descriptors processes have open, by a walk through /proc. Gaps as for holders. */

/* Implements collect_descriptors(). */
void descriptors_collect(struct recorder *recorder, struct snapshot *seen);
void descriptors_replay(struct recorder *recorder, struct snapshot *seen);

/* The soft limit in a /proc/PID/limits; -1: unlimited. Exported for tests, too. */
bool holder_limit(const char *limits, int64_t *limit);

#endif
