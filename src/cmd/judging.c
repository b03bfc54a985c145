/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/judging.h"

#include "base/grow.h"
#include "base/ids.h"
#include "base/own.h"
#include "judge/suspects.h"
#include "model/need.h"
#include "model/once.h"

#include <time.h>

static int take(void *ctx, const struct sock *sock)
{
	suspects_take(ctx, sock);
	return 0;
}

static int ask(struct session *session, const struct suspects_ask *what, struct once *once,
	       struct suspects *suspects)
{
	struct collect_ask ask = session_ask(session->options, what->states, what->need);
	struct sink sink = { .take = take, .ctx = suspects };
	struct snapshot *seen = &session->seen;

	ask.ipv4 = ask.ipv6 = true;
	/* time to read in */
	if (what->pause_ms)
		clock_nanosleep(CLOCK_MONOTONIC, 0,
				&(struct timespec){ .tv_nsec = what->pause_ms * 1000000L }, NULL);
	if (what->indices) {
		collect_again(session->collect, &ask, seen->socks.at, what->indices, what->count,
			      sink, seen);
		return 0;
	}
	ask.port_low = what->port_low;
	ask.port_high = what->port_high;
	ask.bare = !what->need;
	ask.once = what->again ? NULL : once;
	return collect_socks(session->collect, &ask, sink, seen, &session->fault);
}

/* ---- connections of MPTCP ---- */

/*
 * An MPTCP connection stays in CLOSE_WAIT when its subflows, which are what a listing of TCP
 * has, are ESTABLISHED for a minute and then gone.
 */
struct whole_connections {
	struct snapshot *seen;
	struct ids listed;              /* inodes of TCP sockets in CLOSE_WAIT */
};

/* One that fell back to TCP is listed as that, too. */
static int take_whole(void *ctx, const struct sock *sock)
{
	struct whole_connections *whole = ctx;
	struct sink sink = snapshot_sink(whole->seen);

	if (!sock->inode || ids_has(&whole->listed, sock->inode))
		return 0;
	if (whole->seen->folded)
		whole->seen->folded->count[sock->state]++;
	return sink.take(sink.ctx, sock);
}

static bool has_mptcp(const struct snapshot *seen)
{
	const struct known *counter = seen->limits.counter;

	return (counter[COUNTER_MPTCP_INUSE].is && counter[COUNTER_MPTCP_INUSE].value) ||
	       (counter[COUNTER_MPTCP6_INUSE].is && counter[COUNTER_MPTCP6_INUSE].value);
}

void judging_collect_mptcp(struct session *session)
{
	struct snapshot *seen = &session->seen, aside;
	struct whole_connections whole = { .seen = seen };
	struct collect_ask ask = session_ask(session->options, STATE_BIT(STATE_CLOSE_WAIT),
					     NEED_FLOW);
	struct fault fault;
	int err;

	if (!has_mptcp(seen))
		return;
	snapshot_init(&aside);
	for (size_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].state == STATE_CLOSE_WAIT)
			ids_add(&whole.listed, seen->socks.at[i].inode);
	ask.protocol = PROTOCOL_MPTCP;
	err = collect_socks(session->collect, &ask,
			    (struct sink){ .take = take_whole, .ctx = &whole }, &aside, &fault);
	if (err || !snapshot_lists_all(&aside))
		snapshot_gap(seen, GAP_TABLE, 1, "MPTCP connections could not be listed (%s)",
			     err ? fault.text : "the listing is incomplete");
	ids_fini(&whole.listed);
	snapshot_fini(&aside);
}

/* ---- suspects ---- */

/*
 * Outside of the first process namespace, any socket can have an owner that is not seen,
 * and only a look at every descriptor shows which. Among many sockets that takes three
 * times as long as the listing, so only --strict does it there.
 */
enum { SOUGHT_MOST = 4096 };

static bool seeks_unheld(const struct session *session)
{
	const struct snapshot *seen = &session->seen;

	return seen->holders_outside &&
	       (session->options->strict || limits_tcp_inuse(&seen->limits) <= SOUGHT_MOST);
}

int judging_collect(struct session *session, const struct thresholds *thresholds)
{
	struct suspects *suspects;
	struct once once = { 0 };
	struct suspects_ask what;
	int err = 0;

	session->seen.seeks_unheld = seeks_unheld(session);
	suspects = suspects_new(&session->seen, thresholds);
	while (!err && suspects_next(suspects, &what))
		err = ask(session, &what, &once, suspects);
	once_fini(&once);
	suspects_free(suspects);
	return err;
}

/*
 * A rule that could not be judged must not look silent: it becomes a gap. Where the user
 * set a threshold of such a rule, the listing counts as incomplete (GAP_DUMP).
 */
