/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syn-queue-full
 *
 * Between SYN and ACK a connection is a request: a row in SYN_RECV without inode and
 * user. A listener holds as many as its backlog, the limit of the accept queue, and one
 * more (measured on 6.18: 17 for listen(fd, 16); kernels before hold 16). What comes then
 * gets a SYN cookie, or with tcp_syncookies=0 is dropped. Only with tcp_syncookies=0 a
 * second limit holds: requests beyond three quarters of tcp_max_syn_backlog are dropped
 * when nothing is known of their peer (13 for 16). With tcp_syncookies=2 nothing is
 * queued, so nothing is full.
 *
 * A row does not name its listener. It belongs to the one on its port with its address or
 * a wildcard, and to all of them together in a SO_REUSEPORT group: with more requests than
 * all limits together hold, one of the queues at least is full.
 *
 * Cookies keep the service up and lose TCP options, so they are a warning whatever the
 * share; drops are critical. An accept queue that is over its limit drops the last ACKs and
 * so fills this queue, too; accept-queue-full tells that. The counters count since the
 * namespace was made, and decide nothing.
 *
 * Why they wait: a SYN-ACK was sent again and nobody answered it (a flood from forged
 * addresses, or lost replies); or the timer has passed its first second and nothing was
 * sent again, which is TCP_DEFER_ACCEPT after the client's ACK.
 */
#include "judge/weigh.h"

/* The first timeout of a SYN-ACK, and what the timer may be late. */
enum { FIRST_TIMEOUT_MS = 1000, LATE_MS = 100 };

/*
 * A queue for so few is full for a round trip whenever some clients connect at once, and
 * a longer one that is nearly full has refused nobody; these count only when a request
 * has waited for longer than a round trip.
 */
enum { SHORT_QUEUE = 16, ROUND_TRIP_MS = 500 };

static struct tally_key key_of(const struct addr *addr, uint16_t port, uint32_t ifindex)
{
	return (struct tally_key){ .source = *addr, .port = port, .ifindex = ifindex };
}

/* True when IPv4 clients reach a listener on :: */
static bool takes_v4(const struct snapshot *seen, const struct tally_group *group)
{
	const struct sock *s = &seen->socks.at[group->first - 1];

	return !(s->have & HAVE_V6ONLY) || !s->v6only;
}

/* The listeners of a request; those of its device and address come first, as in the kernel. */
static const struct tally_group *listeners_of(const struct snapshot *seen,
					      const struct tally *listeners, const struct sock *s)
{
	static const struct addr any6 = { .b = { 0 } };
	static const uint8_t zero[4] = { 0 };
	bool v4 = addr_is_v4(&s->local);
	struct addr any4 = addr_from_v4(zero);
	const struct addr *addrs[] = { &s->local, v4 ? &any4 : &any6, &any6 };

	for (size_t i = 0; i < 6; i++) {
		struct tally_key key = key_of(addrs[i / 2], s->local_port, i % 2 ? 0 : s->ifindex);
		const struct tally_group *group = tally_find(listeners, &key);

		if (group && (i < 4 || !v4 || takes_v4(seen, group)))
			return group;
	}
	return NULL;
}

/* The requests of the listeners that share an address. */
struct queue {
	const struct tally *listeners;
	const struct tally_group *group;
	uint64_t listening, limit;
	uint64_t requests, unanswered, deferred;
	bool passing;                   /* no request has waited for longer than a round trip */
	bool known, stalled;            /* all limits; an accept queue is over its limit */
	bool drops, capped;             /* tcp_syncookies=0; tcp_max_syn_backlog is the limit */
};

/* What tcp_max_syn_backlog allows to peers of which nothing is known. */
static uint64_t three_quarters(const struct known *backlog)
{
	if (!backlog->is || backlog->value < 0)
		return UINT64_MAX;
	return (uint64_t)backlog->value - (uint64_t)backlog->value / 4;
}

static void add_listeners(struct queue *q, const struct snapshot *seen)
{
	const struct known *cookies = &seen->limits.limit[LIMIT_SYNCOOKIES];
	uint64_t most;

	q->drops = cookies->is && cookies->value == 0;
	most = q->drops ? three_quarters(&seen->limits.limit[LIMIT_MAX_SYN_BACKLOG]) : UINT64_MAX;
	q->known = q->passing = true;
	tally_each(q->listeners, q->group, i) {
		const struct sock *s = &seen->socks.at[i];

		q->listening++;
		q->limit += s->send_queue < most ? s->send_queue : most;
		q->capped |= most < s->send_queue;
		q->known &= !(s->have & LACKS_BACKLOG);
		q->stalled |= s->recv_queue > s->send_queue;
	}
}

