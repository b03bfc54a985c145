/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_TREND_H
#define JUDGE_TREND_H

#include "model/finding.h"
#include "model/snapshot.h"

/*
 * The TIME_WAITs of one destination: which of them a new connect() may take
 * over, how fast they come, and when the ports are gone if that goes on. Each
 * tells its age by its timer, so one look is enough.
 */

enum { TREND_SECONDS = 60 };    /* the life of a TIME_WAIT */

enum reuse { REUSE_NO, REUSE_MAYBE, REUSE_YES };

/* Whether connect() to the same four numbers may take over this TIME_WAIT now. */
enum reuse trend_reuse(const struct limits *limits, const struct sock *time_wait);

/*
 * What takes most of the ports that are not left, as the rows of check and connect call it: "bind",
 * "time_wait", "in_use", or NULL. @lost: to bind(); @waiting: TIME_WAITs that cannot be taken over.
 */
const char *trend_largest_share(uint32_t lost, uint32_t waiting, uint32_t alive);

/*
 * Adds the facts about what helps where such TIME_WAITs take the ports; REUSE_ROWS in words has
 * their sentences, the same for check and connect. @ports: that the connections of one
 * destination share, of which each is gone for a minute where none is taken over.
 * @time_wait NULL: they take few ports, and nothing is to be said.
 */
void trend_facts(struct facts *facts, const struct limits *limits, const struct sock *time_wait,
		 uint32_t ports);

/* Until connect() can have its port again: taken over at the earliest, or ended. */
int64_t trend_frees_in_ms(const struct limits *limits, const struct sock *time_wait);

/* Counts by whole seconds of age. Zeroed memory is an empty one. */
struct trend {
	uint32_t closed[TREND_SECONDS];
	uint32_t held[TREND_SECONDS];   /* of these, ports that are not free again */
	bool     reusable;              /* the policy gives them back early */
	int64_t  oldest_ms;             /* age of the oldest */
	unsigned whole_s;               /* younger than this nothing was taken over; 0: ever */
};

/* Adds a TIME_WAIT minisock; @reuse: what can be taken over counts as free. */
void trend_add(struct trend *trend, const struct limits *limits, const struct sock *time_wait,
	       bool reuse);

/* Closes per second in the last seconds. */
double trend_rate(const struct trend *trend);

/* False when @left free ports never run out at that rate; else in *@in_s seconds. */
bool trend_exhausts(const struct trend *trend, const struct limits *limits, uint32_t left,
		    double *in_s);

#endif
