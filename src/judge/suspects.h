/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_SUSPECTS_H
#define JUDGE_SUSPECTS_H

#include "judge/judge.h"

/*
 * Which sockets are listed for a verdict, and which of them are kept. All of it follows
 * from the rows of the rules: every socket is listed once, in the shortest form unless a
 * rule needs more of all sockets in its state. The sockets that a rule picks are kept,
 * and tcp_info is asked for where that rule needs it; the others are only counted. So
 * neither time nor memory grows with healthy sockets, and the findings are those that
 * all rows would give.
 *
 * Pure: this file only says what to ask for; the caller asks and hands over the answers.
 */
struct suspects;

struct suspects_ask {
	uint32_t states;                /* STATE_BIT()s */
	unsigned need;                  /* enum need */
	uint16_t port_low, port_high;   /* local ports; 0 and 0: any */
	unsigned pause_ms;              /* to wait before asking */
	bool     again;                 /* sockets that an earlier answer had must come again */
	/* NULL: a listing; else these rows of the snapshot, asked for one by one */
	const uint32_t *indices;
	size_t   count;
};

/**
 * suspects_new - begin, before the first socket is listed
 * @seen: with limits, counters, and the descriptors of processes; gets rows and `folded`
 *
 * @seen and @thresholds are borrowed until suspects_free().
 */
struct suspects *suspects_new(struct snapshot *seen, const struct thresholds *thresholds);
void suspects_free(struct suspects *suspects);

/* The next question, valid until the following one; false when enough was seen. */
bool suspects_next(struct suspects *suspects, struct suspects_ask *ask);

/* Takes a socket from the answer to the last question. */
void suspects_take(struct suspects *suspects, const struct sock *sock);

#endif
