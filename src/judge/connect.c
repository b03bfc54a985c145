/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A first pass over all sockets finds the state of each port (port_map.h); a second pass
 * finds the sockets of this destination and the owners to blame. The list of all
 * destinations groups the sockets of the second pass and judges each group by the same
 * rules.
 */
#include "judge/connect.h"

#include "base/bits.h"
#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"
#include "judge/port_map.h"
#include "judge/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDE_ENOUGH = 60000,    /* ports: hardly anybody can have a wider range */
	NEARLY_FULL = 90,       /* percent of tcp_max_tw_buckets */
};

/* ---- who holds the ports ---------------------------------------------- */

/*
 * The users of the ports that a destination cannot have: processes; where no process was
 * seen, cgroups; and where there is none (TIME_WAIT, orphans), nobody. Ports lost to
 * every destination are counted, not sockets, because a server takes one port however
 * many connections it has on it.
 */

/* Ports lost to every destination, by what took them. */
struct lost_ports {
	uint32_t listening, idle, accepted;
	uint32_t clients;               /* the rest: bound by a program that then connected */
};

struct user_key {
	uint64_t cgroup_id;             /* where no process was seen */
	int32_t  process;
	uint32_t blocks_all;
};

_Static_assert(sizeof(struct user_key) == 16, "a hole would be hashed");

struct users {
	const struct port_map *map;
	struct connect_answer *answer;
	struct map by_key;              /* who -> index + 1 */
	struct map ports;               /* pairs of user and lost port that were counted */
	struct lost_ports lost;
	uint8_t counted[65536 / 8];
	/* Neighbouring sockets are mostly alike; remembering the last one saves lookups. */
	struct user_key last_key;
	uint32_t last_user;             /* index + 1 */
	uint32_t last_on_port[65536];   /* the last user counted on each port: index + 1 */
};

static uint32_t user_by_key(struct users *users, const struct user_key *key,
			    const struct port_user *fresh)
{
	uint32_t *slot;

	if (users->last_user && memcmp(key, &users->last_key, sizeof(*key)) == 0)
		return users->last_user - 1;
	slot = map_slot_bytes(&users->by_key, key, sizeof(*key), NULL);
	if (!*slot) {
		*grow_add(&users->answer->users) = *fresh;
		*slot = (uint32_t)users->answer->users.count;
	}
	users->last_key = *key;
	users->last_user = *slot;
	return *slot - 1;
}

static uint32_t user_of(struct users *users, const struct sock *s, bool blocks_all)
{
	const struct snapshot *seen = users->map->seen;
	struct port_user fresh = {
		.process = service_process(seen, s), .cgroup_id = service_cgroup(seen, s),
		.blocks_all = blocks_all,
	};
	struct user_key key = { .process = fresh.process, .blocks_all = blocks_all };

	if (fresh.process < 0)
		key.cgroup_id = fresh.cgroup_id;
	return user_by_key(users, &key, &fresh);
}

static uint32_t *kind_of(struct lost_ports *lost, const struct sock *s)
{
	if (s->state == STATE_LISTEN)
		return &lost->listening;
	if (s->state == STATE_BOUND || s->state == STATE_CLOSE)
		return &lost->idle;
	return sock_opener(s) == OPENER_PEER ? &lost->accepted : &lost->clients;
}

/* Returns false when the port was counted already. Each port has one kind and one client. */
static bool take_port(struct users *users, const struct sock *s)
{
	bool fresh = !bits_has(users->counted, s->local_port);

	bits_add(users->counted, s->local_port);
	return fresh;
}

/* Returns false when this user was counted for the port before. */
static bool is_first_on_port(struct users *users, uint32_t index, uint16_t port)
{
	bool fresh;

	if (users->last_on_port[port] == index + 1)
		return false;
	users->last_on_port[port] = index + 1;
	map_slot(&users->ports, (uint64_t)index << 16 | port, &fresh);
	return fresh;
}

