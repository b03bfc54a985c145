/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From sockets to findings: one trouble is one finding, and names as exactly as it can
 * who has it and with whom.
 *
 * A leak can be spread so thinly that no single pair of process and service is worth a
 * finding: a crawler loses one connection to each of a thousand hosts, passive FTP one on
 * each of a thousand ports, each of a hundred workers three. So what one level of
 * grouping leaves over is grouped more coarsely at the next, and the last level is the
 * whole namespace. The opposite happens as well: a process that leaks to fifty services,
 * many to each, has one trouble and not fifty. So where more than a few groups of one
 * level are parts of the same coarser group, they are left to that one.
 *
 * Coarse groups need larger numbers. Single peers vanish all the time, and on a large
 * machine many programs have a connection that nobody looks at. What they have in common
 * is that they are few among the connections of the namespace, whereas a dead network, a
 * lost uplink or a host of leaking programs shows in a share of all. TIME_WAITs count as
 * connections here, because they tell how many came and went.
 *
 * Before the holders are known a process cannot be told from its unit. Then every level
 * takes the smallest number (report.tentative), so that naming the holders can only
 * refine a finding or show that it is none.
 */
#include "judge/weigh.h"

#include "base/bits.h"
#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

/* The share of the namespace's connections from which on trouble is not just single peers. */
enum { SPREAD_PERCENT = 1 };

enum who { WHO_NETNS, WHO_UNIT, WHO_WORKERS, WHO_PROCESS };

enum what {
	WHAT_ANY,
	WHAT_PORT,              /* of the service */
	WHAT_SERVICE,           /* address and port; of one that was accepted here the port */
	WHAT_DESTINATION,       /* remote address and port */
	WHAT_PEER,              /* remote address */
	WHAT_REMOTE,            /* the service, or of one that was accepted here the peer */
};

#define OF_PEER        (1U << KEY_PEER)
#define OF_DESTINATION (1U << KEY_DESTINATION)
#define OF_SERVICE     (1U << KEY_SERVICE)
#define OF_REMOTE      (1U << KEY_REMOTE)
#define OF_ENDS        (OF_PEER | OF_DESTINATION | OF_REMOTE)
#define OF_ALL         (OF_ENDS | OF_SERVICE)

/* What a level of grouping still distinguishes, the finest first. */
static const struct level {
	enum who who;
	enum what what;
	unsigned keys;          /* the rules that have this level */
	unsigned spread;        /* those of them for which it needs larger numbers */
} levels[] = {
	{ WHO_NETNS, WHAT_PEER, OF_PEER, 0 },
	{ WHO_NETNS, WHAT_DESTINATION, OF_DESTINATION, 0 },
	{ WHO_PROCESS, WHAT_SERVICE, OF_SERVICE, 0 },
	{ WHO_PROCESS, WHAT_REMOTE, OF_REMOTE, 0 },
	{ WHO_PROCESS, WHAT_PORT, OF_ALL, OF_ENDS },
	{ WHO_PROCESS, WHAT_ANY, OF_ALL, OF_ENDS },
	{ WHO_WORKERS, WHAT_SERVICE, OF_SERVICE, 0 },
	{ WHO_WORKERS, WHAT_REMOTE, OF_REMOTE, 0 },
	{ WHO_WORKERS, WHAT_PORT, OF_ALL, OF_ENDS },
	{ WHO_WORKERS, WHAT_ANY, OF_ALL, OF_ENDS },
	{ WHO_UNIT, WHAT_SERVICE, OF_SERVICE, 0 },
	{ WHO_UNIT, WHAT_REMOTE, OF_REMOTE, 0 },
	{ WHO_UNIT, WHAT_PORT, OF_ALL, OF_ENDS },
	{ WHO_UNIT, WHAT_ANY, OF_ALL, OF_ALL },
	{ WHO_NETNS, WHAT_SERVICE, OF_SERVICE, OF_SERVICE },
	{ WHO_NETNS, WHAT_REMOTE, OF_REMOTE, OF_REMOTE },
	{ WHO_NETNS, WHAT_PORT, OF_ALL, OF_ALL },
	{ WHO_NETNS, WHAT_ANY, OF_ALL, OF_ALL },
};

