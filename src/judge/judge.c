/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "base/bits.h"
#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"
#include "model/need.h"

#include <stdlib.h>
#include <string.h>

/* ---- what rules have in common ------------------------------------------ */

double aged_ms(const struct snapshot *seen, const struct sock *sock)
{
	struct age age = sock_age(sock, &seen->limits);

	return age.min_ms > 0 ? (double)age.min_ms : 0;
}

bool aged_add(struct aged *aged, const struct threshold *t, double age_ms)
{
	bool warn = age_ms >= t->warn, crit = age_ms >= t->crit;

	aged->warn += warn;
	aged->crit += crit;
	return warn || crit;
}

enum severity aged_level(const struct aged *aged, const struct threshold *t, uint64_t least)
{
	if (aged->crit && aged->crit >= least)
		return SEVERITY_CRITICAL;
	return aged->warn && aged->warn >= least ? threshold_lower(t) : SEVERITY_NONE;
}

struct subject subject_of_listener(const struct sock *listener)
{
	return (struct subject){
		.kind = SUBJECT_LISTENER, .process = -1, .has_source = true,
		.source = listener->local, .family = listener->family,
		.port = listener->local_port, .listener_inode = listener->inode,
		.cgroup_id = listener->cgroup_id,
	};
}

void concern(struct finding *f, const struct snapshot *seen, uint32_t index)
{
	struct age age = finding_member(f, seen, index);

	f->count++;
	if (age.kind != AGE_UNKNOWN && age.min_ms > f->age.min_ms)
		f->age = age;
}

void finding_unacked(struct finding *f, double oldest_ms)
{
	f->age = (struct age){ .kind = AGE_UNACKED, .min_ms = (int64_t)oldest_ms, .max_ms = -1 };
	f->has_ages = false;
}

double descriptors_percent(const struct process *process)
{
	const struct process_files *files = process->files;

	if (!files || !files->open.is || !files->limit.is || files->limit.value <= 0)
		return -1;
	return 100.0 * (double)files->open.value / (double)files->limit.value;
}

/* ---- the other ends --------------------------------------------------- */

struct tuple {
	struct addr from, to;
	uint16_t from_port, to_port;
};

_Static_assert(sizeof(struct tuple) == 36, "a hole would be hashed");

/* The 4-tuple as seen from the local end, or @swapped as seen from the peer. */
static struct tuple tuple_of(const struct sock *s, bool swapped)
{
	return (struct tuple){
		.from = swapped ? s->remote : s->local,
		.to = swapped ? s->local : s->remote,
		.from_port = swapped ? s->remote_port : s->local_port,
		.to_port = swapped ? s->local_port : s->remote_port,
	};
}

/*
 * Finds the peers that are sockets of this namespace, too: those with local and remote
 * end swapped. Addresses are compared with IPv4 mapped into IPv6, so a dual-stack socket
 * finds its IPv4 peer. NAT and other namespaces hide a peer.
 *
 * For each of the @count sockets at @indices, @peers (which must be zeroed) gets the
 * index of its peer + 1, or 0. Linear: one pass over the snapshot.
 */
static void peers_find(const struct snapshot *seen, const uint32_t *indices, size_t count,
		       uint32_t *peers)
{
	struct map wanted = { .at = NULL };
	uint8_t ports[65536 / 8] = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct sock *s = &seen->socks.at[indices[i]];
		struct tuple theirs = tuple_of(s, true);

		bits_add(ports, s->remote_port);
		*map_slot_bytes(&wanted, &theirs, sizeof(theirs), NULL) = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < seen->socks.count && count; i++) {
		const struct sock *s = &seen->socks.at[i];
		struct tuple ours;
		const uint32_t *slot;

		if (!bits_has(ports, s->local_port))
			continue;
		ours = tuple_of(s, false);
		slot = map_find_bytes(&wanted, &ours, sizeof(ours));
		if (slot)
			peers[*slot - 1] = (uint32_t)i + 1;
	}
	map_fini(&wanted);
}

/* ---- rules that have a key -------------------------------------------- */

/*
 * Judges a rule whose findings are groups of sockets. The sockets that it picks (and
 * that are old enough, where its measure is an age) are grouped by its key; a group with
 * enough of them is a finding.
 */

static double age_of(const struct weighing *w, const struct sock *s)
{
	return w->rule->age_ms ? w->rule->age_ms(w->seen, s) : aged_ms(w->seen, s);
}

static bool is_concerned(const struct weighing *w, const struct sock *s)
{
	const struct rule *rule = w->rule;

	return rule->states & STATE_BIT(s->state) &&
	       (!rule->picks || rule->picks(w->seen, w->t, s)) &&
	       (rule->measure != MEASURE_AGE || threshold_level(w->t, age_of(w, s)));
}