static void add(struct users *users, const struct sock *s)
{
	bool blocks_all = users->map->lost[s->local_port] == YES, fresh = take_port(users, s);
	struct port_user *user;
	uint32_t index;

	if (!blocks_all && !fresh)
		return;
	index = user_of(users, s, blocks_all);
	user = &users->answer->users.at[index];
	if (blocks_all) {
		*kind_of(&users->lost, s) += fresh;
		fresh = is_first_on_port(users, index, s->local_port);
	}
	user->count += fresh;
	user->states[s->state] += fresh;
}

/* Sockets without a connection come first, because a port is lost through its listener. */
static void add_all(struct users *users, const uint32_t *socks, size_t count, bool connected)
{
	for (size_t i = 0; i < count; i++) {
		const struct sock *s = &users->map->seen->socks.at[socks[i]];

		if (connected == sock_is_connection(s))
			add(users, s);
	}
}

static int compare_users(const void *left, const void *right)
{
	const struct port_user *a = left, *b = right;

	return order_of(b->count, a->count) ?: order_of(b->blocks_all, a->blocks_all) ?:
	       order_of(b->process, a->process) ?:
	       order_of((int64_t)a->cgroup_id, (int64_t)b->cgroup_id);
}

/*
 * Finds the users of @answer. @socks: the sockets of the destination, and those that
 * port_map_blames().
 */
static struct lost_ports find_users(const struct port_map *map, const uint32_t *socks,
				    size_t count, struct connect_answer *answer)
{
	OWN_MEM struct users *users = grow_alloc(sizeof(*users));

	users->map = map;
	users->answer = answer;
	add_all(users, socks, count, false);
	add_all(users, socks, count, true);
	if (answer->users.count)
		qsort(answer->users.at, answer->users.count, sizeof(*answer->users.at),
		      compare_users);
	map_fini(&users->by_key);
	map_fini(&users->ports);
	return users->lost;
}

/* ---- one destination --------------------------------------------------- */

struct indices { uint32_t *at; size_t count, room; };

/* A search for a device meets the sockets of that device; a search without one meets all. */
static bool is_of_destination(const struct connect_ask *ask, const struct sock *s)
{
	return s->remote_port == ask->port && addr_equal(&s->remote, &ask->destination) &&
	       addr_equal(&s->local, &ask->source) &&
	       (!s->ifindex || s->ifindex == ask->ifindex);
}

/* After a bind(), the TIME_WAITs of every destination decide when a port becomes free. */
static void gather(struct port_map *map, const struct connect_ask *ask, struct port_use *use,
		   struct indices *concerned)
{
	for (size_t i = 0; i < map->seen->socks.count; i++) {
		const struct sock *s = &map->seen->socks.at[i];

		if (is_of_destination(ask, s) && port_map_is_client(map, s))
			port_use_add(use, map, s);
		else if (!port_map_blames(map, s))
			continue;
		else if (map->bind_first)
			port_use_wait(use, map, s);
		*grow_add(concerned) = (uint32_t)i;
	}
}

/*
 * Sockets that were not seen can only have taken more ports, so a shortage that was seen
 * is certain.
 */
static enum connect_verdict verdict_of(const struct port_map *map, uint32_t left,
				       const struct threshold *tight)
{
	double gone;

	if (!left)
		return CONNECT_EXHAUSTED;
	gone = port_map_percent_gone(map, left);
	if (gone >= tight->warn || gone >= tight->crit)
		return CONNECT_TIGHT;
	return snapshot_is_complete(map->seen) ? CONNECT_OK : CONNECT_UNKNOWN;
}

static void put_use(struct connect_answer *answer, const struct port_map *map,
		    const struct port_use *use)
{
	answer->ports = port_use_destination(use, map);
	answer->capacity = map->capacity;
	answer->reserved = map->reserved;
	answer->blocked_for_all = map->ports[YES];
	answer->ambiguous = map->ports[MAYBE];
	memcpy(answer->open, map->open, sizeof(answer->open));
	memcpy(answer->states, use->states, sizeof(answer->states));
	answer->used_and_blocked = port_use_lost(use);
	answer->next_free_ms = use->next_free_ms;
}

