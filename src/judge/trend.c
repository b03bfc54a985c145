/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/trend.h"

#include "judge/weigh.h"

#include <string.h>

enum {
	TIME_WAIT_MS   = TREND_SECONDS * 1000,
	REUSE_DELAY_MS = 1000,          /* when tcp_tw_reuse_delay is not known */
	GRAIN_MS       = 20,            /* resolution of an age that a timer tells */
	RATE_WINDOW_S  = 10,
	LOOPBACK_INDEX = 1,             /* the interface lo, in every namespace */
};

static bool is_loopback(const struct sock *s)
{
	return addr_is_loopback(&s->local) || addr_is_loopback(&s->remote) ||
	       s->ifindex == LOOPBACK_INDEX;
}

/* What tcp_tw_reuse and timestamps allow for this TIME_WAIT, whatever its age. */
static enum reuse policy_of(const struct limits *limits, const struct sock *s)
{
	const struct known *reuse = &limits->limit[LIMIT_TW_REUSE];
	const struct known *stamps = &limits->limit[LIMIT_TIMESTAMPS];

	if ((stamps->is && !stamps->value) || (reuse->is && !reuse->value) ||
	    (reuse->is && reuse->value == 2 && !is_loopback(s)))
		return REUSE_NO;
	return stamps->is && reuse->is ? REUSE_YES : REUSE_MAYBE;
}

static int64_t reuse_delay_ms(const struct limits *limits)
{
	const struct known *delay = &limits->limit[LIMIT_TW_REUSE_DELAY_MS];

	/* The kernel accepts 1 ms to 60 s, so any other number was not told by a kernel. */
	if (!delay->is || delay->value < 1 || delay->value > TIME_WAIT_MS)
		return REUSE_DELAY_MS;
	return delay->value;
}

/* The same delay in whole seconds. */
static unsigned delay_s(const struct limits *limits)
{
	return (unsigned)((reuse_delay_ms(limits) + 999) / 1000);
}

static int64_t age_ms(const struct sock *s)
{
	int64_t age = TIME_WAIT_MS - (int64_t)s->timer_ms;

	return age < 0 ? 0 : age;
}

/*
 * Before tcp_tw_reuse_delay existed, the clock second had to differ from that of the
 * last packet, that is after 0 to 1 s. On such a kernel a younger TIME_WAIT may be
 * usable.
 */
enum reuse trend_reuse(const struct limits *limits, const struct sock *s)
{
	enum reuse policy = policy_of(limits, s);
	int64_t delay = reuse_delay_ms(limits), age = age_ms(s);

	if (policy == REUSE_NO || age > delay + GRAIN_MS)
		return policy;
	if (limits->limit[LIMIT_TW_REUSE_DELAY_MS].is && age < delay - GRAIN_MS)
		return REUSE_NO;
	return REUSE_MAYBE;
}

/*
 * The sysctl that would give the ports back sooner, because it is off or set slower than
 * usual; or NULL.
 */
static const char *reuse_step(const struct limits *limits, const struct sock *s)
{
	const struct known *stamps = &limits->limit[LIMIT_TIMESTAMPS];

	if (stamps->is && !stamps->value)
		return "timestamps";
	if (policy_of(limits, s) == REUSE_NO)
		return "tw_reuse";
	return reuse_delay_ms(limits) > REUSE_DELAY_MS ? "tw_reuse_delay" : NULL;
}

const char *trend_largest_share(uint32_t lost, uint32_t waiting, uint32_t alive)
{
	if (lost > waiting && lost > alive)
		return "bind";
	if (waiting && waiting >= alive)
		return "time_wait";
	return alive ? "in_use" : NULL;
}

void trend_facts(struct facts *facts, const struct limits *limits, const struct sock *s,
		 uint32_t ports)
{
	const char *step = s ? reuse_step(limits, s) : NULL;
	bool refused = s && policy_of(limits, s) == REUSE_NO;

	facts_word(facts, "tw_reuse_step", step);
	facts_number(facts, "tw_reuse_wanted", FACT_ID, s && is_loopback(s) ? 2 : 1)->known =
		step && strcmp(step, "tw_reuse") == 0;
	facts_number(facts, "tw_reuse_delay_ms", FACT_MS, (double)reuse_delay_ms(limits));
	facts_number(facts, "sustained_per_s", FACT_RATE, (double)ports / TREND_SECONDS)->known =
		refused;
}

int64_t trend_frees_in_ms(const struct limits *limits, const struct sock *s)
{
	int64_t early = reuse_delay_ms(limits) + GRAIN_MS - age_ms(s);

	if (policy_of(limits, s) != REUSE_YES || early > s->timer_ms)
		return s->timer_ms;
	return early < 0 ? 0 : early;
}

void trend_add(struct trend *t, const struct limits *limits, const struct sock *s, bool reuse)
{
	int64_t age = age_ms(s);
	size_t second = (size_t)age / 1000;

	second = second < TREND_SECONDS ? second : TREND_SECONDS - 1;
	t->oldest_ms = age > t->oldest_ms ? age : t->oldest_ms;
	t->closed[second]++;
	t->held[second] += !reuse || trend_reuse(limits, s) != REUSE_YES;
	t->reusable = reuse && policy_of(limits, s) == REUSE_YES;
	if (t->reusable)
		t->whole_s = delay_s(limits);
}

/*
 * Counts over the last seconds, or since the first close when that is more recent: long
 * enough not to be misled by one burst, short enough to tell about now. How many
 * TIME_WAITs were taken over is not known, so those old enough for that do not count.
 */
double trend_rate(const struct trend *t)
{
	unsigned window = t->whole_s && t->whole_s < RATE_WINDOW_S ? t->whole_s : RATE_WINDOW_S;
	double sum = 0, span_s = (double)t->oldest_ms / 1000;

	for (unsigned age = 0; age < window; age++)
		sum += t->closed[age];
	span_s = span_s < window ? span_s : window;
	return sum / (span_s > 1 ? span_s : 1);
}

/*
 * Continues the present rate and gives back the ports that expire meanwhile. After 60 s
 * as many expire as come, so nothing new can happen later.
 */
bool trend_exhausts(const struct trend *trend, const struct limits *limits, uint32_t left,
		    double *in_s)
{
	double rate = trend_rate(trend), free_ports = left;
	unsigned life = TREND_SECONDS;

	*in_s = 0;
	if (trend->reusable)
		life = delay_s(limits);
	for (unsigned t = 1; t <= life && left; t++) {
		double before = free_ports;

		free_ports += trend->held[life - t] - rate;
		if (free_ports > 0)
			continue;
		*in_s = t - 1 + before / (before - free_ports);
		return true;
	}
	return left == 0;
}
