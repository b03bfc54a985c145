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

FACTS(syn_sent)
{
	uint32_t most = 0;

	for (size_t i = 0; i < f->members.count; i++) {
		uint32_t retransmits = w->seen->socks.at[f->members.at[i]].retransmits;

		most = retransmits > most ? retransmits : most;
	}
	facts_number(&f->facts, "retransmits_most", FACT_COUNT, most);
	facts_known(&f->facts, "syn_retries", FACT_COUNT, &w->seen->limits.limit[LIMIT_SYN_RETRIES]);
}
