/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/routes.h"

#include "collect/attrs.h"
#include "collect/handle.h"
#include "collect/wire.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* A request with its attributes as it is sent. */
struct request {
	char             bytes[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *message;
};

static void request_begin(struct request *request, const struct rtmsg *ask)
{
	request->message = mnl_nlmsg_put_header(request->bytes);
	memcpy(mnl_nlmsg_put_extra_header(request->message, sizeof(*ask)), ask, sizeof(*ask));
}

/* Adds an address as the kernel takes it: 4 bytes or 16. */
static void put_address(struct request *request, uint16_t type, enum family family,
			const struct addr *addr)
{
	mnl_attr_put(request->message, type, family == FAMILY_IPV4 ? 4 : 16,
		     family == FAMILY_IPV4 ? addr->b + 12 : addr->b);
}

/* Returns false when the message is not about a route; else @walk is at its attributes. */
static bool open_route(const struct nlmsghdr *message, struct rtmsg *told, struct nlattrs *walk)
{
	size_t size = mnl_nlmsg_get_payload_len(message);
	const uint8_t *payload = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != RTM_NEWROUTE || size < sizeof(*told))
		return false;
	memcpy(told, payload, sizeof(*told));
	*walk = (struct nlattrs){ .at = payload + sizeof(*told), .left = size - sizeof(*told) };
	return true;
}

static bool is_address(const struct nlattrs_one *one, uint8_t family)
{
	return one->size == (family == AF_INET ? 4 : 16);
}

/* A route type that is a refusal comes from IPv6 only; IPv4 answers with the error itself. */
static void set_type(struct route *route, uint8_t type)
{
	switch (type) {
	case RTN_UNICAST:
	case RTN_ANYCAST:     route->type = ROUTE_UNICAST; return;
	case RTN_LOCAL:       route->type = ROUTE_LOCAL; return;
	case RTN_BROADCAST:   route->type = ROUTE_BROADCAST; return;
	case RTN_MULTICAST:   route->type = ROUTE_MULTICAST; return;
	case RTN_BLACKHOLE:   route->err = EINVAL; return;
	case RTN_UNREACHABLE: route->err = EHOSTUNREACH; return;
	case RTN_PROHIBIT:    route->err = EACCES; return;
	default:              route->err = ENETUNREACH; return;
	}
}

void routes_read(const struct nlmsghdr *message, struct route *route)
{
	struct nlattrs walk;
	struct nlattrs_one one;
	struct rtmsg told;

	if (!open_route(message, &told, &walk))
		return;
	set_type(route, told.rtm_type);
	while (nlattrs_next(&walk, &one))
		if (one.type == RTA_OIF && one.size >= 4) {
			memcpy(&route->ifindex, one.at, 4);
		} else if (one.type == RTA_PREFSRC && is_address(&one, told.rtm_family)) {
			route->has_source = true;
			route->source = one.size == 4 ? addr_from_v4(one.at) : addr_from_v6(one.at);
		}
}

static void make_ask(struct request *request, enum family family, const struct addr *destination,
		     const struct addr *source, uint32_t ifindex)
{
	uint8_t bits = family == FAMILY_IPV4 ? 32 : 128;

	request_begin(request, &(struct rtmsg){
		.rtm_family = family == FAMILY_IPV4 ? AF_INET : AF_INET6,
		.rtm_dst_len = bits, .rtm_src_len = source ? bits : 0 });
	put_address(request, RTA_DST, family, destination);
	if (source)
		put_address(request, RTA_SRC, family, source);
	if (ifindex)
		mnl_attr_put_u32(request->message, RTA_OIF, ifindex);
	mnl_attr_put_u8(request->message, RTA_IP_PROTO, IPPROTO_TCP);
}

int routes_ask_from(enum family family, const struct addr *destination,
		    const struct addr *source, uint32_t ifindex, struct route *route)
{
	const struct nlmsghdr *answer;
	struct request request;
	struct wire wire;
	int err = wire_open(&wire, NETLINK_ROUTE, WIRE_ROOM, NULL);

	*route = (struct route){ .type = ROUTE_NONE };
	make_ask(&request, family, destination, source, ifindex);
	if (!err)
		err = wire_ask(&wire, &(struct wire_question){
			.type = RTM_GETROUTE, .payload = mnl_nlmsg_get_payload(request.message),
			.size = mnl_nlmsg_get_payload_len(request.message),
		}, wire_route_ms, &answer);
	if (!err && wire_refusal(answer) > 0)
		route->err = wire_refusal(answer);
	else if (!err)
		routes_read(answer, route);
	wire_close(&wire);
	return err;
}

