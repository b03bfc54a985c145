/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/age.h"

#include <stdbool.h>

/*
 * The kernel does not keep the time at which a state began. It does keep when the last
 * acknowledgement and the last data came and went, and how far a timer has run; these
 * bracket an age without a second look.
 *
 * A FIN goes through tcp_ack() before tcp_fin(), so the time stamp of the last
 * acknowledgement is never older than the FIN: "last_ack_recv" ms ago the state existed
 * already or just began. After a FIN no data is accepted any more, so "last_data_recv"
 * is never younger than the FIN. These two bracket CLOSE_WAIT and CLOSING. FIN_WAIT_2
 * has the same bracket around the acknowledgement of our own FIN, with the last data
 * sent as its upper end. LAST_ACK and FIN_WAIT_1 have no such time stamp: for them, and
 * for the handshake, only the retransmission timer tells something, and only for how
 * long a segment has been unacknowledged.
 *
 * The bounds and the rules for "quiet" were measured: 0 of 165,275 (CLOSE_WAIT), 97,879
 * (FIN_WAIT_2) and 95,244 (TIME_WAIT) observations were outside.
 */

enum {
	TIME_WAIT_MS  = 60000,  /* TCP_TIMEWAIT_LEN, not a sysctl */
	OVERDUE_MS    = 2100,   /* how late the timer wheel may fire a 60 s timer */
	JIFFIES_MS    = 20,     /* two jiffies of the coarsest usual clock */
	QUIET_MS      = 40,     /* JIFFIES_MS and the time that a long dump takes */
	QUIET_GAP_MS  = 8,
	LITTLE_BYTES  = 16384,  /* less than a quarter of the usual first window */
	RTO_MIN_MS    = 200,
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

/*
 * The sum of @rounds timeouts: the first is @first ms, each doubles the last up to @most.
 */
static int64_t doubled_ms(int64_t first, uint32_t rounds, int64_t most)
{
	int64_t sum = 0, round = first;

	for (uint32_t i = 0; i < rounds && i < 256; i++) {
		sum += round;
		round = least(round * 2, most);
	}
	return sum;
}

/*
 * A retransmitted FIN of the peer restarts the 60 s, so strictly this is the time since
 * the last restart; the time before it is lost.
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
 * An orphan waits for fin_timeout. Up to 60 s, a minisock waits all of that time; above
 * 60 s, a full socket waits for fin_timeout - 60 s, and then a minisock for as long
 * again.
 *
 * TCP_LINGER2 of the socket would replace fin_timeout and cannot be seen; a timer that
 * is longer than fin_timeout allows shows it. Between shutdown() and close() no timer
 * ran, so the time in the state has no upper bound.
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
 * Both ends come from the same clock; a FIN out of order can swap them. @quiet_ms: the
 * true age exceeds the lower bound by at most this; 0: nothing is known.
 */
static struct age bracket(int64_t low, int64_t high, int64_t quiet_ms, bool keepalive)
{
	struct age age = { .kind = AGE_STATE, .keepalive = keepalive };

	age.min_ms = least(low, high);
	age.max_ms = quiet_ms ? least(high, age.min_ms + quiet_ms) : high;
	return age;
}

/*
 * Two things renew the last acknowledgement in a quiet connection. A peer whose FIN was
 * acknowledged too late, or whose ACK was lost, sends the FIN again after one timeout,
 * then after two, four, eight: four repetitions are allowed for. And a peer that empties
 * a full window later announces that; having sent it little rules this out. The lower
 * bound is right in either case.
 */
static int64_t quiet_ms(const struct sock *s, bool quiet)
{
	return quiet && (s->have & HAVE_SENT) && s->flow.bytes_sent <= LITTLE_BYTES ?
	       QUIET_MS + 15 * (int64_t)(s->flow.rto_us / 1000) : 0;
}

/*
 * Quiet means: nothing was sent since the last byte came, so the last acknowledgement
 * that came was that of the FIN or of its repetition.
 */
static struct age close_wait_age(const struct sock *s)
{
	const struct flow *f = &s->flow;
	bool quiet = sock_timer_is_off(s) && s->send_queue == 0 &&
		     f->last_data_sent_ms >= f->last_data_recv_ms;

