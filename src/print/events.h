/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_EVENTS_H
#define PRINT_EVENTS_H

#include "print/print.h"

/*
 * Sockets as they are freed, a line or a record each, written out at once. Text
 * has the local time of day; JSON is one record a line, whichever was asked for.
 */
struct event_row {
	int64_t            time_ms;
	const struct sock *sock;        /* state: the last one seen, or STATE_NONE */
	const struct snapshot *owners;  /* where its holders and cgroup stand */
	bool               known;       /* it was seen before, so inode means something */
};

void events_begin(struct out *out, const struct style *style, const struct snapshot *seen);
void events_row(struct out *out, const struct style *style, const struct event_row *row);
void events_lost(struct out *out, const struct style *style, int64_t time_ms, uint64_t count);
/* @count: rows that were written. */
void events_end(struct out *out, const struct style *style, const struct snapshot *seen,
		uint64_t count);

#endif
