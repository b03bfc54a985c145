/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "base/bits.h"
#include "base/grow.h"
#include "base/own.h"
#include "model/need.h"


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

enum severity aged_level(const struct aged *aged, const struct threshold *t)
{
	if (aged->crit && aged->crit >= t->least)
		return SEVERITY_CRITICAL;
	return aged->warn && aged->warn >= t->least ? SEVERITY_WARNING : SEVERITY_NONE;
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

void peers_find(const struct snapshot *seen, const uint32_t *indices, size_t count,
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

static enum severity level_of(const struct weighing *w, const struct service_group *group)
{
	struct aged aged = { 0, 0 };

	if (w->rule->measure == MEASURE_COUNT)
		return group->group->count < w->t->least ? SEVERITY_NONE :
		       threshold_level(w->t, group->group->count);
	tally_each(group->tally, group->group, i)
		aged_add(&aged, w->t, age_of(w, &w->seen->socks.at[i]));
	return aged_level(&aged, w->t);
}

static bool take(void *ctx, const struct service_group *group)
{
	const struct weighing *w = ctx;
	enum severity severity = level_of(w, group);
	struct finding *f;

	if (!severity)
		return false;
	f = report_add(w->report, w->rule->id);
	f->severity = severity;
	f->subject = group->subject;
	f->has_ages = w->rule->need & NEED_FLOW;
	tally_each(group->tally, group->group, i)
		concern(f, w->seen, i);
	w->rule->facts(w, group, f);
	return true;
}

/* A connection that was opened here was not accepted, either, but belongs to no listener. */
static const struct sock *listener_of(const struct weighing *w, const struct sock *s)
{
	return sock_opener(s) == OPENER_HERE ? NULL : listeners_find(w->listeners, s);
}

static struct subject subject_of(const struct weighing *w, const struct tally_group *group)
{
	const struct tally_key *key = &group->key;

	if (w->rule->key == KEY_LISTENER)
		return subject_of_listener(listener_of(w, &w->seen->socks.at[group->first - 1]));
	return (struct subject){
		.kind = SUBJECT_DESTINATION, .process = -1, .has_destination = true,
		.destination = key->destination, .family = addr_family(&key->destination),
		.port = key->port,
	};
}

static void add(const struct weighing *w, struct tally *tally, uint32_t index)
{
	const struct sock *s = &w->seen->socks.at[index], *listener;
	struct tally_key key = { .port = 0 };

	if (w->rule->key == KEY_LISTENER) {
		listener = listener_of(w, s);
		if (!listener)
			return;
		key.source = listener->local;
		key.port = listener->local_port;
	} else {
		key.destination = s->remote;
		key.port = w->rule->key == KEY_DESTINATION ? s->remote_port : 0;
	}
	tally_add(tally, &key, index);
}

static void take_each(struct weighing *w, const uint32_t *indices, size_t count)
{
	struct tally tally;

	tally_init(&tally, w->seen->socks.count);
	for (size_t i = 0; i < count; i++)
		add(w, &tally, indices[i]);
	for (size_t i = 0; i < tally.groups.count; i++)
		take(w, &(struct service_group){
			.tally = &tally, .group = &tally.groups.at[i],
			.subject = subject_of(w, &tally.groups.at[i]),
		});
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
	if (w->rule->key == KEY_SERVICE)
		service_each(&listeners, indices, count, take, w);
	else
		take_each(w, indices, count);
	listeners_fini(&listeners);
}

static void weigh_groups(const struct rule *rule, const struct snapshot *seen,
			 const struct threshold *t, struct report *report)
{
	struct { uint32_t *at; size_t count, room; } concerned = { NULL, 0, 0 };
	struct weighing w = { .rule = rule, .seen = seen, .t = t, .report = report };

	for (size_t i = 0; i < seen->socks.count; i++)
		if (is_concerned(&w, &seen->socks.at[i]))
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
