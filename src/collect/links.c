/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/links.h"

#include "base/grow.h"
#include "collect/libnl.h"

#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/*
 * Beside the family of a FRAME_LOCAL: cannot be bound yet, or ever. Readers that
 * do not know it see an IPv6 address.
 */
#define TENTATIVE 0x100u

/* So often is asked again what changed while it was listed. */
#define TRIES 3

struct walk {
	struct tape     *tape;
	struct snapshot *seen;
};

static void own_cache(struct nl_cache **cache)
{
	if (*cache)
		libnl.nl_cache_free(*cache);
}

static void own_socket(struct nl_sock **socket)
{
	if (*socket)
		libnl.nl_socket_free(*socket);
}

#define OWN_CACHE  __attribute__((cleanup(own_cache)))
#define OWN_SOCKET __attribute__((cleanup(own_socket)))

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
	struct frame_link frame = { .index = (uint32_t)libnl.rtnl_link_get_ifindex(link) };
	const char *name = libnl.rtnl_link_get_name(link);

	if (!name)
		return;
	add_link(walk->seen, frame.index, name, strlen(name));
	tape_put(walk->tape, FRAME_LINK, &frame, name, strlen(name));
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
	unsigned flags = libnl.rtnl_addr_get_flags(told);

	return flags & IFA_F_TENTATIVE && !(flags & IFA_F_OPTIMISTIC);
}

static void take_local(struct nl_object *object, void *ctx)
{
	struct walk *walk = ctx;
	struct rtnl_addr *told = (struct rtnl_addr *)(void *)object;
	struct nl_addr *address = libnl.rtnl_addr_get_local(told);
	struct frame_local frame = { .ifindex = (uint32_t)libnl.rtnl_addr_get_ifindex(told) };
	struct addr addr;

	if (!address)
		return;
	if (libnl.nl_addr_get_family(address) == AF_INET && libnl.nl_addr_get_len(address) == 4) {
		frame.family = FAMILY_IPV4;
		addr = addr_from_v4(libnl.nl_addr_get_binary_addr(address));
	} else if (libnl.nl_addr_get_family(address) == AF_INET6 &&
		   libnl.nl_addr_get_len(address) == 16) {
		frame.family = FAMILY_IPV6 | (is_tentative(told) ? TENTATIVE : 0u);
		addr = addr_from_v6(libnl.nl_addr_get_binary_addr(address));
	} else {
		return;
	}
	memcpy(frame.addr, addr.b, sizeof(frame.addr));
	add_local(walk->seen, &frame);
	tape_put(walk->tape, FRAME_LOCAL, &frame, NULL, 0);
}

/* Without this libnl asks again by itself, for as long as something changes. */
static int take_interruption(struct nl_msg *message, void *ctx)
{
	bool *interrupted = ctx;

	(void)message;
	*interrupted = true;
	return NL_OK;
}

/* Returns 0 or libnl's error. */
static int connect_route(struct nl_sock *socket, bool *interrupted)
{
	struct timeval patience = { .tv_sec = 5 };
	int err = libnl.nl_connect(socket, NETLINK_ROUTE);

	/* libnl waits for ever otherwise */
	if (!err)
		setsockopt(libnl.nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO,
			   &patience, sizeof(patience));
	libnl.nl_socket_modify_cb(socket, NL_CB_DUMP_INTR, NL_CB_CUSTOM, take_interruption,
				  interrupted);
	return err;
}

static int collect_all(struct walk *walk, struct nl_sock *socket)
{
	bool interrupted = false;
	OWN_CACHE struct nl_cache *links = NULL;
	OWN_CACHE struct nl_cache *addresses = NULL;
	int err = connect_route(socket, &interrupted);

	if (!err)
		err = libnl.rtnl_link_alloc_cache(socket, AF_UNSPEC, &links);
	if (!err)
		err = libnl.rtnl_addr_alloc_cache(socket, &addresses);
	if (!err && interrupted)
		err = -NLE_DUMP_INTR;
	if (err)
		return err;
	libnl.nl_cache_foreach(links, take_link, walk);
	libnl.nl_cache_foreach(addresses, take_local, walk);
	return 0;
}

static int try_once(struct walk *walk)
{
	OWN_SOCKET struct nl_sock *socket = libnl.nl_socket_alloc();

	return socket ? collect_all(walk, socket) : -NLE_NOMEM;
}

/* Why they could not be had; NULL: they are there. */
static const char *collect_links_of(struct walk *walk)
{
	int err = -NLE_DUMP_INTR;

	if (!libnl_load())
		return libnl_trouble();
	for (unsigned i = 0; err == -NLE_DUMP_INTR && i < TRIES; i++)
		err = try_once(walk);
	return err ? libnl.nl_geterror(err) : NULL;
}

void links_collect(struct tape *tape, struct snapshot *seen)
{
	struct walk walk = { .tape = tape, .seen = seen };
	const char *trouble = collect_links_of(&walk);
	struct frame_flag known = { .is = !trouble };

	seen->locals_known = !trouble;
	tape_put(tape, FRAME_LINKS, &known, NULL, 0);
	if (trouble)
		tape_gap(tape, seen, GAP_LINKS, 1,
			 "interface names and own addresses could not be read (%s)", trouble);
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
