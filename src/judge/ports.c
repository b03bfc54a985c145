/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port-exhaustion, connect-search-cliff
 *
 * See port_map.h for what a port can be used for. The side that closes first
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

#include "base/grow.h"
#include "judge/port_map.h"

#include <stdlib.h>
#include <string.h>

/* All destinations of a snapshot, with the sockets that use ports for them. */
struct clients {
	struct port_map *map;
	struct tally tally;
	struct port_strip strip;        /* the range without a destination, if needed */
};

static unsigned cell_of(const struct port_map *map, unsigned port)
{
	unsigned size = map->high - map->low + 1;
	unsigned cells = size < STRIP_CELLS ? size : STRIP_CELLS;

	return (port - map->low) * cells / size;
}

/*
 * Makes cells of equal width over the range; a range with fewer ports has fewer than
 * STRIP_CELLS.
 */
static void make_strip(struct clients *c)
{
	const struct port_map *map = c->map;
	struct port_strip *strip = &c->strip;

	memset(strip, 0, sizeof(*strip));
	strip->low = (uint16_t)map->low;
	strip->high = (uint16_t)map->high;
	for (unsigned port = map->low; port <= map->high; port++) {
		unsigned cell = cell_of(map, port);
		bool is_lost = map->lost[port] == YES, is_reserved = !port_map_has(map, port);

		strip->size[cell]++;
		strip->used[cell] += is_lost;
		strip->reserved[cell] += is_reserved;
	}
}

static bool clients_init(struct clients *c, const struct snapshot *seen)
{
	c->map = grow_alloc(sizeof(*c->map));
	c->strip.high = 0;
	if (port_map_fill(c->map, seen, NULL, NULL)) {
		port_map_group(&c->tally, c->map, true, true);
		return true;
	}
	free(c->map);
	return false;
}

static void clients_fini(struct clients *c)
{
	tally_fini(&c->tally);
	free(c->map);
}

static struct finding *add_finding(const struct clients *c, const struct tally_group *group,
				   const char *id, struct report *report)
{
	struct finding *f = report_add(report, id);

	f->subject = (struct subject){
		.kind = SUBJECT_DESTINATION, .process = -1,
		.has_source = true, .has_destination = true,
		.source = group->key.source, .destination = group->key.destination,
		.family = addr_family(&group->key.destination), .port = group->key.port,
	};
	tally_each(&c->tally, group, i)
		concern(f, c->map->seen, i);
	return f;
}

static void put_strip(struct finding *f, struct clients *c)
{
	if (!c->strip.high)
		make_strip(c);
	f->strip = grow_space(sizeof(*f->strip));
	*f->strip = c->strip;
	for (size_t i = 0; i < f->members.count; i++) {
		uint16_t port = c->map->seen->socks.at[f->members.at[i]].local_port;
		bool is_new = c->map->lost[port] != YES;

		f->strip->used[cell_of(c->map, port)] += is_new;
	}
}

/* Compares two processes so that the result does not depend on the order of the rows. */
static bool holds_more(const struct process *all, int32_t process, uint32_t count, int32_t best,
		       uint32_t most)
{
	return count > most || (count == most && all[process].pid < all[best].pid);
}

/* The process that holds most of the members, or -1. Only the members tell it. */
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
	facts_number(&f->facts, "holder_pid", FACT_ID, seen->processes.at[holder].pid);
	facts_bytes(&f->facts, "holder_comm", seen->processes.at[holder].comm,
		    seen->processes.at[holder].comm_size);
	facts_number(&f->facts, "holder_sockets", FACT_COUNT, most);
}

static void put_facts(struct finding *f, const struct destination *d, const struct port_map *map)
{
	facts_number(&f->facts, "capacity", FACT_COUNT, map->capacity);
	facts_number(&f->facts, "used", FACT_COUNT, d->used);
	facts_number(&f->facts, "left", FACT_COUNT, d->left);
	facts_number(&f->facts, "left_min", FACT_COUNT, d->left_min);
	facts_number(&f->facts, "left_max", FACT_COUNT, d->left_max);
	facts_number(&f->facts, "time_wait", FACT_COUNT, d->time_wait);
	facts_number(&f->facts, "established", FACT_COUNT, d->established);
	facts_number(&f->facts, "other", FACT_COUNT, d->other);
	facts_number(&f->facts, "recyclable", FACT_COUNT, d->recyclable);
	facts_number(&f->facts, "blocked_for_all", FACT_COUNT, map->ports[YES]);
	facts_number(&f->facts, "reserved", FACT_COUNT, map->reserved);
	facts_number(&f->facts, "close_rate_per_s", FACT_RATE, d->close_rate_per_s);
	if (d->exhaustion_known)
		facts_number(&f->facts, "exhausted_in_s", FACT_S, d->exhausted_in_s);
	else
		facts_add(&f->facts, "exhausted_in_s", FACT_S);
	facts_range(&f->facts, map->low, map->high);
	put_holder(f, map->seen);
}

static void put_share(struct finding *f, const struct destination *d, const struct port_map *map)
{
	const char *share = trend_largest_share(map->ports[YES], d->time_wait - d->recyclable,
						d->established + d->other);
	bool waits = share && strcmp(share, "time_wait") == 0;

	facts_word(&f->facts, "largest_share", share);
	trend_facts(&f->facts, &map->seen->limits,
		    waits ? &map->seen->socks.at[f->members.at[0]] : NULL,
		    map->capacity - map->ports[YES]);
}

static void report_exhaustion(struct clients *c, const struct tally_group *group,
			      const struct destination *d, enum severity severity,
			      struct report *report)
{
	struct finding *f = add_finding(c, group, "port-exhaustion", report);

