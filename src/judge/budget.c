/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/budget.h"

#include "model/age.h"

#include <string.h>

enum {
	TIME_WAIT_MS     = BUDGET_SECONDS * 1000,
	REUSE_DELAY_MS   = 1000,        /* where tcp_tw_reuse_delay is not known */
	GRAIN_MS         = 20,          /* of an age that a timer tells */
	RATE_WINDOW_S    = 10,
};

enum reuse { REUSE_NO, REUSE_MAYBE, REUSE_YES };

static bool bit(const uint8_t *bits, unsigned i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

static void set_bit(uint8_t *bits, unsigned i)
{
	bits[i / 8] |= (uint8_t)(1u << (i % 8));
}

static bool is_usable_port(const struct budget_base *base, unsigned port)
{
	return port >= base->low && port <= base->high &&
	       !limits_is_reserved(&base->seen->limits, port);
}

/*
 * SYN_RECV is a request and owns no port. Children of a listener own the
 * listener's port, for longer than it; while it is there its port is known,
 * afterwards their opener tells.
 */
static void mark_owner(struct budget_base *base, const struct sock *s)
{
	if (s->state == STATE_SYN_RECV || !is_usable_port(base, s->local_port))
		return;
	set_bit(base->any, s->local_port);
	if (s->state == STATE_LISTEN || s->state == STATE_BOUND || s->state == STATE_CLOSE ||
	    listeners_have(&base->listeners, s->local_port) || sock_opener(s) == OPENER_PEER)
		set_bit(base->blocked, s->local_port);
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
	listeners_init(&base->listeners, seen);
	for (size_t i = 0; i < seen->socks.count; i++)
		mark_owner(base, &seen->socks.at[i]);
	for (unsigned port = base->low; port <= base->high; port++) {
		bool usable = is_usable_port(base, port);

		base->capacity += usable;
		base->reserved += !usable;
		base->blocked_for_all += bit(base->blocked, port);
		base->owned += bit(base->any, port);
	}
	return true;
}

void budget_close(struct budget_base *base)
{
	listeners_fini(&base->listeners);
}

bool budget_is_blocked(const struct budget_base *base, uint16_t port)
{
	return bit(base->blocked, port);
}

bool budget_counts(const struct budget_base *base, const struct sock *s)
{
	static const uint32_t no_client = STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_BOUND) |
					  STATE_BIT(STATE_CLOSE) | STATE_BIT(STATE_SYN_RECV);

	return !(STATE_BIT(s->state) & no_client) && s->remote_port &&
	       is_usable_port(base, s->local_port) && !bit(base->blocked, s->local_port);
}

/* The interface lo, in every network namespace. */
enum { LOOPBACK_INDEX = 1 };

/* Whether tcp_tw_reuse is for this one, whatever its age. */
static enum reuse reuse_policy(const struct limits *limits, const struct sock *s)
{
	const struct known *reuse = &limits->limit[LIMIT_TW_REUSE];
	const struct known *stamps = &limits->limit[LIMIT_TIMESTAMPS];
	bool loopback = addr_is_loopback(&s->local) || addr_is_loopback(&s->remote) ||
			s->ifindex == LOOPBACK_INDEX;

	if ((stamps->is && !stamps->value) || (reuse->is && !reuse->value) ||
	    (reuse->is && reuse->value == 2 && !loopback))
		return REUSE_NO;
	return stamps->is && reuse->is ? REUSE_YES : REUSE_MAYBE;
}

static int64_t reuse_delay_ms(const struct limits *limits)
{
	const struct known *delay = &limits->limit[LIMIT_TW_REUSE_DELAY_MS];

	return delay->is ? delay->value : REUSE_DELAY_MS;
}

/*
 * Before tcp_tw_reuse_delay existed the clock second had to differ from that
 * of the last packet: after 0 to 1 s. There a younger one is perhaps usable.
 */