/* ---- keys --------------------------------------------------------------- */

/* A process that was not seen is represented by its unit. */
static enum who set_who(struct tally_key *key, const struct snapshot *seen,
			const struct sock *s, enum who who)
{
	int32_t process = who >= WHO_WORKERS ? service_process(seen, s) : -1;

	if (who == WHO_NETNS)
		return who;
	key->who = service_cgroup(seen, s);
	if (process < 0)
		return WHO_UNIT;
	key->who = who == WHO_PROCESS ? (uint64_t)process :
		   service_workers(&seen->processes.at[process], key->who);
	return who;
}

static void set_what(struct tally_key *key, const struct sock *s, enum role role, enum what what)
{
	if (what == WHAT_PEER || what == WHAT_DESTINATION) {
		key->destination = s->remote;
		key->port = what == WHAT_DESTINATION ? s->remote_port : 0;
		return;
	}
	key->kind |= (uint8_t)role;
	key->port = service_port(s, role);
	if (s->state != STATE_BOUND &&
	    ((what == WHAT_SERVICE && key->port == s->remote_port && role != ROLE_ACCEPTED) ||
	     what == WHAT_REMOTE))
		key->destination = s->remote;
}

static struct tally_key key_of(const struct weighing *w, uint32_t index, enum who who,
			       enum what what)
{
	const struct sock *s = &w->seen->socks.at[index];
	struct tally_key key = { .port = 0 };

	key.kind = (uint8_t)((unsigned)set_who(&key, w->seen, s, who) << 4);
	if (what != WHAT_ANY)
		set_what(&key, s, service_role(w->listeners, s), what);
	return key;
}

static enum who who_of(const struct tally_key *key)
{
	return (enum who)(key->kind >> 4);
}

/* ---- a group ------------------------------------------------------------ */

/* The role, process, unit, address and port of the service, each where the members share it. */
static void share(struct service_group *group, const struct weighing *w)
{
	const struct sock *first = &w->seen->socks.at[group->group->first - 1];
	struct subject *subject = &group->subject;
	bool one_process = true;

	group->role = service_role(w->listeners, first);
	subject->port = service_port(first, group->role);
	subject->process = service_process(w->seen, first);
	subject->cgroup_id = service_cgroup(w->seen, first);
	subject->destination = first->remote;
	subject->family = addr_family(&first->remote);
	subject->has_destination = subject->port && subject->port == first->remote_port;
	tally_each(group->tally, group->group, i) {
		const struct sock *s = &w->seen->socks.at[i];
		enum role role = service_role(w->listeners, s);

		subject->has_destination &= addr_equal(&s->remote, &subject->destination);
		if (service_port(s, role) != subject->port)
			subject->port = 0;
		if (role != group->role)
			group->role = ROLE_MIXED;
		if (service_cgroup(w->seen, s) != subject->cgroup_id)
			subject->cgroup_id = 0;
		one_process &= service_process(w->seen, s) == subject->process;
	}
	subject->has_destination &= subject->port != 0;
	if (!one_process)
		subject->process = -1;
}

static struct service_group describe(const struct weighing *w, const struct level *level,
				     const struct tally *tally, const struct tally_group *members)
{
	struct service_group group = { .tally = tally, .group = members };
	const struct tally_key *key = &members->key;

	share(&group, w);
	if (level->what == WHAT_PEER || level->what == WHAT_DESTINATION)
		group.subject = (struct subject){
			.kind = SUBJECT_DESTINATION, .process = -1, .has_destination = true,
			.destination = key->destination, .port = key->port,
			.family = addr_family(&key->destination),
		};
	else if (who_of(key) == WHO_NETNS && group.subject.process < 0 && !group.subject.cgroup_id)
		group.subject.kind = SUBJECT_NETNS;
	return group;
}

/* ---- how many are enough ------------------------------------------------ */

static uint64_t connections_of(const struct report *report)
{
	const uint32_t none = STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_BOUND) |
			      STATE_BIT(STATE_CLOSE);
	uint64_t count = 0;

	for (int i = 1; i < STATE_COUNT; i++)
		count += none & STATE_BIT(i) ? 0 : report->summary.count[i];
	return count;
}

