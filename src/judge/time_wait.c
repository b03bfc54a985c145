/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * time-wait-overflow
 *
 * TIME_WAIT protects the next connection with the same four numbers from late
 * segments of the old one (RFC 9293 section 3.6.1, RFC 1337). It costs 256
 * bytes, no descriptor and, on a server, no port. How many a namespace may have
 * is tcp_max_tw_buckets, and orphaned FIN_WAIT_2 in their short form count too.
 * At the limit nothing waits and nothing is killed: the next connection just
 * closes without TIME_WAIT, and TCPTimeWaitOverflow counts it (measured: limit
 * 50, 80 closes, 50 in the table, 30 counted). So the limit relieves ports and
 * takes the protection away.
 *
 * Judged is the share of the limit in use now. The counter runs since the
 * namespace was made: with a table near its limit it proves that protection is
 * being skipped, which is critical; with a table that has room again it is an
 * old story and stays a number among the counters.
 */
#include "judge/weigh.h"

static bool is_short_form(const struct sock *s)
{
	return sock_is_minisock(s) &&
	       (s->state == STATE_TIME_WAIT || s->state == STATE_FIN_WAIT_2);
}

/* The kernel's own count, or where that is not known, the number of rows. */
static struct known table_fill(const struct snapshot *seen)
{
	struct known fill = seen->limits.counter[COUNTER_TW];

	if (fill.is || !seen->socks_complete)
		return fill;
	fill.is = true;
	fill.value = 0;
	for (size_t i = 0; i < seen->socks.count; i++)
		fill.value += is_short_form(&seen->socks.at[i]);
	return fill;
}

/*
 * With a limit of 0 no connection gets TIME_WAIT: the table is full once the counter has
 * counted.
 */
static double percent_of(const struct known *limit, int64_t fill, bool overflowed)
{
	if (limit->value > 0)
		return 100.0 * (double)fill / (double)limit->value;
	return overflowed ? 100 : 0;
}

static bool has_overflowed(const struct snapshot *seen)
{
	const struct known *overflow = &seen->limits.counter[COUNTER_TIME_WAIT_OVERFLOW];

	return overflow->is && overflow->value > 0;
}

/*
 * Picks all TIME_WAITs when the table is near its limit, where they are shown, and when
 * they must be counted because the kernel does not.
 */
PICKS(time_wait)
{
	const struct known *limit = &seen->limits.limit[LIMIT_MAX_TW_BUCKETS];
	const struct known *fill = &seen->limits.counter[COUNTER_TW];

	return is_short_form(s) &&
	       (!fill->is || threshold_level(t, percent_of(limit, fill->value,
							   has_overflowed(seen))));
}

static void put_members(struct finding *f, const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->socks.count; i++)
		if (is_short_form(&seen->socks.at[i]))
			concern(f, seen, (uint32_t)i);
}

WEIGH(time_wait)
{
	const struct known *limit = &seen->limits.limit[LIMIT_MAX_TW_BUCKETS];
	const struct known *overflow = &seen->limits.counter[COUNTER_TIME_WAIT_OVERFLOW];
	struct known fill = table_fill(seen);
	bool overflowed = has_overflowed(seen);
	enum severity severity;
	struct finding *f;

	if (!limit->is || !fill.is || (limit->value > 0 && (uint64_t)fill.value < t->least))
		return;
	severity = threshold_level(t, percent_of(limit, fill.value, overflowed));
	if (!severity)
		return;
	f = report_add(report, "time-wait-overflow");
	f->severity = overflowed ? SEVERITY_CRITICAL : severity;
	f->subject.kind = SUBJECT_NETNS;
	put_members(f, seen);
	f->count = (uint64_t)fill.value;
	f->has_ages = true;
	facts_number(&f->facts, "time_wait_minisocks", FACT_COUNT, (double)fill.value);
	facts_number(&f->facts, "max_tw_buckets", FACT_COUNT, (double)limit->value);
	facts_known(&f->facts, "time_wait_overflow", FACT_COUNT, overflow);
}
