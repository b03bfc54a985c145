/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_PORT_MAP_H
#define JUDGE_PORT_MAP_H

#include "judge/overlap.h"
#include "judge/tally.h"
#include "judge/trend.h"
#include "model/connect.h"

/*
 * The ephemeral ports one by one: who owns them, and what that leaves.
 *
 * connect() takes a port for itself only if every owner of it got it from
 * connect() too. Certainly not so: a listener, a socket that is bound and idle,
 * a port that was given to bind(), an accepted connection. Certainly so: a
 * client with IP_BIND_ADDRESS_NO_PORT, since Linux 6.18; before, a port that
 * was once shared with bind() stays lost until it is empty, and no list of
 * sockets tells. Everything else looks alike: a client that just connected, one
 * that called bind(address, 0) first, a connection that outlived its listener,
 * and the TIME_WAITs of all three. Those ports are ambiguous until the kernel
 * is asked (see collect_probe_ports()).
 *
 * A program that binds an address first is simpler: it cannot have any port
 * with an owner on that address, whatever it is.
 */

enum { MAYBE_COUNT = YES + 1 };

/* Whether a socket on the same four numbers keeps it from one. In order. */
enum hit {
	HIT_NONE,
	HIT_FREE,               /* a TIME_WAIT that can be taken over */
	HIT_MAYBE,              /* one that perhaps can */
	HIT_YES,
	HIT_COUNT,
};

struct port_map {
	const struct snapshot *seen;
	bool     bind_first;
	struct bind_ask bind;                   /* with bind_first: that bind() */
	unsigned low, high;
	uint32_t capacity, reserved;
	uint32_t ports[MAYBE_COUNT];            /* of the capacity, by @lost */
	bool     blind;                         /* idle bound sockets are not listed */
	bool     heals;                         /* the kernel forgets that bind() had a port */
	uint8_t  lost[65536];                   /* enum maybe: to every destination */
	uint8_t  hit[65536];                    /* enum hit, of the destination being counted */
	uint8_t  state[65536];                  /* of the socket that is the hit */
	uint8_t  listened[65536 / 8];
	uint8_t  certain[65536 / 8];            /* lost, without the kernel's answer */
	uint8_t  open[65536 / 8];               /* ambiguous: what a probe is to ask */
};

/*
 * The ephemeral range and its ports that are not reserved; false when it, or those that are
 * reserved, are not known.
 */
struct port_range { unsigned low, high; uint32_t capacity; };
bool port_range_of(struct port_range *range, const struct limits *limits);

/**
 * port_map_fill - read all owners
 * @map:        large; zeroed
 * @bind_first: the question of a program that binds first, or NULL
 * @probe:      what the kernel answered, or NULL
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

/* True when @sock owns a port of the capacity. */
bool port_map_owns(const struct port_map *map, const struct sock *sock);

/* Whether that port is lost to every destination through @sock alone. */
enum maybe port_map_blocks(const struct port_map *map, const struct sock *sock);

/* True when @sock is one of those to blame for a port that is lost to all. */
bool port_map_blames(const struct port_map *map, const struct sock *sock);

/*
 * True when @sock is a connection that stands on a port of the capacity as a
 * client may: not certainly one that was accepted here.
 */
bool port_map_is_client(const struct port_map *map, const struct sock *sock);

/*
 * The sockets of one destination, of one source address and device. One with the
 * device and one without can be on the same port, which counts once.
 */
struct port_use {
	uint32_t used;                          /* ports with such a socket */
	uint32_t states[STATE_COUNT];           /* of these */
	uint32_t ports[HIT_COUNT][MAYBE_COUNT];
	struct trend trend;
	struct known next_free_ms;
};

/* Adds a TIME_WAIT to the rate and the time until a port comes back. */
void port_use_wait(struct port_use *use, const struct port_map *map, const struct sock *time_wait);

/* Adds a socket for which port_map_is_client() is true; marks @map->hit. */
void port_use_add(struct port_use *use, struct port_map *map, const struct sock *sock);

/* How many more connect()s succeed; the truth is within [min, max]. */
struct port_room { uint32_t left, min, max; };
struct port_room port_use_room(const struct port_use *use, const struct port_map *map);

/* Ports with a TIME_WAIT that may be taken over, and that are not lost. */
uint32_t port_use_recyclable(const struct port_use *use);

/* Ports with a hit of any kind that are lost to every destination anyhow. */
uint32_t port_use_lost(const struct port_use *use);

/* True when the search tries over half of the range in vain. */
bool port_use_is_cliff(const struct port_use *use, const struct port_map *map);

/* Ports that are not left, in percent of the capacity. */
double port_map_percent_gone(const struct port_map *map, uint32_t left);

/* Clients together by destination, source and device; v4-mapped is IPv4. tally_fini() is due. */
void port_map_group(struct tally *tally, const struct port_map *map, bool ipv4, bool ipv6);

/* What one of these groups uses and leaves, but for the verdict. */
struct destination port_map_destination(struct port_map *map, const struct tally *tally,
					const struct tally_group *group);

/* True when the kernel of @seen is known to be at least that version. */
bool kernel_at_least(const struct snapshot *seen, unsigned major, unsigned minor);

#endif