/* The least number of what is spread, of so many connections; a user's own is taken as it is. */
static uint64_t spread_least(const struct rule *rule, const struct threshold *t,
			     uint64_t connections)
{
	unsigned percent = rule->spread_percent ?: SPREAD_PERCENT;
	uint64_t share = (connections * percent + 99) / 100;
	uint64_t least = rule->spread_least > share ? rule->spread_least : share;

	return t->least != rule->usual.least || least < t->least ? t->least : least;
}

/*
 * The least number of sockets of a finding. What a finer group was enough for is enough
 * for the group that it is a part of.
 */
static uint64_t least_of(const struct weighing *w, const struct level *level,
			 const struct tally_group *group, bool has_enough)
{
	const struct rule *rule = w->rule;
	bool is_hidden = level->what == WHAT_ANY && who_of(&group->key) != level->who;

	if (w->report->tentative || has_enough || !(is_hidden || level->spread & 1U << rule->key))
		return w->t->least;
	return spread_least(rule, w->t, connections_of(w->report));
}

/* ---- levels ------------------------------------------------------------- */

struct left {
	uint32_t *at;
	size_t    count;
	uint8_t  *enough;       /* one bit a socket: it was in a group with enough of them */
};

static bool has_enough(const struct tally *tally, const struct tally_group *group,
		       const struct left *left)
{
	tally_each(tally, group, i)
		if (bits_has(left->enough, i))
			return true;
	return false;
}

/*
 * The coarser groups that @group is a part of, and that may have too many such parts:
 * all that its process (unit, namespace) has, and the same of all workers. Returns how
 * many these are.
 */
static size_t wholes_of(const struct weighing *w, const struct level *level,
			const struct tally_group *group, struct tally_key wholes[2])
{
	uint32_t first = group->first - 1;
	size_t count = 0;

	if (level->what != WHAT_ANY)
		wholes[count++] = key_of(w, first, level->who, WHAT_ANY);
	if (who_of(&group->key) == WHO_PROCESS)
		wholes[count++] = key_of(w, first, WHO_WORKERS, level->what);
	return count;
}

static void count_parts(const struct weighing *w, const struct level *level,
			const struct tally_group *group, struct map *parts)
{
	struct tally_key wholes[2];

	for (size_t i = wholes_of(w, level, group, wholes); i--;)
		++*map_slot_bytes(parts, &wholes[i], sizeof(*wholes), NULL);
}

static bool is_one_of_many(const struct weighing *w, const struct level *level,
			   const struct tally_group *group, const struct map *parts)
{
	struct tally_key wholes[2];

	for (size_t i = wholes_of(w, level, group, wholes); i--;)
		if (*map_find_bytes(parts, &wholes[i], sizeof(*wholes)) > ALIKE_MOST)
			return true;
	return false;
}

static void leave(struct left *left, const struct tally *tally, const struct tally_group *group,
		  bool enough)
{
	tally_each(tally, group, i) {
		left->at[left->count++] = i;
		if (enough)
			bits_add(left->enough, i);
	}
}

static void take_groups(const struct weighing *w, const struct level *level,
			const struct tally *tally, struct left *left)
{
	enum severity *severity = grow_alloc(tally->groups.count * sizeof(*severity));
	struct map parts = { .at = NULL };

	for (size_t i = 0; i < tally->groups.count; i++) {
		const struct tally_group *members = &tally->groups.at[i];
		struct service_group group = describe(w, level, tally, members);

		group.least = least_of(w, level, members, has_enough(tally, members, left));
		severity[i] = members->count < group.least ? SEVERITY_NONE : weigh_group(w, &group);
		if (severity[i])
			count_parts(w, level, members, &parts);
	}
	left->count = 0;
	for (size_t i = 0; i < tally->groups.count; i++) {
		const struct tally_group *members = &tally->groups.at[i];
		struct service_group group = describe(w, level, tally, members);

		if (severity[i] && !is_one_of_many(w, level, members, &parts))
			weigh_take(w, &group, severity[i]);
		else
			leave(left, tally, members, severity[i]);
	}
	map_fini(&parts);
	free(severity);
}

