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
 * The guilty side is the peer, in CLOSE_WAIT; where it is a socket of this
 * namespace its holder is named, found by the swapped addresses and ports.
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
 * The peer has sent nothing for as long as our FIN is acknowledged. Without tcp_info no
 * age is known.
 */
AGE_MS(fin_wait_2_held)
{
	double ms = aged_ms(seen, s);

	return ms > s->flow.last_data_recv_ms ? s->flow.last_data_recv_ms : ms;
}

PICKS(fin_wait_2_held)
{
	return s->inode && !sock_is_minisock(s);
}

/*
 * Counts the members whose peer is a socket of this machine, and names the first of
 * these peers: one name is enough to find the others.
 */
static uint64_t find_peers(const struct weighing *w, const struct service_group *group,
			   const struct sock **first)
{
	uint64_t count = 0;

	tally_each(group->tally, group->group, i)
		if (w->peers[i] && !count++)
			*first = &w->seen->socks.at[w->peers[i] - 1];
	return count;
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
	const struct sock *peer = NULL;
	int32_t holder;

	facts_number(&f->facts, "peers_here", FACT_COUNT, (double)find_peers(w, group, &peer));
	holder = peer ? service_process(w->seen, peer) : -1;
	put_process(f, holder < 0 ? NULL : &w->seen->processes.at[holder]);
	facts_word(&f->facts, "peer_state", peer ? state_table[peer->state].name : NULL);
}

FACTS(fin_wait_2_held)
{
	facts_word(&f->facts, "main_opener", service_opener(group->role));
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
