/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fin-wait-2-held, fin-wait-2-orphans
 *
 * FIN_WAIT_2 (RFC 9293 section 3.6): our FIN is acknowledged and the peer has
 * not sent its own. Two quite different kinds of sockets are in this state.
 *
 * Held: the program said shutdown(SHUT_WR) and keeps the descriptor. The kernel
 * has no timer for it, so a peer that never closes keeps it for ever, at the
 * price of a descriptor and a full socket. RFC 9293 allows it, because data may
 * still come: every segment that comes brings an acknowledgement and makes the
 * lower bound of the age young again, so a transfer that moves is never old.
 *
 * Who is to blame shows in the queues. Unread bytes here: this program does not
 * read, and the peer can neither send on nor close. Else it is the peer, in
 * CLOSE_WAIT; where it is a socket of this namespace its holder is named, found by
 * the swapped addresses and ports, and its queues tell more. Bytes to send: it is
 * not done. An unread end of file: it has not noticed. All read: it forgot close()
 * or still works on the answer, and as little is known of a peer on another
 * machine; that is a warning at most.
 *
 * Orphaned: the program said close(). The kernel waits tcp_fin_timeout (60 s),
 * up to there as a 256-byte minisock that counts towards tcp_max_tw_buckets;
 * only above 60 s there is first a full socket that counts towards
 * tcp_max_orphans. They go by themselves; many to one peer say that this peer
 * does not close. The threshold is a number for each peer, never for the host.
 */
#include "judge/weigh.h"

/* ---- held ------------------------------------------------------------- */

/*
 * The peer has sent nothing for as long as our FIN is acknowledged. Where answered
 * keepalive probes hide how long that is, the time that the connection has been idle
 * counts. Without tcp_info no age is known.
 */
AGE_MS(fin_wait_2_held)
{
	const struct flow *f = &s->flow;
	double ms = aged_ms(seen, s);

	if (keepalive_hides(s) && is_settled(s))
		ms = f->last_data_sent_ms;
	return ms > f->last_data_recv_ms ? f->last_data_recv_ms : ms;
}

PICKS(fin_wait_2_held)
{
	return s->inode && !sock_is_minisock(s);
}

/* What the queues of the members and of their peers on this machine tell. */
struct ends {
	uint64_t unread, unread_bytes;  /* here */
	uint64_t peers, peers_sending, peers_unread;
	uint64_t hidden;                /* members whose age keepalive hides */
	uint64_t proven;                /* members of the critical age that have something unread */
	const struct sock *peer;        /* the first: one name is enough to find the others */
};

static void add_peer(struct ends *ends, const struct sock *peer)
{
	if (!ends->peers++)
		ends->peer = peer;
	ends->peers_sending += peer->send_queue > 0;
	ends->peers_unread += !peer->send_queue && peer->recv_queue;
}

static struct ends ends_of(const struct weighing *w, const struct service_group *group)
{
	struct ends ends = { .peer = NULL };

	tally_each(group->tally, group->group, i) {
		const struct sock *s = &w->seen->socks.at[i];
		const struct sock *peer = w->peers[i] ? &w->seen->socks.at[w->peers[i] - 1] : NULL;

		ends.unread += s->recv_queue > 0;
		ends.unread_bytes += s->recv_queue;
		if (peer)
			add_peer(&ends, peer);
		ends.hidden += aged_ms(w->seen, s) < w->t->warn;
		ends.proven += aged_ms(w->seen, s) >= w->t->crit &&
			       (s->recv_queue || (peer && !peer->send_queue && peer->recv_queue));
	}
	return ends;
}

static void put_process(struct finding *f, const struct process *process)
{
	if (process) {
		facts_number(&f->facts, "peer_pid", FACT_ID, process->pid);
		facts_bytes(&f->facts, "peer_comm", process->comm, process->comm_size);
	} else {
		facts_add(&f->facts, "peer_pid", FACT_ID);
		facts_add(&f->facts, "peer_comm", FACT_TEXT);
	}
}

void put_peers(const struct weighing *w, const struct service_group *group, struct finding *f)
{
	struct ends ends = ends_of(w, group);
	int32_t holder = ends.peer ? service_process(w->seen, ends.peer) : -1;

	facts_number(&f->facts, "peers_here", FACT_COUNT, (double)ends.peers);
	put_process(f, holder < 0 ? NULL : &w->seen->processes.at[holder]);
	facts_word(&f->facts, "peer_state", ends.peer ? state_table[ends.peer->state].name : NULL);
}

FACTS(fin_wait_2_held)
{
	struct ends ends = ends_of(w, group);

	if (f->severity == SEVERITY_CRITICAL && ends.proven < w->t->least)
		f->severity = SEVERITY_WARNING;
	facts_word(&f->facts, "main_opener", service_opener(group->role));
	facts_number(&f->facts, "unread", FACT_COUNT, (double)ends.unread);
	facts_number(&f->facts, "unread_bytes", FACT_BYTES, (double)ends.unread_bytes);
	facts_number(&f->facts, "age_hidden_by_keepalive", FACT_COUNT, (double)ends.hidden);
	facts_number(&f->facts, "peers_sending", FACT_COUNT, (double)ends.peers_sending);
	facts_number(&f->facts, "peers_eof_unread", FACT_COUNT, (double)ends.peers_unread);
	put_peers(w, group, f);
}

/* ---- orphans ---------------------------------------------------------- */

PICKS(fin_wait_2_orphans)
{
	return sock_is_minisock(s) || !s->inode;
}

FACTS(fin_wait_2_orphans)
{
	const struct limits *limits = &w->seen->limits;
	uint64_t full = 0;

	for (size_t i = 0; i < f->members.count; i++)
		full += !sock_is_minisock(&w->seen->socks.at[f->members.at[i]]);
	facts_number(&f->facts, "minisocks", FACT_COUNT, (double)(f->count - full));
	facts_number(&f->facts, "full_sockets", FACT_COUNT, (double)full);
	facts_known(&f->facts, "fin_timeout_s", FACT_S, &limits->limit[LIMIT_FIN_TIMEOUT_S]);
	facts_known(&f->facts, "max_tw_buckets", FACT_COUNT, &limits->limit[LIMIT_MAX_TW_BUCKETS]);
	facts_known(&f->facts, "max_orphans", FACT_COUNT, &limits->limit[LIMIT_MAX_ORPHANS]);
}
