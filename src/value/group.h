/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_GROUP_H
#define VALUE_GROUP_H

#include "value/column.h"

#define GROUP_KEYS_MOST 64

/* Sockets counted by what they have in common: the keys of --by. */
struct group_key {
	const char *name;       /* what --by takes */
	const char *heading;
	const char *member;     /* name in JSON and CSV */
	const struct column *column;    /* the sockets of a group have the same value here */
};

/* Who holds a socket. HIDDEN: a file holds it, but the process could not be seen. */
enum owner { OWNER_SEEN, OWNER_HIDDEN, OWNER_NONE };

/* Small, because there may be as many groups as sockets. */
struct group {
	size_t   key;           /* offset in @bytes */
	uint32_t hash;          /* of the key */
	uint32_t process;       /* OWNER_SEEN: index in the snapshot */
	uint32_t count;
	uint32_t last;          /* the number of the last socket counted here */
	uint32_t more;          /* index + 1; 0: all are in @state and have empty queues */
	uint8_t  owner;         /* enum owner */
	uint8_t  state;         /* enum state of its first socket */
};

/*
 * How many sockets of a group are in each state, and the queues of those that do not
 * listen.
 */
struct group_more {
	uint32_t count[STATE_COUNT];
	uint64_t recv_queue_bytes, send_queue_bytes;
};

/* Owns all its memory; groups_fini() frees it. Zeroed memory has no keys. */
struct groups {
	struct group_key keys[GROUP_KEYS_MOST];
	size_t keys_count;
	struct { struct group *at; size_t count, room; } list;
	struct { struct group_more *at; size_t count, room; } more;
	struct index by_key;
	struct text bytes;
	uint32_t    sockets;    /* counted, each once */
};

/**
 * groups_choose - read "KEY,KEY,..."
 *
 * Returns 0, or -EINVAL with a sentence that lists the keys.
 */
int groups_choose(struct groups *groups, const char *spec, struct fault *fault);
void groups_fini(struct groups *groups);

/* True when some key has values of this kind. */
bool groups_have(const struct groups *groups, enum kind kind);

/* What must be collected before sockets can be counted (enum need). */
unsigned groups_need(const struct groups *groups);

/*
 * Counts a socket. By process or comm, each process that holds the socket counts it, so
 * the counts may add up to more than the sockets.
 */
void groups_add(struct groups *groups, const struct snapshot *seen, const struct sock *sock);

/* The value of key number @i, which must not be a holder, an end or a namespace. Borrowed. */
struct value group_value(const struct groups *groups, const struct group *group, size_t i);

/*
 * The end that key number @i is, or its host or port; what the key lacks is empty. @name
 * is not NULL for a socket that is not an internet socket. Borrowed.
 */
struct sock_end group_end(const struct groups *groups, const struct group *group, size_t i);

struct group_more group_more(const struct groups *groups, const struct group *group);

/* The namespace that key number @i is. Borrowed. */
const struct netns *group_netns(const struct groups *groups, const struct group *group, size_t i);

/* Sorts the groups: the biggest first, equal ones by their keys. */
void groups_sort(struct groups *groups);

#endif
