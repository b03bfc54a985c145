/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_SHORTAGE_H
#define JUDGE_SHORTAGE_H

#include "judge/judge.h"

/*
 * Whether some destination may be short of ephemeral ports, from connections that
 * are counted and not kept. Those of one destination meet in one number, perhaps
 * with those of others: it is never less than the destination has.
 */
enum { SHORTAGE_CELLS = 1 << 16 };

struct shortage {
	const struct snapshot *seen;
	double   exhausted, search;     /* percent from which a rule speaks */
	unsigned low, high;             /* the ephemeral range */
	uint32_t capacity;              /* its ports that are not reserved */
	uint32_t most;                  /* of the numbers below the highest */
	uint64_t blocked;               /* ports lost to everybody; by shortage_settle() */
	uint32_t cells[SHORTAGE_CELLS];
};

/* Zeroed memory. False when nothing can be said: no range, or none of it can be used. */
bool shortage_init(struct shortage *shortage, const struct snapshot *seen,
		   const struct thresholds *thresholds);

/* False when not even @ports towards a single destination would make it short. */
bool shortage_can_be(const struct shortage *shortage, uint64_t ports);

/* Counts a connection on a port of the range; false when the port is reserved. */
bool shortage_add(struct shortage *shortage, const struct sock *sock);

/*
 * After the last of them. The rows of the snapshot take ports too, and @unseen sockets
 * that are no rows. True when some destination may be short.
 */
bool shortage_settle(struct shortage *shortage, uint64_t unseen);

/* Then: true when the destination of @sock may be. */
bool shortage_hits(struct shortage *shortage, const struct sock *sock);

#endif
