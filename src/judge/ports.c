/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port-exhaustion, connect-search-cliff
 *
 * See budget.h for what a port can be used for. The side that closes first
 * keeps the four numbers in TIME_WAIT for 60 s (RFC 9293 section 3.6.1: a late
 * segment must not reach the next connection with the same numbers), so a
 * client that closes first can make at most ports / 60 connections a second to
 * one destination for ever. After that connect() says EADDRNOTAVAIL.
 *
 * Everything is relative to what the range gives and to one destination: a
 * hundred thousand TIME_WAIT over many destinations are healthy, and those of a
 * server that closes first stand on the server's own port and cost nothing.
 *
 * The cliff: connect() tries the ports of one parity first and only then the
 * others. Once more than half of the range is in use towards a destination,
 * every connect() tries all of the first half in vain: with 14,000 of them 4 us
 * become 700 us, with TIME_WAIT 3 ms (measured). A warning only: it still works.
 */
#include "judge/weigh.h"

#include "judge/budget.h"
#include "judge/say.h"
#include "judge/service.h"
#include "judge/tally.h"

#include <stdio.h>
#include <string.h>

/* All destinations of a snapshot with the sockets that use ports for them. */
struct destinations {
	struct budget_base base;
	struct tally tally;
	struct finding strip;           /* of a destination without sockets, once it is asked for */
};

static unsigned cell_of(const struct budget_base *base, unsigned port)
{
	unsigned size = base->high - base->low + 1;
	unsigned cells = size < STRIP_CELLS ? size : STRIP_CELLS;

	return (port - base->low) * cells / size;
}

/* Cells of equal width over the range; fewer than STRIP_CELLS where it is shorter. */
static void make_strip(struct destinations *d)
{
	const struct budget_base *base = &d->base;
	struct finding *f = &d->strip;

	memset(f, 0, sizeof(*f));
	f->has_strip = true;
	f->strip_low = (uint16_t)base->low;
	f->strip_high = (uint16_t)base->high;
	for (unsigned port = base->low; port <= base->high; port++) {
		unsigned cell = cell_of(base, port);

		f->strip_size[cell]++;
		f->strip_used[cell] += budget_is_blocked(base, (uint16_t)port);
		f->strip_reserved[cell] += limits_is_reserved(&base->seen->limits, port);
	}
}

static bool destinations_init(struct destinations *d, const struct snapshot *seen)
{
	if (!budget_open(&d->base, seen))
		return false;
	d->strip.has_strip = false;
	tally_init(&d->tally, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (budget_counts(&d->base, s))
			tally_add(&d->tally, &(struct tally_key){ .source = s->local,
				  .destination = s->remote, .port = s->remote_port,
				  .ifindex = s->ifindex }, (uint32_t)i);
	}
	return true;
}

static void destinations_fini(struct destinations *d)
{
	tally_fini(&d->tally);
}

static struct budget budget_of(const struct destinations *d, const struct tally_group *group)
{
	struct budget b = { .used = 0 };

	tally_each(&d->tally, group, i)
		budget_add(&b, &d->base, &d->base.seen->socks.at[i]);
	budget_finish(&b, &d->base);
	return b;
}

static struct finding *add_finding(const struct destinations *d, const struct tally_group *group,
				   const char *id, struct report *report)
{
	struct finding *f = report_add(report, id);

	f->subject = (struct subject){
		.kind = SUBJECT_DESTINATION, .process = -1,
		.has_source = true, .has_destination = true,
		.source = group->key.source, .destination = group->key.destination,
		.family = say_family(&group->key.destination), .port = group->key.port,
	};
	tally_each(&d->tally, group, i)
		concern(f, d->base.seen, i);
	return f;
}

static void put_strip(struct finding *f, struct destinations *d)
{
	if (!d->strip.has_strip)
		make_strip(d);
	f->has_strip = true;
	f->strip_low = d->strip.strip_low;
	f->strip_high = d->strip.strip_high;
	memcpy(f->strip_size, d->strip.strip_size, sizeof(f->strip_size));
	memcpy(f->strip_used, d->strip.strip_used, sizeof(f->strip_used));
	memcpy(f->strip_reserved, d->strip.strip_reserved, sizeof(f->strip_reserved));
	for (size_t i = 0; i < f->members.count; i++)
		f->strip_used[cell_of(&d->base, d->base.seen->socks.at[f->members.at[i]].local_port)]++;
}

