/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_ARRANGE_H
#define CMD_ARRANGE_H

#include "cmd/options.h"
#include "print/print.h"
#include "value/order.h"

/*
 * Between the dump and what shows its rows: --sort and --top. Without --sort rows
 * go on as they come; with it they are kept until all are there, with --top only
 * those that can still be among the first.
 */
struct arrangement {
	struct order order;
	uint64_t     top;               /* so many rows go on; UINT64_MAX: all */
	uint64_t     matched, passed;
	struct snapshot *seen;
	struct sink  next;
	struct { struct kept *at; size_t count, room; } rows;
	struct { struct kept_netns *at; size_t count, room; } namespaces;
	struct text  bytes;             /* their keys and what is told of them */
};

/* Reads the options; -EINVAL with a sentence. Nothing is allocated by then. */
int arrange_choose(struct arrangement *arrangement, const struct options *options,
		   struct fault *fault);

/* Where the dump has to deliver to. @next gets the rows. */
struct sink arrange_begin(struct arrangement *arrangement, struct snapshot *seen,
			  struct sink next);

/* Delivers what was kept and frees it. Returns 0 or the error of the next sink. */
int arrange_end(struct arrangement *arrangement);

static inline bool arrange_cuts(const struct arrangement *arrangement)
{
	return arrangement->top != UINT64_MAX;
}

#endif
