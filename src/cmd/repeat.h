/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_REPEAT_H
#define CMD_REPEAT_H

#include "base/out.h"
#include "cmd/cmd.h"

#include <time.h>

/*
 * -c: the same again and again, until a signal ends it. On a terminal each round
 * overwrites the one before, as far as the screen goes; elsewhere an empty line
 * separates them.
 */
struct repeat {
	struct timespec interval;
	bool     on_screen;
	bool     parts;         /* an empty line between rounds */
	bool     is_direct;     /* a round writes to the terminal itself */
	bool     is_broken;     /* the output is broken */
	uint64_t rounds;        /* rounds that are finished */
	int      frame;         /* the terminal's frame, to which a round writes; else -1 */
};

/* The repetition that -c of a command line asks for; without it there is one round. */
struct repeat repeat_of(const struct options *options);

/*
 * Calls @round until a signal comes, until the first round fails, or until its output
 * (@out) cannot be written. A round writes to repeat_output().
 */
enum status repeat_run(struct repeat *repeat, enum status (*round)(void *ctx), void *ctx,
		       const struct out *out);

/* The descriptor to which a round must write. */
int repeat_output(const struct repeat *repeat);

#endif
