/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/routes.h"

#include "collect/libnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define TRIES 3

static void own_socket(struct nl_sock **socket)
{
	if (*socket)
		libnl.nl_socket_free(*socket);
}

static void own_message(struct nl_msg **message)
{
	if (*message)
		libnl.nlmsg_free(*message);
}

static void own_link(struct rtnl_link **link)
{
	if (*link)
		libnl.rtnl_link_put(*link);
}

/* one may be there for its end alone */
#define OWN_SOCKET  __attribute__((cleanup(own_socket), unused))
#define OWN_MESSAGE __attribute__((cleanup(own_message)))
#define OWN_LINK    __attribute__((cleanup(own_link)))

/* One question and what came back. */
struct talk {
	struct nl_sock *socket;
	nl_recvmsg_msg_cb_t take;
	void *ctx;
	int   refused;          /* the kernel's own errno; libnl's are coarser */
	bool  done;
};

static int take_valid(struct nl_msg *message, void *ctx)
{
	struct talk *talk = ctx;

	/* the one answer to a question that is no dump ends the talk */
	talk->done |= !(libnl.nlmsg_hdr(message)->nlmsg_flags & NLM_F_MULTI);
	return talk->take(message, talk->ctx);
}

/* A dump that fails ends like one that does not, with the errno inside. */
static int take_end(struct nl_msg *message, void *ctx)
{
	struct talk *talk = ctx;
	int err = 0;

	if (libnl.nlmsg_datalen(libnl.nlmsg_hdr(message)) >= (int)sizeof(err))
		memcpy(&err, libnl.nlmsg_data(libnl.nlmsg_hdr(message)), sizeof(err));
	if (err < 0)
		talk->refused = -err;
	talk->done = true;
	return NL_STOP;
}

static int take_error(struct sockaddr_nl *sender, struct nlmsgerr *told, void *ctx)
{
	struct talk *talk = ctx;

	(void)sender;
	talk->refused = told->error < 0 ? -told->error : told->error;
	talk->done = true;
	return NL_STOP;
}

/* A socket of ours, which does not wait for ever. */
static int talk_open(struct talk *talk)
{
	struct timeval patience = { .tv_sec = 5 };

	talk->socket = libnl.nl_socket_alloc();
	if (!talk->socket)
		return -ENOMEM;
	if (libnl.nl_connect(talk->socket, NETLINK_ROUTE) < 0)
		return -EPROTONOSUPPORT;
	setsockopt(libnl.nl_socket_get_fd(talk->socket), SOL_SOCKET, SO_RCVTIMEO,
		   &patience, sizeof(patience));
	libnl.nl_socket_disable_auto_ack(talk->socket);
	libnl.nl_socket_modify_cb(talk->socket, NL_CB_VALID, NL_CB_CUSTOM, take_valid, talk);
	libnl.nl_socket_modify_cb(talk->socket, NL_CB_FINISH, NL_CB_CUSTOM, take_end, talk);
	libnl.nl_socket_modify_err_cb(talk->socket, NL_CB_CUSTOM, take_error, talk);
	return 0;
}

/*
 * Sends and listens to the end. Returns 0 when the kernel answered, also with a
 * refusal; -EAGAIN when the tables changed under a dump or nothing came.
 */
static int talk_over(struct talk *talk, struct nl_msg *message)
{
	if (libnl.nl_send_auto(talk->socket, message) < 0)
		return -EIO;
	while (!talk->done) {
		int err = libnl.nl_recvmsgs_default(talk->socket);

		/* what changed under a dump is told with its end */
		if (err == -NLE_DUMP_INTR || (err < 0 && !talk->done))
			return -EAGAIN;
	}
	return 0;
}

/* The address as the kernel takes it: 4 bytes or 16. */
static int put_address(struct nl_msg *message, int type, enum family family,
		       const struct addr *addr)
{
	return family == FAMILY_IPV4 ? libnl.nla_put(message, type, 4, addr->b + 12) :
	       libnl.nla_put(message, type, 16, addr->b);
}

