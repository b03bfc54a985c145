/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_DEADLINE_H
#define CMD_DEADLINE_H

#include "cmd/options.h"

/**
 * deadline_begin - from now on, one look must end in time
 *
 * Answers of the kernel have a limit of their own (--deadline). This one is for whatever
 * else may hang: a recording that was made to be slow, a thread that is stuck in the
 * kernel, a mistake of ours. It is --deadline for a recording, and four times that for
 * the kernel, which is asked several times. When it expires, the program says so and
 * ends with status 3; JSON then lacks `end`. Time spent waiting for a reader of the
 * output does not count. A second call restarts it.
 */
void deadline_begin(const struct options *options);

/* Removes the limit, before waiting on purpose. */
void deadline_end(void);

/*
 * @terminal restores a changed terminal and is called before the program ends; it must
 * be safe in a signal handler.
 */
void deadline_restores(void (*terminal)(void));

#endif
