/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "base/bits.h"
#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"

#include <stdlib.h>
#include <string.h>

static void sum_up(const struct snapshot *seen, struct report *report)
{
	uint64_t *count = report->summary.count;

	for (size_t i = 0; i < seen->socks.count && !seen->folded; i++)
		count[seen->socks.at[i].state]++;
	for (int i = 0; i < STATE_COUNT; i++) {
		if (seen->folded)
			count[i] = seen->folded->count[i];
		report->summary.total += count[i];
	}
	/* none were listed, which does not prove that there are none */
	report->summary.untold[STATE_BOUND] = !count[STATE_BOUND] &&
					      snapshot_has_gap(seen, GAP_BOUND);
}

static int64_t rank_of(const struct finding *f)
{
	int64_t i = 0;

	while (strcmp(rules[i].id, f->id) != 0)
		i++;
	return i;
}

static uint32_t first_of(const struct finding *f)
{
	return f->members.count ? f->members.at[0] : 0;
}

/*
 * Findings without a socket are about a process, or are the only one of their rule, so
 * no two are equal.
 */
static int compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	return order_of(b->severity, a->severity) ?: order_of(rank_of(a), rank_of(b)) ?:
	       order_of((int64_t)b->count, (int64_t)a->count) ?:
	       order_of(first_of(a), first_of(b)) ?:
	       order_of(a->subject.process, b->subject.process);
}

/* The gap that keeps @rule from being judged; GAP_KIND_COUNT: none does. */
static enum gap_kind hindrance(const struct snapshot *seen, const struct rule *rule)
{
	if (rule->needs_diag && snapshot_has_gap(seen, GAP_SOURCE))
		return GAP_SOURCE;
	if (rule->needs_bound && snapshot_has_gap(seen, GAP_BOUND))
		return GAP_BOUND;
	return GAP_KIND_COUNT;
}

static bool was_set(const struct thresholds *thresholds, const struct rule *rule)
{
	const struct threshold *t = thresholds_get(thresholds, rule->id);

	return t->warn < rule->usual.warn || t->warn > rule->usual.warn ||
	       t->crit < rule->usual.crit || t->crit > rule->usual.crit ||
	       t->least != rule->usual.least;
}

bool judge_leaves(const struct snapshot *seen, const struct thresholds *thresholds,
		  enum gap_kind kind, struct text *ids)
{
	bool set = false;

	for (size_t i = 0; i < rules_count; i++) {
		if (hindrance(seen, &rules[i]) != kind)
			continue;
		text_addf(ids, "%s%s", ids->count ? ", " : "", rules[i].id);
		set |= was_set(thresholds, &rules[i]);
	}
	return set;
}

void judge(const struct snapshot *seen, const struct thresholds *thresholds,
	   struct report *report)
{
	sum_up(seen, report);
	for (size_t i = 0; i < rules_count; i++)
		if (hindrance(seen, &rules[i]) == GAP_KIND_COUNT)
			weigh_rule(&rules[i], seen, thresholds_get(thresholds, rules[i].id), report);
	if (!report->findings.count)
		return;
	qsort(report->findings.at, report->findings.count, sizeof(*report->findings.at), compare);
	report->worst = report->findings.at[0].severity;
}

/* ---- whose owners are wanted ------------------------------------------- */

/*
 * Wants the holders of @s. They are looked for first in the cgroup in which the socket
 * was made.
 */
static void want(struct wants *wants, const struct sock *s)
{
	if (!s->inode)
		return;
	map_slot(&wants->inodes, s->inode, NULL);
	if (s->cgroup_id)
		map_slot(&wants->cgroups, s->cgroup_id, NULL);
	else
		wants->thorough = true;
}

struct indices { uint32_t *at; size_t count, room; };

static void add_members(struct indices *held, const struct finding *f)
{
	for (size_t i = 0; i < f->members.count; i++)
		*grow_add(held) = f->members.at[i];
}

/*
 * Wants the other ends on this machine, which are to blame; one search serves all
 * findings.
 */
static void want_peers(const struct snapshot *seen, struct indices *held, struct wants *wants)
{
	OWN_MEM uint32_t *peers = grow_alloc(held->count * sizeof(*peers));

	if (held->count)
		peers_find(seen, held->at, held->count, peers);
	for (size_t i = 0; i < held->count; i++)
		if (peers[i])
			want(wants, &seen->socks.at[peers[i] - 1]);
	grow_fini(held);
}

/*
 * Wants all listeners of the port: with SO_REUSEPORT each has its own process. A
 * listening socket can be handed to other processes, and each holder can accept(), so
 * all holders count.
 */
static void want_listeners(const struct snapshot *seen, const uint8_t *ports,
			   struct wants *wants)
{
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state != STATE_LISTEN || !s->inode || !bits_has(ports, s->local_port))
			continue;
		map_slot(&wants->inodes, s->inode, NULL);
		wants->thorough = true;
	}
}

/*
 * How many descriptors of a process are sockets is only told when all of them were
 * looked up.
 */
static void want_process(const struct snapshot *seen, const struct finding *f,
			 struct wants *wants)
{
	if (f->subject.process >= 0)
		map_slot(&wants->pids, (uint32_t)seen->processes.at[f->subject.process].pid, NULL);
}

void judge_wants(const struct snapshot *seen, const struct report *report, struct wants *wants)
{
	uint8_t ports[65536 / 8] = { 0 };
	struct indices held = { NULL, 0, 0 };

	memset(wants, 0, sizeof(*wants));
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *f = &report->findings.at[i];
		const struct rule *rule = rule_by_id(f->id);
		unsigned port = f->subject.port;

		for (size_t j = 0; j < f->members.count; j++)
			want(wants, &seen->socks.at[f->members.at[j]]);
		if (f->subject.kind == SUBJECT_LISTENER)
			bits_add(ports, port);
		if (rule->counts_sockets)
			want_process(seen, f, wants);
		if (rule->names_peers)
			add_members(&held, f);
	}
	want_peers(seen, &held, wants);
	want_listeners(seen, ports, wants);
}

void wants_fini(struct wants *wants)
{
	map_fini(&wants->inodes);
	map_fini(&wants->pids);
	map_fini(&wants->cgroups);
}
