/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/age.h"

#include <stdbool.h>

/*
 * The kernel keeps no birthday of a state. What it does keep is when the last
 * acknowledgement and the last data came and went, and how far a timer has
 * run; out of these an age can be bracketed without a second look.
 *
 * A FIN goes through tcp_ack() before tcp_fin(), so the time stamp of the last
 * acknowledgement is never older than the FIN: "last_ack_recv" ms ago the state
 * was there already or just began. After a FIN no data is accepted any more,
 * so "last_data_recv" is never younger. That is the bracket of CLOSE_WAIT and
 * CLOSING; FIN_WAIT_2 has the same one around the acknowledgement of our own
 * FIN, with the last data sent as its upper end. LAST_ACK and FIN_WAIT_1 have
 * no such anchor: of them, and of the handshake, only the retransmission timer
 * speaks, and only of how long a segment has been unacknowledged.
 *
 * Bounds and quiet rules are measured: 0 of 165,275 (CLOSE_WAIT), 97,879
 * (FIN_WAIT_2), 95,244 (TIME_WAIT) observations were outside.
 */

enum {
	TIME_WAIT_MS  = 60000,  /* TCP_TIMEWAIT_LEN, not a sysctl */
	OVERDUE_MS    = 2100,   /* the timer wheel fires a 60 s timer so late */
	JIFFIES_MS    = 20,     /* two jiffies of the coarsest usual clock */
	QUIET_MS      = 40,     /* and the time that a long dump takes */
	QUIET_GAP_MS  = 8,
	LITTLE_BYTES  = 16384,  /* less than a quarter of the usual first window */
	RTO_MIN_MS    = 200,
	RTO_MAX_MS    = 120000,
	SYN_RTO_MS    = 1000,
};

static const struct age unknown = { .kind = AGE_UNKNOWN, .min_ms = -1, .max_ms = -1 };

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t not_negative(int64_t ms)
{
	return ms < 0 ? 0 : ms;
}

/* @rounds timeouts that begin with @first ms, double and stay at the maximum. */
static int64_t doubled_ms(int64_t first, uint32_t rounds)
{
	int64_t sum = 0, round = first;

	for (uint32_t i = 0; i < rounds && i < 256; i++) {
		sum += round;
		round = least(round * 2, RTO_MAX_MS);
	}
	return sum;
}

/*
 * A retransmitted FIN of the peer starts the 60 s anew; the time before that
 * is lost, so strictly this is the time since the last start.
 */
static struct age time_wait_age(const struct sock *s)
{
	int64_t spent = TIME_WAIT_MS - (int64_t)s->timer_ms;

	if (spent < 0)
		return unknown;
	return (struct age){
		.kind = AGE_STATE,
		.min_ms = not_negative(spent - JIFFIES_MS),
		.max_ms = spent + (s->timer_ms ? JIFFIES_MS : OVERDUE_MS),
	};
}

/*
 * An orphan waits fin_timeout. Up to 60 s that is the life of the minisock;
 * above, it is a full socket for fin_timeout - 60 s and then a minisock for as
 * long again. TCP_LINGER2 of the socket would replace fin_timeout and cannot
 * be seen; a timer that is too long for fin_timeout gives it away.
 * Between shutdown() and close() no timer ran: nothing bounds the state above.
 */
static struct age orphan_age(const struct sock *s, const struct limits *limits)
{
	const struct known *timeout = &limits->limit[LIMIT_FIN_TIMEOUT_S];
	int64_t before = 0, phase;

	if (!timeout->is)
		return unknown;
	phase = timeout->value * 1000;
	if (phase > TIME_WAIT_MS) {
		phase -= TIME_WAIT_MS;
		before = sock_is_minisock(s) ? phase : 0;
	}
	if (s->timer_ms > phase)
		return unknown;
	return (struct age){
		.kind = AGE_ORPHANED,
		.min_ms = not_negative(before + phase - (int64_t)s->timer_ms - JIFFIES_MS),
		.max_ms = -1,
	};
}

/*
 * Both ends come from the same clock; a reordered FIN can swap them. With
 * @quiet_ms the true age is not further than that above the lower bound; 0:
 * nothing is known.
 */
static struct age bracket(int64_t low, int64_t high, int64_t quiet_ms, bool keepalive)
{
	struct age age = { .kind = AGE_STATE, .keepalive = keepalive };

	age.min_ms = least(low, high);
	age.max_ms = quiet_ms ? least(high, age.min_ms + quiet_ms) : high;
	return age;
}

/*
 * Two things renew the last acknowledgement in a quiet connection. A peer whose
 * FIN was acknowledged too late, or whose ACK was lost, sends it again after one
 * timeout, then two, four, eight: four of these are allowed for. And a peer that
 * reads later what had filled its window tells so: excluded by having sent it
 * little. The lower bound does not care.
 */
static int64_t quiet_ms(const struct sock *s, bool quiet)
{
	return quiet && (s->have & HAVE_SENT) && s->flow.bytes_sent <= LITTLE_BYTES ?
	       QUIET_MS + 15 * (int64_t)(s->flow.rto_us / 1000) : 0;
}

/*
 * Quiet: nothing was sent since the last byte came, so the last acknowledgement
 * that came was the FIN's own, or its repetition's.
 */
static struct age close_wait_age(const struct sock *s)
{
	const struct flow *f = &s->flow;
	bool quiet = sock_timer_is_off(s) && s->send_queue == 0 &&
		     f->last_data_sent_ms >= f->last_data_recv_ms;

	return bracket(f->last_ack_recv_ms, f->last_data_recv_ms, quiet_ms(s, quiet),
		       s->timer == TIMER_KEEPALIVE);
}

