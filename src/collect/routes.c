/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's routing, its devices and our rights decide of connect() and bind(). */
#include "collect/handle.h"

#include "base/own.h"
#include "collect/attrs.h"
#include "collect/host.h"
#include "collect/links.h"
#include "collect/privilege.h"
#include "collect/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Questions to the kernel's routing tables. All are about the namespace of the calling
 * thread, and about now.
 */
struct route {
	enum addr_kind kind;    /* of the address for bind(); ADDR_KIND_UNKNOWN: no route was read */
	int         err;        /* positive errno for using it: there is no route */
	uint32_t    ifindex;
	unsigned    prefix;     /* length of the matching prefix; ask_local() only */
	bool        has_source;
	struct addr source;     /* the address that the kernel would choose */
};

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
static void set_kind(struct route *route, uint8_t type)
{
	route->kind = ADDR_KIND_NONE;
	switch (type) {
	case RTN_UNICAST:
	case RTN_ANYCAST:     return;
	case RTN_LOCAL:       route->kind = ADDR_KIND_LOCAL; return;
	case RTN_BROADCAST:   route->kind = ADDR_KIND_BROADCAST; return;
	case RTN_MULTICAST:   route->kind = ADDR_KIND_MULTICAST; return;
	case RTN_BLACKHOLE:   route->err = EINVAL; return;
	case RTN_UNREACHABLE: route->err = EHOSTUNREACH; return;
	case RTN_PROHIBIT:    route->err = EACCES; return;
	default:              route->err = ENETUNREACH; return;
	}
}