	return bracket(f->last_ack_recv_ms, f->last_data_recv_ms, quiet_ms(s, quiet),
		       s->timer == TIMER_KEEPALIVE);
}

/* Quiet means: no data came after the acknowledgement of our FIN. */
static struct age fin_wait_2_age(const struct sock *s)
{
	const struct flow *f = &s->flow;
	bool quiet = sock_timer_is_off(s) &&
		     f->last_data_recv_ms > (uint64_t)f->last_ack_recv_ms + QUIET_GAP_MS;

	/* without a file, timer 2 is fin_timeout, not keepalive */
	return bracket(f->last_ack_recv_ms, f->last_data_sent_ms, quiet_ms(s, quiet),
		       s->timer == TIMER_KEEPALIVE && s->inode);
}

static struct age unacked(int64_t ms)
{
	return (struct age){ .kind = AGE_UNACKED, .min_ms = not_negative(ms), .max_ms = -1 };
}

/*
 * After b doublings the present timeout is R, the first one was R / 2^b, and the rounds
 * before the present one lasted R - R / 2^b together. At the maximum timeout the first
 * one is no longer known: it was at least RTO_MIN_MS. A number of doublings that is left
 * from an earlier trouble counts only for as many retransmissions as there are now.
 */
static int64_t rounds_ms(const struct sock *s, int64_t most)
{
	int64_t rto = s->flow.rto_us / 1000, first;
	uint32_t rounds = s->flow.backoff < s->retransmits ? s->flow.backoff : s->retransmits;

	first = rounds < 32 ? rto >> rounds : 0;
	if (rto < most)
		return rto - first;
	return doubled_ms(first < RTO_MIN_MS ? RTO_MIN_MS : first, rounds, most);
}

/*
 * The present round. A TCP_USER_TIMEOUT cuts its timer short, so what is left of it tells
 * too much; the last data sent is a retransmission. An ICMP error, as for a host on the
 * same link that does not answer ARP any more, takes a doubling back: then each further
 * round lasted for one first timeout at least, and no more is counted of the present one,
 * so that the sum never shrinks.
 */
static int64_t round_ms(const struct sock *s)
{
	int64_t rto = s->flow.rto_us / 1000, first = rto >> least(s->flow.backoff, 31);
	int64_t spent = least(rto - s->timer_ms, s->flow.last_data_sent_ms);
	int64_t taken_back = (int64_t)s->retransmits - s->flow.backoff;

	return taken_back <= 0 ? spent : taken_back * first + least(spent, first);
}

/*
 * Before the first retransmission the timer may be a tail loss probe, which tells nothing.
 * The kernel's own time since the first timeout (Linux 6.7) is better, where it is about
 * this trouble only.
 */
struct age sock_unacked(const struct sock *s, const struct limits *limits)
{
	int64_t ms;

	if (s->timer != TIMER_RETRANSMIT || !(s->have & HAVE_FLOW))
		return unknown;
	if (!s->retransmits)
		return unacked(0);
	ms = rounds_ms(s, limits_rto_max_ms(limits)) + not_negative(round_ms(s));
	return unacked(ms < s->flow.rto_time_ms ? s->flow.rto_time_ms : ms);
}

/*
 * The first tcp_syn_linear_timeouts rounds of a SYN last 1 s each and are not doublings.
 * Without tcp_info, all that is known is that each round took at least a second.
 */
static struct age syn_sent_age(const struct sock *s, const struct limits *limits)
{
	int64_t linear, doubled;
	uint32_t rounds = s->flow.backoff;

	if (s->timer != TIMER_RETRANSMIT)
		return unknown;
	if (!(s->have & HAVE_FLOW))
		return unacked((int64_t)s->retransmits * SYN_RTO_MS);
	linear = s->retransmits > rounds ? s->retransmits - rounds : 0;
	doubled = doubled_ms(SYN_RTO_MS, rounds, limits_rto_max_ms(limits));
	return unacked(linear * SYN_RTO_MS + doubled +
		       not_negative((int64_t)s->flow.rto_us / 1000 - s->timer_ms));
}

static struct age syn_recv_age(const struct sock *s, const struct limits *limits)
{
	if (s->timer != TIMER_RETRANSMIT)
		return unknown;
	return unacked(doubled_ms(SYN_RTO_MS, s->retransmits + 1, limits_rto_max_ms(limits)) -
		       s->timer_ms);
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
		return sock_unacked(s, limits);
	case STATE_SYN_SENT:
		return syn_sent_age(s, limits);
	case STATE_SYN_RECV:
		return syn_recv_age(s, limits);
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

/* Sent sequence numbers that are neither data nor the FIN: the SYN, where it counts. */
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
