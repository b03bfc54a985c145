/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_RECONCILE_H
#define COLLECT_RECONCILE_H

#include "collect/collect.h"
#include "collect/recorder.h"

/*
 * A dump that leaves sockets out looks like any other. Where it was to list all
 * connections and the kernel's own count of them is known, the two are compared.
 */
struct reconcile {
	struct sink sink;               /* of the caller */
	bool        is_possible;
	uint64_t    connections;        /* listed: ESTABLISHED and CLOSE_WAIT */
};

/* The sink to be used instead of @sink. @reconcile has to outlive the dump. */
struct sink reconcile_begin(struct reconcile *reconcile, const struct collect_ask *ask,
			    struct sink sink, const struct snapshot *seen);

/*
 * GAP_DUMP when the listing has clearly fewer connections than the kernel counted
 * before it and counts now. One that has more is believed: CurrEstab of older
 * kernels is known to lose some.
 */
void reconcile_end(const struct reconcile *reconcile, struct recorder *recorder,
		   struct snapshot *seen);

#endif