/* Quiet: no data came after the acknowledgement of our FIN. */
static struct age fin_wait_2_age(const struct sock *s)
{
	const struct flow *f = &s->flow;
	bool quiet = sock_timer_is_off(s) &&
		     f->last_data_recv_ms > (uint64_t)f->last_ack_recv_ms + QUIET_GAP_MS;

	/* without a file, timer 2 is fin_timeout running and no keepalive */
	return bracket(f->last_ack_recv_ms, f->last_data_sent_ms, quiet_ms(s, quiet),
		       s->timer == TIMER_KEEPALIVE && s->inode);
}

static struct age unacked(int64_t ms)
{
	return (struct age){ .kind = AGE_UNACKED, .min_ms = not_negative(ms), .max_ms = -1 };
}

/*
 * With b doublings behind it the present timeout R began as R / 2^b, and all
 * rounds together lasted 2R - R / 2^b, less what is left of this one. Before
 * the first doubling the timer may be a tail loss probe, shorter than R, and
 * tells nothing. At the maximum the first timeout is no longer visible: it was
 * at least RTO_MIN_MS.
 */
static struct age retransmit_age(const struct sock *s)
{
	int64_t rto = s->flow.rto_us / 1000, first;
	uint32_t rounds = s->flow.backoff;

	if (s->timer != TIMER_RETRANSMIT || !(s->have & HAVE_FLOW))
		return unknown;
	if (!rounds)
		return unacked(0);
	first = rounds < 32 ? rto >> rounds : 0;
	if (rto >= RTO_MAX_MS && first < RTO_MIN_MS)
		first = RTO_MIN_MS;
	if (rto >= RTO_MAX_MS)
		return unacked(doubled_ms(first, rounds + 1) - s->timer_ms);
	return unacked(2 * rto - first - s->timer_ms);
}

/*
 * The first tcp_syn_linear_timeouts rounds of a SYN are 1 s each and do not
 * count as doublings. Without tcp_info only "each round took a second" is left.
 */
static struct age syn_sent_age(const struct sock *s)
{
	int64_t linear, doubled;
	uint32_t rounds = s->flow.backoff;

	if (s->timer != TIMER_RETRANSMIT)
		return unknown;
	if (!(s->have & HAVE_FLOW))
		return unacked((int64_t)s->retransmits * SYN_RTO_MS);
	linear = s->retransmits > rounds ? s->retransmits - rounds : 0;
	doubled = doubled_ms(SYN_RTO_MS, rounds);
	return unacked(linear * SYN_RTO_MS + doubled +
		       not_negative((int64_t)s->flow.rto_us / 1000 - s->timer_ms));
}

static struct age syn_recv_age(const struct sock *s)
{
	if (s->timer != TIMER_RETRANSMIT)
		return unknown;
	return unacked(doubled_ms(SYN_RTO_MS, s->retransmits + 1) - s->timer_ms);
}

struct age sock_age(const struct sock *s, const struct limits *limits)
{
	bool flow = s->have & HAVE_FLOW;

	switch (s->state) {
	case STATE_TIME_WAIT:
		return sock_is_minisock(s) ? time_wait_age(s) : unknown;
	case STATE_FIN_WAIT_2:
		if (flow && !sock_is_minisock(s))
			return fin_wait_2_age(s);
		return s->inode || sock_timer_is_off(s) ? unknown : orphan_age(s, limits);
	case STATE_CLOSE_WAIT:
		return flow ? close_wait_age(s) : unknown;
	case STATE_CLOSING:
		return flow ? bracket(s->flow.last_ack_recv_ms, s->flow.last_data_recv_ms,
				      0, false) : unknown;
	case STATE_FIN_WAIT_1:
	case STATE_LAST_ACK:
		return retransmit_age(s);
	case STATE_SYN_SENT:
		return syn_sent_age(s);
	case STATE_SYN_RECV:
		return syn_recv_age(s);
	default:
		return unknown;
	}
}

static bool is_fin_sent(const struct sock *s)
{
	return s->flow.notsent_bytes == 0 &&
	       (s->state == STATE_FIN_WAIT_1 || s->state == STATE_FIN_WAIT_2 ||
		s->state == STATE_CLOSING || s->state == STATE_LAST_ACK);
}

/* Sequence numbers that the peer has or will acknowledge and that are no data. */
static int64_t acked_beyond_data(const struct sock *s)
{
	const struct flow *f = &s->flow;

	return (int64_t)(f->bytes_acked + s->send_queue - (f->bytes_sent - f->bytes_retrans) -
			 f->notsent_bytes - is_fin_sent(s));
}

enum opener sock_opener(const struct sock *s)
{
	static const uint32_t needed = HAVE_FLOW | HAVE_ACKED | HAVE_SENT | HAVE_NOTSENT;
	static const uint32_t connected =
		STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_FIN_WAIT_1) |
		STATE_BIT(STATE_FIN_WAIT_2) | STATE_BIT(STATE_CLOSE_WAIT) |
		STATE_BIT(STATE_LAST_ACK) | STATE_BIT(STATE_CLOSING);

	if (s->state == STATE_SYN_SENT)
		return OPENER_HERE;
	if (s->state == STATE_SYN_RECV && !s->inode)
		return OPENER_PEER;
	if (!(STATE_BIT(s->state) & connected) || (s->have & needed) != needed ||
	    sock_is_minisock(s))
		return OPENER_UNKNOWN;
	switch (acked_beyond_data(s)) {
	case 0:
		return OPENER_PEER;
	case 1:
		return OPENER_HERE;
	default:
		return OPENER_UNKNOWN;
	}
}