static void add_request(struct queue *q, const struct sock *s)
{
	bool again = s->retransmits > 0;
	bool late = s->timer_ms > FIRST_TIMEOUT_MS + LATE_MS;

	q->requests++;
	q->unanswered += again;
	q->deferred += !again && late;
	if (again || late || s->timer_ms <= FIRST_TIMEOUT_MS - ROUND_TRIP_MS)
		q->passing = false;
}

/* 101 at least when something does not fit: the limit may be 0. */
static double percent_of(const struct queue *q)
{
	double percent = q->limit ? 100.0 * (double)q->requests / (double)q->limit : 0;

	return q->requests > q->limit && percent < 101 ? 101 : percent;
}

static void put_facts(struct finding *f, const struct snapshot *seen, const struct queue *q)
{
	const struct limits *limits = &seen->limits;
	const char *main = q->unanswered * 2 > q->requests ? "unanswered" :
			   q->deferred * 2 > q->requests ? "deferred" : NULL;

	facts_number(&f->facts, "limit", FACT_COUNT, (double)q->limit);
	facts_number(&f->facts, "listeners", FACT_COUNT, (double)q->listening);
	facts_number(&f->facts, "syn_ack_unanswered", FACT_COUNT, (double)q->unanswered);
	facts_number(&f->facts, "accept_deferred", FACT_COUNT, (double)q->deferred);
	facts_word(&f->facts, "main_cause", main);
	facts_word(&f->facts, "when_full", !limits->limit[LIMIT_SYNCOOKIES].is ? NULL :
					   q->drops ? "dropped" : "cookies");
	if (q->capped)
		facts_known(&f->facts, "max_syn_backlog", FACT_COUNT,
			    &limits->limit[LIMIT_MAX_SYN_BACKLOG]);
	facts_known(&f->facts, "syncookies_sent", FACT_COUNT,
		    &limits->counter[COUNTER_SYNCOOKIES_SENT]);
	facts_known(&f->facts, "request_queue_full_drop", FACT_COUNT,
		    &limits->counter[COUNTER_REQ_QUEUE_FULL_DROP]);
}

static void take(const struct snapshot *seen, const struct threshold *t, struct report *report,
		 const struct queue *q)
{
	enum severity severity = threshold_level(t, percent_of(q));
	struct finding *f;

	if (!q->known || q->stalled || !severity || q->requests < t->least ||
	    (q->passing && (q->requests < q->limit || q->limit / q->listening < SHORT_QUEUE)))
		return;
	f = report_add(report, "syn-queue-full");
	f->severity = q->drops && q->requests > q->limit ? SEVERITY_CRITICAL : severity;
	f->subject = subject_of_listener(&seen->socks.at[q->group->first - 1]);
	tally_each(q->listeners, q->group, i)
		finding_member(f, seen, i);
	f->count = q->requests;
	put_facts(f, seen, q);
}

static void weigh_requests(const struct snapshot *seen, const struct tally *listeners,
			   const struct threshold *t, struct report *report)
{
	struct tally requests;

	tally_init(&requests, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		const struct tally_group *group;

		if (s->state == STATE_SYN_RECV && (group = listeners_of(seen, listeners, s)))
			tally_add(&requests, &group->key, (uint32_t)i);
	}
	for (size_t i = 0; i < requests.groups.count; i++) {
		const struct tally_group *group = &requests.groups.at[i];
		struct queue q = { listeners, .group = tally_find(listeners, &group->key) };

		add_listeners(&q, seen);
		tally_each(&requests, group, index)
			add_request(&q, &seen->socks.at[index]);
		take(seen, t, report, &q);
	}
	tally_fini(&requests);
}

WEIGH(syn_queue)
{
	struct tally listeners;

	tally_init(&listeners, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		struct tally_key key = key_of(&s->local, s->local_port, s->ifindex);

		if (s->state == STATE_LISTEN)
			tally_add(&listeners, &key, (uint32_t)i);
	}
	if (listeners.groups.count)
		weigh_requests(seen, &listeners, t, report);
	tally_fini(&listeners);
}