/* Of two with as many always the same one, in whatever order the rows came. */
static bool holds_more(const struct process *all, int32_t process, uint32_t count, int32_t best,
		       uint32_t most)
{
	return count > most || (count == most && all[process].pid < all[best].pid);
}

/* The process with the most of the sockets, or -1; members are its only clue. */
static int32_t main_holder(const struct finding *f, const struct snapshot *seen, uint32_t *most)
{
	struct map counts = { .at = NULL };
	int32_t best = -1;

	*most = 0;
	for (size_t i = 0; i < f->members.count; i++) {
		int32_t process = service_process(seen, &seen->socks.at[f->members.at[i]]);
		uint32_t count;

		if (process < 0)
			continue;
		count = ++*map_slot(&counts, (uint32_t)process, NULL);
		if (holds_more(seen->processes.at, process, count, best, *most)) {
			*most = count;
			best = process;
		}
	}
	map_fini(&counts);
	return best;
}

static void put_holder(struct finding *f, const struct snapshot *seen)
{
	uint32_t most;
	int32_t holder = main_holder(f, seen, &most);

	if (holder < 0)
		return;
	finding_fact(f, NULL, "holder_pid", FACT_ID, seen->processes.at[holder].pid);
	finding_text(f, NULL, "holder_comm", seen->processes.at[holder].comm,
		     seen->processes.at[holder].comm_size);
	finding_fact(f, NULL, "holder_sockets", FACT_COUNT, most);
}

static void put_facts(struct finding *f, const struct budget *b, const struct budget_base *base)
{
	char range[16];
	int size = snprintf(range, sizeof(range), "%u-%u", base->low, base->high);

	finding_fact(f, NULL, "capacity", FACT_COUNT, base->capacity);
	finding_fact(f, NULL, "used", FACT_COUNT, b->used);
	finding_fact(f, NULL, "left", FACT_COUNT, b->left);
	finding_fact(f, NULL, "left_min", FACT_COUNT, b->left_min);
	finding_fact(f, NULL, "left_max", FACT_COUNT, b->left_max);
	finding_fact(f, NULL, "time_wait", FACT_COUNT, b->time_wait);
	finding_fact(f, NULL, "established", FACT_COUNT, b->established);
	finding_fact(f, NULL, "other", FACT_COUNT, b->other);
	finding_fact(f, NULL, "recyclable", FACT_COUNT, b->recyclable);
	finding_fact(f, NULL, "blocked_for_all", FACT_COUNT, base->blocked_for_all);
	finding_fact(f, NULL, "reserved", FACT_COUNT, base->reserved);
	finding_fact(f, NULL, "close_rate_per_s", FACT_RATE, b->close_rate_per_s);
	if (b->exhaustion_known)
		finding_fact(f, NULL, "exhausted_in_s", FACT_S, b->exhausted_in_s);
	else
		finding_unknown(f, NULL, "exhausted_in_s", FACT_S);
	finding_text(f, NULL, "range", range, (size_t)size);
	put_holder(f, base->seen);
}

/* What to do depends on what takes most: ports that bind() took, TIME_WAIT or the living. */
static const char *largest_share(const struct budget *b, const struct budget_base *base)
{
	uint32_t waiting = b->time_wait - b->recyclable, alive = b->established + b->other;

	if (base->blocked_for_all > waiting && base->blocked_for_all > alive)
		return "bind";
	if (waiting && waiting >= alive)
		return "time_wait";
	return alive ? "in_use" : NULL;
}

static void put_share(struct finding *f, const struct budget *b, const struct budget_base *base)
{
	const char *share = largest_share(b, base);

	bool waits = share && strcmp(share, "time_wait") == 0;

	fact_word(f, "largest_share", share);
	trend_facts(&f->facts, &base->seen->limits,
		    waits ? &base->seen->socks.at[f->members.at[0]] : NULL,
		    base->capacity - base->blocked_for_all);
}

static void report_exhaustion(struct destinations *d, const struct tally_group *group,
			      const struct budget *b, enum severity severity,
			      struct report *report)
{
	struct finding *f = add_finding(d, group, "port-exhaustion", report);

	f->severity = severity;
	f->has_ages = b->time_wait > 0;
	put_strip(f, d);
	put_facts(f, b, &d->base);
	put_share(f, b, &d->base);
}

