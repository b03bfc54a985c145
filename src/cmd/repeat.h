/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_REPEAT_H
#define CMD_REPEAT_H

#include "base/out.h"
#include "cmd/cmd.h"

#include <time.h>

/*
 * -c: the same again and again, until a signal ends it. On a terminal each round
 * takes the place of the one before, as far as the screen goes; elsewhere an
 * empty line parts them.
 */
struct repeat {
	struct timespec interval;
	bool     on_screen;
	bool     parts;         /* an empty line between rounds */
	bool     is_direct;     /* a round writes to the terminal itself */
	bool     is_broken;     /* the output */
	uint64_t rounds;        /* finished */
	int      frame;         /* on a terminal: what a round writes to; else -1 */
};

/* What -c of a command line means; without it one round. */
struct repeat repeat_of(const struct options *options);

/*
 * Calls @round until a signal comes, or until it fails in the first round or its
 * output (@out) cannot be written. A round writes to repeat_output().
 */
enum status repeat_run(struct repeat *repeat, enum status (*round)(void *ctx), void *ctx,
		       const struct out *out);

/* The descriptor that a round has to write to. */
int repeat_output(const struct repeat *repeat);

#endif
