/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_DEADLINE_H
#define CMD_DEADLINE_H

#include "cmd/options.h"

/**
 * deadline_begin - from now on one look has to be at its end in time
 *
 * Answers of the kernel are waited for with a limit of their own (--deadline). This one
 * is for whatever else may not end: a recording that is made to be slow, a thread that
 * hangs in the kernel, a mistake of ours. It is --deadline for a recording, and four times
 * that for the kernel, which is asked several times. Then the program says so and ends
 * with status 3; JSON has no `end`. The time in which a reader of the output is waited for
 * does not count. Begins anew when it has begun before.
 */
void deadline_begin(const struct options *options);

/* Without a limit again: for what waits on purpose. */
void deadline_end(void);

/* @terminal puts a changed terminal back, and is called before the end; fit for a handler. */
void deadline_restores(void (*terminal)(void));

#endif
