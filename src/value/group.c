/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/group.h"

#include "base/grow.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct group_row group_table[GROUP_KEY_COUNT] = {
	[GROUP_PROCESS]        = { "process", "pid", NEED_HOLDERS },
	[GROUP_COMM]           = { "comm", "comm", NEED_HOLDERS },
	[GROUP_UNIT]           = { "unit", "unit", NEED_CGROUP },
	[GROUP_CGROUP]         = { "cgroup", "cgroup", NEED_CGROUP },
	[GROUP_UID]            = { "uid", "uid", 0 },
	[GROUP_STATE]          = { "state", "state", 0 },
	[GROUP_LOCAL_ADDRESS]  = { "local", "local_address", 0 },
	[GROUP_REMOTE_ADDRESS] = { "remote", "remote_address", 0 },
	[GROUP_LOCAL_PORT]     = { "sport", "local_port", 0 },
	[GROUP_REMOTE_PORT]    = { "dport", "remote_port", 0 },
	[GROUP_LOCAL]          = { "local:port", "local", 0 },
	[GROUP_REMOTE]         = { "remote:port", "remote", 0 },
	[GROUP_NETNS]          = { "netns", "netns", 0 },
};

static int no_such_key(const char *name, size_t size, struct fault *fault)
{
	struct text names = { 0 };
	int err;

	for (size_t i = 0; i < GROUP_KEY_COUNT; i++)
		text_addf(&names, "%s%s", i ? " " : "", group_table[i].name);
	err = fault_set(fault, EINVAL, "--by has no key '%s'; there are: %s",
			QUOTE_BYTES(name, size), text_str(&names));
	text_fini(&names);
	return err;
}

static size_t find_key(const char *name, size_t size)
{
	size_t i = 0;

	while (i < GROUP_KEY_COUNT && (strlen(group_table[i].name) != size ||
				       strncasecmp(group_table[i].name, name, size) != 0))
		i++;
	return i;
}

bool groups_have(const struct groups *groups, enum group_key key)
{
	for (size_t i = 0; i < groups->keys_count; i++)
		if (groups->keys[i] == key)
			return true;
	return false;
}

int groups_choose(struct groups *groups, const char *spec, struct fault *fault)
{
	size_t size;

	for (groups->keys_count = 0;; spec += size + 1) {
		size = strcspn(spec, ",");
		size_t key = find_key(spec, size);

		if (key == GROUP_KEY_COUNT)
			return no_such_key(spec, size, fault);
		if (!groups_have(groups, (enum group_key)key))
			groups->keys[groups->keys_count++] = (enum group_key)key;
		if (!spec[size])
			return 0;
	}
}

void groups_fini(struct groups *groups)
{
	for (size_t i = 0; i < groups->list.count; i++) {
		free(groups->list.at[i].local);
		free(groups->list.at[i].remote);
	}
	grow_fini(&groups->list);
	grow_fini(&groups->mixed);
	map_fini(&groups->by_key);
	text_fini(&groups->bytes);
}

unsigned groups_need(const struct groups *groups)
{
	unsigned need = 0;

	for (size_t i = 0; i < groups->keys_count; i++)
		need |= group_table[groups->keys[i]].need;
	return need;
}

/* -- keys ---------------------------------------------------------------- */

struct owned {
	const struct snapshot *seen;
	const struct sock *sock;
	enum owner owner;
	uint32_t process;
};

/* Each part tells where it ends: fixed sizes, and strings with their NUL. */
static void put_fixed(struct text *key, const void *bytes, size_t size)
{
	text_add(key, bytes, size);
}

static void put_string(struct text *key, const char *str)
{
	text_add(key, str ? "+" : "-", 1);
	text_add(key, str ? str : "", str ? strlen(str) + 1 : 0);
}

static void put_number(struct text *key, bool known, uint64_t value)
{
	char bytes[9] = { known ? '+' : '-' };

	for (unsigned i = 0; known && i < 8; i++)
		bytes[i + 1] = (char)(value >> (56 - 8 * i));
	put_fixed(key, bytes, sizeof(bytes));
}

