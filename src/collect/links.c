/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/links.h"

#include "base/grow.h"
#include "collect/wire.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vrf.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Bit beside the family in a FRAME_LOCAL: the address cannot be bound yet, or ever.
 * Readers that do not know the bit see an IPv6 address.
 */
#define TENTATIVE 0x100u

/* State of the two listings, links and then addresses, which are added to @seen. */
struct walk {
	struct snapshot *seen;
	size_t           links, locals; /* those that were there before */
	size_t          *count, before; /* of the list that is being filled */
};

/* Reads one message into an object of libnl-route, which is given to @take. */
static int read_object(const struct nlmsghdr *message,
		       void (*take)(struct nl_object *object, void *ctx), void *ctx)
{
	struct nl_msg *copy = nlmsg_convert((struct nlmsghdr *)(uintptr_t)message);
	int err;

	if (!copy)
		return -ENOMEM;
	nlmsg_set_proto(copy, NETLINK_ROUTE);
	err = nl_msg_parse(copy, take, ctx);
	nlmsg_free(copy);
	return err < 0 ? -EBADMSG : 0;
}

static void add_link(struct snapshot *seen, uint32_t index, const char *name, size_t size)
{
	struct link *link = grow_add(&seen->links);

	link->index = index;
	if (size >= sizeof(link->name))
		size = sizeof(link->name) - 1;
	memcpy(link->name, name, size);
}

static void take_link(struct nl_object *object, void *ctx)
{
	struct walk *walk = ctx;
	struct rtnl_link *link = (struct rtnl_link *)(void *)object;
	const char *name = rtnl_link_get_name(link);

	if (name)
		add_link(walk->seen, (uint32_t)rtnl_link_get_ifindex(link), name, strlen(name));
}

static void add_local(struct snapshot *seen, const struct frame_local *frame)
{
	struct local *local = grow_add(&seen->locals);

	local->family = frame->family == FAMILY_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
	local->ifindex = frame->ifindex;
	local->tentative = (frame->family & TENTATIVE) != 0;
	memcpy(local->addr.b, frame->addr, sizeof(local->addr.b));
}

/* An optimistic address may be used while duplicate detection still runs. */
static bool is_tentative(struct rtnl_addr *told)
{
	unsigned flags = rtnl_addr_get_flags(told);

	return flags & IFA_F_TENTATIVE && !(flags & IFA_F_OPTIMISTIC);
}

static void take_local(struct nl_object *object, void *ctx)
{
	struct walk *walk = ctx;
	struct rtnl_addr *told = (struct rtnl_addr *)(void *)object;
	struct nl_addr *address = rtnl_addr_get_local(told);
	struct local local = { .ifindex = (uint32_t)rtnl_addr_get_ifindex(told) };

	if (!address)
		return;
	if (nl_addr_get_family(address) == AF_INET && nl_addr_get_len(address) == 4) {
		local.family = FAMILY_IPV4;
		local.addr = addr_from_v4(nl_addr_get_binary_addr(address));
	} else if (nl_addr_get_family(address) == AF_INET6 && nl_addr_get_len(address) == 16) {
		local.family = FAMILY_IPV6;
		local.tentative = is_tentative(told);
		local.addr = addr_from_v6(nl_addr_get_binary_addr(address));
	} else {
		return;
	}
	*grow_add(&walk->seen->locals) = local;
}

static int take(void *ctx, const struct nlmsghdr *message)
{
	return read_object(message,
			   message->nlmsg_type == RTM_NEWLINK ? take_link : take_local, ctx);
}

static void forget(void *ctx)
{
	struct walk *walk = ctx;

	*walk->count = walk->before;
}

/* Lists links or addresses, by a request of @size bytes, into the list that has @count. */
static int list(struct walk *walk, uint16_t type, size_t size, size_t *count)
{
	/* of both requests the first member is the family, and both are zeros for any */
	static const struct ifinfomsg any = { .ifi_family = AF_UNSPEC };
	struct wire_dump dump = {
		.routing = true, .type = type, .request = &any, .size = size,
		.deadline_ms = wire_route_ms, .take = take, .again = forget, .ctx = walk,
	};

	walk->count = count;
	walk->before = *count;
	return wire_dump(&dump, NULL);
}