/* What would be left if the same program let connect() choose the port. */
static struct known left_unbound(const struct snapshot *seen, const struct connect_ask *ask,
				 const struct port_probe *probe)
{
	OWN_MEM struct port_map *map = grow_alloc(sizeof(*map));
	struct port_use use = { .used = 0 };

	if (!port_map_fill(map, seen, NULL, probe))
		return (struct known){ .is = false };
	for (size_t i = 0; i < seen->socks.count; i++)
		if (is_of_destination(ask, &seen->socks.at[i]) &&
		    port_map_is_client(map, &seen->socks.at[i]))
			port_use_add(&use, map, &seen->socks.at[i]);
	return (struct known){ true, port_use_destination(&use, map).left };
}

/* ---- what decides which words are said ---- */

/* A question, and what was counted for it. */
struct connect_case {
	const struct port_map *map;
	const struct connect_ask *ask;
	const struct port_probe *probe; /* or NULL */
	const struct port_use *use;
	struct lost_ports lost;
	struct connect_answer *answer;
};

/* Ports that are not left, by what would have to change. */
struct shares { uint32_t waiting, alive, lost; };

static struct shares shares_of(const struct connect_answer *answer)
{
	struct shares shares = { .lost = answer->blocked_for_all };

	for (size_t i = 0; i < answer->users.count; i++) {
		const struct port_user *user = &answer->users.at[i];

		if (user->blocks_all)
			continue;
		shares.waiting += user->states[STATE_TIME_WAIT];
		shares.alive += user->count - user->states[STATE_TIME_WAIT];
	}
	shares.waiting -= answer->ports.recyclable;
	return shares;
}

/* The state that most of the connections are in, if it is one that is of no use. */
static const char *idle_state(const struct connect_answer *a, const struct shares *shares)
{
	static const enum state states[] = { STATE_CLOSE_WAIT, STATE_SYN_SENT };

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (a->states[states[i]] > shares->alive / 2)
			return state_table[states[i]].name;
	return NULL;
}

/* Why the truth is only known to lie between two numbers. */
static const char *doubt_of(const struct connect_case *c)
{
	const struct connect_answer *a = c->answer;
	bool asked = c->probe && c->probe->made, bind_first = c->ask->bind_first;

	if (a->ports.left_min == a->ports.left_max)
		return NULL;
	if (!snapshot_is_complete(c->map->seen))
		return "incomplete";
	if (c->map->blind && (bind_first || !asked))
		return "bound_unlisted";
	if (a->ambiguous)
		return bind_first ? "ipv6_only" : asked ? "not_asked" : "bound";
	return c->use->ports[HIT_MAYBE][NO] ? "time_wait" : "odd_range";
}

/*
 * Ports lost because a program calls bind() before connect() have other causes and
 * cures, so these facts are left out then.
 */
static void put_shares(const struct connect_case *c, struct facts *facts)
{
	const struct limits *limits = &c->map->seen->limits;
	struct connect_answer *a = c->answer;
	struct shares shares = shares_of(a);
	const char *largest = c->ask->bind_first ? NULL :
		trend_largest_share(shares.lost, shares.waiting, shares.alive);
	struct sock time_wait = {
		.local = c->ask->source, .remote = c->ask->destination,
		.ifindex = c->ask->ifindex,
	};

	facts_word(facts, "largest_share", largest);
	facts_word(facts, "idle_state", idle_state(a, &shares));
	trend_facts(facts, limits, largest && strcmp(largest, "time_wait") == 0 ? &time_wait : NULL,
		    a->capacity - a->blocked_for_all);
	facts_known(facts, "tw_reuse", FACT_ID, &limits->limit[LIMIT_TW_REUSE]);
	facts_bool(facts, "pairs_help", !c->ask->bind_first && a->capacity &&
		   shares.waiting + shares.alive >= shares.lost);
}