enum severity weigh_group(const struct weighing *w, const struct service_group *group)
{
	struct aged aged = { 0, 0 };

	if (w->rule->level)
		return w->rule->level(w, group);
	if (w->rule->measure == MEASURE_COUNT)
		return group->group->count < group->least ? SEVERITY_NONE :
		       threshold_level(w->t, group->group->count);
	tally_each(group->tally, group->group, i)
		aged_add(&aged, w->t, age_of(w, &w->seen->socks.at[i]));
	return aged_level(&aged, w->t, group->least);
}

/* ---- how far a finding extends ---- */

static int compare_processes(const void *left, const void *right)
{
	const struct finding_process *a = left, *b = right;

	return order_of((int64_t)b->count, (int64_t)a->count) ?:
	       order_of((int64_t)a->process, (int64_t)b->process);
}

void finding_sort_processes(struct finding *f)
{
	if (f->processes.count)
		qsort(f->processes.at, f->processes.count, sizeof(*f->processes.at),
		      compare_processes);
}

/* Counts the members by process. Returns false when a holder was not seen. */
static void count_processes(const struct weighing *w, struct finding *f)
{
	struct map at = { .at = NULL };

	for (size_t i = 0; i < f->members.count; i++) {
		const struct sock *s = &w->seen->socks.at[f->members.at[i]];
		int32_t process = service_process(w->seen, s);
		uint32_t *slot;

		if (process < 0) {
			f->hidden += s->inode != 0;
			continue;
		}
		slot = map_slot(&at, (uint32_t)process, NULL);
		if (!*slot) {
			*(struct finding_process *)grow_add(&f->processes) =
				(struct finding_process){ .process = (uint32_t)process };
			*slot = (uint32_t)f->processes.count;
		}
		f->processes.at[*slot - 1].count++;
	}
	f->has_processes = true;
	finding_sort_processes(f);
	map_fini(&at);
}

void put_extent(const struct weighing *w, struct finding *f)
{
	struct map ports = { .at = NULL }, addresses = { .at = NULL };

	count_processes(w, f);
	for (size_t i = 0; i < f->members.count; i++) {
		const struct sock *s = &w->seen->socks.at[f->members.at[i]];

		map_slot(&ports, service_port(s, service_role(w->listeners, s)), NULL);
		if (s->state != STATE_LISTEN)
			map_slot_bytes(&addresses, &s->remote, sizeof(s->remote), NULL);
	}
	facts_number(&f->facts, "processes", FACT_COUNT, (double)f->processes.count)->known =
		f->processes.count || !f->hidden;
	facts_number(&f->facts, "ports", FACT_COUNT, (double)ports.count);
	facts_number(&f->facts, "addresses", FACT_COUNT, (double)addresses.count);
	map_fini(&ports);
	map_fini(&addresses);
}

void weigh_take(const struct weighing *w, const struct service_group *group,
		enum severity severity)
{
	struct finding *f = report_add(w->report, w->rule->id);

	f->severity = severity;
	f->subject = group->subject;
	f->has_ages = w->rule->need & NEED_FLOW;
	tally_each(group->tally, group->group, i)
		concern(f, w->seen, i);
	w->rule->facts(w, group, f);
	if (w->rule->key == KEY_LISTENER)
		return;
	f->opener = service_opener(group->role);
	put_extent(w, f);
}

/* A connection that was opened here was not accepted, either, but belongs to no listener. */
static const struct sock *listener_of(const struct weighing *w, const struct sock *s)
{
	return sock_opener(s) == OPENER_HERE ? NULL : listeners_find(w->listeners, s);
}

static void weigh_listener(const struct weighing *w, const struct tally *tally,
			   const struct tally_group *members)
{
	const struct sock *first = &w->seen->socks.at[members->first - 1];
	struct service_group group = {
		.tally = tally, .group = members, .least = w->t->least,
		.subject = subject_of_listener(listener_of(w, first)),
	};
	enum severity severity = weigh_group(w, &group);

	if (severity)
		weigh_take(w, &group, severity);
}

static void weigh_listeners(const struct weighing *w, const uint32_t *indices, size_t count)
{
	struct tally tally;

	tally_init(&tally, w->seen->socks.count);
	for (size_t i = 0; i < count; i++) {
		const struct sock *listener = listener_of(w, &w->seen->socks.at[indices[i]]);

		if (listener)
			tally_add(&tally, &(struct tally_key){
				.source = listener->local, .port = listener->local_port,
			}, indices[i]);
	}
	for (size_t i = 0; i < tally.groups.count; i++)
		weigh_listener(w, &tally, &tally.groups.at[i]);
	tally_fini(&tally);
}

