/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ROUTES_H
#define COLLECT_ROUTES_H

#include "model/addr.h"

struct nlmsghdr;

/*
 * Questions to the kernel's routing tables. All are about the namespace of the calling
 * thread, and about now.
 */
enum route_type {
	ROUTE_NONE,
	ROUTE_UNICAST,
	ROUTE_LOCAL,
	ROUTE_BROADCAST,
	ROUTE_MULTICAST,
	ROUTE_NO_TABLE,         /* no address was ever added here, so bind() takes any address */
};

struct route {
	enum route_type type;
	int         err;        /* positive errno for using it: there is no route */
	uint32_t    ifindex;
	unsigned    prefix;     /* length of the matching prefix; routes_local() only */
	bool        has_source;
	struct addr source;     /* the address that the kernel would choose */
};

/**
 * routes_ask - the route of a TCP connection by the rules and all tables
 * @family:  whose tables are asked; IPv4 for a mapped address
 * @source:  the source address of the connection, NULL: the kernel chooses
 * @ifindex: SO_BINDTODEVICE, 0: none
 *
 * Rules may look at the source, and some sources have no route: 127/8 leaves this
 * machine by no device. Returns 0, or -errno when the kernel could not be asked; that
 * there is no route is an answer (@route->err).
 */
int routes_ask_from(enum family family, const struct addr *destination,
		    const struct addr *source, uint32_t ifindex, struct route *route);

static inline int routes_ask(enum family family, const struct addr *destination,
			     uint32_t ifindex, struct route *route)
{
	return routes_ask_from(family, destination, NULL, ifindex, route);
}

/**
 * routes_local - what the local table alone says about an IPv4 address
 * @table: RT_TABLE_LOCAL (0), or the table of a VRF
 *
 * The longest prefix counts. Without an entry it is ROUTE_NONE. Returns 0 or -errno.
 */
int routes_local(const struct addr *addr, uint32_t table, struct route *route);

/* ---- how an answer is read ---- */

/*
 * Reads the answer to routes_ask_from(). A message that makes no sense leaves @route as
 * it is.
 */
void routes_read(const struct nlmsghdr *message, struct route *route);

struct routes_lookup {
	const uint8_t *address;         /* 4 bytes */
	uint32_t       table;
	struct route   best;
	bool           found;
};

/*
 * A wire_message: takes an entry of a table if it is the best so far for @ctx, a
 * routes_lookup.
 */
int routes_take(void *ctx, const struct nlmsghdr *message);

#endif