static void put_owner(struct text *key, const struct owned *owned, bool by_name)
{
	const struct process *process = &owned->seen->processes.at[owned->process];

	put_number(key, true, owned->owner);
	if (owned->owner != OWNER_SEEN)
		return;
	put_number(key, true, by_name ? process->comm_size : (uint64_t)process->pid);
	if (by_name)
		put_fixed(key, process->comm, process->comm_size);
}

static const struct cgroup *cgroup_of(const struct owned *owned)
{
	const struct sock *sock = owned->sock;

	return sock->have & HAVE_CGROUP ? snapshot_cgroup(owned->seen, sock->cgroup_id) : NULL;
}

static void put_address(struct text *key, const struct sock *sock, bool peer)
{
	const struct other *other = sock->other;

	if (!other)
		put_fixed(key, peer ? sock->remote.b : sock->local.b, sizeof(sock->local.b));
	else if (peer)
		put_fixed(key, other->remote, other->remote_size);
	else
		put_fixed(key, other->local, other->local_size);
	text_add(key, "", 1);
}

static void put_port(struct text *key, const struct sock *sock, bool peer)
{
	const struct other *other = sock->other;

	if (!other)
		put_number(key, true, peer ? sock->remote_port : sock->local_port);
	else if (peer)
		put_fixed(key, other->remote_service, other->remote_service_size);
	else
		put_fixed(key, other->local_service, other->local_service_size);
	text_add(key, "", 1);
}

static bool has_peer(const struct sock *sock)
{
	return sock->other || sock->remote_port || !addr_is_any(&sock->remote);
}

static void put_end(struct text *key, const struct sock *sock, enum group_key part)
{
	bool peer = part == GROUP_REMOTE || part == GROUP_REMOTE_ADDRESS || part == GROUP_REMOTE_PORT;

	put_number(key, !peer || has_peer(sock), sock->other ? 1 : 0);
	if (peer && !has_peer(sock))
		return;
	if (part != GROUP_LOCAL_PORT && part != GROUP_REMOTE_PORT)
		put_address(key, sock, peer);
	if (part != GROUP_LOCAL_ADDRESS && part != GROUP_REMOTE_ADDRESS)
		put_port(key, sock, peer);
}

static void put_place(struct text *key, const struct snapshot *seen)
{
	uint64_t inode = seen->place ? seen->place->inode : seen->netns_inode;

	put_number(key, inode, inode);
}

static void put_key(struct text *key, enum group_key which, const struct owned *owned)
{
	const struct sock *sock = owned->sock;
	const struct cgroup *cgroup;

	switch (which) {
	case GROUP_PROCESS:
	case GROUP_COMM:
		put_owner(key, owned, which == GROUP_COMM);
		break;
	case GROUP_UNIT:
	case GROUP_CGROUP:
		cgroup = cgroup_of(owned);
		put_string(key, !cgroup ? NULL : which == GROUP_UNIT ? cgroup_unit(cgroup) : cgroup->path);
		break;
	case GROUP_UID:
		put_number(key, sock->have & HAVE_UID, sock->uid);
		break;
	case GROUP_STATE:
		put_number(key, true, sock->state);
		break;
	case GROUP_NETNS:
		put_place(key, owned->seen);
		break;
	default:
		put_end(key, sock, which);
	}
}

/* -- counting ------------------------------------------------------------ */

static char *copy_name(const char *host, size_t host_size, const char *service, size_t service_size)
{
	struct text text = { 0 };

	text_add(&text, host, host_size);
	text_add(&text, ":", service_size ? 1 : 0);
	text_add(&text, service, service_size);
	if (!text.at)
		return grow_strdup("");
	return text.at;
}

static void found(struct group *group, const struct owned *owned)
{
	const struct sock *sock = owned->sock;
	const struct other *other = sock->other;

	group->example = (struct group_example){
		.local = sock->local, .remote = sock->remote,
		.local_port = sock->local_port, .remote_port = sock->remote_port,
		.uid = sock->uid, .uid_known = sock->have & HAVE_UID,
		.cgroup_id = sock->cgroup_id, .cgroup_known = sock->have & HAVE_CGROUP,
		.state = (uint8_t)sock->state,
	};
	group->owner = owned->owner;
	group->process = owned->process;
	group->place = owned->seen->place;
	if (!other)
		return;
	group->local = copy_name(other->local, other->local_size,
				 other->local_service, other->local_service_size);
	group->remote = copy_name(other->remote, other->remote_size,
				  other->remote_service, other->remote_service_size);
}

