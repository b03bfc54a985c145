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
#include "judge/listeners.h"
#include "judge/tally.h"

/* A full queue counts as this at least, so that "at the limit" stays below. */
static const double full_percent = 101;
static const uint32_t short_queue = 16;  /* shorter: full whenever somebody comes */
static const uint32_t passing_ms = 1000;

static void set_listener(struct finding *f, const struct sock *listener)
{
	f->subject.kind = SUBJECT_LISTENER;
	f->subject.has_source = true;
	f->subject.source = listener->local;
	f->subject.family = listener->family;
	f->subject.port = listener->local_port;
	f->subject.listener_inode = listener->inode;
	f->subject.cgroup_id = listener->cgroup_id;
}

static void put_drops(struct finding *f, const struct limits *limits)
{
	fact_known(f, NULL, "listen_overflows", FACT_COUNT,
		   &limits->counter[COUNTER_LISTEN_OVERFLOWS]);
	fact_known(f, NULL, "listen_drops", FACT_COUNT, &limits->counter[COUNTER_LISTEN_DROPS]);
}

PICKS(accept)
{
	return s->state == STATE_LISTEN || s->state == STATE_SYN_RECV || sock_is_unaccepted(s);
}

/* ---- accept-stalled --------------------------------------------------- */

static double waiting_ms(const struct sock *s)
{
	const struct flow *f = &s->flow;

	return f->last_data_sent_ms > f->last_data_recv_ms ? f->last_data_sent_ms
							   : f->last_data_recv_ms;
}

/* Its listener, or NULL: a connection that was opened here was never accepted either. */
static const struct sock *queue_of(const struct listeners *l, const struct sock *s)
{
	return sock_is_unaccepted(s) && sock_opener(s) != OPENER_HERE ? listeners_find(l, s)
								      : NULL;
}

static void put_stalled(struct finding *f, const struct snapshot *seen,
			const struct sock *listener, double oldest_ms, uint64_t closed)
{
	finding_fact(f, NULL, "oldest_waiting_ms", FACT_MS, oldest_ms);
	finding_fact(f, NULL, "closed_by_peer", FACT_COUNT, (double)closed);
	finding_fact(f, NULL, "queue", FACT_COUNT, listener->recv_queue);
	finding_fact(f, NULL, "limit", FACT_COUNT, listener->send_queue);
	put_drops(f, &seen->limits);
}

static void judge_stalled(const struct snapshot *seen, const struct threshold *t,
			  const struct listeners *l, const struct tally *tally,
			  const struct tally_group *group, struct report *report)
{
	const struct sock *listener = listeners_find(l, &seen->socks.at[group->first - 1]);
	struct aged aged = { 0, 0 };
	double oldest_ms = 0;
	uint64_t closed = 0;
	struct finding *f;

	tally_each(tally, group, i) {
		const struct sock *s = &seen->socks.at[i];
		double ms = waiting_ms(s);

		aged_add(&aged, t, ms);
		oldest_ms = ms > oldest_ms ? ms : oldest_ms;
		closed += s->state == STATE_CLOSE_WAIT;
	}
	if (!aged_level(&aged, t))
		return;
	f = report_add(report, "accept-stalled");
	f->severity = aged_level(&aged, t);
	set_listener(f, listener);
	tally_each(tally, group, i)
		concern(f, seen, i);
	/* waiting is older than the state, and the finding is about waiting */
	f->age = (struct age){ .kind = AGE_STATE, .min_ms = (int64_t)oldest_ms, .max_ms = -1 };
	put_stalled(f, seen, listener, oldest_ms, closed);
}

void weigh_accept_stalled(const struct snapshot *seen, const struct threshold *t,
			  struct report *report)
{
	struct listeners listeners;
	struct tally tally;

	listeners_init(&listeners, seen);
	tally_init(&tally, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i], *listener;

		if (s->state != STATE_ESTABLISHED && s->state != STATE_CLOSE_WAIT)
			continue;
		listener = queue_of(&listeners, s);
		if (listener && threshold_level(t, waiting_ms(s)))
			tally_add(&tally, &(struct tally_key){ .source = listener->local,
				  .port = listener->local_port }, (uint32_t)i);
	}
	for (size_t i = 0; i < tally.groups.count; i++)
		judge_stalled(seen, t, &listeners, &tally, &tally.groups.at[i], report);
	tally_fini(&tally);
	listeners_fini(&listeners);
}

/* ---- accept-queue-full ------------------------------------------------ */

static double queue_percent(const struct sock *listener)
{
	double percent = listener->send_queue ? 100.0 * listener->recv_queue / listener->send_queue
					      : 0;

	if (listener->recv_queue > listener->send_queue && percent < full_percent)
		percent = full_percent;
	return percent;
}

/* Handshakes under way to each port: they are the next that want in. */
static uint32_t *count_handshakes(const struct snapshot *seen)
{
	uint32_t *count = grow_alloc(65536 * sizeof(*count));

	for (size_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].state == STATE_SYN_RECV)
			count[seen->socks.at[i].local_port]++;
	return count;
}

static void put_queue(struct finding *f, const struct snapshot *seen,
		      const struct sock *listener, uint64_t syn_recv)
{
	finding_fact(f, NULL, "queue", FACT_COUNT, listener->recv_queue);
	finding_fact(f, NULL, "limit", FACT_COUNT, listener->send_queue);
	finding_fact(f, NULL, "syn_recv", FACT_COUNT, (double)syn_recv);
	put_drops(f, &seen->limits);
}

/* For each port how long the oldest connection has waited for accept(). */
static uint32_t *longest_waits(const struct snapshot *seen)
{
	uint32_t *longest = grow_alloc(65536 * sizeof(*longest));

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		double ms = sock_is_unaccepted(s) ? waiting_ms(s) : 0;

		if (ms > longest[s->local_port])
			longest[s->local_port] = (uint32_t)ms;
	}
	return longest;
}

/*
 * A queue for one or two is full whenever somebody comes, for microseconds: it
 * only counts when somebody has really waited. A long one that is full means
 * that the program is behind, however short the moment.
 */
static bool is_passing(const struct sock *listener, const uint32_t *longest_wait)
{
	return listener->send_queue < short_queue &&
	       longest_wait[listener->local_port] < passing_ms;
}

void weigh_accept_queue(const struct snapshot *seen, const struct threshold *t,
			struct report *report)
{
	OWN_MEM uint32_t *syn_recv = count_handshakes(seen);
	OWN_MEM uint32_t *longest_wait = longest_waits(seen);

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		struct finding *f;

		if (s->state != STATE_LISTEN || s->recv_queue < t->least ||
		    !threshold_level(t, queue_percent(s)) || is_passing(s, longest_wait))
			continue;
		f = report_add(report, "accept-queue-full");
		f->severity = threshold_level(t, queue_percent(s));
		set_listener(f, s);
		finding_member(f, seen, (uint32_t)i);
		f->count = s->recv_queue;
		put_queue(f, seen, s, syn_recv[s->local_port]);
	}
}
