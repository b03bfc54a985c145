/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "collect/routes.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static struct addr loopback(enum family family)
{
	static const uint8_t four[4] = { 127, 0, 0, 1 };
	static const uint8_t six[16] = { [15] = 1 };

	return family == FAMILY_IPV4 ? addr_from_v4(four) : addr_from_v6(six);
}

/* connect() never leads to a group, whatever the routes are. */
static bool is_group(const struct addr *addr)
{
	return addr_is_v4(addr) ? addr->b[12] >> 4 == 14 : addr->b[0] == 0xff;
}

static bool is_link_local(const struct addr *addr)
{
	return addr->b[0] == 0xfe && (addr->b[1] & 0xc0) == 0x80;
}

/*
 * IPv6 looks for a source before it looks at what the route says, and any address
 * will do for that.
 */
static bool is_mute(const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->locals.count; i++)
		if (seen->locals.at[i].family == FAMILY_IPV6 && !seen->locals.at[i].tentative)
			return false;
	return seen->locals_known;
}

static void take(struct way *way, const struct route *route, const struct addr *source,
		 enum family table)
{
	way->ifindex = route->ifindex;
	way->source = source ? *source : route->source;
	way->err = route->err;
	if (!way->err && (route->type == ROUTE_BROADCAST || route->type == ROUTE_MULTICAST))
		way->err = ENETUNREACH;
	/*
	 * No address of ours may speak on that way: to IPv6 that is an error, while
	 * IPv4 goes on with a source that is no address of the machine.
	 */
	if (!way->err && !route->has_source && !source && table == FAMILY_IPV6)
		way->err = EADDRNOTAVAIL;
	way->known = way->err || route->has_source || source;
}

/* What bind() chose before; NULL: nothing. */
static const struct addr *source_of(const struct connect_ask *ask)
{
	return addr_is_any(&ask->source) ? NULL : &ask->source;
}

static void ask_kernel(const struct connect_ask *ask, const struct snapshot *seen,
		       struct way *way)
{
	enum family table = addr_is_v4(&ask->destination) ? FAMILY_IPV4 : FAMILY_IPV6;
	struct addr target = ask->destination;
	struct route route;

	if (addr_is_any(&target))       /* means this host */
		target = loopback(table);
	if (is_group(&target))
		*way = (struct way){ .known = true, .err = ENETUNREACH };
	else if (ask->family == FAMILY_IPV6 && is_link_local(&target) && !ask->ifindex)
		*way = (struct way){ .known = true, .err = EINVAL };
	else if (routes_ask_from(table, &target, source_of(ask), ask->ifindex, &route) == 0)
		take(way, &route, source_of(ask), table);
	if (way->err && table == FAMILY_IPV6 && !is_group(&target) && is_mute(seen))
		way->err = EADDRNOTAVAIL;
}

/*
 * From the recorded addresses. Of several IPv4 addresses of a device only the
 * first is surely not a secondary one, for which its primary would speak.
 */
static void infer(const struct addr *destination, const struct snapshot *seen, struct way *way)
{
	uint32_t before = 0;

	if (addr_is_loopback(destination)) {
		*way = (struct way){
			.known = true,
			.source = loopback(addr_is_v4(destination) ? FAMILY_IPV4 : FAMILY_IPV6),
		};
		return;
	}
	for (size_t i = 0; i < seen->locals.count; i++) {
		const struct local *local = &seen->locals.at[i];

		if (addr_equal(&local->addr, destination)) {
			way->known = local->family == FAMILY_IPV6 || local->ifindex != before;
			way->source = *destination;
			return;
		}
		if (local->family == FAMILY_IPV4)
			before = local->ifindex;
	}
}

static struct answer_way_key key_of(const struct connect_ask *ask)
{
	struct answer_way_key key = { .family = ask->family, .ifindex = ask->ifindex };

	memcpy(key.destination, ask->destination.b, sizeof(key.destination));
	memcpy(key.source, ask->source.b, sizeof(key.source));
	return key;
}

void collect_way(struct collect *collect, const struct connect_ask *ask, struct way *way,
		 struct snapshot *seen)
{
	struct tape *tape = &collect->tape;
	struct answer_way_key key = key_of(ask);
	struct question question = {
		ANSWER_WAY, &key, .head = way,
		.key_size = source_of(ask) ? sizeof(key) : offsetof(struct answer_way_key, source),
	};

	*way = (struct way){ 0 };
	if (!tape_replays(tape)) {
		ask_kernel(ask, seen, way);
		tape_answer_save(tape, &question);
	} else if (!tape_answer_find(tape, &question) && !source_of(ask)) {
		infer(&ask->destination, seen, way);
	}
	if (way->err < 0 || way->err >= 4096)
		way->err = EIO;
}
