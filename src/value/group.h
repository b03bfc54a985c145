/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_GROUP_H
#define VALUE_GROUP_H

#include "base/fault.h"
#include "base/text.h"
#include "model/need.h"
#include "model/snapshot.h"

/* Counting sockets by what they have in common. */
enum group_key {
	GROUP_PROCESS, GROUP_COMM, GROUP_UNIT, GROUP_CGROUP, GROUP_UID, GROUP_STATE,
	GROUP_LOCAL_ADDRESS, GROUP_REMOTE_ADDRESS, GROUP_LOCAL_PORT, GROUP_REMOTE_PORT,
	GROUP_LOCAL, GROUP_REMOTE, GROUP_NETNS, GROUP_KEY_COUNT,
};

/* THE table of keys, indexed by enum group_key. */
struct group_row {
	const char *name;       /* what --by takes */
	const char *member;     /* in JSON and CSV */
	unsigned    need;       /* enum need */
};
extern const struct group_row group_table[GROUP_KEY_COUNT];

/* Who holds a socket. HIDDEN: a file holds it, but whose it is could not be seen. */
enum owner { OWNER_SEEN, OWNER_HIDDEN, OWNER_NONE };

/* What a key can be of: there may be as many groups as sockets, and each has one. */
struct group_example {
	struct addr local, remote;
	uint16_t    local_port, remote_port;
	uint32_t    uid;
	uint64_t    cgroup_id;
	uint8_t     state;      /* enum state */
	bool        uid_known, cgroup_known;
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
	size_t      key;        /* in @bytes */
	uint32_t    key_size;
	uint32_t    mixed;      /* index + 1; 0: all are in the state of the example */
};

struct group_states { uint32_t count[STATE_COUNT]; };

/* It owns all memory; group_fini() frees it. Zeroed memory is one without keys. */
struct groups {
	enum group_key keys[GROUP_KEY_COUNT];
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

bool groups_have(const struct groups *groups, enum group_key key);

/* What has to be collected before (enum need). */
unsigned groups_need(const struct groups *groups);

/*
 * Counts a socket. By process or comm it counts once for each that holds it, so
 * that the counts may add up to more than the sockets.
 */
void groups_add(struct groups *groups, const struct snapshot *seen, const struct sock *sock);

/* How many of a group are in each state. */
struct group_states group_states(const struct groups *groups, const struct group *group);

/* Biggest first, equals by their keys. */
void groups_sort(struct groups *groups);

#endif