static void put_lost(const struct connect_case *c, struct facts *facts)
{
	const struct lost_ports *lost = &c->lost;

	facts_number(facts, "blocked_by_listeners", FACT_COUNT, lost->listening);
	facts_number(facts, "blocked_by_idle", FACT_COUNT, lost->idle);
	facts_number(facts, "blocked_by_accepted", FACT_COUNT, lost->accepted);
	facts_number(facts, "blocked_by_clients", FACT_COUNT, lost->clients);
	facts_bool(facts, "clients_bind",
		   lost->clients >= lost->listening + lost->idle + lost->accepted);
}

static void put_range(const struct connect_case *c, struct facts *facts)
{
	const struct port_map *map = c->map;
	unsigned size = map->high - map->low + 1;

	facts_range(facts, map->low, map->high);
	facts_number(facts, "half_ports", FACT_COUNT, size / 2);
	facts_bool(facts, "range_narrow", size < WIDE_ENOUGH);
	facts_bool(facts, "much_reserved", map->reserved > map->capacity / 4);
	/* since 6.8 only, the range of a socket is certainly searched port by port */
	facts_bool(facts, "own_range_helps", c->answer->ports.cliff && !map->bind_first &&
		   kernel_at_least(map->seen, 6, 8));
	facts_bool(facts, "own_range_possible", c->answer->ports.left &&
		   kernel_at_least(map->seen, 6, 3));
}

/* The counter runs since boot; only beside a full table does it tell about now. */
static bool is_overflowing(const struct limits *limits)
{
	const struct known *fill = &limits->counter[COUNTER_TW];
	const struct known *most = &limits->limit[LIMIT_MAX_TW_BUCKETS];

	return fill->is && most->is && fill->value * 100 >= most->value * NEARLY_FULL;
}

static void put_doubts(const struct connect_case *c, struct facts *facts)
{
	const struct limits *limits = &c->map->seen->limits;
	const struct connect_ask *ask = c->ask;

	facts_word(facts, "doubt", doubt_of(c));
	facts_number(facts, "nearly_recyclable", FACT_COUNT, c->use->ports[HIT_MAYBE][NO]);
	facts_bool(facts, "bound_unlisted", c->map->blind);
	facts_bool(facts, "autobind_reuse", ask->bind_first &&
		   limits->limit[LIMIT_AUTOBIND_REUSE].value);
	facts_bool(facts, "time_wait_full", is_overflowing(limits));
	facts_known(facts, "max_tw_buckets", FACT_COUNT, &limits->limit[LIMIT_MAX_TW_BUCKETS]);
	facts_known(facts, "time_wait_overflow", FACT_COUNT,
		    &limits->counter[COUNTER_TIME_WAIT_OVERFLOW]);
	facts_bool(facts, "connects_to_itself", addr_equal(&ask->source, &ask->destination) &&
		   port_map_has(c->map, ask->port) && !bits_has(c->map->listened, ask->port));
}

static void put_facts(const struct connect_case *c)
{
	struct connect_answer *a = c->answer;

	facts_bool(&a->facts, "runs_short", a->ports.verdict == CONNECT_TIGHT ||
		   a->ports.verdict == CONNECT_EXHAUSTED || a->ports.cliff || a->ports.exhaustion_known);
	put_shares(c, &a->facts);
	put_lost(c, &a->facts);
	put_range(c, &a->facts);
	put_doubts(c, &a->facts);
}

bool judge_connect(const struct snapshot *seen, const struct connect_ask *ask,
		   const struct port_probe *probe, const struct threshold *tight,
		   struct connect_answer *answer)
{
	OWN_MEM struct port_map *map = grow_alloc(sizeof(*map));
	struct indices concerned = { NULL, 0, 0 };
	struct port_use use = { .used = 0 };
	struct connect_case c = {
		.map = map, .ask = ask, .probe = probe, .use = &use, .answer = answer,
	};

