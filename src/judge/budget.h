/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_BUDGET_H
#define JUDGE_BUDGET_H

#include "judge/trend.h"

/*
 * How many more connect()s the ephemeral ports allow.
 *
 * A connection is four numbers. Three are given by where one connects from and
 * to, so towards one destination the range of local ports is all there is; the
 * same port can serve any number of destinations. connect() may use a port
 * when (measured, 2,000 random scenarios):
 *   - it is in ip_local_port_range and not in ip_local_reserved_ports,
 *   - every owner of it got it from connect() too. A listener, a socket that is
 *     bound and idle, an accepted connection or any bind() client takes it
 *     away from all destinations,
 *   - and no socket has the very same four numbers, unless that one is a
 *     TIME_WAIT that tcp_tw_reuse lets it take over.
 * The kernel does not tell whether an owner called bind(). `left` counts such
 * an ambiguous owner as a client that just called connect(), `left_min` counts
 * it as blocking. A range of odd size can hide one of its ends from the search.
 */

/* What is the same for all destinations of a namespace. */
struct budget_base {
	const struct snapshot *seen;
	unsigned low, high;
	uint32_t capacity;              /* the range without reserved ports */
	uint32_t reserved;              /* reserved ports in the range */
	uint32_t blocked_for_all;       /* ports whose owner certainly bound them */
	uint32_t owned;                 /* ports with any owner that could have */
	uint8_t  blocked[65536 / 8], any[65536 / 8];
};

struct budget {
	uint32_t used;                  /* sockets with this source and destination */
	uint32_t time_wait, established, other;         /* of `used` */
	uint32_t recyclable;            /* of `time_wait`: free to a new connect() */
	uint32_t left, left_min, left_max;
	double   close_rate_per_s;      /* from the ages of the TIME_WAITs */
	bool     exhaustion_known;
	double   exhausted_in_s;
	/* for the finishing */
	uint32_t maybe;                 /* TIME_WAIT that perhaps is recyclable */
	struct trend trend;
};

/* False when the range or the reserved ports are unknown: nothing to judge by. */
bool budget_open(struct budget_base *base, const struct snapshot *seen);

/*
 * True when @sock takes a port of the range as a client: on no listener's port
 * and not blocked for all anyhow.
 */
bool budget_counts(const struct budget_base *base, const struct sock *sock);

/* True when no connect() at all can use @port. */
bool budget_is_blocked(const struct budget_base *base, uint16_t port);

/* Adds one socket of the destination, for which budget_counts() is true. */
void budget_add(struct budget *budget, const struct budget_base *base, const struct sock *sock);

/* Works out what is left, the rate and the time from an all-zero start and adds. */
void budget_finish(struct budget *budget, const struct budget_base *base);

/* Share in percent that is not left; that is in use for this destination. */
double budget_percent_gone(const struct budget *budget, const struct budget_base *base);
/* The second one of a destination that sockets were added to. */
double budget_percent_searched(const struct budget *budget, const struct budget_base *base);

#endif