	f->severity = severity;
	f->has_ages = d->time_wait > 0;
	put_strip(f, c);
	put_facts(f, d, c->map);
	put_share(f, d, c->map);
}

/* The room for a first connection to a new destination. */
static struct destination anywhere(struct port_map *map)
{
	static const struct port_use none;

	return port_use_destination(&none, map);
}

/*
 * Reports the owners of lost ports: nobody is connected any more, so only they can be
 * named.
 */
static void report_starved(struct clients *c, const struct destination *d,
			   enum severity severity, struct report *report)
{
	static const uint32_t ownerless = STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_CLOSE);
	const struct snapshot *seen = c->map->seen;
	struct finding *f = report_add(report, "port-exhaustion");

	f->subject = (struct subject){ .kind = SUBJECT_NETNS, .process = -1 };
	f->severity = severity;
	put_strip(f, c);
	for (size_t i = 0; i < seen->socks.count; i++)
		if (c->map->lost[seen->socks.at[i].local_port] == YES &&
		    !(STATE_BIT(seen->socks.at[i].state) & ownerless))
			concern(f, seen, (uint32_t)i);
	put_facts(f, d, c->map);
	put_share(f, d, c->map);
}

/* Compares two groups so that the result does not depend on the order of the rows. */
static bool is_larger(const struct tally_group *a, const struct tally_group *b)
{
	return a->count > b->count ||
	       (a->count == b->count && memcmp(&a->key, &b->key, sizeof(a->key)) < 0);
}

static double lower_of(const struct threshold *t)
{
	return t->warn < t->crit ? t->warn : t->crit;
}

/*
 * Where bind() alone took so many ports that every destination is short of them, one
 * finding, about the destination with most sockets, stands for all. Where it took all of
 * them and nobody is connected, a finding names the owners.
 */
static void weigh_each(struct clients *c, const struct threshold *t, struct report *report)
{
	struct destination nobody = anywhere(c->map), most = nobody;
	enum severity everywhere = threshold_level(t, nobody.percent_gone);
	const struct tally_group *short_of = NULL;
	size_t before = report->findings.count;

	for (size_t i = 0; i < c->tally.groups.count; i++) {
		const struct tally_group *group = &c->tally.groups.at[i];
		struct destination d = port_map_destination(c->map, &c->tally, group);
		enum severity severity = threshold_level(t, d.percent_gone);

		if (d.used < t->least)
			continue;
		if (severity > everywhere) {
			report_exhaustion(c, group, &d, severity, report);
		} else if (severity && (!short_of || is_larger(group, short_of))) {
			short_of = group;
			most = d;
		}
	}
	if (short_of)
		report_exhaustion(c, short_of, &most, everywhere, report);
	else if (everywhere && report->findings.count == before)
		report_starved(c, &nobody, everywhere, report);
}

WEIGH(port_exhaustion)
{
	struct clients c;

	if (!clients_init(&c, seen))
		return;
	weigh_each(&c, t, report);
	clients_fini(&c);
}

IS_SHORT(port_exhaustion)
{
	uint32_t room = use->capacity > use->lost ? use->capacity - use->lost : 0;
	uint32_t left = room > use->used ? room - use->used : 0;

	return 100.0 - 100.0 * left / use->capacity >= lower_of(t);
}

/* ---- connect-search-cliff --------------------------------------------- */

/* The limit must be exceeded: with exactly half in use, the two halves still fit. */
static enum severity cliff_level(const struct threshold *t, double percent)
{
	if (percent > t->crit)
		return SEVERITY_CRITICAL;
	return percent > t->warn ? threshold_lower(t) : SEVERITY_NONE;
}

/* The finding that the destination has no ports left, which a long search is a part of. */
static struct finding *exhausted(const struct report *report, const struct tally_key *key)
{
	for (size_t i = 0; i < report->findings.count; i++) {
		struct finding *f = &report->findings.at[i];

		if (strcmp(f->id, "port-exhaustion") == 0 && f->subject.port == key->port &&
		    addr_equal(&f->subject.destination, &key->destination) &&
		    addr_equal(&f->subject.source, &key->source))
			return f;
	}
	return NULL;
}

static void put_search(struct facts *facts, uint32_t searched, double percent)
{
	facts_number(facts, "searched", FACT_COUNT, searched);
	facts_number(facts, "searched_percent", FACT_PERCENT, percent);
}

static void weigh_search(struct clients *c, const struct tally_group *group,
			 const struct threshold *t, struct report *report)
{
	const struct port_map *map = c->map;
	struct destination d = port_map_destination(c->map, &c->tally, group);
	uint32_t searched = map->ports[NO] + map->ports[MAYBE] - d.left;
	double percent = map->capacity ? 100.0 * searched / map->capacity : 0;
	struct finding *f;

	if (!cliff_level(t, percent) || d.used < t->least)
		return;
	f = exhausted(report, &group->key);
	if (f) {
		put_search(&f->facts, searched, percent);
		return;
	}
	f = add_finding(c, group, "connect-search-cliff", report);
	f->severity = cliff_level(t, percent);
	put_strip(f, c);
	put_facts(f, &d, map);
	put_search(&f->facts, searched, percent);
	facts_number(&f->facts, "half_ports", FACT_COUNT, (map->high - map->low + 1) / 2);
}

WEIGH(search_cliff)
{
	struct clients c;

	if (!clients_init(&c, seen))
		return;
	for (size_t i = 0; i < c.tally.groups.count; i++)
		weigh_search(&c, &c.tally.groups.at[i], t, report);
	clients_fini(&c);
}

IS_SHORT(search_cliff)
{
	return 100.0 * use->used / use->capacity > lower_of(t);
}
