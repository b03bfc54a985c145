/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_LOOK_H
#define TESTS_UNIT_LOOK_H

/* A look at a machine, step by step, with all that was asked; behind cmocka's header. */

#include "world.h"

#include <stdlib.h>

enum { LOW = 40000, RANGE = 1000, LISTEN_PORT = 22, MOST_LOGGED = 16 };

static const uint32_t many = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_TIME_WAIT);

/* A look at a world, with everything that was asked. */
struct look {
	struct world world;
	struct thresholds *thresholds;
	struct snapshot seen;
	struct suspects *suspects;
	struct ids told;
	struct suspects_ask log[MOST_LOGGED];
	size_t asked;
	struct report report;
};

/* A server on 22 that is in nobody's way, and a range of 1,000 ports. */
static inline void begin_world(struct look *look)
{
	memset(look, 0, sizeof(*look));
	look->thresholds = thresholds_new();
	know(&look->world.limits.limit[LIMIT_PORT_LOW], LOW);
	know(&look->world.limits.limit[LIMIT_PORT_HIGH], LOW + RANGE - 1);
	look->world.limits.reserved_known = true;
	put(&look->world, STATE_LISTEN, LISTEN_PORT);
}

static inline void begin_look(struct look *look)
{
	set_counters(&look->world);
	snapshot_init(&look->seen);
	report_init(&look->report);
}

static inline void set(struct look *look, const char *spec, bool crit)
{
	assert_int_equal(thresholds_set(look->thresholds, spec, crit), THRESHOLD_TAKEN);
}

/* Neither the warning nor the critical one before that. */
static inline void set_both(struct look *look, const char *spec)
{
	if (!spec)
		return;
	set(look, spec, false);
	set(look, spec, true);
}

/* One question and its answer; false when there is none. */
static inline bool step(struct look *look)
{
	struct suspects_ask ask;

	if (!look->suspects) {
		look->seen.limits = look->world.limits;
		look->suspects = suspects_new(&look->seen, look->thresholds);
	}
	if (!suspects_next(look->suspects, &ask))
		return false;
	assert_true(look->asked < MOST_LOGGED);
	look->log[look->asked++] = ask;
	answer(&look->world, look->suspects, &ask, &look->seen, &look->told);
	return true;
}

static inline void look_to_the_end(struct look *look)
{
	while (step(look))
		continue;
	judge(&look->seen, look->thresholds, &look->report);
}

static inline void end_look(struct look *look)
{
	suspects_free(look->suspects);
	ids_fini(&look->told);
	report_fini(&look->report);
	snapshot_fini(&look->seen);
	thresholds_free(look->thresholds);
	grow_fini(&look->world.socks);
}

/* Whether the range was listed again, with tcp_info. */
static inline bool asked_for_range(const struct look *look)
{
	for (size_t i = 0; i < look->asked; i++)
		if (look->log[i].again && look->log[i].states == (STATE_ALL & ~STATE_BIT(STATE_SYN_RECV)))
			return true;
	return false;
}

static inline size_t rows_in(const struct look *look, enum state state)
{
	size_t found = 0;

	for (size_t i = 0; i < look->seen.socks.count; i++)
		found += look->seen.socks.at[i].state == state;
	return found;
}

/* A connection that this machine opened, to 10.1.0.1. */
static inline struct sock *put_client(struct world *world, enum state state, unsigned port,
				      uint16_t remote_port)
{
	static const uint8_t there[4] = { 10, 1, 0, 1 };
	struct sock *s = put(world, state, port);

	s->remote = addr_from_v4(there);
	s->remote_port = remote_port;
	s->have = HAVE_FLOW | HAVE_SENT | HAVE_ACKED | HAVE_NOTSENT;
	s->flow.bytes_acked = 1;
	if (state == STATE_TIME_WAIT) {
		s->timer = TIMER_TIME_WAIT;
		s->timer_ms = 30000;
		s->inode = 0;
		s->have = 0;
	}
	return s;
}

/* So many of them on ports from the first of the range on. */
static inline void put_clients(struct world *world, enum state state, unsigned first,
			       unsigned count, uint16_t remote_port)
{
	for (unsigned i = 0; i < count; i++)
		put_client(world, state, LOW + first + i, remote_port);
}

/* What a peer connected to from so many ports of its own; each is a destination to the eye. */
static inline void put_accepted(struct world *world, unsigned first, unsigned count, unsigned each)
{
	for (unsigned i = 0; i < count; i++)
		put_client(world, STATE_ESTABLISHED, LOW + first + i,
			   (uint16_t)(20000 + i / each))->flow.bytes_acked = 0;
}

#endif
