/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_FAMILIES_H
#define CMD_FAMILIES_H

#include "base/fault.h"
#include "cmd/options.h"
#include "cmd/session.h"
#include "value/filter.h"
#include "model/sock.h"

/* Which tables of sockets a listing asks for, in ss's order. */
struct families {
	enum protocol at[16];
	size_t   count;
	bool     ipv4, ipv6;
	bool     usual;         /* no table was asked for: TCP */
	bool     many;          /* rows need a column that tells them apart */
	uint32_t asked;         /* bit i: at[i] was named, and not as part of "all" or "inet" */
	char     left_out[96];  /* what "all" or "inet" would hold and nobody here lists */
};

/**
 * families_choose - from -t -u -w -x -0 -M -S -d -4 -6 -f -A and their long names
 *
 * Without any of them TCP. A family that this program cannot list is an error
 * that says so.
 */
int families_choose(struct families *families, const struct options *options,
		    struct fault *fault);

/**
 * families_limit - the tables that a filter with a prefix such as "unix:" is about
 *
 * As in ss: without an option for tables they are what is listed; of those that
 * were asked for no other matches.
 */
int families_limit(struct families *families, const struct filter *filter,
		   struct fault *fault);

/**
 * families_open - ask the kernel whether it lists them, before anything is printed
 *
 * What was named and is not listed is an error; what came with "all" or "inet" is
 * taken out, with a gap that says so.
 */
int families_open(struct families *families, struct session *session);

/* The states that ss shows: of -a, -l, -B, or of none of them for these tables. */
uint32_t families_states(const struct options *options);

#endif