/* ---- one table ---- */

static bool covers(const uint8_t *prefix, unsigned bits, const uint8_t *address)
{
	uint32_t mask = bits ? ~(uint32_t)0 << (32 - bits) : 0;
	uint32_t a, b;

	memcpy(&a, prefix, 4);
	memcpy(&b, address, 4);
	return !((ntohl(a) ^ ntohl(b)) & mask);
}

/* A lookup for bind() has no TOS and ignores routes whose device is down. */
static bool counts(const struct rtmsg *told)
{
	return told->rtm_family == AF_INET && told->rtm_dst_len <= 32 && !told->rtm_tos &&
	       !(told->rtm_flags & (RTNH_F_DEAD | RTM_F_CLONED));
}

/* Takes one entry of a table that is being listed. */
int routes_take(void *ctx, const struct nlmsghdr *message)
{
	static const uint8_t zero[4];
	struct routes_lookup *lookup = ctx;
	const uint8_t *prefix = zero;
	struct nlattrs walk;
	struct nlattrs_one one;
	struct rtmsg told;
	uint32_t table;

	if (!open_route(message, &told, &walk) || !counts(&told))
		return 0;
	table = told.rtm_table;
	while (nlattrs_next(&walk, &one))
		if (one.type == RTA_TABLE && one.size >= 4)
			memcpy(&table, one.at, 4);
		else if (one.type == RTA_DST && is_address(&one, AF_INET))
			prefix = one.at;
	if (table != lookup->table || !covers(prefix, told.rtm_dst_len, lookup->address))
		return 0;
	/* of equally long prefixes the kernel takes the first, in the order of its list */
	if (lookup->found && told.rtm_dst_len <= lookup->best.prefix)
		return 0;
	lookup->found = true;
	lookup->best = (struct route){ .prefix = told.rtm_dst_len };
	set_type(&lookup->best, told.rtm_type);
	return 0;
}

static void forget(void *ctx)
{
	struct routes_lookup *lookup = ctx;

	lookup->found = false;
	lookup->best = (struct route){ .type = ROUTE_NONE };
}

int routes_local(const struct addr *addr, uint32_t table, struct route *route)
{
	struct routes_lookup lookup = {
		.address = addr->b + 12, .table = table ? table : RT_TABLE_LOCAL,
	};
	struct request request;
	struct wire_dump dump = {
		.routing = true, .type = RTM_GETROUTE, .deadline_ms = wire_route_ms,
		.take = routes_take, .again = forget, .ctx = &lookup,
	};
	int err;

	/*
	 * where the kernel ignores the table in the request it lists all of them, and
	 * routes_take() picks
	 */
	request_begin(&request, &(struct rtmsg){
		.rtm_family = AF_INET,
		.rtm_table = lookup.table < 256 ? (uint8_t)lookup.table : RT_TABLE_COMPAT });
	mnl_attr_put_u32(request.message, RTA_TABLE, lookup.table);
	dump.request = mnl_nlmsg_get_payload(request.message);
	dump.size = mnl_nlmsg_get_payload_len(request.message);
	err = wire_dump(&dump, NULL);
	*route = err ? (struct route){ .type = err == -ENOENT ? ROUTE_NO_TABLE : ROUTE_NONE } :
		 lookup.best;
	return err == -ENOENT ? 0 : err;
}

/* ---- the route to a destination ---- */

static struct addr loopback(enum family family)
{
	static const uint8_t four[4] = { 127, 0, 0, 1 };
	static const uint8_t six[16] = { [15] = 1 };

	return family == FAMILY_IPV4 ? addr_from_v4(four) : addr_from_v6(six);
}

/* connect() to a multicast group is impossible, whatever the routes are. */
static bool is_group(const struct addr *addr)
{
	return addr_is_v4(addr) ? addr->b[12] >> 4 == 14 : addr->b[0] == 0xff;
}

static bool is_link_local(const struct addr *addr)
{
	return addr->b[0] == 0xfe && (addr->b[1] & 0xc0) == 0x80;
}

