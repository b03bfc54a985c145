/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * last-ack-stuck
 *
 * FIN_WAIT_1, CLOSING and LAST_ACK wait for one thing: that the peer
 * acknowledges our FIN (RFC 9293 section 3.6). That takes one round trip. When
 * the FIN has been sent again and again, the peer or the path is gone.
 *
 * The kernel gives up. An orphan (the program said close()) gets
 * tcp_orphan_retries, where 0 means 8: 102 s of timeouts that begin at 200 ms,
 * and it ends at the first timeout after that, measured 106.8 s. A socket that
 * a program holds (it said shutdown()) follows tcp_retries2: 15 is 924 s. Until
 * then an orphan keeps its unsent data in memory.
 *
 * "Unacknowledged for at least" comes from the timer and its doublings; nothing
 * is known about the time in the state. A peer that answers with a closed window
 * is probed and not retransmitted to, and is not counted. On the internet single
 * clients vanish all the time, so the count is for each peer: several at once to
 * the same one say that this one is gone.
 */
#include "judge/weigh.h"

enum { RTO_MIN_MS = 200, ORPHAN_RETRIES = 8, RETRIES_MOST = 255 };

PICKS(last_ack)
{
	return s->timer == TIMER_RETRANSMIT && s->retransmits > 0;
}

struct known gives_up_ms(const struct limits *limits, enum limit which)
{
	struct known known = limits->limit[which];
	int64_t retries = which == LIMIT_ORPHAN_RETRIES && !known.value ? ORPHAN_RETRIES : known.value;
	int64_t sum_ms = 0, round = RTO_MIN_MS, most = limits_rto_max_ms(limits);

	for (int64_t i = 0; i <= retries && i <= RETRIES_MOST; i++) {
		sum_ms += round;
		round = round * 2 < most ? round * 2 : most;
	}
	known.value = sum_ms;
	return known;
}

static struct known gives_up_s(const struct limits *limits, enum limit which)
{
	struct known known = gives_up_ms(limits, which);

	known.value /= 1000;
	return known;
}

FACTS(last_ack)
{
	struct known orphan = gives_up_s(&w->seen->limits, LIMIT_ORPHAN_RETRIES);
	struct known held = gives_up_s(&w->seen->limits, LIMIT_RETRIES2);
	uint64_t orphans = 0;

	for (size_t i = 0; i < f->members.count; i++)
		orphans += !w->seen->socks.at[f->members.at[i]].inode;
	facts_number(&f->facts, "orphans", FACT_COUNT, (double)orphans);
	facts_number(&f->facts, "held", FACT_COUNT, (double)(f->count - orphans));
	facts_known(&f->facts, "orphans_given_up_after_s", FACT_S, &orphan);
	facts_known(&f->facts, "held_given_up_after_s", FACT_S, &held);
}
