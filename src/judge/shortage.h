/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_SHORTAGE_H
#define JUDGE_SHORTAGE_H

#include "judge/weigh.h"

/*
 * Whether some destination may be short of ephemeral ports, from sockets that are counted
 * as they pass by, without tcp_info, and are not kept. Two bounds, neither below the truth:
 *
 * Ports used towards one destination: its sockets meet in one number, perhaps with those
 * of others.
 *
 * Ports lost to everybody: those of listeners and of sockets that are only bound, and those
 * on which a listener was that is gone and whose connections still live. Without tcp_info
 * such a connection looks like one that was opened here. But its other end is a client's,
 * with a port of its own for each connection, where connections from here go to services,
 * many to each. So only connections that share source address and other end with fewer than
 * SHORTAGE_FEW can be on a lost port, and each loses one port at most. That is a bound, too:
 * a crawler with one connection to each of thousands of hosts is looked at again for nothing.
 * It rests on this: no other machine connects from one port to so many ports of one address
 * here whose listeners are all gone.
 */
enum { SHORTAGE_CELLS = 1 << 16, SHORTAGE_FEW = 8 };

struct shortage {
	const struct snapshot *seen;
	const struct thresholds *thresholds;
	unsigned low, high;             /* the ephemeral range */
	uint32_t capacity;              /* its ports that are not reserved */
	uint32_t most;                  /* of the numbers below the highest */
	/* by shortage_settle() */
	uint32_t lost;                  /* ports lost to everybody */
	uint32_t short_from;            /* so many used by a destination make it short */
	uint32_t used[SHORTAGE_CELLS];
	uint8_t  connections[SHORTAGE_CELLS];   /* of these; up to SHORTAGE_FEW */
	uint8_t  bound[65536 / 8];
	uint8_t  connected[65536 / 8];  /* by one of the first SHORTAGE_FEW there */
};

/* Zeroed memory. False when nothing can be said: no range, or none of it can be used. */
bool shortage_init(struct shortage *shortage, const struct snapshot *seen,
		   const struct thresholds *thresholds);

/* Counts a socket on a port of the range; others are none of its business. */
void shortage_add(struct shortage *shortage, const struct sock *sock);

/* After the last of them. True when some destination may be short for some rule. */
bool shortage_settle(struct shortage *shortage);

/* Then: true when the destination of @sock may be, or its port is certainly lost to it. */
bool shortage_hits(const struct shortage *shortage, const struct sock *sock);

#endif