/* Reads the answer to ask_route(). A message that makes no sense leaves @route as it is. */
static void take_answer(const struct nlmsghdr *message, struct route *route)
{
	struct nlattrs walk;
	struct nlattrs_one one;
	struct rtmsg told;

	if (!open_route(message, &told, &walk))
		return;
	set_kind(route, told.rtm_type);
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

/*
 * Asks for the route of a TCP connection by the rules and all tables.
 * @family:  whose tables are asked; IPv4 for a mapped address
 * @source:  the source address of the connection, NULL: the kernel chooses
 * @ifindex: SO_BINDTODEVICE, 0: none
 *
 * Rules may look at the source, and some sources have no route: 127/8 leaves this
 * machine by no device. Returns 0, or -errno when the kernel could not be asked; that
 * there is no route is an answer (@route->err).
 */
static int ask_route(enum family family, const struct addr *destination,
		     const struct addr *source, uint32_t ifindex, struct route *route)
{
	const struct nlmsghdr *answer;
	struct request request;
	struct wire wire;
	int err = wire_open(&wire, NETLINK_ROUTE, WIRE_ROOM, NULL);

	*route = (struct route){ .kind = ADDR_KIND_NONE };
	make_ask(&request, family, destination, source, ifindex);
	if (!err)
		err = wire_ask(&wire, &(struct wire_question){
			.type = RTM_GETROUTE, .payload = mnl_nlmsg_get_payload(request.message),
			.size = mnl_nlmsg_get_payload_len(request.message),
		}, wire_route_ms, &answer);
	if (!err && wire_refusal(answer) > 0)
		route->err = wire_refusal(answer);
	else if (!err)
		take_answer(answer, route);
	wire_close(&wire);
	return err;
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

/* A lookup for bind() has no TOS and ignores routes whose device is down. */
static bool counts(const struct rtmsg *told)
{
	return told->rtm_family == AF_INET && told->rtm_dst_len <= 32 && !told->rtm_tos &&
	       !(told->rtm_flags & (RTNH_F_DEAD | RTM_F_CLONED));
}

/* A wire_message: takes an entry of a table if it is the best so far for @ctx. */
static int take_entry(void *ctx, const struct nlmsghdr *message)
{
	static const uint8_t zero[4];
	struct lookup *lookup = ctx;
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
	set_kind(&lookup->best, told.rtm_type);
	return 0;
}

static void forget(void *ctx)
{
	struct lookup *lookup = ctx;

	lookup->found = false;
	lookup->best = (struct route){ 0 };
}

/*
 * Asks what the local table alone says about an IPv4 address.
 * @table: RT_TABLE_LOCAL (0), or the table of a VRF
 *
 * The longest prefix counts. Without an entry the kind is ADDR_KIND_NONE. Returns 0 or -errno.
 */
static int ask_local(const struct addr *addr, uint32_t table, struct route *route)
{
	struct lookup lookup = {
		.address = addr->b + 12, .table = table ? table : RT_TABLE_LOCAL,
	};
	struct request request;
	struct wire_dump dump = {
		.routing = true, .type = RTM_GETROUTE, .deadline_ms = wire_route_ms,
		.take = take_entry, .again = forget, .ctx = &lookup,
	};
	int err;

	/*
	 * where the kernel ignores the table in the request it lists all of them, and
	 * take_entry() picks
	 */
	request_begin(&request, &(struct rtmsg){
		.rtm_family = AF_INET,
		.rtm_table = lookup.table < 256 ? (uint8_t)lookup.table : RT_TABLE_COMPAT });
	mnl_attr_put_u32(request.message, RTA_TABLE, lookup.table);
	dump.request = mnl_nlmsg_get_payload(request.message);
	dump.size = mnl_nlmsg_get_payload_len(request.message);
	err = wire_dump(&dump, NULL);
	*route = lookup.found ? lookup.best : (struct route){ .kind = ADDR_KIND_NONE };
	/* no address was ever added here, and the kernel answers "broadcast" for each */
	if (err == -ENOENT)
		*route = (struct route){ .kind = ADDR_KIND_BROADCAST, .prefix = 32 };
	return err == -ENOENT ? 0 : err;
}

/* ---- the route to a destination ---- */

static struct addr loopback(enum family family)
{
	static const uint8_t four[4] = { 127, 0, 0, 1 };
	static const uint8_t six[16] = { [15] = 1 };

	return family == FAMILY_IPV4 ? addr_from_v4(four) : addr_from_v6(six);
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
	if (!chosen->err && (route->kind == ADDR_KIND_BROADCAST || route->kind == ADDR_KIND_MULTICAST))
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
	/* connect() to a multicast group is impossible, whatever the routes are */
	if (addr_is_multicast(&target))
		*chosen = (struct chosen_route){ .known = true, .err = ENETUNREACH };
	else if (ask->family == FAMILY_IPV6 && addr_is_link_local(&target) && !ask->ifindex)
		*chosen = (struct chosen_route){ .known = true, .err = EINVAL };
	else if (ask_route(table, &target, source_of(ask), ask->ifindex, &route) == 0)
		take_route(chosen, &route, source_of(ask), table);
	if (chosen->err && table == FAMILY_IPV6 && !addr_is_multicast(&target) && is_mute(seen))
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

/* ---- bind(): what needs no table ---- */

/*
 * The kinds that need no lookup. 127/8 is not among them: it is local because lo was
 * given it.
 */
static enum addr_kind kind_by_itself(const struct addr *addr)
{
	static const uint8_t ones[4] = { 255, 255, 255, 255 };

	if (addr_is_any(addr))
		return ADDR_KIND_ANY;
	if (addr_is_v4(addr) && memcmp(addr->b + 12, ones, 4) == 0)
		return ADDR_KIND_BROADCAST;
	return addr_is_multicast(addr) ? ADDR_KIND_MULTICAST : ADDR_KIND_UNKNOWN;
}

/* ---- bind(): the kind of an IPv4 address ---- */

/*
 * bind() looks into the local table and uses no rules. But until somebody adds a rule,
 * the kernel keeps the local and the main table as one, in which a longer prefix of main
 * hides a shorter one of local (an AnyIP range, 127/8). Whether they still are one
 * cannot be asked. So a match of less than a whole address must be confirmed by an
 * ordinary lookup.
 */
static enum addr_kind ipv4_kind(const struct addr *addr, uint32_t ifindex)
{
	struct route told, looked_up;
	struct vrf vrf;

	if (links_vrf(ifindex, &vrf) < 0 || ask_local(addr, vrf.table, &told) < 0)
		return ADDR_KIND_UNKNOWN;
	if (vrf.table || told.prefix == 32)
		return told.kind;
	if (ask_route(FAMILY_IPV4, addr, NULL, 0, &looked_up) < 0)
		return ADDR_KIND_UNKNOWN;
	return told.kind == looked_up.kind ? told.kind : ADDR_KIND_UNKNOWN;
}

/* ---- bind(): the kind of an IPv6 address ---- */

/* ::1 and fe80:: are valid on their own device only. */
static bool is_of_device(const struct addr *addr)
{
	return addr_is_loopback(addr) || addr_is_link_local(addr);
}

/*
 * Returns false when it is not known. A device that does not exist is in no VRF; for a
 * replay there is no VRF.
 */
static bool find_vrf(uint32_t ifindex, bool live, struct vrf *vrf)
{
	int err = live ? links_vrf(ifindex, vrf) : 0;

	return !err || err == -ENODEV;
}

/* bind() of IPv6 looks at addresses and not at routes, so there is no AnyIP. */
static enum addr_kind ipv6_kind(const struct addr *addr, uint32_t ifindex,
				const struct snapshot *seen, bool live)
{
	enum addr_kind kind = ADDR_KIND_NONE;
	struct vrf asked = { 0 }, there = { 0 };

	if (!seen->locals_known)
		return ADDR_KIND_UNKNOWN;
	for (size_t i = 0; i < seen->locals.count; i++) {
		const struct local *local = &seen->locals.at[i];

		if (!addr_equal(&local->addr, addr))
			continue;
		if (!find_vrf(ifindex, live, &asked) || !find_vrf(local->ifindex, live, &there))
			return ADDR_KIND_UNKNOWN;
		if ((ifindex && ifindex != local->ifindex && is_of_device(addr)) ||
		    asked.ifindex != there.ifindex)
			kind = kind == ADDR_KIND_NONE ? ADDR_KIND_ELSEWHERE : kind;
		else if (local->tentative)
			kind = ADDR_KIND_TENTATIVE;
		else
			return ADDR_KIND_LOCAL;
	}
	return kind;
}

/* ---- bind(): the kind of any address ---- */

/* The scope of a link-local address is its device, even if another device is bound. */
static uint32_t device_of(const struct bind_ask *ask)
{
	return ask->scope && addr_is_link_local(&ask->addr) ? ask->scope : ask->ifindex;
}

static enum addr_kind live_kind(const struct bind_ask *ask, const struct snapshot *seen)
{
	enum addr_kind kind = kind_by_itself(&ask->addr);

	if (kind != ADDR_KIND_UNKNOWN)
		return kind;
	return addr_is_v4(&ask->addr) ? ipv4_kind(&ask->addr, ask->ifindex) :
	       ipv6_kind(&ask->addr, device_of(ask), seen, true);
}

static bool has_address(const struct snapshot *seen, const struct addr *addr)
{
	for (size_t i = 0; i < seen->locals.count; i++)
		if (addr_equal(&seen->locals.at[i].addr, addr) ||
		    (addr_is_v4(addr) && addr_is_loopback(addr) &&
		     addr_is_v4(&seen->locals.at[i].addr) &&
		     addr_is_loopback(&seen->locals.at[i].addr)))
			return true;
	return false;
}

/*
 * The kind for a recording that was made for another question. The recording lacks
 * ranges that are local by a route, and broadcast addresses, so no IPv4 address is
 * certainly foreign.
 */
static enum addr_kind recorded_kind(const struct bind_ask *ask, const struct snapshot *seen)
{
	enum addr_kind kind = kind_by_itself(&ask->addr);

	if (kind != ADDR_KIND_UNKNOWN || !seen->locals_known)
		return kind;
	if (!addr_is_v4(&ask->addr))
		return ipv6_kind(&ask->addr, device_of(ask), seen, false);
	return has_address(seen, &ask->addr) ? ADDR_KIND_LOCAL : ADDR_KIND_UNKNOWN;
}

/* ---- bind(): rights ---- */

/* The kernel nests user namespaces 32 deep. */
#define NESTED_MAX 33

/* How our user namespace is related to the owner of this network namespace. */
struct realm {
	bool     known;
	bool     below;         /* the owner is our user namespace, or one inside it */
	bool     has_maker;     /* one inside: @maker made the outermost of those */
	uint32_t maker;
};

static bool is_same(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	       one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/*
 * Goes from the owner up to the user namespace whose parent is ours: its maker has all
 * rights.
 */
static void climb(int owner, int ours, struct realm *realm)
{
	OWN_FD int at = fcntl(owner, F_DUPFD_CLOEXEC, 0);

	for (unsigned i = 0; at >= 0 && i < NESTED_MAX; i++) {
		OWN_FD int parent = ioctl(at, NS_GET_PARENT);
		int child = at;

		if (parent < 0)
			return;
		if (is_same(parent, ours)) {
			realm->known = realm->below = true;
			realm->has_maker = ioctl(at, NS_GET_OWNER_UID, &realm->maker) == 0;
			return;
		}
		at = own_give_fd(&parent);
		close(child);
	}
}

static struct realm find_realm(void)
{
	OWN_FD int netns = host_open("/proc/thread-self/ns/net");
	OWN_FD int ours = host_open("/proc/thread-self/ns/user");
	OWN_FD int owner = netns < 0 ? -1 : ioctl(netns, NS_GET_USERNS);
	struct realm realm = { 0 };

	/* EPERM: the owner is above our user namespace, so it cannot be seen */
	if (netns >= 0 && owner < 0 && errno == EPERM)
		realm.known = true;
	else if (owner >= 0 && ours >= 0 && is_same(owner, ours))
		realm.known = realm.below = true;
	else if (owner >= 0 && ours >= 0)
		climb(owner, ours, &realm);
	return realm;
}

static struct known own_capability(void)
{
	int has = privilege_has(CAP_NET_BIND_SERVICE);

	return (struct known){ has >= 0, has > 0 };
}

static struct known root_capability(void)
{
	int bounded = prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE, 0, 0, 0);

	return (struct known){ bounded >= 0, bounded > 0 };
}

/*
 * Whether @uid has CAP_NET_BIND_SERVICE in this network namespace. Unknown when the
 * kernel does not tell whose namespace it is. For our own uid, our effective
 * capabilities decide; root has what our bounding set leaves. File and ambient
 * capabilities of anybody else are not known, so none are assumed. The maker of the user
 * namespace that owns this network namespace has every capability in it.
 */
static struct known may_bind_low(uint32_t uid)
{
	struct realm realm = find_realm();

	if (!realm.known)
		return (struct known){ 0 };
	if (!realm.below)
		return (struct known){ true, 0 };
	if (realm.has_maker && realm.maker == uid)
		return (struct known){ true, 1 };
	if (uid == geteuid())
		return own_capability();
	return uid == 0 ? root_capability() : (struct known){ true, 0 };
}

/* ---- bind(): the answer ---- */

static struct answer_bind_context context_of(const struct bind_ask *ask,
					     const struct snapshot *seen)
{
	struct known may = may_bind_low(ask->uid);

	return (struct answer_bind_context){
		.addr_kind = live_kind(ask, seen), .may_known = may.is, .may = (uint32_t)may.value,
	};
}

void collect_bind_context(struct collect *collect, const struct bind_ask *ask,
			  struct bind_context *context, struct snapshot *seen)
{
	struct recorder *recorder = &collect->recorder;
	struct answer_bind_context_key key = {
		.family = ask->family, .ifindex = ask->ifindex, .scope = ask->scope,
		.uid = ask->uid,
	};
	struct answer_bind_context told;
	struct question question = { ANSWER_BIND_CONTEXT, &key, sizeof(key), .head = &told };

	memcpy(key.addr, ask->addr.b, sizeof(key.addr));
	if (!recorder_replays(recorder)) {
		told = context_of(ask, seen);
		recorder_answer(recorder, &question);
	} else if (!recorder_answered(recorder, &question)) {
		told = (struct answer_bind_context){ .addr_kind = recorded_kind(ask, seen) };
	}
	context->addr_kind = told.addr_kind < ADDR_KIND_COUNT ? told.addr_kind : ADDR_KIND_UNKNOWN;
	context->may_bind_low = (struct known){ told.may_known, told.may != 0 };
}