static struct addr get_address(const struct nlattr *attr)
{
	return libnl.nla_len(attr) == 4 ? addr_from_v4(libnl.nla_data(attr)) :
	       addr_from_v6(libnl.nla_data(attr));
}

static bool is_address(const struct nlattr *attr, uint8_t family)
{
	return attr && libnl.nla_len(attr) == (family == AF_INET ? 4 : 16);
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

static int take_route(struct nl_msg *message, void *ctx)
{
	struct route *route = ctx;
	const struct rtmsg *told = libnl.nlmsg_data(libnl.nlmsg_hdr(message));
	struct nlattr *attrs[RTA_MAX + 1];

	if (libnl.nlmsg_parse(libnl.nlmsg_hdr(message), sizeof(*told), attrs, RTA_MAX, NULL) < 0)
		return NL_SKIP;
	set_type(route, told->rtm_type);
	if (attrs[RTA_OIF] && libnl.nla_len(attrs[RTA_OIF]) >= 4)
		route->ifindex = libnl.nla_get_u32(attrs[RTA_OIF]);
	if (is_address(attrs[RTA_PREFSRC], told->rtm_family)) {
		route->has_source = true;
		route->source = get_address(attrs[RTA_PREFSRC]);
	}
	return NL_OK;
}

static struct nl_msg *make_ask(enum family family, const struct addr *destination,
			       const struct addr *source, uint32_t ifindex)
{
	struct nl_msg *message = libnl.nlmsg_alloc_simple(RTM_GETROUTE, 0);
	uint8_t bits = family == FAMILY_IPV4 ? 32 : 128;
	struct rtmsg ask = {
		.rtm_family = family == FAMILY_IPV4 ? AF_INET : AF_INET6,
		.rtm_dst_len = bits, .rtm_src_len = source ? bits : 0,
	};

	if (!message)
		return NULL;
	if (libnl.nlmsg_append(message, &ask, sizeof(ask), NLMSG_ALIGNTO) < 0 ||
	    put_address(message, RTA_DST, family, destination) < 0 ||
	    (source && put_address(message, RTA_SRC, family, source) < 0) ||
	    (ifindex && libnl.nla_put_u32(message, RTA_OIF, ifindex) < 0) ||
	    libnl.nla_put_u8(message, RTA_IP_PROTO, IPPROTO_TCP) < 0) {
		libnl.nlmsg_free(message);
		return NULL;
	}
	return message;
}

static int ask_from(enum family family, const struct addr *destination,
		    const struct addr *source, uint32_t ifindex, struct route *route)
{
	OWN_MESSAGE struct nl_msg *message = make_ask(family, destination, source, ifindex);
	struct talk talk = { .take = take_route, .ctx = route };
	int err = talk_open(&talk);
	OWN_SOCKET struct nl_sock *socket = talk.socket;

	if (!err)
		err = message ? talk_over(&talk, message) : -ENOMEM;
	if (talk.refused)
		route->err = talk.refused;
	return err;
}

int routes_ask_from(enum family family, const struct addr *destination,
		    const struct addr *source, uint32_t ifindex, struct route *route)
{
	*route = (struct route){ .type = ROUTE_NONE };
	return libnl_load() ? ask_from(family, destination, source, ifindex, route) : -ELIBACC;
}

/* ---- one table ---- */

struct lookup {
	const uint8_t *address;         /* 4 bytes */
	uint32_t       table;
	struct route   best;
	bool           found;
};

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

static int take_entry(struct nl_msg *message, void *ctx)
{
	static const uint8_t zero[4];
	struct lookup *lookup = ctx;
	const struct rtmsg *told = libnl.nlmsg_data(libnl.nlmsg_hdr(message));
	struct nlattr *attrs[RTA_MAX + 1];
	const uint8_t *prefix = zero;
	uint32_t table;

	if (libnl.nlmsg_parse(libnl.nlmsg_hdr(message), sizeof(*told), attrs, RTA_MAX, NULL) < 0 ||
	    !counts(told))
		return NL_SKIP;
	table = attrs[RTA_TABLE] && libnl.nla_len(attrs[RTA_TABLE]) >= 4 ?
		libnl.nla_get_u32(attrs[RTA_TABLE]) : told->rtm_table;
	if (is_address(attrs[RTA_DST], AF_INET))
		prefix = libnl.nla_data(attrs[RTA_DST]);
	if (table != lookup->table || !covers(prefix, told->rtm_dst_len, lookup->address))
		return NL_SKIP;
	/* of equal ones the kernel takes the first, as it lists them */
	if (lookup->found && told->rtm_dst_len <= lookup->best.prefix)
		return NL_SKIP;
	lookup->found = true;
	lookup->best = (struct route){ .prefix = told->rtm_dst_len };
	set_type(&lookup->best, told->rtm_type);
	return NL_OK;
}

static struct nl_msg *make_dump(uint32_t table)
{
	struct nl_msg *message = libnl.nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg ask = {
		.rtm_family = AF_INET, .rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_COMPAT,
	};

	if (!message)
		return NULL;
	if (libnl.nlmsg_append(message, &ask, sizeof(ask), NLMSG_ALIGNTO) < 0 ||
	    libnl.nla_put_u32(message, RTA_TABLE, table) < 0) {
		libnl.nlmsg_free(message);
		return NULL;
	}
	return message;
}

static int dump_once(struct lookup *lookup)
{
	OWN_MESSAGE struct nl_msg *message = make_dump(lookup->table);
	OWN_SOCKET struct nl_sock *socket = NULL;
	struct talk talk = { .take = take_entry, .ctx = lookup };
	int one = 1, err = talk_open(&talk);

	socket = talk.socket;
	if (err)
		return err;
	/* Since 4.20 the kernel then lists that table alone; before, we pick. */
	setsockopt(libnl.nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK,
		   &one, sizeof(one));
	err = message ? talk_over(&talk, message) : -ENOMEM;
	if (!err && talk.refused == ENOENT)
		lookup->best.type = ROUTE_NO_TABLE;
	return err || !talk.refused || talk.refused == ENOENT ? err : -talk.refused;
}

int routes_local(const struct addr *addr, uint32_t table, struct route *route)
{
	int err = -EAGAIN;

	*route = (struct route){ .type = ROUTE_NONE };
	if (!libnl_load())
		return -ELIBACC;
	for (unsigned i = 0; err == -EAGAIN && i < TRIES; i++) {
		struct lookup lookup = {
			.address = addr->b + 12, .table = table ? table : RT_TABLE_LOCAL,
		};

		err = dump_once(&lookup);
		if (!err)
			*route = lookup.best;
	}
	return err;
}

/* ---- VRF ---- */

static int get_link(struct nl_sock *socket, uint32_t ifindex, struct rtnl_link **link)
{
	return libnl.rtnl_link_get_kernel(socket, (int)ifindex, NULL, link) < 0 ? -ENODEV : 0;
}

static int find_vrf(uint32_t ifindex, struct vrf *vrf)
{
	OWN_SOCKET struct nl_sock *socket = libnl.nl_socket_alloc();
	OWN_LINK struct rtnl_link *link = NULL;
	OWN_LINK struct rtnl_link *master = NULL;
	struct rtnl_link *found = NULL;

	if (!socket || libnl.nl_connect(socket, NETLINK_ROUTE) < 0)
		return -EPROTONOSUPPORT;
	if (get_link(socket, ifindex, &link) < 0)
		return -ENODEV;
	if (libnl.rtnl_link_is_vrf(link))
		found = link;
	else if (libnl.rtnl_link_get_master(link) > 0 &&
		 get_link(socket, (uint32_t)libnl.rtnl_link_get_master(link), &master) == 0 &&
		 libnl.rtnl_link_is_vrf(master))
		found = master;
	if (found && libnl.rtnl_link_vrf_get_tableid(found, &vrf->table) == 0)
		vrf->ifindex = (uint32_t)libnl.rtnl_link_get_ifindex(found);
	return 0;
}

int routes_vrf(uint32_t ifindex, struct vrf *vrf)
{
	*vrf = (struct vrf){ 0 };
	if (!ifindex)
		return 0;
	return libnl_load() ? find_vrf(ifindex, vrf) : -ELIBACC;
}
