/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/group.h"

#include "base/grow.h"
#include "base/order.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * THE table of keys whose names are older than those of columns. A column that has a
 * word is a key by that.
 */
static const struct { const char *name, *heading, *member, *column; } rows[] = {
	{ "process", "PROCESS", "pid", "PID" },
	{ "comm", "COMM", "comm", "COMM" },
	{ "unit", "UNIT", "unit", "UNIT" },
	{ "cgroup", "CGROUP", "cgroup", "CGROUP" },
	{ "uid", "UID", "uid", "UID" },
	{ "state", "STATE", "state", "STATE" },
	{ "local", "LOCAL", "local_address", "LADDR" },
	{ "remote", "REMOTE", "remote_address", "PADDR" },
	{ "sport", "LOCAL PORT", "local_port", "LPORT" },
	{ "dport", "REMOTE PORT", "remote_port", "PPORT" },
	{ "local:port", "LOCAL:PORT", "local", "LOCAL" },
	{ "remote:port", "REMOTE:PORT", "remote", "PEER" },
	{ "netns", "NETNS", "netns", "NETNS" },
};

#define ROWS (sizeof(rows) / sizeof(*rows))

/* By number; false: there are no more. */
static bool key_at(size_t i, struct group_key *key)
{
	const struct column *column;

	if (i < ROWS) {
		column = column_find(rows[i].column, strlen(rows[i].column));
		*key = (struct group_key){ rows[i].name, rows[i].heading, rows[i].member, column };
		return true;
	}
	column = column_with_word(i - ROWS);
	if (column)
		*key = (struct group_key){ column->word, column->name, column->member, column };
	return column;
}

static int no_such_key(const char *name, size_t size, struct fault *fault)
{
	struct text names = { 0 };
	struct group_key key;
	int err;

	for (size_t i = 0; key_at(i, &key); i++)
		text_addf(&names, "%s%s", i ? " " : "", key.name);
	err = fault_set(fault, EINVAL, "--by has no key '%s'; there are: %s",
			QUOTE_BYTES(name, size), text_str(&names));
	text_fini(&names);
	return err;
}

static bool find_key(const char *name, size_t size, struct group_key *key)
{
	for (size_t i = 0; key_at(i, key); i++)
		if (strlen(key->name) == size && strncasecmp(key->name, name, size) == 0)
			return true;
	return false;
}

static bool is_chosen(const struct groups *groups, const struct column *column)
{
	for (size_t i = 0; i < groups->keys_count; i++)
		if (groups->keys[i].column == column)
			return true;
	return false;
}

bool groups_have(const struct groups *groups, enum kind kind)
{
	for (size_t i = 0; i < groups->keys_count; i++)
		if (groups->keys[i].column->kind == kind)
			return true;
	return false;
}

