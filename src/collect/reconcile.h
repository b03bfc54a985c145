/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_RECONCILE_H
#define COLLECT_RECONCILE_H

#include "collect/collect.h"
#include "collect/recorder.h"

/*
 * A dump that lacks sockets looks like any other. Where it should list all connections,
 * its count is compared with the kernel's own.
 */
struct reconcile {
	struct sink sink;               /* the caller's sink */
	bool        is_possible;
	uint64_t    connections;        /* listed in ESTABLISHED and CLOSE_WAIT */
};

/* Returns the sink to use in place of @sink. @reconcile must live as long as the dump. */
struct sink reconcile_begin(struct reconcile *reconcile, const struct collect_ask *ask,
			    struct sink sink, const struct snapshot *seen);

/*
 * Adds a GAP_DUMP when the listing has clearly fewer connections than the kernel counted
 * before it and counts now. More connections are believed, because CurrEstab of older
 * kernels is known to lose some.
 */
void reconcile_end(const struct reconcile *reconcile, struct recorder *recorder,
		   struct snapshot *seen);

#endif