/* The sockets that took blocked ports: nobody connects any more, so only they can be shown. */
static void report_starved(struct destinations *d, const struct budget *b,
			   enum severity severity, struct report *report)
{
	static const uint32_t ownerless = STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_CLOSE);
	const struct snapshot *seen = d->base.seen;
	struct finding *f = report_add(report, "port-exhaustion");

	f->subject = (struct subject){ .kind = SUBJECT_NETNS, .process = -1 };
	f->severity = severity;
	put_strip(f, d);
	for (size_t i = 0; i < seen->socks.count; i++)
		if (budget_is_blocked(&d->base, seen->socks.at[i].local_port) &&
		    !(STATE_BIT(seen->socks.at[i].state) & ownerless))
			concern(f, seen, (uint32_t)i);
	put_facts(f, b, &d->base);
	put_share(f, b, &d->base);
}

/* Here, too, the order of the rows decides nothing. */
static bool is_larger(const struct tally_group *a, const struct tally_group *b)
{
	return a->count > b->count ||
	       (a->count == b->count && memcmp(&a->key, &b->key, sizeof(a->key)) < 0);
}

static double lower_of(const struct threshold *t)
{
	return t->warn < t->crit ? t->warn : t->crit;
}

bool is_short_port_exhaustion(const struct threshold *t, const struct port_bounds *use)
{
	uint32_t room = use->capacity > use->lost ? use->capacity - use->lost : 0;
	uint32_t left = room > use->used ? room - use->used : 0;

	return 100.0 - 100.0 * left / use->capacity >= lower_of(t);
}

/*
 * Where bind() alone took so many ports that any destination is short of them,
 * one finding, about the one with most sockets, says it for all; and where it
 * took all of them and nobody is connected, one that names the owners.
 */
void weigh_port_exhaustion(const struct snapshot *seen, const struct threshold *t,
			   struct report *report)
{
	const struct tally_group *short_of = NULL;
	struct destinations d;
	struct budget nothing = { .used = 0 };
	size_t before = report->findings.count;
	enum severity everywhere;

	if (!destinations_init(&d, seen))
		return;
	budget_finish(&nothing, &d.base);
	everywhere = threshold_level(t, budget_percent_gone(&nothing, &d.base));
	for (size_t i = 0; i < d.tally.groups.count; i++) {
		const struct tally_group *group = &d.tally.groups.at[i];
		struct budget b = budget_of(&d, group);
		enum severity severity = threshold_level(t, budget_percent_gone(&b, &d.base));

		if (group->count < t->least)
			continue;
		if (severity > everywhere)
			report_exhaustion(&d, group, &b, severity, report);
		else if (severity && (!short_of || is_larger(group, short_of)))
			short_of = group;
	}
	if (short_of) {
		struct budget b = budget_of(&d, short_of);

		report_exhaustion(&d, short_of, &b, everywhere, report);
	} else if (everywhere && report->findings.count == before) {
		report_starved(&d, &nothing, everywhere, report);
	}
	destinations_fini(&d);
}

static void put_cliff(struct finding *f, const struct budget *b, const struct budget_base *base)
{
	finding_fact(f, NULL, "searched", FACT_COUNT, b->used - b->recyclable);
	finding_fact(f, NULL, "searched_percent", FACT_PERCENT, budget_percent_searched(b, base));
	finding_fact(f, NULL, "half_ports", FACT_COUNT, (base->high - base->low + 1) / 2);
}

/* "More than": with exactly half the halves still fit. */
static enum severity cliff_level(const struct threshold *t, double percent)
{
	if (percent > t->crit)
		return SEVERITY_CRITICAL;
	return percent > t->warn ? SEVERITY_WARNING : SEVERITY_NONE;
}

bool is_short_search_cliff(const struct threshold *t, const struct port_bounds *use)
{
	return 100.0 * use->used / use->capacity > lower_of(t);
}

void weigh_search_cliff(const struct snapshot *seen, const struct threshold *t,
			struct report *report)
{
	struct destinations d;

	if (!destinations_init(&d, seen))
		return;
	for (size_t i = 0; i < d.tally.groups.count; i++) {
		const struct tally_group *group = &d.tally.groups.at[i];
		struct budget b = budget_of(&d, group);
		enum severity severity = cliff_level(t, budget_percent_searched(&b, &d.base));
		struct finding *f;

		if (!severity || group->count < t->least)
			continue;
		f = add_finding(&d, group, "connect-search-cliff", report);
		f->severity = severity;
		put_strip(f, &d);
		put_facts(f, &b, &d.base);
		put_cliff(f, &b, &d.base);
	}
	destinations_fini(&d);
}