/* Names come from others, who may have chosen two of one hash: the next number is tried. */
static uint32_t *find_slot(struct groups *groups, size_t start, bool *fresh)
{
	const char *key = groups->bytes.at + start;
	size_t size = groups->bytes.count - start;
	uint64_t hash = map_hash(key, size);

	for (;; hash++) {
		uint32_t *slot = map_slot(&groups->by_key, hash, fresh);
		const struct group *group = *fresh ? NULL : &groups->list.at[*slot];

		if (!group || (group->key_size == size &&
			       memcmp(groups->bytes.at + group->key, key, size) == 0))
			return slot;
	}
}

static struct group *find_group(struct groups *groups, const struct owned *owned)
{
	struct text *bytes = &groups->bytes;
	size_t start = bytes->count;
	struct group *group;
	uint32_t *slot;
	bool fresh;

	for (size_t i = 0; i < groups->keys_count; i++)
		put_key(bytes, groups->keys[i], owned);
	slot = find_slot(groups, start, &fresh);
	if (!fresh) {
		bytes->count = start;
		return &groups->list.at[*slot];
	}
	*slot = (uint32_t)groups->list.count;
	group = grow_add(&groups->list);
	group->key = start;
	group->key_size = (uint32_t)(bytes->count - start);
	found(group, owned);
	return group;
}

/* Before it is counted: most groups are of one state and need no list of them. */
static void count_state(struct groups *groups, struct group *group, enum state state)
{
	if (!group->mixed && state == (enum state)group->example.state)
		return;
	if (!group->mixed) {
		grow_add(&groups->mixed)->count[group->example.state] = (uint32_t)group->count;
		group->mixed = (uint32_t)groups->mixed.count;
	}
	groups->mixed.at[group->mixed - 1].count[state]++;
}

struct group_states group_states(const struct groups *groups, const struct group *group)
{
	struct group_states states = { { 0 } };

	if (group->mixed)
		return groups->mixed.at[group->mixed - 1];
	states.count[group->example.state] = (uint32_t)group->count;
	return states;
}

/* Once, however many descriptors, threads and processes of the group hold it. */
static void count(struct groups *groups, const struct owned *owned)
{
	const struct sock *sock = owned->sock;
	struct group *group = find_group(groups, owned);

	if (group->last == groups->sockets)
		return;
	group->last = groups->sockets;
	count_state(groups, group, sock->state);
	group->count++;
	/* A listener's queues count connections. */
	if (sock->state == STATE_LISTEN)
		return;
	group->recv_queue_bytes += sock->recv_queue;
	group->send_queue_bytes += sock->send_queue;
}

void groups_add(struct groups *groups, const struct snapshot *seen, const struct sock *sock)
{
	struct owned owned = { .seen = seen, .sock = sock };
	size_t holders = 0;
	const struct holder *holder = NULL;

	groups->sockets++;
	if (groups_need(groups) & NEED_HOLDERS)
		holder = snapshot_holders(seen, sock->inode, &holders);
	owned.owner = holder ? OWNER_SEEN : sock->inode ? OWNER_HIDDEN : OWNER_NONE;
	if (!holder)
		count(groups, &owned);
	for (size_t i = 0; holder && i < holders; i++) {
		owned.process = holder[i].process;
		count(groups, &owned);
	}
}

static int compare_groups(const void *left, const void *right, void *bytes)
{
	const struct group *a = left, *b = right;
	const char *keys = bytes;
	size_t size = a->key_size < b->key_size ? a->key_size : b->key_size;
	int order;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	order = memcmp(keys + a->key, keys + b->key, size);
	return order ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

void groups_sort(struct groups *groups)
{
	/* The sort takes memory of its own. */
	map_fini(&groups->by_key);
	if (groups->list.count)
		qsort_r(groups->list.at, groups->list.count, sizeof(*groups->list.at),
			compare_groups, groups->bytes.at);
}
