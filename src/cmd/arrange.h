/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_ARRANGE_H
#define CMD_ARRANGE_H

#include "cmd/options.h"
#include "print/print.h"
#include "value/order.h"

/*
 * --sort and --top, between the dump and whatever prints its rows. Without --sort rows
 * are passed on as they come. With --sort they are kept until all have come; with --top,
 * too, only those that can still be among the first are kept.
 */
struct arrangement {
	struct order order;
	uint64_t     top;               /* this many rows are passed on; UINT64_MAX: all */
	uint64_t     matched, passed;
	struct snapshot *seen;
	struct sink  next;
	struct { struct kept *at; size_t count, room; } rows;
	struct { struct kept_netns *at; size_t count, room; } namespaces;
	struct text  bytes;             /* keys and packed rows */
};

/*
 * Reads the options. Returns 0, or -EINVAL with a sentence; nothing is allocated before
 * the first row.
 */
int arrange_choose(struct arrangement *arrangement, const struct options *options,
		   struct fault *fault);

/* Returns the sink for the dump. @next gets the rows. */
struct sink arrange_begin(struct arrangement *arrangement, struct snapshot *seen,
			  struct sink next);

/*
 * Delivers the rows that were kept and frees them. Returns 0 or the error of the next
 * sink.
 */
int arrange_end(struct arrangement *arrangement);

static inline bool arrange_cuts(const struct arrangement *arrangement)
{
	return arrangement->top != UINT64_MAX;
}

#endif