static void group_by(const struct weighing *w, const struct level *level, struct left *left)
{
	struct tally tally;

	tally_init(&tally, w->seen->socks.count);
	for (size_t i = 0; i < left->count; i++) {
		struct tally_key key = key_of(w, left->at[i], level->who, level->what);

		tally_add(&tally, &key, left->at[i]);
	}
	take_groups(w, level, &tally, left);
	tally_fini(&tally);
}

/* ---- of all namespaces -------------------------------------------------- */

static void add_left(const struct weighing *w, const struct left *left)
{
	struct rule_left *sum = grow_add(&w->report->left);

	sum->id = w->rule->id;
	sum->count = left->count;
	sum->oldest.min_ms = sum->oldest.max_ms = -1;
	for (size_t i = 0; i < left->count; i++) {
		const struct sock *s = &w->seen->socks.at[left->at[i]];
		struct age age = sock_age(s, &w->seen->limits);

		sum->critical += age.kind != AGE_UNKNOWN && (double)age.min_ms >= w->t->crit;
		if (age.kind != AGE_UNKNOWN && age.min_ms > sum->oldest.min_ms)
			sum->oldest = age;
	}
}

/* What the namespaces left over of one rule, together. */
struct leftovers {
	struct rule_left sum;
	uint64_t connections;
	size_t   namespaces;
	struct text names;              /* of the first ones */
};

enum { NAMESPACES_SHOWN = 3 };

static void gather(struct leftovers *all, const struct rule *rule, const struct judged *areas,
		   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct report *report = areas[i].report;

		all->connections += connections_of(report);
		for (size_t j = 0; j < report->left.count; j++) {
			const struct rule_left *left = &report->left.at[j];

			if (left->id != rule->id)
				continue;
			if (all->namespaces < NAMESPACES_SHOWN) {
				text_addf(&all->names, all->namespaces ? ", " : "");
				netns_word(&all->names, areas[i].netns, TEXT_WORD);
			}
			all->namespaces++;
			all->sum.count += left->count;
			all->sum.critical += left->critical;
			if (left->oldest.min_ms > all->sum.oldest.min_ms)
				all->sum.oldest = left->oldest;
		}
	}
}

static void weigh_leftovers(const struct rule *rule, const struct threshold *t,
			    const struct leftovers *all, struct report *report)
{
	uint64_t least = spread_least(rule, t, all->connections);
	struct finding *f;

	if (all->namespaces < 2 || all->sum.count < least ||
	    (rule->measure == MEASURE_COUNT && !threshold_level(t, (double)all->sum.count)))
		return;
	f = report_add(report, rule->id);
	f->severity = rule->measure == MEASURE_COUNT ? threshold_level(t, (double)all->sum.count) :
		      all->sum.critical >= least ? SEVERITY_CRITICAL : threshold_lower(t);
	f->subject.kind = SUBJECT_MACHINE;
	f->count = all->sum.count;
	f->age = all->sum.oldest;
	facts_number(&f->facts, "namespaces", FACT_COUNT, (double)all->namespaces);
	facts_bytes(&f->facts, "first_namespaces", text_str(&all->names), all->names.count);
}

void judge_machine(const struct judged *areas, size_t count, const struct thresholds *thresholds,
		   struct report *report)
{
	for (size_t i = 0; i < rules_count; i++) {
		struct leftovers all = { .sum = { .oldest = { .min_ms = -1, .max_ms = -1 } } };

		gather(&all, &rules[i], areas, count);
		weigh_leftovers(&rules[i], thresholds_get(thresholds, rules[i].id), &all, report);
		text_fini(&all.names);
	}
	judge_sort(report);
}

void weigh_levels(const struct weighing *w, const uint32_t *indices, size_t count)
{
	struct left left = { .count = count };

	if (!count)
		return;
	left.at = grow_alloc(count * sizeof(*left.at));
	left.enough = grow_alloc(w->seen->socks.count / 8 + 1);
	memcpy(left.at, indices, count * sizeof(*left.at));
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels) && left.count; i++)
		if (levels[i].keys & 1U << w->rule->key)
			group_by(w, &levels[i], &left);
	if (left.count)
		add_left(w, &left);
	free(left.at);
	free(left.enough);
}