	memset(answer, 0, sizeof(*answer));
	if (!port_map_fill(map, seen, ask->bind_first ? ask : NULL, probe)) {
		answer->ports.verdict = CONNECT_UNKNOWN;
		return false;
	}
	gather(map, ask, &use, &concerned);
	put_use(answer, map, &use);
	answer->ports.verdict = verdict_of(map, answer->ports.left, tight);
	if (answer->ports.verdict == CONNECT_EXHAUSTED)
		answer->err = ask->bind_first ? EADDRINUSE : EADDRNOTAVAIL;
	c.lost = find_users(map, concerned.at, concerned.count, answer);
	put_facts(&c);
	if (ask->bind_first) {
		struct known unbound = left_unbound(seen, ask, probe);

		facts_known(&answer->facts, "left_unbound", FACT_COUNT, &unbound);
	}
	grow_fini(&concerned);
	return true;
}

/*
 * A probe may still find that an ambiguous owner blocks its port, so the holders of
 * those sockets are wanted, too.
 */
void judge_connect_wants(const struct snapshot *seen, const struct connect_ask *ask,
			 struct map *inodes)
{
	OWN_MEM struct port_map *map = grow_alloc(sizeof(*map));

	if (!port_map_fill(map, seen, ask->bind_first ? ask : NULL, NULL))
		return;
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (!s->inode || !port_map_owns(map, s))
			continue;
		if (is_of_destination(ask, s) || port_map_blames(map, s) ||
		    (map->lost[s->local_port] == MAYBE && port_map_blocks(map, s) == MAYBE))
			map_slot(inodes, s->inode, NULL);
	}
}

/* ---- all destinations ---- */

static int compare_destinations(const void *left, const void *right)
{
	const struct destination *a = left, *b = right;

	return order_of(a->left, b->left) ?: order_of(b->used, a->used) ?:
	       memcmp(&a->destination, &b->destination, sizeof(a->destination)) ?:
	       memcmp(&a->source, &b->source, sizeof(a->source)) ?:
	       order_of(a->port, b->port) ?: order_of(a->ifindex, b->ifindex);
}

static void list_all(struct destinations *result, struct port_map *map, const struct tally *tally,
		     const struct threshold *tight)
{
	for (size_t i = 0; i < tally->groups.count; i++) {
		struct destination d = port_map_destination(map, tally, &tally->groups.at[i]);

		d.verdict = verdict_of(map, d.left, tight);
		*grow_add(&result->list) = d;
	}
	if (result->list.count)
		qsort(result->list.at, result->list.count, sizeof(*result->list.at),
		      compare_destinations);
}

/*
 * The verdict about the destination with the fewest ports left; without any, about a
 * destination that would have every port that is not lost.
 */
static enum connect_verdict worst_of(const struct destinations *all, const struct port_map *map,
				     const struct threshold *tight)
{
	return all->list.count ? all->list.at[0].verdict :
				 verdict_of(map, map->ports[NO] + map->ports[MAYBE], tight);
}

bool judge_destinations(const struct snapshot *seen, const struct threshold *tight,
			bool ipv4, bool ipv6, struct destinations *result)
{
	OWN_MEM struct port_map *map = grow_alloc(sizeof(*map));
	struct tally tally;

	memset(result, 0, sizeof(*result));
	result->worst = CONNECT_UNKNOWN;
	if (!port_map_fill(map, seen, NULL, NULL))
		return false;
	result->capacity = map->capacity;
	result->reserved = map->reserved;
	result->blocked_for_all = map->ports[YES];
	port_map_group(&tally, map, ipv4, ipv6);
	list_all(result, map, &tally, tight);
	result->worst = worst_of(result, map, tight);
	tally_fini(&tally);
	return true;
}