static void save(struct recorder *recorder, const struct walk *walk)
{
	const struct snapshot *seen = walk->seen;

	for (size_t i = walk->links; i < seen->links.count; i++) {
		struct frame_link frame = { .index = seen->links.at[i].index };

		recorder_put(recorder, FRAME_LINK, &frame, seen->links.at[i].name,
			     strlen(seen->links.at[i].name));
	}
	for (size_t i = walk->locals; i < seen->locals.count; i++) {
		const struct local *local = &seen->locals.at[i];
		struct frame_local frame = {
			.family = local->family | (local->tentative ? TENTATIVE : 0u),
			.ifindex = local->ifindex,
		};

		memcpy(frame.addr, local->addr.b, sizeof(frame.addr));
		recorder_put(recorder, FRAME_LOCAL, &frame, NULL, 0);
	}
}

void links_collect(struct recorder *recorder, struct snapshot *seen)
{
	struct walk walk = {
		.seen = seen, .links = seen->links.count, .locals = seen->locals.count,
	};
	int err = list(&walk, RTM_GETLINK, sizeof(struct ifinfomsg), &seen->links.count);
	struct frame_flag known;

	if (!err)
		err = list(&walk, RTM_GETADDR, sizeof(struct ifaddrmsg), &seen->locals.count);
	if (err) {
		seen->links.count = walk.links;
		seen->locals.count = walk.locals;
	}
	known.is = seen->locals_known = !err;
	save(recorder, &walk);
	recorder_put(recorder, FRAME_LINKS, &known, NULL, 0);
	if (err)
		recorder_gap(recorder, seen, GAP_LINKS, 1,
			     "interface names and own addresses could not be read (%s)",
			     strerror(-err));
}

/* ---- VRF ---- */

/* A device, and the device that it belongs to. */
struct device {
	struct vrf vrf;         /* ifindex 0: it is not a VRF */
	int        master;      /* 0: it belongs to none */
};

static void take_device(struct nl_object *object, void *ctx)
{
	struct device *device = ctx;
	struct rtnl_link *link = (struct rtnl_link *)(void *)object;

	device->master = rtnl_link_get_master(link);
	if (rtnl_link_is_vrf(link) &&
	    rtnl_link_vrf_get_tableid(link, &device->vrf.table) == 0)
		device->vrf.ifindex = (uint32_t)rtnl_link_get_ifindex(link);
}

static int ask_device(struct wire *wire, uint32_t ifindex, struct device *device)
{
	struct ifinfomsg asked = { .ifi_index = (int)ifindex };
	const struct wire_question question = {
		.type = RTM_GETLINK, .payload = &asked, .size = sizeof(asked),
	};
	const struct nlmsghdr *answer;
	int err = wire_ask(wire, &question, wire_route_ms, &answer), refusal;

	*device = (struct device){ .master = 0 };
	if (err)
		return err;
	refusal = wire_refusal(answer);
	if (refusal > 0)
		return -refusal;
	return refusal ? read_object(answer, take_device, device) : -EBADMSG;
}

static int find_vrf(struct wire *wire, uint32_t ifindex, struct vrf *vrf)
{
	struct device device;
	int err = ask_device(wire, ifindex, &device);

	if (!err && !device.vrf.ifindex && device.master > 0) {
		err = ask_device(wire, (uint32_t)device.master, &device);
		/* the device is gone, so it no longer belongs to one */
		err = err == -ENODEV ? 0 : err;
	}
	if (!err && device.vrf.ifindex)
		*vrf = device.vrf;
	return err;
}

int links_vrf(uint32_t ifindex, struct vrf *vrf)
{
	struct wire wire;
	int err;

	*vrf = (struct vrf){ 0 };
	if (!ifindex)
		return 0;
	err = wire_open(&wire, NETLINK_ROUTE, WIRE_ROOM, NULL);
	if (!err)
		err = find_vrf(&wire, ifindex, vrf);
	wire_close(&wire);
	return err;
}

void links_replay(struct snapshot *seen, const struct frame *frame)
{
	struct frame_flag known;
	struct frame_link link;
	struct frame_local local;
	const uint8_t *bytes;
	size_t size;

	switch (frame->type) {
	case FRAME_LINKS:
		frame_open(frame, &known, &size);
		seen->locals_known = known.is;
		return;
	case FRAME_LINK:
		bytes = frame_open(frame, &link, &size);
		add_link(seen, link.index, (const char *)bytes, size);
		return;
	case FRAME_LOCAL:
		frame_open(frame, &local, &size);
		add_local(seen, &local);
		return;
	default:
		return;
	}
}
