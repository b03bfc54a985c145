/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

/*
 * A machine with its sockets and counters, and a look at it that keeps what rules pick;
 * to be included behind cmocka's header.
 */

#include "base/grow.h"
#include "judge/suspects.h"
#include "model/need.h"

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

/* Whether a listing tells it; one that does not say "again" tells each socket once. */
static inline bool is_asked(const struct suspects_ask *ask, const struct sock *s,
			    struct ids *told)
{
	if (!(ask->states & STATE_BIT(s->state)))
		return false;
	if (ask->port_high && (s->local_port < ask->port_low || s->local_port > ask->port_high))
		return false;
	return ask->again || ids_add(told, s->cookie);
}

/* As it is told: without tcp_info unless that was asked for, and then without attributes. */
static inline struct sock as_told(const struct suspects_ask *ask, const struct sock *s)
{
	struct sock told = *s;

	if (ask->need & NEED_FLOW)
		return told;
	told.have &= HAVE_UID;
	memset(&told.flow, 0, sizeof(told.flow));
	if (told.remote_port)
		told.cgroup_id = 0;
	return told;
}

static inline void answer_each(const struct world *world, struct suspects *suspects,
			       const struct suspects_ask *ask, const struct snapshot *seen)
{
	for (size_t i = 0; i < ask->count; i++) {
		const struct sock *row = &seen->socks.at[ask->indices[i]];

		/* what has ended meanwhile is not told */
		if (world->socks.at[row->cookie - 1].state != STATE_NONE)
			suspects_take(suspects, &world->socks.at[row->cookie - 1]);
	}
}

static inline void answer(const struct world *world, struct suspects *suspects,
			  const struct suspects_ask *ask, struct snapshot *seen,
			  struct ids *told)
{
	/* there are no other states */
	assert_int_equal(ask->states & ~STATE_ALL, 0);
	if (ask->indices) {
		answer_each(world, suspects, ask, seen);
		return;
	}
	for (size_t i = 0; i < world->socks.count; i++) {
		struct sock sock = as_told(ask, &world->socks.at[i]);

		if (is_asked(ask, &world->socks.at[i], told))
			suspects_take(suspects, &sock);
	}
	*(struct sock *)grow_add(&seen->socks) = world->behind;
	seen->socks.count--;
}

static inline void look_stepwise(const struct world *world, const struct thresholds *thresholds,
				 struct snapshot *seen)
{
	struct suspects *suspects = suspects_new(seen, thresholds);
	struct suspects_ask ask;
	struct ids told = { 0 };

	while (suspects_next(suspects, &ask))
		answer(world, suspects, &ask, seen, &told);
	suspects_free(suspects);
	ids_fini(&told);
}

static inline bool finds(const struct report *report, const char *id)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (strcmp(report->findings.at[i].id, id) == 0)
			return true;
	return false;
}

#endif
