/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_FAMILIES_H
#define CMD_FAMILIES_H

#include "base/fault.h"
#include "cmd/options.h"
#include "cmd/session.h"
#include "value/filter.h"
#include "model/sock.h"

/* Which tables of sockets a listing asks for, in the order of ss. */
struct families {
	enum protocol at[16];
	size_t   count;
	bool     ipv4, ipv6;
	bool     usual;         /* no table was asked for, so it is TCP */
	bool     many;          /* rows need a column that names their table */
	uint32_t asked;         /* bit i: at[i] was named, not just part of "all" or "inet" */
	char     left_out[96];  /* parts of "all" or "inet" that are not listed here */
};

/**
 * families_choose - by -t -u -w -x -0 -M -S -d -4 -6 -f -A and their long names
 *
 * Without any of these it is TCP. A family that this program cannot list is an error.
 */
int families_choose(struct families *families, const struct options *options,
		    struct fault *fault);

/**
 * families_limit - restrict the tables to those of a filter's prefix such as "unix:"
 *
 * As in ss: without an option for tables, these are listed; of tables that were asked
 * for, no others match.
 */
int families_limit(struct families *families, const struct filter *filter,
		   struct fault *fault);

/**
 * families_open - ask the kernel whether it lists them, before anything is printed
 *
 * A family that was named and is not listed is an error; one that came with "all" or
 * "inet" is left out with a gap.
 */
int families_open(struct families *families, struct session *session);

/* The states that are shown, as in ss: by -a, -l and -B, or for these tables by none. */
uint32_t families_states(const struct options *options);

#endif
