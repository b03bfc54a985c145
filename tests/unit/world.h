/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

/*
 * A machine with its sockets and counters, and a look at it in the steps of a survey;
 * to be included behind cmocka's header.
 */

#include "base/grow.h"
#include "judge/survey.h"

#include <string.h>

struct world {
	struct limits limits;
	unsigned range;                 /* ports of the ephemeral range */
	unsigned descriptors;           /* of its one process, of 1000 */
	struct sock behind;             /* no row: what happens to lie in memory after the last */
	struct { struct sock *at; size_t count, room; } socks;
};

static inline void know(struct known *what, int64_t value)
{
	*what = (struct known){ true, value };
}

static inline struct sock *put(struct world *world, enum state state, unsigned port)
{
	static const uint8_t here[4] = { 10, 0, 0, 1 };
	struct sock *s = grow_add(&world->socks);

	s->state = state;
	s->protocol = PROTOCOL_TCP;
	s->family = FAMILY_IPV4;
	s->local = addr_from_v4(here);
	s->local_port = (uint16_t)port;
	s->cookie = world->socks.count;
	s->inode = 1000 + (uint32_t)world->socks.count;
	return s;
}

static inline void count(struct world *world, enum counter counter, int64_t extra)
{
	struct known *known = &world->limits.counter[counter];

	know(known, known->value + extra);
}

/* What the kernel counts for itself. */
static inline void set_counters(struct world *world)
{
	int64_t bound = 0;

	for (enum counter c = 0; c < COUNTER_COUNT; c++)
		know(&world->limits.counter[c], 0);
	for (size_t i = 0; i < world->socks.count; i++) {
		const struct sock *s = &world->socks.at[i];

		bound += s->state == STATE_BOUND;
		count(world, COUNTER_TW, sock_is_minisock(s));
		count(world, COUNTER_CURR_ESTAB, s->state == STATE_ESTABLISHED ||
						 s->state == STATE_CLOSE_WAIT);
		count(world, COUNTER_TCP_INUSE, !sock_is_minisock(s) && s->state != STATE_BOUND &&
						s->state != STATE_SYN_RECV);
	}
	count(world, COUNTER_ALLOC, world->limits.counter[COUNTER_TCP_INUSE].value + bound);
	count(world, COUNTER_SOCKETS, world->limits.counter[COUNTER_TCP_INUSE].value + bound);
}

static inline void give(struct snapshot *seen, const struct sock *sock)
{
	struct sink sink = snapshot_sink(seen);

	sink.take(sink.ctx, sock);
}

static inline bool is_asked(const struct survey_ask *ask, const struct sock *s)
{
	if (!(ask->states & STATE_BIT(s->state)))
		return false;
	return !ask->port_high ||
	       (s->local_port >= ask->port_low && s->local_port <= ask->port_high);
}

static inline void answer(const struct world *world, struct survey *survey,
			  const struct survey_ask *ask, struct snapshot *seen)
{
	/* there are no other states */
	assert_int_equal(ask->states & ~STATE_ALL, 0);
	for (size_t i = 0; i < world->socks.count; i++)
		if (is_asked(ask, &world->socks.at[i]) &&
		    survey_take(survey, ask->use, &world->socks.at[i]))
			give(seen, &world->socks.at[i]);
	*(struct sock *)grow_add(&seen->socks) = world->behind;
	seen->socks.count--;
}

/* The next questions with their answers; how many. */
static inline size_t look_further(const struct world *world, struct survey *survey,
				  struct survey_ask asks[SURVEY_ASKS], struct snapshot *seen)
{
	size_t count;

	/* one question too many would be one for every socket once more */
	for (size_t i = 0; i < SURVEY_ASKS; i++)
		asks[i] = (struct survey_ask){ .use = SURVEY_KEEP, .states = STATE_ALL };
	count = survey_asks(survey, asks);
	for (size_t i = 0; i < count; i++)
		answer(world, survey, &asks[i], seen);
	return count;
}

static inline void look_stepwise(const struct world *world, const struct thresholds *thresholds,
				 struct snapshot *seen)
{
	struct survey *survey = survey_new(seen, thresholds);
	struct survey_ask asks[SURVEY_ASKS];

	while (look_further(world, survey, asks, seen))
		continue;
	survey_free(survey);
}

static inline bool finds(const struct report *report, const char *id)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (strcmp(report->findings.at[i].id, id) == 0)
			return true;
	return false;
}

#endif
