/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_PORT_MAP_H
#define JUDGE_PORT_MAP_H

#include "judge/service.h"
#include "judge/trend.h"
#include "judge/verdict.h"
#include "model/connect.h"

/*
 * The ephemeral ports one by one: who owns each, and what that leaves.
 *
 * connect() can share a port only if every owner got it from connect(), too. Owners that
 * certainly did not: a listener, a socket that is bound and idle, one whose port was
 * given to bind(), an accepted connection. An owner that certainly did: a client with
 * IP_BIND_ADDRESS_NO_PORT, since Linux 6.18; before 6.18, a port that was once shared
 * with bind() stays lost until no socket is on it, and no listing shows that.
 *
 * All other owners look alike: a client that just connected, one that called
 * bind(address, 0) first, a connection that outlived its listener, and the TIME_WAITs of
 * all three. Their ports are ambiguous until the kernel is asked
 * (collect_probe_ports()).
 *
 * The case of a program that binds an address first is simpler: it cannot get any port
 * that has an owner on that address.
 */

enum { MAYBE_COUNT = YES + 1 };

/*
 * Whether a socket on the same 4-tuple takes the port from a destination, in ascending
 * order.
 */
enum hit {
	HIT_NONE,
	HIT_FREE,               /* a TIME_WAIT that can be taken over */
	HIT_MAYBE,              /* a TIME_WAIT that may be one to be taken over */
	HIT_YES,
	HIT_COUNT,
};

struct port_map {
	const struct snapshot *seen;
	bool     bind_first;
	struct bind_ask bind;                   /* with bind_first: that bind() */
	unsigned low, high;
	uint32_t capacity, reserved;
	uint32_t ports[MAYBE_COUNT];            /* ports of the capacity, by their value in @lost */
	bool     blind;                         /* bound idle sockets are not listed */
	bool     heals;                         /* the kernel forgets that bind() had a port */
	uint8_t  lost[65536];                   /* enum maybe: whether lost to every destination */
	uint8_t  hit[65536];                    /* enum hit, for the destination that is being counted */
	uint8_t  state[65536];                  /* the state of the socket that is the hit */
	uint8_t  listened[65536 / 8];
	uint8_t  certain[65536 / 8];            /* lost, and certain without the kernel's answer */
	uint8_t  open[65536 / 8];               /* ambiguous: a probe would ask about them */
};

/*
 * The ephemeral range and how many of its ports are not reserved. The function returns
 * false when the range or the reserved ports are not known.
 */
struct port_range { unsigned low, high; uint32_t capacity; };
bool port_range_of(struct port_range *range, const struct limits *limits);

/**
 * port_map_fill - find the owners of all ports
 * @map: large; must be zeroed
 * @bind_first: the question of a program that binds first, or NULL
 * @probe: what the kernel answered, or NULL
 *
 * Returns false when the range or the reserved ports are not known.
 */
bool port_map_fill(struct port_map *map, const struct snapshot *seen,
		   const struct connect_ask *bind_first, const struct port_probe *probe);

static inline bool port_map_has(const struct port_map *map, unsigned port)
{
	return port >= map->low && port <= map->high &&
	       !limits_is_reserved(&map->seen->limits, port);
}

/* True when @sock owns a port of the capacity, that is one that is not reserved. */
static inline bool port_map_owns(const struct port_map *map, const struct sock *sock)
{
	return sock->protocol != PROTOCOL_MPTCP && owns_port(sock) &&
	       port_map_has(map, sock->local_port);
}

/* Whether @sock alone makes its port lost to every destination. */
enum maybe port_map_blocks(const struct port_map *map, const struct sock *sock);

/* True when @sock is to blame for a port that is lost to every destination. */
bool port_map_blames(const struct port_map *map, const struct sock *sock);

/* True when @sock is a connection on a port of the capacity and may have been opened here. */
bool port_map_is_client(const struct port_map *map, const struct sock *sock);

/*
 * The use of ports for one destination, from one source address and device. A socket
 * with the device and one without can be on the same port, which counts once.
 */
struct port_use {
	uint32_t used;                          /* ports with a socket of this destination */
	uint32_t states[STATE_COUNT];           /* the same by state */
	uint32_t ports[HIT_COUNT][MAYBE_COUNT];
	struct trend trend;
	struct known next_free_ms;
};

/* Adds a TIME_WAIT to the rate of closes and to the time until a port comes back. */
void port_use_wait(struct port_use *use, const struct port_map *map, const struct sock *time_wait);

/* Adds a socket for which port_map_is_client() is true, and marks its port in @map->hit. */
void port_use_add(struct port_use *use, struct port_map *map, const struct sock *sock);

/* The ports of this destination that are lost to every destination anyhow. */
static inline uint32_t port_use_lost(const struct port_use *use)
{
	return use->ports[HIT_FREE][YES] + use->ports[HIT_MAYBE][YES] + use->ports[HIT_YES][YES];
}

/*
 * What a destination uses and leaves, without its ends and the verdict. So many more
 * connect()s succeed; the truth lies within the two limits.
 */
struct destination port_use_destination(const struct port_use *use, const struct port_map *map);

/* The ports that are not left, in percent of the capacity. */
static inline double port_map_percent_gone(const struct port_map *map, uint32_t left)
{
	return 100.0 - (map->capacity ? 100.0 * left / map->capacity : 0);
}

/*
 * Groups the clients by destination, source and device; a mapped address is IPv4.
 * tally_fini() frees @tally.
 */
void port_map_group(struct tally *tally, const struct port_map *map, bool ipv4, bool ipv6);

/* What one of these groups uses and what it leaves, without the verdict. */
struct destination port_map_destination(struct port_map *map, const struct tally *tally,
					const struct tally_group *group);

/* True when the kernel of @seen is known to be at least that version. */
bool kernel_at_least(const struct snapshot *seen, unsigned major, unsigned minor);

#endif