static void note_left(struct snapshot *seen, const struct thresholds *thresholds,
		      enum gap_kind kind)
{
	struct text ids = { 0 };
	bool set = judge_leaves(seen, thresholds, kind, &ids);

	if (ids.count)
		snapshot_gap(seen, set ? GAP_DUMP : kind, 1, "not evaluated: %s", ids.at);
	text_fini(&ids);
}

static void find_owners(struct session *session, const struct wants *wants)
{
	struct holder_ask ask = {
		.inodes = &wants->inodes, .pids = &wants->pids, .cgroups = &wants->cgroups,
	};

	if (wants->thorough)
		ask.cgroups = NULL;
	collect_some_holders(session->collect, &ask, &session->seen);
}

/* With -q nobody looks at notices, and their owners need not be found. */
static void judge_for(const struct session *session, const struct thresholds *thresholds,
		      struct report *report)
{
	OWN_MEM bool *kept = NULL;

	judge(&session->seen, thresholds, report);
	if (!session->options->quiet)
		return;
	kept = grow_alloc(report->findings.count * sizeof(*kept));
	for (size_t i = 0; i < report->findings.count; i++)
		kept[i] = report->findings.at[i].severity > SEVERITY_NOTICE;
	report_keep(report, kept);
}

/* ---- owners that were not seen ---- */

struct recount {
	const struct snapshot *seen;
	uint64_t unheld;
};

static int recount(void *ctx, const struct sock *sock)
{
	struct recount *recount = ctx;
	const struct snapshot *seen = recount->seen;

	recount->unheld += sock->inode && ids_has(&seen->folded->inodes, sock->inode) &&
			   snapshot_owner(seen, sock->inode) < 0;
	return 0;
}

/*
 * Of @unheld sockets that were listed before owners were looked for, those that are still
 * there; all of them where that cannot be told.
 */
static uint64_t count_lasting(struct session *session, uint64_t unheld)
{
	struct collect_ask ask = session_ask(session->options, STATE_ALL, 0);
	struct recount again = { .seen = &session->seen };
	struct fault fault;

	ask.ipv4 = ask.ipv6 = ask.bare = true;
	return collect_socks(session->collect, &ask, (struct sink){ recount, &again }, &session->seen,
			     &fault) ? unheld : again.unheld;
}

/* Outside of the first process namespace any socket may have an owner that was not seen. */
static void note_unheld(struct session *session, const struct report *report)
{
	struct snapshot *seen = &session->seen;
	struct wants wants;
	uint64_t unheld;

	judge_wants(seen, report, &wants);
	unheld = snapshot_unheld(seen, seen->seeks_unheld ? NULL : &wants.inodes);
	if (unheld && seen->seeks_unheld && seen->folded)
		unheld = count_lasting(session, unheld);
	session_note_unheld(seen, unheld);
	wants_fini(&wants);
}

/* What rules need beside the rows; owners only where all are looked for. */
static void look_beside(struct session *session, const struct thresholds *thresholds)
{
	struct snapshot *seen = &session->seen;
	struct map pids = { 0 };

	if (judge_looks_into(seen, thresholds, &pids) || session->options->record)
		collect_dead(session->collect, seen, &pids);
	map_fini(&pids);
	if (judge_wants_origins(seen))
		collect_explicit(session->collect, &(struct collect_ask){
			.protocol = PROTOCOL_TCP, .states = STATE_BIT(STATE_LISTEN),
			.ipv4 = true, .ipv6 = true,
		}, seen);
	note_left(seen, thresholds, GAP_BOUND);
	note_left(seen, thresholds, GAP_SOURCE);
	seen->seeks_unheld = seeks_unheld(session);
	if (seen->seeks_unheld && !seen->holders_known)
		collect_holders(session->collect, seen, NULL);
	else if (seen->holders_outside && !seen->holders_known)
		snapshot_gap(seen, GAP_OWNERS, 1, "the owners of all sockets were not looked for: "
			     "processes outside of this process namespace can have some (--strict "
			     "looks at every descriptor)");
}

void judging_run(struct session *session, const struct thresholds *thresholds,
		 struct report *report)
{
	struct snapshot *seen = &session->seen;
	struct wants wants;

	look_beside(session, thresholds);
	/* a filter may have needed all owners already */
	if (!seen->holders_known) {
		report->tentative = true;
		judge_for(session, thresholds, report);
		if (!report->findings.count)
			return;
		judge_wants(seen, report, &wants);
		if (wants.inodes.count || wants.pids.count)
			find_owners(session, &wants);
		wants_fini(&wants);
		report_fini(report);
		report_init(report);
	}
	judge_for(session, thresholds, report);
	note_unheld(session, report);
}
