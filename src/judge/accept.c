/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * accept-stalled, accept-queue-full
 *
 * The kernel finishes the handshake alone; accept() only fetches what is
 * ready. Until then the connection waits in the listener's queue as a full
 * socket without a file: inode 0, in ESTABLISHED, or in CLOSE_WAIT when the
 * client has given up meanwhile. Such a CLOSE_WAIT is not a forgotten close();
 * it is a program that does not come round to accept().
 *
 * How long it waits: the stamps of the last data in either direction are set
 * when the connection is made and can only be renewed by data, so the older of
 * the two is a lower bound of its whole life, all of which was waiting.
 *
 * listen(fd, n) allows min(n, somaxconn) of them, and the kernel compares with
 * "more than": a queue of 16 is full at 17 (measured; also 5/4). At its limit
 * is a warning, over it critical: then SYNs and last ACKs are dropped, clients
 * hang in SYN_SENT, and ListenOverflows counts each packet. It and ListenDrops
 * count for the whole namespace since it was made, so they are told as facts
 * and decide nothing. The limit is fixed at listen(): a larger somaxconn works
 * only after the next listen().
 */
#include "judge/weigh.h"

#include "base/grow.h"
#include "base/own.h"

/* The share of a full queue is at least this, so that "at the limit" (100) stays below it. */
static const double full_percent = 101;
static const uint32_t short_queue = 16;  /* a shorter queue is full whenever somebody connects */
static const uint32_t passing_ms = 1000;

static void put_drops(struct finding *f, const struct limits *limits)
{
	facts_known(&f->facts, "listen_overflows", FACT_COUNT,
		    &limits->counter[COUNTER_LISTEN_OVERFLOWS]);
	facts_known(&f->facts, "listen_drops", FACT_COUNT, &limits->counter[COUNTER_LISTEN_DROPS]);
}

/* ---- accept-stalled --------------------------------------------------- */

static double waiting_ms(const struct sock *s)
{
	const struct flow *f = &s->flow;

	return f->last_data_sent_ms > f->last_data_recv_ms ? f->last_data_sent_ms
							   : f->last_data_recv_ms;
}

PICKS(accept_stalled)
{
	return sock_is_unaccepted(s);
}

AGE_MS(accept_stalled)
{
	(void)seen;
	return waiting_ms(s);
}

FACTS(accept_stalled)
{
	const struct sock *first = &w->seen->socks.at[f->members.at[0]];
	const struct sock *listener = listeners_find(w->listeners, first);
	double oldest_ms = 0;
	uint64_t closed = 0;

	for (size_t i = 0; i < f->members.count; i++) {
		const struct sock *s = &w->seen->socks.at[f->members.at[i]];

		oldest_ms = waiting_ms(s) > oldest_ms ? waiting_ms(s) : oldest_ms;
		closed += s->state == STATE_CLOSE_WAIT;
	}
	/*
	 * a connection has waited for longer than it has been in its state, and the wait
	 * is what matters
	 */
	f->age = (struct age){ .kind = AGE_STATE, .min_ms = (int64_t)oldest_ms, .max_ms = -1 };
	f->has_ages = false;
	facts_number(&f->facts, "oldest_waiting_ms", FACT_MS, oldest_ms);
	facts_number(&f->facts, "closed_by_peer", FACT_COUNT, (double)closed);
	facts_number(&f->facts, "queue", FACT_COUNT, listener->recv_queue);
	facts_number(&f->facts, "limit", FACT_COUNT, listener->send_queue);
	put_drops(f, &w->seen->limits);
}

/* ---- accept-queue-full ------------------------------------------------ */

PICKS(accept_queue)
{
	return s->state == STATE_LISTEN || s->state == STATE_SYN_RECV || sock_is_unaccepted(s);
}

static double queue_percent(const struct sock *listener)
{
	double percent = listener->send_queue ? 100.0 * listener->recv_queue / listener->send_queue
					      : 0;

	if (listener->recv_queue > listener->send_queue && percent < full_percent)
		percent = full_percent;
	return percent;
}

struct waiting {
	uint32_t handshakes;            /* under way: they will want a place in the queue next */
	uint32_t longest_ms;            /* that a connection has waited for accept() */
};

static struct waiting *waiting_by_port(const struct snapshot *seen)
{
	struct waiting *ports = grow_alloc(65536 * sizeof(*ports));

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		struct waiting *port = &ports[s->local_port];
		double ms = sock_is_unaccepted(s) ? waiting_ms(s) : 0;

		port->handshakes += s->state == STATE_SYN_RECV;
		if (ms > port->longest_ms)
			port->longest_ms = (uint32_t)ms;
	}
	return ports;
}

static void put_queue(struct finding *f, const struct snapshot *seen,
		      const struct sock *listener, uint32_t syn_recv)
{
	facts_number(&f->facts, "queue", FACT_COUNT, listener->recv_queue);
	facts_number(&f->facts, "limit", FACT_COUNT, listener->send_queue);
	facts_number(&f->facts, "syn_recv", FACT_COUNT, syn_recv);
	put_drops(f, &seen->limits);
}

/*
 * A queue of one or two is full for microseconds whenever somebody connects, so it
 * counts only when a connection has really waited. A long queue that is full shows that
 * the program is behind, however short the moment.
 */
static bool is_passing(const struct sock *listener, const struct waiting *waiting)
{
	return listener->send_queue < short_queue && waiting->longest_ms < passing_ms;
}

WEIGH(accept_queue)
{
	OWN_MEM struct waiting *ports = waiting_by_port(seen);

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		struct finding *f;

		if (s->state != STATE_LISTEN || s->recv_queue < t->least ||
		    !threshold_level(t, queue_percent(s)) || is_passing(s, &ports[s->local_port]))
			continue;
		f = report_add(report, "accept-queue-full");
		f->severity = threshold_level(t, queue_percent(s));
		f->subject = subject_of_listener(s);
		finding_member(f, seen, (uint32_t)i);
		f->count = s->recv_queue;
		put_queue(f, seen, s, ports[s->local_port].handshakes);
	}
}
