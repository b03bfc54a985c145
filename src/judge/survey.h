/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_SURVEY_H
#define JUDGE_SURVEY_H

#include "judge/judge.h"

/*
 * What to look at for a verdict, without looking at everything.
 *
 * On a machine with very many sockets nearly all are ESTABLISHED or in TIME_WAIT,
 * and of those only few can matter: connections that no accept() has fetched, and
 * those that take ephemeral ports where some destination is short of them. The
 * kernel counts both states for nothing, and leaves out of a dump what is not
 * asked for at a tenth of the price of a row. So the sockets of all other states
 * are looked at first; from them, the counters and one pass over the ephemeral
 * range that keeps no row follows which rows can still change a verdict.
 *
 * Pure: it asks, the caller looks, and gives it what came. The findings are those
 * that all rows would give.
 */
struct survey;

enum survey_use {
	SURVEY_KEEP,            /* every row is for the snapshot */
	SURVEY_PORTS,           /* who takes ephemeral ports; no row is kept */
	SURVEY_INODES,          /* whose descriptors are sockets; no row is kept */
	SURVEY_QUEUES,          /* listeners again: does somebody still wait? */
	SURVEY_WAITING,         /* connections that no accept() has fetched */
	SURVEY_SHORT,           /* sockets of destinations that may be short of ports */
};

struct survey_ask {
	enum survey_use use;
	uint32_t states;        /* STATE_BIT()s */
	unsigned need;          /* enum need */
	uint16_t port_low, port_high; /* local ports; 0 and 0: any */
};

enum { SURVEY_ASKS = 8 };

/**
 * survey_new - before the first row
 * @seen: with limits, counters, and the descriptors of processes; gets `folded`
 *
 * @seen and @thresholds are borrowed until survey_free().
 */
struct survey *survey_new(struct snapshot *seen, const struct thresholds *thresholds);
void survey_free(struct survey *survey);

/*
 * The next questions, to be asked in any order or at the same time; their number,
 * 0 when enough was seen.
 */
size_t survey_asks(struct survey *survey, struct survey_ask asks[SURVEY_ASKS]);

/*
 * True when @sock, which came as an answer to a question with that use, is to be
 * a row of the snapshot. Of two questions that are asked at the same time each
 * may have a thread of its own.
 */
bool survey_take(struct survey *survey, enum survey_use use, const struct sock *sock);

#endif
