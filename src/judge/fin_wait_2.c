/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fin-wait-2-held, fin-wait-2-orphans
 *
 * FIN_WAIT_2 (RFC 9293 section 3.6): our FIN is acknowledged and the peer has
 * not sent its own. There are two quite different animals in it.
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

#include "base/grow.h"
#include "base/own.h"
#include "judge/peers.h"
#include "judge/service.h"

/* ---- held ------------------------------------------------------------- */

struct weighing {
	const struct snapshot *seen;
	const struct threshold *t;
	struct report *report;
	const uint32_t *peers;          /* by socket index: peer's index + 1 */
};

/* Nothing came for as long as its FIN is acknowledged; without tcp_info no age is known. */
static double held_ms(const struct snapshot *seen, const struct sock *s)
{
	double ms = aged_ms(seen, s);

	return ms > s->flow.last_data_recv_ms ? s->flow.last_data_recv_ms : ms;
}

static bool is_held(const struct sock *s)
{
	return s->state == STATE_FIN_WAIT_2 && s->inode && !sock_is_minisock(s);
}

/* Also what may be the peer, and the listeners that tell who accepted whom. */
PICKS(fin_wait_2_held)
{
	return s->state != STATE_FIN_WAIT_2 || is_held(s);
}

/* Members whose peer is here. Of these the first: one name is enough to find the others. */
static uint64_t find_peers(const struct weighing *w, const struct service_group *group,
			   const struct sock **first)
{
	uint64_t count = 0;

	tally_each(group->tally, group->group, i)
		if (w->peers[i] && !count++)
			*first = &w->seen->socks.at[w->peers[i] - 1];
	return count;
}

static void put_no_peer(struct finding *f)
{
	finding_unknown(f, NULL, "peer_pid", FACT_ID);
	finding_unknown(f, NULL, "peer_comm", FACT_TEXT);
	finding_unknown(f, NULL, "peer_state", FACT_TEXT);
}

static void put_peer(struct finding *f, const struct weighing *w, const struct sock *peer)
{
	struct subject holder = { .process = service_process(w->seen, peer) };

	if (holder.process < 0) {
		finding_unknown(f, NULL, "peer_pid", FACT_ID);
		finding_unknown(f, NULL, "peer_comm", FACT_TEXT);
	} else {
		const struct process *process = &w->seen->processes.at[holder.process];

		finding_fact(f, NULL, "peer_pid", FACT_ID, process->pid);
		finding_text(f, NULL, "peer_comm", process->comm, process->comm_size);
	}
	fact_word(f, "peer_state", state_table[peer->state].name);
}

static void put_held(struct finding *f, const struct weighing *w,
		     const struct service_group *group)
{
	const struct sock *peer = NULL;

	fact_word(f, "main_opener", service_opener(group->role));
	finding_fact(f, NULL, "peers_here", FACT_COUNT, (double)find_peers(w, group, &peer));
	if (peer)
		put_peer(f, w, peer);
	else
		put_no_peer(f);
}

static bool take_held(void *ctx, const struct service_group *group)
{
	const struct weighing *w = ctx;
	struct aged aged = { 0, 0 };
	struct finding *f;

	tally_each(group->tally, group->group, i)
		aged_add(&aged, w->t, held_ms(w->seen, &w->seen->socks.at[i]));
	if (!aged_level(&aged, w->t))
		return false;
	f = report_add(w->report, "fin-wait-2-held");
	f->severity = aged_level(&aged, w->t);
	f->subject = group->subject;
	f->has_ages = true;
	tally_each(group->tally, group->group, i)
		concern(f, w->seen, i);
	put_held(f, w, group);
	return true;
}

/* Peers of @held by socket index; the caller frees. */
static uint32_t *peers_by_index(const struct snapshot *seen, const uint32_t *held, size_t count)
{
	OWN_MEM uint32_t *peers = grow_alloc(count * sizeof(*peers));
	uint32_t *by_index = grow_alloc(seen->socks.count * sizeof(*by_index));

	peers_find(seen, held, count, peers);
	for (size_t i = 0; i < count; i++)
		by_index[held[i]] = peers[i];
	return by_index;
}

static void judge_held(const struct snapshot *seen, const struct threshold *t,
		       struct report *report, const uint32_t *held, size_t count)
{
	OWN_MEM uint32_t *peers = peers_by_index(seen, held, count);
	struct weighing w = { seen, t, report, peers };
	struct listeners listeners;

	listeners_init(&listeners, seen);
	service_each(&listeners, held, count, take_held, &w);
	listeners_fini(&listeners);
}

void weigh_fin_wait_2_held(const struct snapshot *seen, const struct threshold *t,
			   struct report *report)
{
	struct { uint32_t *at; size_t count, room; } held = { NULL, 0, 0 };

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (is_held(s) && threshold_level(t, held_ms(seen, s)))
			*grow_add(&held) = (uint32_t)i;
	}
	if (held.count)
		judge_held(seen, t, report, held.at, held.count);
	grow_fini(&held);
}

/* ---- orphans ---------------------------------------------------------- */

static bool is_orphan(const struct sock *s)
{
	return s->state == STATE_FIN_WAIT_2 && (sock_is_minisock(s) || !s->inode);
}

PICKS(fin_wait_2_orphans)
{
	return is_orphan(s);
}

static void put_orphans(struct finding *f, const struct snapshot *seen, uint64_t full)
{
	finding_fact(f, NULL, "minisocks", FACT_COUNT, (double)(f->count - full));
	finding_fact(f, NULL, "full_sockets", FACT_COUNT, (double)full);
	fact_known(f, NULL, "fin_timeout_s", FACT_S, &seen->limits.limit[LIMIT_FIN_TIMEOUT_S]);
	fact_known(f, NULL, "max_tw_buckets", FACT_COUNT,
		   &seen->limits.limit[LIMIT_MAX_TW_BUCKETS]);
	fact_known(f, NULL, "max_orphans", FACT_COUNT, &seen->limits.limit[LIMIT_MAX_ORPHANS]);
}

static void judge_orphans(const struct snapshot *seen, const struct threshold *t,
			  const struct tally *tally, const struct tally_group *group,
			  struct report *report)
{
	struct finding *f;
	uint64_t full = 0;

	if (group->count < t->least || !threshold_level(t, group->count))
		return;
	f = blame_destination(report, "fin-wait-2-orphans", &group->key.destination,
			      0);
	f->severity = threshold_level(t, group->count);
	tally_each(tally, group, i) {
		concern(f, seen, i);
		full += !sock_is_minisock(&seen->socks.at[i]);
	}
	put_orphans(f, seen, full);
}

void weigh_fin_wait_2_orphans(const struct snapshot *seen, const struct threshold *t,
			      struct report *report)
{
	struct tally tally;

	tally_init(&tally, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (is_orphan(s))
			tally_add(&tally, &(struct tally_key){ .destination = s->remote },
				  (uint32_t)i);
	}
	for (size_t i = 0; i < tally.groups.count; i++)
		judge_orphans(seen, t, &tally, &tally.groups.at[i], report);
	tally_fini(&tally);
}
