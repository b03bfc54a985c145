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

enum who { WHO_CGROUP, WHO_PROCESS };

/* What a level of grouping still distinguishes. */
struct level { bool process, address; };

static const struct level levels[] = {
	{ true, true }, { true, false }, { false, true }, { false, false },
};

enum role service_role(const struct listeners *l, const struct sock *s)
{
	enum opener opener = sock_opener(s);

	if (opener == OPENER_HERE)
		return ROLE_OPENED;
	return opener == OPENER_PEER || listeners_have(l, s->local_port) ? ROLE_ACCEPTED
									 : ROLE_UNKNOWN;
}

uint64_t service_cgroup(const struct snapshot *seen, const struct sock *s)
{
	if (s->cgroup_id && !seen->cgroups_told)
		return s->cgroup_id;
	return snapshot_home(seen, s->cgroup_id, service_process(seen, s));
}

static enum who set_who(struct tally_key *key, const struct snapshot *seen,
			const struct sock *s, bool by_process)
{
	int32_t process = by_process ? service_process(seen, s) : -1;

	if (process >= 0) {
		key->who = (uint64_t)process;
		return WHO_PROCESS;
	}
	key->who = service_cgroup(seen, s);
	return WHO_CGROUP;
}

/*
 * A kernel before 4.19 does not tell the opener. Then the lower port is taken for the
 * service's; this decides only what is grouped with what.
 */
static void set_service(struct tally_key *key, const struct sock *s, enum role role,
			bool by_address)
{
	if (s->state == STATE_BOUND)
		return;
	if (role == ROLE_ACCEPTED ||
	    (role == ROLE_UNKNOWN && s->local_port < s->remote_port)) {
		key->port = s->local_port;
		return;
	}
	key->port = s->remote_port;
	if (by_address)
		key->destination = s->remote;
}

static struct tally_key key_of(const struct listeners *l, const struct sock *s,
			       const struct level *level)
{
	struct tally_key key = { .port = 0 };
	enum role role = s->state == STATE_BOUND ? ROLE_UNKNOWN : service_role(l, s);
	enum who who = set_who(&key, l->seen, s, level->process);

	set_service(&key, s, role, level->address);
	key.kind = (uint8_t)((unsigned)who << 4 | (unsigned)role);
	return key;
}

/* The members of a coarse group may still share one address or one unit. */
static struct subject subject_of(const struct snapshot *seen, const struct tally *tally,
				 const struct tally_group *group)
{
	const struct sock *first = &seen->socks.at[group->first - 1];
	struct subject subject = {
		.kind = SUBJECT_PROCESS, .process = -1, .port = group->key.port,
		.cgroup_id = service_cgroup(seen, first),
		.destination = first->remote, .family = addr_family(&first->remote),
	};

	if (group->key.kind >> 4 == WHO_PROCESS)
		subject.process = (int32_t)group->key.who;
	subject.has_destination = group->key.port && group->key.port == first->remote_port;
	tally_each(tally, group, i) {
		const struct sock *s = &seen->socks.at[i];

		if (!addr_equal(&s->remote, &subject.destination))
			subject.has_destination = false;
		if (service_cgroup(seen, s) != subject.cgroup_id)
			subject.cgroup_id = 0;
	}
	return subject;
}

/*
 * Offers the groups of one level. Returns the number of sockets that nobody took; these
 * are in @left.
 */
static size_t offer(const struct listeners *l, const struct level *level, uint32_t *left,
		    size_t count, bool (*take)(void *, const struct service_group *), void *ctx)
{
	struct tally tally;
	size_t kept = 0;

	tally_init(&tally, l->seen->socks.count);
	for (size_t i = 0; i < count; i++) {
		struct tally_key key = key_of(l, &l->seen->socks.at[left[i]], level);

		tally_add(&tally, &key, left[i]);
	}
	for (size_t i = 0; i < tally.groups.count; i++) {
		struct service_group group = { .tally = &tally, .group = &tally.groups.at[i] };

		group.subject = subject_of(l->seen, &tally, group.group);
		group.role = (enum role)(group.group->key.kind & 0xf);
		if (take(ctx, &group))
			continue;
		tally_each(&tally, group.group, index)
			left[kept++] = index;
	}
	tally_fini(&tally);
	return kept;
}

void service_each(const struct listeners *l, const uint32_t *indices, size_t count,
		  bool (*take)(void *ctx, const struct service_group *group), void *ctx)
{
	uint32_t *left;

	if (!count)
		return;
	left = grow_alloc(count * sizeof(*left));
	memcpy(left, indices, count * sizeof(*left));
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels) && count; i++)
		count = offer(l, &levels[i], left, count, take, ctx);
	free(left);
}

const char *service_opener(enum role role)
{
	static const char *const names[] = {
		[ROLE_UNKNOWN] = "unknown", [ROLE_OPENED] = "opened_here",
		[ROLE_ACCEPTED] = "accepted_here",
	};

	return names[role];
}
