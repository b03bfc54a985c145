/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/budget.h"

#include "base/bits.h"
#include "model/age.h"

#include <string.h>

static bool is_usable_port(const struct budget_base *base, unsigned port)
{
	return port >= base->low && port <= base->high &&
	       !limits_is_reserved(&base->seen->limits, port);
}

/*
 * SYN_RECV is a request and owns no port. Children of a listener own the
 * listener's port, for longer than it; while it is there it blocks the port itself,
 * afterwards their opener tells.
 */
static void mark_owner(struct budget_base *base, const struct sock *s)
{
	if (s->state == STATE_SYN_RECV || !is_usable_port(base, s->local_port))
		return;
	bits_add(base->any, s->local_port);
	if (s->state == STATE_LISTEN || s->state == STATE_BOUND || s->state == STATE_CLOSE ||
	    sock_opener(s) == OPENER_PEER)
		bits_add(base->blocked, s->local_port);
}

/* The same, of sockets that are no rows. */
static void mark_folded(struct budget_base *base, const struct folded *folded)
{
	for (size_t i = 0; i < sizeof(base->any); i++) {
		base->any[i] |= folded->owned[i];
		base->blocked[i] |= folded->blocked[i];
	}
}

bool budget_open(struct budget_base *base, const struct snapshot *seen)
{
	const struct known *low = &seen->limits.limit[LIMIT_PORT_LOW];
	const struct known *high = &seen->limits.limit[LIMIT_PORT_HIGH];

	memset(base, 0, sizeof(*base));
	if (!low->is || !high->is || !seen->limits.reserved_known ||
	    low->value < 1 || high->value > 65535 || low->value > high->value)
		return false;
	base->seen = seen;
	base->low = (unsigned)low->value;
	base->high = (unsigned)high->value;
	for (size_t i = 0; i < seen->socks.count; i++)
		mark_owner(base, &seen->socks.at[i]);
	if (seen->folded)
		mark_folded(base, seen->folded);
	for (unsigned port = base->low; port <= base->high; port++) {
		bool usable = is_usable_port(base, port);

		base->capacity += usable;
		base->reserved += !usable;
		base->blocked_for_all += bits_has(base->blocked, port);
		base->owned += bits_has(base->any, port);
	}
	return true;
}

bool budget_is_blocked(const struct budget_base *base, uint16_t port)
{
	return bits_has(base->blocked, port);
}

bool budget_counts(const struct budget_base *base, const struct sock *s)
{
	return s->state != STATE_SYN_RECV && s->remote_port &&
	       is_usable_port(base, s->local_port) && !bits_has(base->blocked, s->local_port);
}

static void add_time_wait(struct budget *b, const struct budget_base *base, const struct sock *s)
{
	const struct limits *limits = &base->seen->limits;
	enum reuse reuse = trend_reuse(limits, s);

	b->time_wait++;
	b->recyclable += reuse == REUSE_YES;
	b->maybe += reuse == REUSE_MAYBE;
	trend_add(&b->trend, limits, s, true);
}

/*
 * A socket of a device is found by searches for that device; callers keep
 * devices apart, so here it is one of this destination.
 */
void budget_add(struct budget *b, const struct budget_base *base, const struct sock *s)
{
	b->used++;
	if (s->state == STATE_TIME_WAIT && sock_is_minisock(s))
		add_time_wait(b, base, s);
	else if (s->state == STATE_ESTABLISHED)
		b->established++;
	else
		b->other++;
}

/* Of an odd range the search may miss either end; it matters if that was free. */
static bool may_miss_an_end(const struct budget_base *base)
{
	return base->low % 2 == base->high % 2 && base->low < base->high &&
	       ((is_usable_port(base, base->low) && !bits_has(base->any, base->low)) ||
		(is_usable_port(base, base->high) && !bits_has(base->any, base->high)));
}

static uint32_t minus(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

void budget_finish(struct budget *b, const struct budget_base *base)
{
	uint32_t room = minus(base->capacity, base->blocked_for_all);

	b->left = minus(room, b->used - b->recyclable);
	b->left_max = minus(room, b->used - b->recyclable - b->maybe);
	b->left_min = minus(base->capacity, base->owned);
	b->left_min -= may_miss_an_end(base);
	/* a port can be listed twice: in TIME_WAIT, and with what took it over meanwhile */
	if (b->left_min > b->left)
		b->left_min = b->left;
	b->close_rate_per_s = trend_rate(&b->trend);
	b->exhaustion_known = trend_exhausts(&b->trend, &base->seen->limits, b->left,
					     &b->exhausted_in_s);
}

double budget_percent_gone(const struct budget *b, const struct budget_base *base)
{
	return 100.0 - (base->capacity ? 100.0 * b->left / base->capacity : 0);
}

double budget_percent_searched(const struct budget *b, const struct budget_base *base)
{
	return 100.0 * (b->used - b->recyclable) / base->capacity;
}