/*
 * IPv6 looks for a source address before it looks at the route, and any address will do
 * for that.
 */
static bool is_mute(const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->locals.count; i++)
		if (seen->locals.at[i].family == FAMILY_IPV6 && !seen->locals.at[i].tentative)
			return false;
	return seen->locals_known;
}

static void take_route(struct chosen_route *chosen, const struct route *route,
		       const struct addr *source, enum family table)
{
	chosen->ifindex = route->ifindex;
	chosen->source = source ? *source : route->source;
	chosen->err = route->err;
	if (!chosen->err && (route->type == ROUTE_BROADCAST || route->type == ROUTE_MULTICAST))
		chosen->err = ENETUNREACH;
	/*
	 * No address of ours may be the source on that route. That is an error of IPv6;
	 * IPv4 goes on with a source that is not an address of this machine.
	 */
	if (!chosen->err && !route->has_source && !source && table == FAMILY_IPV6)
		chosen->err = EADDRNOTAVAIL;
	chosen->known = chosen->err || route->has_source || source;
}

/* The source that bind() chose before; NULL: none. */
static const struct addr *source_of(const struct connect_ask *ask)
{
	return addr_is_any(&ask->source) ? NULL : &ask->source;
}

static void ask_kernel(const struct connect_ask *ask, const struct snapshot *seen,
		       struct chosen_route *chosen)
{
	enum family table = addr_is_v4(&ask->destination) ? FAMILY_IPV4 : FAMILY_IPV6;
	struct addr target = ask->destination;
	struct route route;

	if (addr_is_any(&target))       /* connect() to a wildcard means this host */
		target = loopback(table);
	if (is_group(&target))
		*chosen = (struct chosen_route){ .known = true, .err = ENETUNREACH };
	else if (ask->family == FAMILY_IPV6 && is_link_local(&target) && !ask->ifindex)
		*chosen = (struct chosen_route){ .known = true, .err = EINVAL };
	else if (routes_ask_from(table, &target, source_of(ask), ask->ifindex, &route) == 0)
		take_route(chosen, &route, source_of(ask), table);
	if (chosen->err && table == FAMILY_IPV6 && !is_group(&target) && is_mute(seen))
		chosen->err = EADDRNOTAVAIL;
}

/*
 * Infers the answer from the recorded addresses. Of several IPv4 addresses of a device
 * only the first is certainly not secondary; for a secondary one, its primary would be
 * the source.
 */
static void infer(const struct addr *destination, const struct snapshot *seen,
		  struct chosen_route *chosen)
{
	uint32_t before = 0;

	if (addr_is_loopback(destination)) {
		*chosen = (struct chosen_route){
			.known = true,
			.source = loopback(addr_is_v4(destination) ? FAMILY_IPV4 : FAMILY_IPV6),
		};
		return;
	}
	for (size_t i = 0; i < seen->locals.count; i++) {
		const struct local *local = &seen->locals.at[i];

		if (addr_equal(&local->addr, destination)) {
			chosen->known = local->family == FAMILY_IPV6 || local->ifindex != before;
			chosen->source = *destination;
			return;
		}
		if (local->family == FAMILY_IPV4)
			before = local->ifindex;
	}
}

static struct answer_route_key key_of(const struct connect_ask *ask)
{
	struct answer_route_key key = { .family = ask->family, .ifindex = ask->ifindex };

	memcpy(key.destination, ask->destination.b, sizeof(key.destination));
	memcpy(key.source, ask->source.b, sizeof(key.source));
	return key;
}

void collect_route(struct collect *collect, const struct connect_ask *ask,
		   struct chosen_route *chosen, struct snapshot *seen)
{
	struct recorder *recorder = &collect->recorder;
	struct answer_route_key key = key_of(ask);
	struct question question = {
		ANSWER_ROUTE, &key, .head = chosen,
		.key_size = source_of(ask) ? sizeof(key) :
			    offsetof(struct answer_route_key, source),
	};

	*chosen = (struct chosen_route){ 0 };
	if (!recorder_replays(recorder)) {
		ask_kernel(ask, seen, chosen);
		recorder_answer(recorder, &question);
	} else if (!recorder_answered(recorder, &question) && !source_of(ask)) {
		infer(&ask->destination, seen, chosen);
	}
	if (chosen->err < 0 || chosen->err >= 4096)
		chosen->err = EIO;
}
