/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syn-sent-stuck
 *
 * connect() sent a SYN and waits for an answer, one round trip. A machine that
 * is up and has nobody listening answers with a reset, so silence means that
 * the machine or the path is gone, that a filter drops packets, or that the
 * listener's accept queue is full (see accept-queue-full on that machine: a full
 * queue drops SYNs without a word).
 *
 * The SYN goes again after 1, 1, 1, 1, 1, 2, 4 ... s until tcp_syn_retries (6)
 * is reached: 133 s with tcp_syn_linear_timeouts=4 (measured), 127 s on kernels
 * that double from the start. For as long the caller hangs, unless it has a
 * timeout of its own. How long it has been comes from the retransmissions and
 * the timer; the other stamps mean nothing before the connection exists.
 *
 * Crawlers and scanners always have single SYNs on their way into silence, to a
 * new destination each. Several to one address and port are a dead dependency.
 */
#include "judge/weigh.h"

#include "judge/tally.h"

static void put_facts(struct finding *f, const struct snapshot *seen, uint32_t most)
{
	finding_fact(f, NULL, "retransmits_most", FACT_COUNT, most);
	fact_known(f, NULL, "syn_retries", FACT_COUNT, &seen->limits.limit[LIMIT_SYN_RETRIES]);
}

static void judge_destination(const struct snapshot *seen, const struct threshold *t,
			      const struct tally *tally, const struct tally_group *group,
			      struct report *report)
{
	struct aged aged = { 0, 0 };
	struct finding *f;
	uint32_t most = 0;

	tally_each(tally, group, i)
		aged_add(&aged, t, aged_ms(seen, &seen->socks.at[i]));
	if (!aged_level(&aged, t))
		return;
	f = blame_destination(report, "syn-sent-stuck", &group->key.destination,
			      group->key.port);
	f->severity = aged_level(&aged, t);
	tally_each(tally, group, i) {
		concern(f, seen, i);
		if (seen->socks.at[i].retransmits > most)
			most = seen->socks.at[i].retransmits;
	}
	put_facts(f, seen, most);
}

/* All: a threshold may be less than the first second, too. */
PICKS(syn_sent)
{
	return s->state == STATE_SYN_SENT;
}

void weigh_syn_sent(const struct snapshot *seen, const struct threshold *t,
		    struct report *report)
{
	struct tally tally;

	tally_init(&tally, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state == STATE_SYN_SENT && threshold_level(t, aged_ms(seen, s)))
			tally_add(&tally, &(struct tally_key){ .destination = s->remote,
				  .port = s->remote_port }, (uint32_t)i);
	}
	for (size_t i = 0; i < tally.groups.count; i++)
		judge_destination(seen, t, &tally, &tally.groups.at[i], report);
	tally_fini(&tally);
}
