/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/group.h"

#include "base/grow.h"
#include "base/order.h"
#include "base/text.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * THE table of keys whose names are older than the columns'. A column that has a word is
 * a key by that word.
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

/* The keys by number; false after the last one. */
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
	grow_fini(&groups->list);
	grow_fini(&groups->more);
	free(groups->by_key.at);
	text_fini(&groups->bytes);
}

unsigned groups_need(const struct groups *groups)
{
	unsigned need = 0;

	/* the device of an end is not part of the key */
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

/*
 * The parts of a key tell their own ends: they have a fixed size, or are strings with a
 * NUL.
 */
static void put_byte(struct text *key, unsigned byte)
{
	text_add(key, &(char){ (char)byte }, 1);
}

static void put_string(struct text *key, bool known, const char *bytes, size_t size)
{
	text_add(key, known ? "+" : "-", 1);
	text_add(key, bytes, known ? size : 0);
	text_add(key, "", known ? 1 : 0);
}

static void put_number(struct text *key, bool known, uint64_t value)
{
	uint64_t big_endian = htobe64(known ? value : 0);

	text_add(key, known ? "+" : "-", 1);
	text_add(key, &big_endian, sizeof(big_endian));
}

static void put_owner(struct text *key, const struct owned *owned, bool by_name)
{
	const struct process *process = &owned->seen->processes.at[owned->process];

	put_byte(key, owned->owner);
	if (owned->owner == OWNER_SEEN && by_name)
		text_add(key, process->comm, process->comm_size);
	else if (owned->owner == OWNER_SEEN)
		put_number(key, true, (uint64_t)process->pid);
	put_byte(key, 0);
}

/* The first byte of an end in a key tells its form. */
enum { END_INET = 1, END_OTHER, END_NONE };

/*
 * The sizes stand behind the names, because the names order the keys and may hold any
 * byte.
 */
static void put_names(struct text *key, const struct sock_end *end, enum kind kind)
{
	uint8_t name = kind == KIND_PORT ? 0 : end->name_size;
	uint8_t service = kind == KIND_HOST ? 0 : end->service_size;

	text_add(key, end->name, name);
	put_byte(key, 0);
	text_add(key, end->service, service);
	put_byte(key, 0);
	put_byte(key, name);
	put_byte(key, service);
}

static void put_end(struct text *key, const struct sock *sock, const struct column *column)
{
	struct sock_end end = sock_end(sock, column->peer);
	bool is = !column->peer || sock_has_peer(sock);

	put_byte(key, !is ? END_NONE : sock->other ? END_OTHER : END_INET);
	if (is && sock->other) {
		put_names(key, &end, column->kind);
	} else if (is) {
		if (column->kind != KIND_PORT)
			text_add(key, end.addr->b, sizeof(end.addr->b));
		if (column->kind != KIND_HOST) {
			put_byte(key, end.port >> 8);
			put_byte(key, end.port & 0xff);
		}
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
		if (column->kind == KIND_NETNS)
			text_add(key, &owned->seen->netns, sizeof(owned->seen->netns));
	}
}

/*
 * A key begins with the ends of its parts, as offsets from the first part; the parts
 * follow.
 */
static size_t size_of_ends(const struct groups *groups)
{
	return groups->keys_count * sizeof(uint32_t);
}

static uint32_t end_of_part(const struct groups *groups, size_t key, size_t i)
{
	uint32_t end;

	memcpy(&end, groups->bytes.at + key + i * sizeof(end), sizeof(end));
	return end;
}

static size_t key_size(const struct groups *groups, size_t key)
{
	return end_of_part(groups, key, groups->keys_count - 1);
}

static const char *part_of(const struct groups *groups, const struct group *group, size_t i,
			   const char **end)
{
	const char *parts = groups->bytes.at + group->key + size_of_ends(groups);

	*end = parts + end_of_part(groups, group->key, i);
	return i ? parts + end_of_part(groups, group->key, i - 1) : parts;
}

struct value group_value(const struct groups *groups, const struct group *group, size_t i)
{
	enum kind kind = groups->keys[i].column->kind;
	struct value value = { .told = TOLD_UNKNOWN };
	const char *end, *at = part_of(groups, group, i, &end);

	if (*at++ != '+')
		return value;
	value.told = TOLD_KNOWN;
	if (kind == KIND_WORD || kind == KIND_STRING) {
		value.bytes = at;
		value.count = (uint32_t)(end - at) - 1;
		return value;
	}
	memcpy(&value.number, at, sizeof(value.number));
	value.number = be64toh(value.number);
	return value;
}

struct sock_end group_end(const struct groups *groups, const struct group *group, size_t i)
{
	static const struct addr any;
	enum kind kind = groups->keys[i].column->kind;
	struct sock_end end = { .addr = &any };
	const char *stop, *at = part_of(groups, group, i, &stop);
	const uint8_t *last = (const uint8_t *)stop;

	switch (*at++) {
	case END_OTHER:
		end.name = at;
		end.name_size = last[-2];
		end.service = at + end.name_size + 1;
		end.service_size = last[-1];
		break;
	case END_INET:
		if (kind != KIND_PORT)
			end.addr = (const struct addr *)at;
		if (kind != KIND_HOST)
			end.port = (uint16_t)(last[-2] << 8 | last[-1]);
	}
	return end;
}

const struct netns *group_netns(const struct groups *groups, const struct group *group, size_t i)
{
	const struct netns *netns;
	const char *end;

	part_of(groups, group, i, &end);
	memcpy(&netns, end - sizeof(netns), sizeof(netns));
	return netns;
}

/* -- counting ------------------------------------------------------------ */

static uint64_t hash_of_group(const void *ctx, uint32_t number)
{
	const struct groups *groups = ctx;

	return groups->list.at[number].hash;
}

static bool is_same_key(const struct groups *groups, size_t a, size_t b)
{
	const char *bytes = groups->bytes.at;

	return key_size(groups, a) == key_size(groups, b) &&
	       memcmp(bytes + a, bytes + b, size_of_ends(groups) + key_size(groups, a)) == 0;
}

/* Returns the entry of the group with the key, or the free entry where it belongs. */
static uint32_t *find_entry(struct groups *groups, size_t key, uint32_t hash)
{
	uint32_t *entry;

	index_widen(&groups->by_key, hash_of_group, groups);
	entry = index_first(&groups->by_key, hash);
	for (; *entry; entry = index_next(&groups->by_key, entry)) {
		const struct group *group = &groups->list.at[*entry - 1];

		if (group->hash == hash && is_same_key(groups, group->key, key))
			break;
	}
	return entry;
}

/* Appends a key. Returns its offset. */
static size_t add_key(struct groups *groups, const struct owned *owned)
{
	struct text *bytes = &groups->bytes;
	size_t key = bytes->count;
	uint32_t ends[GROUP_KEYS_MOST] = { 0 };

	text_add(bytes, ends, size_of_ends(groups));
	for (size_t i = 0; i < groups->keys_count; i++) {
		put_key(bytes, groups->keys[i].column, owned);
		ends[i] = (uint32_t)(bytes->count - key - size_of_ends(groups));
	}
	memcpy(bytes->at + key, ends, size_of_ends(groups));
	return key;
}

static struct group *find_group(struct groups *groups, const struct owned *owned)
{
	size_t key = add_key(groups, owned);
	uint32_t hash = (uint32_t)map_hash(groups->bytes.at + key, groups->bytes.count - key);
	uint32_t *entry = find_entry(groups, key, hash);
	struct group *group;

	if (*entry) {
		groups->bytes.count = key;
		return &groups->list.at[*entry - 1];
	}
	group = grow_add(&groups->list);
	*entry = (uint32_t)groups->list.count;
	groups->by_key.count++;
	*group = (struct group){
		.key = key, .hash = hash, .process = owned->process,
		.owner = (uint8_t)owned->owner, .state = (uint8_t)owned->sock->state,
	};
	return group;
}

/* Most groups have one state and empty queues, and need none of this. */
static struct group_more *more_of(struct groups *groups, struct group *group)
{
	if (!group->more) {
		grow_add(&groups->more)->count[group->state] = group->count;
		group->more = (uint32_t)groups->more.count;
	}
	return &groups->more.at[group->more - 1];
}

struct group_more group_more(const struct groups *groups, const struct group *group)
{
	struct group_more more = { .recv_queue_bytes = 0 };

	if (group->more)
		return groups->more.at[group->more - 1];
	more.count[group->state] = group->count;
	return more;
}

/*
 * Counts a socket once, however many descriptors, threads and processes of the group
 * hold it.
 */
static void count(struct groups *groups, const struct owned *owned)
{
	const struct sock *sock = owned->sock;
	struct group *group = find_group(groups, owned);
	/* A listener's queues count connections. */
	bool has_bytes = sock->state != STATE_LISTEN && (sock->recv_queue || sock->send_queue);
	struct group_more *more = NULL;

	if (group->last == groups->sockets)
		return;
	group->last = groups->sockets;
	if (group->more || has_bytes || sock->state != (enum state)group->state)
		more = more_of(groups, group);
	if (more)
		more->count[sock->state]++;
	if (has_bytes) {
		more->recv_queue_bytes += sock->recv_queue;
		more->send_queue_bytes += sock->send_queue;
	}
	group->count++;
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

static int compare_groups(const void *left, const void *right, void *ctx)
{
	const struct group *a = left, *b = right;
	const struct groups *groups = ctx;
	size_t size = key_size(groups, a->key), other = key_size(groups, b->key);
	const char *parts = groups->bytes.at + size_of_ends(groups);

	return order_of(b->count, a->count) ?:
	       memcmp(parts + a->key, parts + b->key, size < other ? size : other) ?:
	       order_of((int64_t)size, (int64_t)other);
}

void groups_sort(struct groups *groups)
{
	/* sorting needs memory of its own */
	free(groups->by_key.at);
	groups->by_key = (struct index){ 0 };
	if (groups->list.count)
		qsort_r(groups->list.at, groups->list.count, sizeof(*groups->list.at),
			compare_groups, groups);
}