int groups_choose(struct groups *groups, const char *spec, struct fault *fault)
{
	struct group_key key;
	size_t size;

	for (groups->keys_count = 0;; spec += size + 1) {
		size = strcspn(spec, ",");
		if (!find_key(spec, size, &key))
			return no_such_key(spec, size, fault);
		if (!is_chosen(groups, key.column))
			groups->keys[groups->keys_count++] = key;
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

	/* of an end the device does not count */
	for (size_t i = 0; i < groups->keys_count; i++)
		if (groups->keys[i].column->kind != KIND_END)
			need |= groups->keys[i].column->need;
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

static void put_string(struct text *key, bool known, const char *bytes, size_t size)
{
	text_add(key, known ? "+" : "-", 1);
	text_add(key, bytes, known ? size : 0);
	text_add(key, "", known ? 1 : 0);
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

static void put_end(struct text *key, const struct sock *sock, const struct column *column)
{
	struct sock_end end = sock_end(sock, column->peer);
	bool is = !column->peer || sock_has_peer(sock);

	put_number(key, is, sock->other ? 1 : 0);
	if (is && column->kind != KIND_PORT) {
		if (sock->other)
			put_fixed(key, end.name, end.name_size);
		else
			put_fixed(key, end.addr->b, sizeof(end.addr->b));
		text_add(key, "", 1);
	}
	if (is && column->kind != KIND_HOST) {
		if (sock->other)
			put_fixed(key, end.service, end.service_size);
		else
			put_number(key, true, end.port);
		text_add(key, "", 1);
	}
}

static void put_key(struct text *key, const struct column *column, const struct owned *owned)
{
	const struct sock *sock = owned->sock;
	struct value value;

	switch (column->kind) {
	case KIND_PIDS: case KIND_COMMS:
		put_owner(key, owned, column->kind == KIND_COMMS);
		break;
	case KIND_HOST: case KIND_PORT: case KIND_END:
		put_end(key, sock, column);
		break;
	case KIND_WORD: case KIND_STRING:
		value = column_value(column, sock, owned->seen);
		put_string(key, value.told == TOLD_KNOWN, value.bytes, value.count);
		break;
	default:
		value = column_value(column, sock, owned->seen);
		put_number(key, value.told == TOLD_KNOWN, value.number);
	}
}

struct value group_value(const struct groups *groups, const struct group *group, size_t i)
{
	enum kind kind = groups->keys[i].column->kind;
	const char *at = groups->bytes.at + group->key;
	struct value value = { .told = TOLD_UNKNOWN };
	uint32_t begin;

	memcpy(&begin, at + group->key_size + i * sizeof(begin), sizeof(begin));
	at += begin;
	if (*at++ != '+')
		return value;
	value.told = TOLD_KNOWN;
	if (kind == KIND_WORD || kind == KIND_STRING) {
		value.bytes = at;
		value.count = (uint32_t)strlen(at);
		return value;
	}
	for (unsigned byte = 0; byte < 8; byte++)
		value.number = value.number << 8 | (uint8_t)at[byte];
	return value;
}

/* -- counting ------------------------------------------------------------ */

static char *copy_name(const struct sock *sock, bool peer)
{
	struct sock_end end = sock_end(sock, peer);
	struct text text = { 0 };

	text_add(&text, end.name, end.name_size);
	text_add(&text, ":", end.service_size ? 1 : 0);
	text_add(&text, end.service, end.service_size);
	return text.at ? text.at : grow_strdup("");
}

static void found(struct group *group, const struct owned *owned)
{
	const struct sock *sock = owned->sock;

	group->example = (struct group_example){
		.local = sock->local, .remote = sock->remote,
		.local_port = sock->local_port, .remote_port = sock->remote_port,
		.state = (uint8_t)sock->state,
	};
	group->owner = owned->owner;
	group->process = owned->process;
	group->place = owned->seen->place;
	if (!sock->other)
		return;
	group->local = copy_name(sock, false);
	group->remote = copy_name(sock, true);
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
	uint32_t begins[GROUP_KEYS_MOST];
	struct group *group;
	uint32_t *slot;
	bool fresh;

	for (size_t i = 0; i < groups->keys_count; i++) {
		begins[i] = (uint32_t)(bytes->count - start);
		put_key(bytes, groups->keys[i].column, owned);
	}
	slot = find_slot(groups, start, &fresh);
	if (!fresh) {
		bytes->count = start;
		return &groups->list.at[*slot];
	}
	*slot = (uint32_t)groups->list.count;
	group = grow_add(&groups->list);
	group->key = start;
	group->key_size = (uint32_t)(bytes->count - start);
	text_add(bytes, (const char *)begins, groups->keys_count * sizeof(*begins));
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

	return order_of((int64_t)b->count, (int64_t)a->count) ?:
	       memcmp(keys + a->key, keys + b->key, size) ?:
	       order_of(a->key_size, b->key_size);
}

void groups_sort(struct groups *groups)
{
	/* The sort takes memory of its own. */
	map_fini(&groups->by_key);
	if (groups->list.count)
		qsort_r(groups->list.at, groups->list.count, sizeof(*groups->list.at),
			compare_groups, groups->bytes.at);
}
