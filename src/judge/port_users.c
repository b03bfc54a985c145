/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/port_users.h"

#include "base/bits.h"
#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"
#include "judge/service.h"

#include <stdlib.h>
#include <string.h>

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
	struct map ports;               /* who and lost port: counted */
	struct lost_ports lost;
	uint8_t counted[65536 / 8];
	/* Neighbours are mostly alike; this spares the maps. */
	struct user_key last_key;
	uint32_t last_user;             /* index + 1 */
	uint32_t last_on_port[65536];   /* the same, counted there */
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

/* False when that port is counted already: each has one kind, and one client. */
static bool take_port(struct users *users, const struct sock *s)
{
	bool fresh = !bits_has(users->counted, s->local_port);

	bits_add(users->counted, s->local_port);
	return fresh;
}

/* False when this user was counted for that port before. */
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

/* First those without a connection: a port is lost through its listener. */
static void add_all(struct users *users, const uint32_t *socks, size_t count, bool connected)
{
	for (size_t i = 0; i < count; i++) {
		const struct sock *s = &users->map->seen->socks.at[socks[i]];

		if (connected == (bool)(STATE_BIT(s->state) & STATE_CONNECTED))
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

struct lost_ports port_users_find(const struct port_map *map, const uint32_t *socks, size_t count,
				  struct connect_answer *answer)
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

const struct port_user *port_users_first(const struct connect_answer *answer, bool blocks_all)
{
	for (size_t i = 0; i < answer->users.count; i++)
		if (answer->users.at[i].process >= 0 &&
		    answer->users.at[i].blocks_all == blocks_all)
			return &answer->users.at[i];
	return NULL;
}
