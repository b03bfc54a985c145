/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/routes.h"

#include "collect/nlattrs.h"
#include "collect/wire.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* A question with its attributes as it is sent. */
struct request {
	char             bytes[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *message;
};

static void request_begin(struct request *request, const struct rtmsg *ask)
{
	request->message = mnl_nlmsg_put_header(request->bytes);
	memcpy(mnl_nlmsg_put_extra_header(request->message, sizeof(*ask)), ask, sizeof(*ask));
}

/* The address as the kernel takes it: 4 bytes or 16. */
static void put_address(struct request *request, uint16_t type, enum family family,
			const struct addr *addr)
{
	mnl_attr_put(request->message, type, family == FAMILY_IPV4 ? 4 : 16,
		     family == FAMILY_IPV4 ? addr->b + 12 : addr->b);
}

/* False when it is no message about a route; @walk then is at its attributes. */
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

/* A type that is a refusal is one of IPv6: IPv4 answers with the error itself. */
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

/* A lookup for bind() has no TOS, and passes by what a device took down with it. */
static bool counts(const struct rtmsg *told)
{
	return told->rtm_family == AF_INET && told->rtm_dst_len <= 32 && !told->rtm_tos &&
	       !(told->rtm_flags & (RTNH_F_DEAD | RTM_F_CLONED));
}

/* One entry of a table that is listed. */
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
	/* of equal ones the kernel takes the first, as it lists them */
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

	/* Where the kernel does not heed the table, it lists them all and we pick. */
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