static enum reuse reusable(const struct limits *limits, const struct sock *s, int64_t age_ms)
{
	enum reuse policy = reuse_policy(limits, s);
	int64_t delay = reuse_delay_ms(limits);

	if (policy == REUSE_NO || age_ms > delay + GRAIN_MS)
		return policy;
	if (limits->limit[LIMIT_TW_REUSE_DELAY_MS].is && age_ms < delay - GRAIN_MS)
		return REUSE_NO;
	return REUSE_MAYBE;
}

static void add_time_wait(struct budget *b, const struct budget_base *base, const struct sock *s)
{
	const struct limits *limits = &base->seen->limits;
	int64_t age_ms = TIME_WAIT_MS - (int64_t)s->timer_ms;
	enum reuse reuse;
	size_t second;

	age_ms = age_ms < 0 ? 0 : age_ms;
	second = (size_t)age_ms / 1000;
	second = second < BUDGET_SECONDS ? second : BUDGET_SECONDS - 1;
	reuse = reusable(limits, s, age_ms);
	b->time_wait++;
	b->closed[second]++;
	b->recyclable += reuse == REUSE_YES;
	b->maybe += reuse == REUSE_MAYBE;
	b->held[second] += reuse != REUSE_YES;
	b->reusable = reuse_policy(limits, s) == REUSE_YES;
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

/*
 * Closes per second in the last seconds, or since the first one when that was
 * less long ago. Long enough not to be fooled by one burst, short enough to be
 * about now. What was recycled is missing, so it is a lower bound.
 */
static double recent_rate(const struct budget *b)
{
	unsigned oldest = 0, window;
	double sum = 0;

	for (unsigned age = 0; age < BUDGET_SECONDS; age++)
		if (b->closed[age])
			oldest = age + 1;
	window = oldest < RATE_WINDOW_S ? oldest : RATE_WINDOW_S;
	for (unsigned age = 0; age < window; age++)
		sum += b->closed[age];
	return window ? sum / window : 0;
}

/*
 * Goes on with the present rate and gives back what expires meanwhile. After
 * one life of a TIME_WAIT as many expire as come, so nothing later can happen.
 */
static void extrapolate(struct budget *b, const struct budget_base *base)
{
	int64_t delay_s = (reuse_delay_ms(&base->seen->limits) + 999) / 1000;
	unsigned life = BUDGET_SECONDS;
	double free_ports = b->left;

	if (b->reusable && delay_s < BUDGET_SECONDS)
		life = (unsigned)(delay_s < 1 ? 1 : delay_s);
	b->exhaustion_known = b->left == 0;
	for (unsigned t = 1; t <= life && b->left && b->close_rate_per_s > 0; t++) {
		double before = free_ports;

		free_ports += b->held[life - t] - b->close_rate_per_s;
		if (free_ports > 0)
			continue;
		b->exhaustion_known = true;
		b->exhausted_in_s = t - 1 + before / (before - free_ports);
		return;
	}
}

/* Of an odd range the search may miss either end; it matters if that was free. */
static bool may_miss_an_end(const struct budget_base *base)
{
	unsigned size = base->high - base->low + 1;

	return size % 2 && size > 1 &&
	       ((is_usable_port(base, base->low) && !bit(base->any, base->low)) ||
		(is_usable_port(base, base->high) && !bit(base->any, base->high)));
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
	if (b->left_min && may_miss_an_end(base))
		b->left_min--;
	if (b->left_min > b->left)
		b->left_min = b->left;
	b->close_rate_per_s = recent_rate(b);
	extrapolate(b, base);
}

double budget_percent_gone(const struct budget *b, const struct budget_base *base)
{
	return base->capacity ? 100.0 - 100.0 * b->left / base->capacity : 100.0;
}

double budget_percent_searched(const struct budget *b, const struct budget_base *base)
{
	return base->capacity ? 100.0 * (b->used - b->recyclable) / base->capacity : 0;
}
