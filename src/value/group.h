/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_GROUP_H
#define VALUE_GROUP_H

#include "value/column.h"

#define GROUP_KEYS_MOST 64

/* Counting sockets by what they have in common: a key of --by. */
struct group_key {
	const char *name;       /* what --by takes */
	const char *heading;
	const char *member;     /* in JSON and CSV */
	const struct column *column;    /* whose values are equal in a group */
};

/* Who holds a socket. HIDDEN: a file holds it, but whose it is could not be seen. */
enum owner { OWNER_SEEN, OWNER_HIDDEN, OWNER_NONE };

/* Ends and state: there may be as many groups as sockets, and each has one. */
struct group_example {
	struct addr local, remote;
	uint16_t    local_port, remote_port;
	uint8_t     state;      /* enum state */
};

struct group {
	struct group_example example;   /* any of them */
	uint32_t    process;    /* OWNER_SEEN: index in the snapshot */
	enum owner  owner;
	char       *local, *remote;     /* names of sockets that are not of the internet, or NULL */
	const struct place *place;      /* of the example, with -G; borrowed */
	uint64_t    count;
	uint64_t    last;       /* that was counted here, as a number of @sockets */
	uint64_t    recv_queue_bytes, send_queue_bytes;         /* of those that do not listen */
	size_t      key;        /* in @bytes; behind it is where each part begins */
	uint32_t    key_size;
	uint32_t    mixed;      /* index + 1; 0: all are in the state of the example */
};

struct group_states { uint32_t count[STATE_COUNT]; };

/* It owns all memory; group_fini() frees it. Zeroed memory is one without keys. */
struct groups {
	struct group_key keys[GROUP_KEYS_MOST];
	size_t keys_count;
	struct { struct group *at; size_t count, room; } list;
	struct { struct group_states *at; size_t count, room; } mixed;  /* of more than one state */
	struct map  by_key;     /* hash of the key -> index + 1 */
	struct text bytes;
	uint64_t    sockets;    /* counted, each once */
};

/**
 * groups_choose - read "KEY,KEY,..."
 *
 * Returns 0, or -EINVAL with a sentence that lists the keys.
 */
int groups_choose(struct groups *groups, const char *spec, struct fault *fault);
void groups_fini(struct groups *groups);

/* Whether a key has values of this kind. */
bool groups_have(const struct groups *groups, enum kind kind);

/* What has to be collected before (enum need). */
unsigned groups_need(const struct groups *groups);

/*
 * Counts a socket. By process or comm it counts once for each that holds it, so
 * that the counts may add up to more than the sockets.
 */
void groups_add(struct groups *groups, const struct snapshot *seen, const struct sock *sock);

/* The value of the key number @i, which is of no holder, end or namespace. Borrowed. */
struct value group_value(const struct groups *groups, const struct group *group, size_t i);

/* How many of a group are in each state. */
struct group_states group_states(const struct groups *groups, const struct group *group);

/* Biggest first, equals by their keys. */
void groups_sort(struct groups *groups);

#endif
