/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_FLAGS_H
#define COLLECT_FLAGS_H

#include "collect/tape.h"

/* See collect_flags(). */
void flags_collect(struct tape *tape, struct snapshot *seen);

/* Parts, for tests: they trust nothing about their text. */

/*
 * True when the text of two /proc/PID/cgroup names the same groups of the old
 * controllers net_cls and net_prio, also when it names none.
 */
bool flags_same_class(const char *ours, const char *theirs);

#endif
