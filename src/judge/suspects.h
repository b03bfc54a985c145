/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_SUSPECTS_H
#define JUDGE_SUSPECTS_H

#include "judge/judge.h"

/*
 * What is listed for a verdict, and which of the sockets are kept. All of it follows from the
 * rows of the rules: every socket is listed once, in the shortest form unless a rule wants
 * more of all in its state; those that a rule picks are kept, and tcp_info is asked for where
 * that rule needs it; the others are counted. So neither time nor memory grows with what the
 * healthy ones would tell, and the findings are those that all rows would give.
 *
 * Pure: it asks, the caller looks, and gives it what came.
 */
struct suspects;

struct suspects_ask {
	uint32_t states;                /* STATE_BIT()s */
	unsigned need;                  /* enum need */
	uint16_t port_low, port_high;   /* local ports; 0 and 0: any */
	bool     again;                 /* also what came in an answer before */
	/* not a listing: these rows of the snapshot, each by itself; NULL: a listing */
	const uint32_t *indices;
	size_t   count;
};

/**
 * suspects_new - before the first socket
 * @seen: with limits, counters, and the descriptors of processes; gets rows and `folded`
 *
 * @seen and @thresholds are borrowed until suspects_free().
 */
struct suspects *suspects_new(struct snapshot *seen, const struct thresholds *thresholds);
void suspects_free(struct suspects *suspects);

/* The next question, good until the one after it; false when enough was seen. */
bool suspects_next(struct suspects *suspects, struct suspects_ask *ask);

/* A socket that came as an answer to the last question. */
void suspects_take(struct suspects *suspects, const struct sock *sock);

#endif
