/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/shortage.h"

#include "judge/budget.h"

#include <string.h>

static double level(const struct thresholds *thresholds, const char *rule)
{
	const struct threshold *t = thresholds_get(thresholds, rule);

	return t->warn < t->crit ? t->warn : t->crit;
}

bool shortage_init(struct shortage *s, const struct snapshot *seen,
		   const struct thresholds *thresholds)
{
	struct budget_base base;

	s->seen = seen;
	s->exhausted = level(thresholds, "port-exhaustion");
	s->search = level(thresholds, "connect-search-cliff");
	if (!budget_open(&base, seen))
		return false;
	s->low = base.low;
	s->high = base.high;
	s->capacity = base.capacity;
	/* where none can be used, nobody's use of them matters */
	return s->capacity > 0;
}

/* One destination with @used ports, beside @blocked ones that none can use. */
static bool is_short(const struct shortage *s, uint64_t used, uint64_t blocked)
{
	uint64_t room = s->capacity > blocked ? s->capacity - blocked : 0;
	uint64_t left = room > used ? room - used : 0;

	return 100.0 - 100.0 * (double)left / s->capacity >= s->exhausted ||
	       100.0 * (double)used / s->capacity > s->search;
}

bool shortage_can_be(const struct shortage *s, uint64_t ports)
{
	return is_short(s, ports, 0);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static uint64_t mix_addr(uint64_t hash, const struct addr *addr)
{
	uint64_t half[2];

	memcpy(half, addr->b, sizeof(half));
	return mix(mix(hash, half[0]), half[1]);
}

/* As a destination is told apart in ports.c. */
static uint32_t *cell_of(struct shortage *s, const struct sock *sock)
{
	uint64_t hash = mix_addr(mix_addr(sock->ifindex, &sock->local), &sock->remote);

	return &s->cells[mix(hash, sock->remote_port) % SHORTAGE_CELLS];
}

static void count(struct shortage *s, const struct sock *sock)
{
	uint32_t *cell = cell_of(s, sock);

	++*cell;
	if (*cell > s->most)
		s->most = *cell;
}

bool shortage_add(struct shortage *s, const struct sock *sock)
{
	if (limits_is_reserved(&s->seen->limits, sock->local_port))
		return false;
	count(s, sock);
	return true;
}

bool shortage_settle(struct shortage *s, uint64_t unseen)
{
	struct budget_base base;

	/* it could be opened in shortage_init(), and the limits are the same */
	(void)budget_open(&base, s->seen);
	for (size_t i = 0; i < s->seen->socks.count; i++)
		if (budget_counts(&base, &s->seen->socks.at[i]))
			count(s, &s->seen->socks.at[i]);
	s->blocked = base.blocked_for_all + unseen;
	return is_short(s, s->most, s->blocked);
}

bool shortage_hits(struct shortage *s, const struct sock *sock)
{
	return is_short(s, *cell_of(s, sock), s->blocked);
}
