/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/shortage.h"

#include "judge/budget.h"

#include <string.h>

static double level(const struct thresholds *thresholds, const char *rule)
{
	const struct threshold *t = thresholds_get(thresholds, rule);

	return t->warn < t->crit ? t->warn : t->crit;
}

static bool is_usable(const struct shortage *s, unsigned port)
{
	return port >= s->low && port <= s->high && !limits_is_reserved(&s->seen->limits, port);
}

static bool read_range(struct shortage *s)
{
	const struct limits *limits = &s->seen->limits;
	const struct known *low = &limits->limit[LIMIT_PORT_LOW];
	const struct known *high = &limits->limit[LIMIT_PORT_HIGH];

	if (!low->is || !high->is || !limits->reserved_known || low->value < 1 ||
	    high->value > 65535 || low->value > high->value)
		return false;
	s->low = (unsigned)low->value;
	s->high = (unsigned)high->value;
	for (unsigned port = s->low; port <= s->high; port++)
		s->capacity += is_usable(s, port);
	/* where none can be used, nobody's use of them matters */
	return s->capacity > 0;
}

bool shortage_init(struct shortage *s, const struct snapshot *seen,
		   const struct thresholds *thresholds)
{
	s->seen = seen;
	s->exhausted = level(thresholds, "port-exhaustion");
	s->search = level(thresholds, "connect-search-cliff");
	return read_range(s);
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

static uint32_t mix(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

/* As a destination is told apart in ports.c. */
static uint32_t *cell_of(struct shortage *s, const struct sock *sock)
{
	uint32_t words[8], hash = mix(sock->ifindex, sock->remote_port);

	memcpy(words, sock->local.b, 16);
	memcpy(words + 4, sock->remote.b, 16);
	for (size_t i = 0; i < 8; i++)
		hash = mix(hash, words[i]);
	return &s->cells[hash % SHORTAGE_CELLS];
}

bool shortage_add(struct shortage *s, const struct sock *sock)
{
	if (!is_usable(s, sock->local_port))
		return false;
	++*cell_of(s, sock);
	return true;
}

static bool any_cell(const struct shortage *s)
{
	for (size_t i = 0; i < SHORTAGE_CELLS; i++)
		if (s->cells[i] && is_short(s, s->cells[i], s->blocked))
			return true;
	return false;
}

bool shortage_settle(struct shortage *s, uint32_t unseen)
{
	struct budget_base base;

	if (!budget_open(&base, s->seen))
		return false;
	for (size_t i = 0; i < s->seen->socks.count; i++)
		if (budget_counts(&base, &s->seen->socks.at[i]))
			++*cell_of(s, &s->seen->socks.at[i]);
	s->blocked = base.blocked_for_all + unseen;
	s->is_everywhere = is_short(s, 0, s->blocked);
	return s->is_everywhere || any_cell(s);
}

bool shortage_hits(struct shortage *s, const struct sock *sock)
{
	return s->is_everywhere || is_short(s, *cell_of(s, sock), s->blocked);
}