/* The peers, indexed by socket; the caller frees the array. */
static uint32_t *peers_by_index(const struct snapshot *seen, const uint32_t *indices, size_t count)
{
	OWN_MEM uint32_t *peers = grow_alloc(count * sizeof(*peers));
	uint32_t *by_index = grow_alloc(seen->socks.count * sizeof(*by_index));

	peers_find(seen, indices, count, peers);
	for (size_t i = 0; i < count; i++)
		by_index[indices[i]] = peers[i];
	return by_index;
}

static void weigh_concerned(struct weighing *w, const uint32_t *indices, size_t count)
{
	OWN_MEM uint32_t *peers = NULL;
	struct listeners listeners;

	listeners_init(&listeners, w->seen);
	w->listeners = &listeners;
	if (w->rule->names_peers)
		w->peers = peers = peers_by_index(w->seen, indices, count);
	if (w->rule->key == KEY_LISTENER)
		weigh_listeners(w, indices, count);
	else
		weigh_levels(w, indices, count);
	listeners_fini(&listeners);
}

/* The sockets of the findings to which @rule yields, one bit each; NULL: none. */
static uint8_t *accused(const struct rule *rule, size_t socks, const struct report *report)
{
	uint8_t *bits = NULL;

	for (size_t i = 0; i < report->findings.count && rule->yields_to; i++) {
		const struct finding *f = &report->findings.at[i];

		if (strcmp(f->id, rule->yields_to) != 0)
			continue;
		bits = bits ?: grow_alloc(socks / 8 + 1);
		for (size_t j = 0; j < f->members.count; j++)
			bits_add(bits, f->members.at[j]);
	}
	return bits;
}

static void weigh_groups(const struct rule *rule, const struct snapshot *seen,
			 const struct threshold *t, struct report *report)
{
	struct { uint32_t *at; size_t count, room; } concerned = { NULL, 0, 0 };
	struct weighing w = { .rule = rule, .seen = seen, .t = t, .report = report };
	OWN_MEM uint8_t *told = accused(rule, seen->socks.count, report);

	for (size_t i = 0; i < seen->socks.count; i++)
		if (!(told && bits_has(told, (unsigned)i)) && is_concerned(&w, &seen->socks.at[i]))
			*grow_add(&concerned) = (uint32_t)i;
	if (concerned.count)
		weigh_concerned(&w, concerned.at, concerned.count);
	grow_fini(&concerned);
}

void weigh_rule(const struct rule *rule, const struct snapshot *seen, const struct threshold *t,
		struct report *report)
{
	if (rule->weigh)
		rule->weigh(seen, t, report);
	else
		weigh_groups(rule, seen, t, report);
}

/* ---- all rules --------------------------------------------------------- */

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
					      (snapshot_has_gap(seen, GAP_BOUND) ||
					       (seen->folded && seen->folded->most_bound));
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
	       t->least != rule->usual.least || t->notice != rule->usual.notice;
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

/* A rule about destinations reads every port of the range, also where nothing is short. */
static bool is_silent(const struct snapshot *seen, const struct rule *rule)
{
	return rule->is_short && seen->folded && seen->folded->ports_suffice;
}

void judge_sort(struct report *report)
{
	if (report->findings.count)
		qsort(report->findings.at, report->findings.count, sizeof(*report->findings.at),
		      compare);
	report_rate(report);
}

void judge(const struct snapshot *seen, const struct thresholds *thresholds,
	   struct report *report)
{
	sum_up(seen, report);
	for (size_t i = 0; i < rules_count; i++)
		if (hindrance(seen, &rules[i]) == GAP_KIND_COUNT && !is_silent(seen, &rules[i]))
			weigh_rule(&rules[i], seen, thresholds_get(thresholds, rules[i].id), report);
	judge_sort(report);
}

/* ---- whose descriptors are looked at ----------------------------------- */

bool judge_looks_into(const struct snapshot *seen, const struct thresholds *thresholds,
		      struct map *pids)
{
	bool some = false;

	for (size_t i = 0; i < rules_count; i++) {
		const struct threshold *t = thresholds_get(thresholds, rules[i].id);

		if (!rules[i].looks_into || (!pids && !rules[i].counts_sockets))
			continue;
		for (size_t j = 0; j < seen->processes.count; j++) {
			const struct process *process = &seen->processes.at[j];

			if (!process->files || !rules[i].looks_into(seen, t, process))
				continue;
			some = true;
			if (pids)
				map_slot(pids, (uint32_t)process->pid, NULL);
		}
	}
	return some;
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
	/* a listener is often made by another program */
	if (!s->cgroup_id || s->state == STATE_LISTEN)
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
