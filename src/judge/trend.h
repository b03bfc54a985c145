/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_TREND_H
#define JUDGE_TREND_H

#include "model/finding.h"
#include "model/snapshot.h"

/*
 * The TIME_WAITs of one destination: which of them a new connect() may take over, how
 * fast they come, and when the ports run out at that rate. The timer of each tells its
 * age, so one look is enough.
 */

enum { TREND_SECONDS = 60 };    /* the life of a TIME_WAIT */

enum reuse { REUSE_NO, REUSE_MAYBE, REUSE_YES };

/* Whether a connect() with the same 4-tuple may take over this TIME_WAIT now. */
enum reuse trend_reuse(const struct limits *limits, const struct sock *time_wait);

/*
 * What takes most of the ports that are not left, in the words of the rows of check and
 * connect: "bind", "time_wait", "in_use", or NULL. @lost: ports lost to bind();
 * @waiting: TIME_WAITs that cannot be taken over; @alive: ports with other connections.
 */
const char *trend_largest_share(uint32_t lost, uint32_t waiting, uint32_t alive);

/*
 * Adds the facts about cures for ports taken by TIME_WAIT; REUSE_ROWS in words has the
 * sentences, which check and connect share. @ports: the ports that the connections of
 * one destination share; a port that cannot be taken over is gone for a minute.
 * @time_wait NULL: TIME_WAIT takes few ports, so there is nothing to say.
 */
void trend_facts(struct facts *facts, const struct limits *limits, const struct sock *time_wait,
		 uint32_t ports);

/*
 * The time until connect() can use the port again, because the TIME_WAIT can be taken
 * over or has ended.
 */
int64_t trend_frees_in_ms(const struct limits *limits, const struct sock *time_wait);

/* Counts by age in whole seconds. Zeroed memory is empty. */
struct trend {
	uint32_t closed[TREND_SECONDS];
	uint32_t held[TREND_SECONDS];   /* those of them whose ports are not free again */
	bool     reusable;              /* tcp_tw_reuse gives them back early */
	int64_t  oldest_ms;             /* age of the oldest */
	unsigned whole_s;               /* none younger than this was taken over; 0: none at all */
};

/* Adds a TIME_WAIT minisock. @reuse: one that can be taken over counts as free. */
void trend_add(struct trend *trend, const struct limits *limits, const struct sock *time_wait,
	       bool reuse);

/* Closes per second over the last seconds. */
double trend_rate(const struct trend *trend);

/*
 * False when @left free ports never run out at the present rate; else *@in_s tells after
 * how many seconds they do.
 */
bool trend_exhausts(const struct trend *trend, const struct limits *limits, uint32_t left,
		    double *in_s);

#endif
