/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ROUTES_H
#define COLLECT_ROUTES_H

#include "model/addr.h"

struct nlmsghdr;

/*
 * Questions to the kernel's routing: all of them are of the namespace that we are
 * in, and of this moment.
 */
enum route_type {
	ROUTE_NONE,
	ROUTE_UNICAST,
	ROUTE_LOCAL,
	ROUTE_BROADCAST,
	ROUTE_MULTICAST,
	ROUTE_NO_TABLE,         /* no address was ever added here: bind() then takes any */
};

struct route {
	enum route_type type;
	int         err;        /* positive errno of using it: no way */
	uint32_t    ifindex;
	unsigned    prefix;     /* bits that matched; only of routes_local() */
	bool        has_source;
	struct addr source;     /* that the kernel would pick */
};

/**
 * routes_ask - the way of a TCP connection, as the rules and all tables say it
 * @family:  whose tables are asked; IPv4 for a v4-mapped address
 * @source:  the address that the connection speaks from, NULL: the kernel's choice
 * @ifindex: SO_BINDTODEVICE, 0: none
 *
 * Rules may look at the source, and some sources have no way out: 127/8 leaves
 * this machine by no device. Returns 0 or -errno when the kernel could not be
 * asked; that there is no way is an answer (@route->err).
 */
int routes_ask_from(enum family family, const struct addr *destination,
		    const struct addr *source, uint32_t ifindex, struct route *route);

static inline int routes_ask(enum family family, const struct addr *destination,
			     uint32_t ifindex, struct route *route)
{
	return routes_ask_from(family, destination, NULL, ifindex, route);
}

/**
 * routes_local - what the local table alone says of an IPv4 address
 * @table: RT_TABLE_LOCAL (0), or that of a VRF
 *
 * The longest prefix counts. No route is ROUTE_NONE. Returns 0 or -errno.
 */
int routes_local(const struct addr *addr, uint32_t table, struct route *route);

/* ---- how an answer is read ---- */

/* The answer to routes_ask_from(). What makes no sense leaves @route as it is. */
void routes_read(const struct nlmsghdr *message, struct route *route);

struct routes_lookup {
	const uint8_t *address;         /* 4 bytes */
	uint32_t       table;
	struct route   best;
	bool           found;
};

/* An entry of a table: the best one for @ctx, a routes_lookup. A wire_message. */
int routes_take(void *ctx, const struct nlmsghdr *message);

#endif
