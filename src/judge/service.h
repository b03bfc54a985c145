/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_SERVICE_H
#define JUDGE_SERVICE_H

#include "base/bits.h"
#include "base/map.h"
#include "model/finding.h"

/*
 * Groups a million sockets in linear time: a group has a key and a chain of socket
 * indices. Groups stand in the order in which they were first met, so the same snapshot
 * always gives the same report.
 */

/*
 * What the sockets of a group have in common. Unused members are 0; the struct has no
 * padding.
 */
struct tally_key {
	struct addr source, destination;
	uint64_t who;           /* process or cgroup */
	uint32_t ifindex;
	uint16_t port;
	uint8_t  kind;          /* for the caller's own distinction */
	uint8_t  zero;
};

_Static_assert(sizeof(struct tally_key) == 48, "a hole would be hashed");

struct tally_group {
	struct tally_key key;
	uint32_t first, last;   /* index + 1 */
	uint32_t count;
};

struct tally {
	struct index by_key;
	struct { struct tally_group *at; size_t count, room; } groups;
	uint32_t *next;         /* for each index: the next one + 1, 0 at the end */
};

/* Begins a tally for indices below @indices; tally_fini() frees it. */
void tally_init(struct tally *tally, size_t indices);
void tally_fini(struct tally *tally);

/* Adds @index, which must not be in the tally yet. */
void tally_add(struct tally *tally, const struct tally_key *key, uint32_t index);

/* The group, or NULL; valid until the next tally_add(). */
const struct tally_group *tally_find(const struct tally *tally, const struct tally_key *key);

/* Runs @index over the sockets of @group in the order in which they were added. */
#define tally_each(tally, group, index)                                          \
	for (uint32_t each_ = (group)->first, index = each_ - 1; each_;          \
	     each_ = (tally)->next[index], index = each_ - 1)

/* ---- listeners, processes and services ---- */

/* The listening sockets of a snapshot, by port and by address. */
struct listeners {
	const struct snapshot *seen;
	struct map by_address;          /* hash of address and port -> index + 1 */
	uint8_t ports[65536 / 8];       /* one bit a port: somebody listens on it */
};

void listeners_init(struct listeners *listeners, const struct snapshot *seen);
void listeners_fini(struct listeners *listeners);

static inline bool listeners_have(const struct listeners *l, uint16_t port)
{
	return bits_has(l->ports, port);
}

/*
 * The listener of connections to @sock's local end: the one on exactly that address, or
 * else on the wildcard. Of several equal ones (SO_REUSEPORT) the first. NULL when nobody
 * listens there.
 */
const struct sock *listeners_find(const struct listeners *listeners, const struct sock *sock);

/*
 * The service of a connection that was opened here is the remote address and port; of
 * one that was accepted here it is the local port, for the remote ports are as many as
 * there are connections.
 */
enum role {
	ROLE_UNKNOWN, ROLE_OPENED, ROLE_ACCEPTED,
	ROLE_MIXED,             /* of a group: its members differ */
};

/*
 * The role by the opener, or where that is unknown, by whether somebody listens on the
 * local port.
 */
enum role service_role(const struct listeners *listeners, const struct sock *sock);

/*
 * The port of the service; 0 for a socket that is only bound. Where @role is unknown (the
 * kernel tells openers since 4.19) the lower port is taken for it; this decides only what
 * is grouped with what.
 */
uint16_t service_port(const struct sock *sock, enum role role);

/* The process that holds the socket; see snapshot_owner(). */
static inline int32_t service_process(const struct snapshot *seen, const struct sock *sock)
{
	return snapshot_owner(seen, sock->inode);
}

/* The cgroup of the socket, or else of its process; 0: unknown. */
uint64_t service_cgroup(const struct snapshot *seen, const struct sock *sock);

/* A key of the processes of one name in one unit, such as the workers of a server. */
uint64_t service_workers(const struct process *process, uint64_t cgroup_id);

/* Sockets that may be one finding. */
struct service_group {
	const struct tally *tally;
	const struct tally_group *group;
	struct subject subject;         /* the subject of a finding about them */
	enum role role;
	uint64_t least;                 /* with fewer of them there is no finding */
};

/* "opened_here", "accepted_here", "mixed" or "unknown". */
const char *service_opener(enum role role);

#endif
