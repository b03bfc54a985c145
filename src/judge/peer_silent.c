/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-silent
 *
 * Data was sent, and nobody acknowledges it: the retransmission timer runs, each round
 * twice as long as the last (RFC 6298). A host that is up answers even when its program
 * does not read, with an acknowledgement and a closed window, so silence means that the
 * host or the path is gone. The program knows nothing of it: its write() succeeded, its
 * read() waits, until the kernel gives up at the first timeout after tcp_retries2 (15
 * rounds are 924 s), or TCP_USER_TIMEOUT ends it, which no listing tells.
 *
 * Without data on the way only keepalive notices a silent peer, and with a closed window
 * only the window probes do. One probe may be lost, or its answer not be here yet; the
 * second one is sent when the first was not answered for all of its interval.
 *
 * How long: see sock_unacked(). For probes it is the time since anything came.
 *
 * A FIN is data, too, but FIN_WAIT_1, CLOSING and LAST_ACK that retransmit belong to
 * last-ack-stuck; only their window probes are looked at here.
 */
#include "judge/weigh.h"

PICKS(peer_silent)
{
	if (s->retransmits > 1 && s->timer == TIMER_PROBE)
		return true;
	return STATE_BIT(s->state) & (STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT)) &&
	       ((s->retransmits > 0 && s->timer == TIMER_RETRANSMIT) ||
		(s->retransmits > 1 && s->timer == TIMER_KEEPALIVE));
}

AGE_MS(peer_silent)
{
	const struct flow *f = &s->flow;
	struct age age = sock_unacked(s, &seen->limits);

	if (s->timer != TIMER_RETRANSMIT)
		return f->last_ack_recv_ms < f->last_data_recv_ms ? f->last_ack_recv_ms
								  : f->last_data_recv_ms;
	return age.min_ms > 0 ? (double)age.min_ms : 0;
}

struct silence {
	double   oldest_ms;
	uint64_t queued_bytes, notsent_bytes, probed, window_probed;
	uint32_t retransmits;
};

static struct silence silence_of(const struct weighing *w, const struct finding *f)
{
	struct silence sum = { 0 };

	for (size_t i = 0; i < f->members.count; i++) {
		const struct sock *s = &w->seen->socks.at[f->members.at[i]];
		double ms = age_ms_peer_silent(w->seen, s);

		sum.oldest_ms = ms > sum.oldest_ms ? ms : sum.oldest_ms;
		sum.queued_bytes += s->send_queue;
		sum.notsent_bytes += s->flow.notsent_bytes;
		if (s->timer == TIMER_KEEPALIVE)
			sum.probed++;
		else if (s->timer == TIMER_PROBE)
			sum.window_probed++;
		else if (s->retransmits > sum.retransmits)
			sum.retransmits = s->retransmits;
	}
	return sum;
}

FACTS(peer_silent)
{
	struct silence sum = silence_of(w, f);
	struct known given_up = gives_up_ms(&w->seen->limits, LIMIT_RETRIES2);

	finding_unacked(f, sum.oldest_ms);
	facts_word(&f->facts, "main_opener", service_opener(group->role));
	facts_number(&f->facts, "queued_bytes", FACT_BYTES, (double)sum.queued_bytes);
	facts_number(&f->facts, "notsent_bytes", FACT_BYTES, (double)sum.notsent_bytes);
	facts_number(&f->facts, "retransmits_most", FACT_COUNT, sum.retransmits);
	facts_number(&f->facts, "keepalive_unanswered", FACT_COUNT, (double)sum.probed);
	facts_number(&f->facts, "window_probes_unanswered", FACT_COUNT, (double)sum.window_probed);
	facts_known(&f->facts, "given_up_after_ms", FACT_MS, &given_up);
	facts_known(&f->facts, "retries2", FACT_COUNT, &w->seen->limits.limit[LIMIT_RETRIES2]);
}
