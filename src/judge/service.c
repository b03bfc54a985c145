/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/service.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

/* ---- groups ------------------------------------------------------------ */

void tally_init(struct tally *tally, size_t indices)
{
	*tally = (struct tally){ .next = grow_alloc(indices * sizeof(*tally->next)) };
}

void tally_fini(struct tally *tally)
{
	free(tally->by_key.at);
	grow_fini(&tally->groups);
	free(tally->next);
}

static uint64_t hash_of_group(const void *ctx, uint32_t element)
{
	const struct tally *tally = ctx;

	return map_hash(&tally->groups.at[element].key, sizeof(struct tally_key));
}

/* The entry of the group with @key, or the free one where it belongs. */
static uint32_t *entry_of(const struct tally *tally, const struct tally_key *key)
{
	uint32_t *entry = index_first(&tally->by_key, map_hash(key, sizeof(*key)));

	while (*entry && memcmp(&tally->groups.at[*entry - 1].key, key, sizeof(*key)) != 0)
		entry = index_next(&tally->by_key, entry);
	return entry;
}

static struct tally_group *group_of(struct tally *tally, const struct tally_key *key)
{
	uint32_t *entry;

	index_widen(&tally->by_key, hash_of_group, tally);
	entry = entry_of(tally, key);
	if (!*entry) {
		((struct tally_group *)grow_add(&tally->groups))->key = *key;
		*entry = (uint32_t)tally->groups.count;
		tally->by_key.count++;
	}
	return &tally->groups.at[*entry - 1];
}

void tally_add(struct tally *tally, const struct tally_key *key, uint32_t index)
{
	struct tally_group *group = group_of(tally, key);

	if (group->last)
		tally->next[group->last - 1] = index + 1;
	else
		group->first = index + 1;
	group->last = index + 1;
	group->count++;
}

const struct tally_group *tally_find(const struct tally *tally, const struct tally_key *key)
{
	uint32_t entry = tally->by_key.room ? *entry_of(tally, key) : 0;

	return entry ? &tally->groups.at[entry - 1] : NULL;
}

/* ---- listeners -------------------------------------------------------- */

struct listener_key {
	struct addr addr;
	uint16_t port;
};

_Static_assert(sizeof(struct listener_key) == 18, "a hole would be hashed");

void listeners_init(struct listeners *l, const struct snapshot *seen)
{
	*l = (struct listeners){ .seen = seen };
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		uint32_t *slot;

		if (s->state != STATE_LISTEN)
			continue;
		bits_add(l->ports, s->local_port);
		slot = map_slot_bytes(&l->by_address, &(struct listener_key){ s->local, s->local_port },
				      sizeof(struct listener_key), NULL);
		/* of a SO_REUSEPORT group, the listener with most connections waiting */
		if (!*slot || seen->socks.at[*slot - 1].recv_queue < s->recv_queue)
			*slot = (uint32_t)i + 1;
	}
}

void listeners_fini(struct listeners *l)
{
	map_fini(&l->by_address);
}

static const struct sock *listener_at(const struct listeners *l, const struct addr *addr,
				      uint16_t port)
{
	const uint32_t *slot = map_find_bytes(&l->by_address, &(struct listener_key){ *addr, port },
					      sizeof(struct listener_key));

	return slot ? &l->seen->socks.at[*slot - 1] : NULL;
}

const struct sock *listeners_find(const struct listeners *l, const struct sock *s)
{
	static const struct addr any6 = { .b = { 0 } };
	static const uint8_t zero[4] = { 0 };
	struct addr any4 = addr_from_v4(zero);
	bool v4 = addr_is_v4(&s->local);
	const struct sock *found;

	if (!listeners_have(l, s->local_port))
		return NULL;
	found = listener_at(l, &s->local, s->local_port);
	if (!found && v4)
		found = listener_at(l, &any4, s->local_port);
	if (found)
		return found;
	found = listener_at(l, &any6, s->local_port);
	return found && v4 && (found->have & HAVE_V6ONLY) && found->v6only ? NULL : found;
}

/* ---- process and remote service --------------------------------------- */

enum role service_role(const struct listeners *l, const struct sock *s)
{
	enum opener opener = sock_opener(s);

	if (s->state == STATE_BOUND)
		return ROLE_UNKNOWN;
	if (opener == OPENER_HERE)
		return ROLE_OPENED;
	return opener == OPENER_PEER || listeners_have(l, s->local_port) ? ROLE_ACCEPTED
									 : ROLE_UNKNOWN;
}

uint16_t service_port(const struct sock *s, enum role role)
{
	if (s->state == STATE_BOUND)
		return 0;
	if (s->state == STATE_LISTEN)
		return s->local_port;
	return role == ROLE_ACCEPTED || (role == ROLE_UNKNOWN && s->local_port < s->remote_port) ?
	       s->local_port : s->remote_port;
}

uint64_t service_cgroup(const struct snapshot *seen, const struct sock *s)
{
	if (s->cgroup_id && !seen->cgroups_told)
		return s->cgroup_id;
	return snapshot_home(seen, s->cgroup_id, service_process(seen, s));
}

uint64_t service_workers(const struct process *process, uint64_t cgroup_id)
{
	const uint64_t of[] = { map_hash(process->comm ?: "", process->comm_size), cgroup_id };

	return map_hash(of, sizeof(of));
}

const char *service_opener(enum role role)
{
	static const char *const names[] = {
		[ROLE_UNKNOWN] = "unknown", [ROLE_OPENED] = "opened_here",
		[ROLE_ACCEPTED] = "accepted_here", [ROLE_MIXED] = "mixed",
	};

	return names[role];
}
