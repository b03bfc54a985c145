/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-not-reading, not-reading
 *
 * Bytes wait here and the peer's receive window has no room for them (RFC 9293 section
 * 3.8.6): the peer's program does not read. Its kernel answers each window probe, so
 * the kernel here never gives up on a socket that a program holds, and a program that
 * writes with a blocking write() hangs for as long.
 *
 * How long: a window that no data enters can only open, so one that is shut now has
 * been shut since the last data went out, at most one retransmission timeout less, in
 * which the answer came. The answers to probes renew the last acknowledgement and tell
 * nothing. A slow reader is no trouble: it opens its window again and again, and data
 * goes out each time.
 *
 * Probes that are not answered (the second one is sent when the first was not) are
 * peer-silent's.
 */
#include "judge/weigh.h"

/* ---- peer-not-reading ------------------------------------------------- */

PICKS(peer_not_reading)
{
	return s->timer == TIMER_PROBE && s->send_queue && s->retransmits <= 1;
}

AGE_MS(peer_not_reading)
{
	double rto_ms = s->flow.rto_us / 1000.0;

	(void)seen;
	return s->flow.last_data_sent_ms > rto_ms ? s->flow.last_data_sent_ms - rto_ms : 0;
}

FACTS(peer_not_reading)
{
	double oldest_ms = 0;
	uint64_t queued = 0, notsent = 0, orphans = 0;
	struct known window = { .is = true };
	uint32_t backoff = 0;

	for (size_t i = 0; i < f->members.count; i++) {
		const struct sock *s = &w->seen->socks.at[f->members.at[i]];
		double ms = age_ms_peer_not_reading(w->seen, s);

		oldest_ms = ms > oldest_ms ? ms : oldest_ms;
		queued += s->send_queue;
		notsent += s->flow.notsent_bytes;
		orphans += !s->inode;
		backoff = s->flow.backoff > backoff ? s->flow.backoff : backoff;
		window.is = window.is && s->have & HAVE_PEER_WINDOW;
		if (s->flow.peer_window_bytes > window.value)
			window.value = s->flow.peer_window_bytes;
	}
	finding_unacked(f, oldest_ms);
	facts_word(&f->facts, "main_opener", service_opener(group->role));
	facts_number(&f->facts, "queued_bytes", FACT_BYTES, (double)queued);
	facts_number(&f->facts, "notsent_bytes", FACT_BYTES, (double)notsent);
	facts_known(&f->facts, "peer_window_most_bytes", FACT_BYTES, &window);
	facts_number(&f->facts, "probe_backoff_most", FACT_COUNT, backoff);
	facts_number(&f->facts, "orphans", FACT_COUNT, (double)orphans);
	put_peers(w, group, f);
}

/* ---- not-reading ------------------------------------------------------ */

/*
 * The other end of the same trouble: bytes came, were acknowledged, and lie in the
 * receive queue since the last data came at the latest. Whether the program took others
 * meanwhile is in no table. Few bytes are read at once; one that has read nothing at all
 * is no slow reader; for the rest a second look at the same queue helps, a moment later,
 * and what has not shrunk then may still be read very slowly, as a consumer does that
 * works on one message after another.
 *
 * In a client, few unread bytes are usual and mean nothing: a pool does not look at idle
 * connections, on which a server left a session ticket, a ping or a notice. In a server,
 * they count once it has sent nothing for as long, either: one that streams its answer
 * need not look at what a client says meanwhile.
 */
enum { FEW_BYTES = 4096 };

PICKS(not_reading)
{
	return s->recv_queue && s->inode && !(s->have & HAVE_READ);
}

/* True when the program may have been reading all the time, though slowly. */
static bool may_be_slow(const struct sock *s)
{
	return s->recv_queue > FEW_BYTES &&
	       !(s->have & HAVE_ACKED && s->flow.bytes_received == s->recv_queue);
}

AGE_MS(not_reading)
{
	const struct flow *f = &s->flow;
	bool few = s->recv_queue <= FEW_BYTES;

	(void)seen;
	if (few && sock_opener(s) == OPENER_HERE)
		return -1;
	return few && f->last_data_sent_ms < f->last_data_recv_ms ? f->last_data_sent_ms
								   : f->last_data_recv_ms;
}

FACTS(not_reading)
{
	double oldest_ms = 0;
	uint64_t unread = 0, slow = 0;

	for (size_t i = 0; i < f->members.count; i++) {
		const struct sock *s = &w->seen->socks.at[f->members.at[i]];

		oldest_ms = s->flow.last_data_recv_ms > oldest_ms ? s->flow.last_data_recv_ms
								  : oldest_ms;
		unread += s->recv_queue;
		slow += may_be_slow(s);
	}
	if (slow == f->count)
		f->severity = SEVERITY_WARNING;
	finding_unacked(f, oldest_ms);
	facts_word(&f->facts, "main_opener", service_opener(group->role));
	facts_number(&f->facts, "unread_bytes", FACT_BYTES, (double)unread);
	facts_number(&f->facts, "may_be_slow", FACT_COUNT, (double)slow);
}
