/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/own.h"
#include "collect/links.h"
#include "collect/privilege.h"
#include "collect/routes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The kinds that need no lookup. 127/8 is not among them: it is local because lo was
 * given it.
 */
static enum addr_kind kind_by_itself(const struct addr *addr)
{
	static const uint8_t ones[4] = { 255, 255, 255, 255 };

	if (addr_is_any(addr))
		return ADDR_KIND_ANY;
	if (!addr_is_v4(addr))
		return addr->b[0] == 0xff ? ADDR_KIND_MULTICAST : ADDR_KIND_UNKNOWN;
	if (memcmp(addr->b + 12, ones, 4) == 0)
		return ADDR_KIND_BROADCAST;
	return addr->b[12] >> 4 == 14 ? ADDR_KIND_MULTICAST : ADDR_KIND_UNKNOWN;
}

/* ---- IPv4 ---- */

static enum addr_kind kind_of_type(enum route_type type)
{
	switch (type) {
	case ROUTE_LOCAL:     return ADDR_KIND_LOCAL;
	case ROUTE_NO_TABLE:  /* the kernel answers "broadcast" for every address then */
	case ROUTE_BROADCAST: return ADDR_KIND_BROADCAST;
	case ROUTE_MULTICAST: return ADDR_KIND_MULTICAST;
	default:              return ADDR_KIND_NONE;
	}
}

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

	if (links_vrf(ifindex, &vrf) < 0 || routes_local(addr, vrf.table, &told) < 0)
		return ADDR_KIND_UNKNOWN;
	if (vrf.table || told.type == ROUTE_NO_TABLE || told.prefix == 32)
		return kind_of_type(told.type);
	if (routes_ask(FAMILY_IPV4, addr, 0, &looked_up) < 0)
		return ADDR_KIND_UNKNOWN;
	return kind_of_type(told.type) == kind_of_type(looked_up.type) ?
	       kind_of_type(told.type) : ADDR_KIND_UNKNOWN;
}

/* ---- IPv6 ---- */

/* ::1 and fe80:: are valid on their own device only. */
static bool is_of_device(const struct addr *addr)
{
	return addr_is_loopback(addr) || (addr->b[0] == 0xfe && (addr->b[1] & 0xc0) == 0x80);
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

/* ---- both ---- */

/* The scope of a link-local address is its device, even if another device is bound. */
static uint32_t device_of(const struct bind_ask *ask)
{
	return ask->scope && !addr_is_v4(&ask->addr) && is_of_device(&ask->addr) &&
	       !addr_is_loopback(&ask->addr) ? ask->scope : ask->ifindex;
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

/* ---- rights ---- */

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
	OWN_FD int netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	OWN_FD int ours = open("/proc/thread-self/ns/user", O_RDONLY | O_CLOEXEC);
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

/* ---- the answer ---- */

static struct answer_bind_context ask_kernel(const struct bind_ask *ask,
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
		told = ask_kernel(ask, seen);
		recorder_answer(recorder, &question);
	} else if (!recorder_answered(recorder, &question)) {
		told = (struct answer_bind_context){ .addr_kind = recorded_kind(ask, seen) };
	}
	context->addr_kind = told.addr_kind < ADDR_KIND_COUNT ? told.addr_kind : ADDR_KIND_UNKNOWN;
	context->may_bind_low = (struct known){ told.may_known, told.may != 0 };
}
