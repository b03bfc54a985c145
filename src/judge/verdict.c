/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/verdict.h"

#include <errno.h>

/* ---- one pair of sockets ---- */

/*
 * These tests were measured on Linux 6.18: 8,938 random trials without a wrong answer
 * where every flag was known. The kernel's rules are effectively the same since 6.8.
 */

enum shape { SHAPE_IPV4, SHAPE_ANY6, SHAPE_NATIVE6 };

static enum shape shape_of(enum family family, const struct addr *addr)
{
	if (family == FAMILY_IPV4 || addr_is_v4(addr))
		return SHAPE_IPV4;
	return addr_is_any(addr) ? SHAPE_ANY6 : SHAPE_NATIVE6;
}

static enum maybe yes_if(bool value)
{
	return value ? YES : NO;
}

/*
 * A handshake that the server has not finished is a request socket, which does not own
 * the port. The same state with a file means two connect()s that met each other.
 */
bool owns_port(const struct sock *s)
{
	return s->local_port && (s->state != STATE_SYN_RECV || s->inode);
}

bool ask_needs_scope(const struct bind_ask *ask)
{
	const uint8_t *b = ask->addr.b;
	bool multicast_nearby = b[0] == 0xff && ((b[1] & 0xf) == 1 || (b[1] & 0xf) == 2);

	return ask->family == FAMILY_IPV6 && (addr_is_link_local(&ask->addr) || multicast_nearby);
}

struct bind_ask ask_effective(const struct bind_ask *ask)
{
	struct bind_ask effective = *ask;

	if (ask_needs_scope(ask) && ask->scope)
		effective.ifindex = ask->scope;
	return effective;
}

/*
 * For the IPv4 wildcard, the kernel reads the last bytes of a native IPv6 socket's
 * address as an IPv4 address, 127.0.0.6, unless the socket is IPv6 only. With UDP that
 * very address meets it, too, if the port's chain is short enough to be searched; in
 * longer chains, and with TCP always, sockets are looked up by address and such a socket
 * is not found.
 */
static enum maybe meets_native(const struct bind_ask *ask, const struct sock *s)
{
	static const uint8_t stand_in[4] = { 127, 0, 0, 6 };
	struct addr seen_as = addr_from_v4(stand_in);
	enum maybe looked_at = NO;

	if (ask->family == FAMILY_IPV4 && addr_is_any(&ask->addr))
		looked_at = YES;
	else if (ask->family == FAMILY_IPV4 && ask->protocol == PROTOCOL_UDP &&
		 addr_equal(&ask->addr, &seen_as))
		looked_at = MAYBE;
	return maybe_both(looked_at, maybe_not(sock_flag(s, HAVE_V6ONLY, s->v6only)));
}

static enum maybe overlap_v4(const struct bind_ask *ask, const struct sock *s)
{
	switch (shape_of(s->family, &s->local)) {
	case SHAPE_IPV4:
		return yes_if(addr_is_any(&ask->addr) || addr_is_any(&s->local) ||
			      addr_equal(&ask->addr, &s->local));
	case SHAPE_ANY6:
		return maybe_not(sock_flag(s, HAVE_V6ONLY, s->v6only));
	case SHAPE_NATIVE6:
		return meets_native(ask, s);
	}
	return MAYBE;
}

/* Whether the two addresses conflict. */
static enum maybe overlap(const struct bind_ask *ask, const struct sock *s)
{
	enum shape other = shape_of(s->family, &s->local);

	switch (shape_of(ask->family, &ask->addr)) {
	case SHAPE_ANY6:
		return yes_if(other != SHAPE_IPV4 || !ask->v6only);
	case SHAPE_NATIVE6:
		return yes_if(other == SHAPE_ANY6 || (other == SHAPE_NATIVE6 &&
						      addr_equal(&ask->addr, &s->local)));
	case SHAPE_IPV4:
		return overlap_v4(ask, s);
	}
	return MAYBE;
}

/* A socket without a device conflicts with those of every device. */
enum maybe meets(const struct bind_ask *ask, const struct sock *s)
{
	if (ask->ifindex && s->ifindex && ask->ifindex != s->ifindex)
		return NO;
	return overlap(ask, s);
}

enum maybe shares_reuseaddr(const struct bind_ask *ask, const struct sock *s)
{
	if (!ask->reuseaddr || s->state == STATE_LISTEN)
		return NO;
	return sock_flag(s, HAVE_REUSEADDR, s->reuseaddr);
}

/* A SO_REUSEPORT group belongs to one uid; a TIME_WAIT belongs to nobody. */
enum maybe shares_reuseport(const struct bind_ask *ask, const struct sock *s)
{
	enum maybe same_uid = sock_flag(s, HAVE_UID, s->uid == ask->uid);

	if (!ask->reuseport)
		return NO;
	if (ask->protocol == PROTOCOL_TCP && sock_is_minisock(s))
		same_uid = YES;
	return maybe_both(sock_flag(s, HAVE_REUSEPORT, s->reuseport), same_uid);
}

/* For TCP: whether @s alone makes bind() fail. */
static enum maybe conflict(const struct bind_ask *ask, const struct sock *s)
{
	enum maybe alone = maybe_both(maybe_not(shares_reuseaddr(ask, s)),
				      maybe_not(shares_reuseport(ask, s)));

	return maybe_both(meets(ask, s), alone);
}

/* ---- the tests of the kernel ---- */

/* The result of one of the kernel's tests: whether it fails, with which errno, and why. */
struct test {
	enum maybe fails;
	int err;
	enum reason reason;
};

static const struct test passed = { .fails = NO };

bool ports_seen_whole(const struct snapshot *seen, enum protocol protocol)
{
	if (!snapshot_lists_all(seen))
		return false;
	for (size_t i = 0; i < seen->gaps.count; i++) {
		enum gap_kind kind = seen->gaps.at[i].kind;

		if (kind == GAP_RECORDING || kind == GAP_SOURCE ||
		    (kind == GAP_BOUND && protocol == PROTOCOL_TCP))
			return false;
	}
	return true;
}

/* ---- sockets ---- */

static struct test undecided(enum reason reason)
{
	return (struct test){ MAYBE, EADDRINUSE, reason };
}

static struct test in_use(void)
{
	return (struct test){ YES, EADDRINUSE, REASON_IN_USE };
}

/*
 * For each port, the kernel remembers the uid and address of the SO_REUSEPORT socket
 * that was bound last, and lets the next one with the same uid and address in without
 * looking at the sockets. No listing shows this. Not even a listener of another uid
 * rules it out: fchown(), a removed device, or TCP_REPAIR after listen() leave that
 * memory as it was.
 */
static struct test test_tcp(const struct snapshot *seen, const struct bind_ask *ask)
{
	enum maybe worst = NO;

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		enum maybe found = is_concerned(ask, s) ? conflict(ask, s) : NO;

		if (found > worst)
			worst = found;
	}
	/* a row of /proc may be bound to a device, and then it does not conflict */
	if (worst == YES && !snapshot_has_gap(seen, GAP_SOURCE))
		return ask->reuseport ? undecided(REASON_SHORTCUT) : in_use();
	if (!ports_seen_whole(seen, ask->protocol))
		return undecided(REASON_LIST);
	return worst == MAYBE ? undecided(REASON_FLAGS) : passed;
}

/* A UDP socket conflicts unless both have SO_REUSEADDR; there is no listening. */
static enum maybe is_met(const struct bind_ask *ask, const struct sock *s)
{
	return maybe_both(meets(ask, s), maybe_not(shares_reuseaddr(ask, s)));
}

/* How the walk over the chain can end. */
struct walk {
	bool may_pass, may_fail;
	bool stopped;           /* it certainly ends at a socket, not at the end */
};

static void walk_step(struct walk *walk, const struct bind_ask *ask, const struct sock *s)
{
	enum maybe met = is_met(ask, s);
	enum maybe shared = shares_reuseport(ask, s);

	if (met == NO)
		return;
	walk->may_pass |= shared != NO;
	walk->may_fail |= shared != YES;
	walk->stopped |= met == YES;
}

static bool is_mixed(const struct walk *walk)
{
	return (walk->may_pass || !walk->stopped) && walk->may_fail;
}

/*
 * The first socket that conflicts decides: if it is of the same SO_REUSEPORT group,
 * bind() works; otherwise it fails, whatever comes later. But a question about one
 * address is answered from other chains when more than ten sockets are in the port's
 * chain, and ports and namespaces that cannot be seen share the chain. So the order that
 * was seen counts only for a question about the wildcard.
 */
static struct test test_udp(const struct snapshot *seen, const struct bind_ask *ask)
{
	struct walk first = { 0 }, any = { 0 };
	bool by_order = addr_is_any(&ask->addr);
	const struct walk *walk = by_order ? &first : &any;

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (!is_concerned(ask, s))
			continue;
		if (!first.stopped)
			walk_step(&first, ask, s);
		walk_step(&any, ask, s);
	}
	if (!ports_seen_whole(seen, ask->protocol) && (!walk->stopped || ask->reuseport))
		return undecided(REASON_LIST);
	if (is_mixed(walk))
		return undecided(by_order || is_mixed(&first) ? REASON_FLAGS : REASON_ORDER);
	return walk->may_fail ? in_use() : passed;
}

static struct test test_sockets(const struct snapshot *seen, const struct bind_ask *ask)
{
	return ask->protocol == PROTOCOL_UDP ? test_udp(seen, ask) : test_tcp(seen, ask);
}

/* True when some conflicting socket would let @ask in if it came first. */
static bool has_group(const struct snapshot *seen, const struct bind_ask *ask)
{
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (is_concerned(ask, s) && is_met(ask, s) != NO && shares_reuseport(ask, s) != NO)
			return true;
	}
	return false;
}

/*
 * For UDP: the sockets before the chain certainly reaches a member of the group. A
 * socket after a possible member is not certain to be met, and where the order is not
 * known, none is.
 */
static void each_udp(const struct snapshot *seen, const struct bind_ask *ask,
		     void (*take)(void *ctx, uint32_t index, bool certain), void *ctx)
{
	bool by_order = addr_is_any(&ask->addr);
	bool certain = by_order || !has_group(seen, ask);

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		enum maybe met = is_concerned(ask, s) ? is_met(ask, s) : NO;
		enum maybe shared = shares_reuseport(ask, s);

		if (met == NO)
			continue;
		if (by_order && met == YES && shared == YES)
			return;
		certain &= shared == NO;
		if (shared != YES)
			take(ctx, (uint32_t)i, certain && met == YES);
	}
}

void each_in_the_way(const struct snapshot *seen, const struct bind_ask *ask,
		     void (*take)(void *ctx, uint32_t index, bool certain), void *ctx)
{
	if (ask->protocol == PROTOCOL_UDP) {
		each_udp(seen, ask, take, ctx);
		return;
	}
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		enum maybe found = is_concerned(ask, s) ? conflict(ask, s) : NO;

		if (found != NO)
			take(ctx, (uint32_t)i, found == YES);
	}
}

/* ---- what comes before the sockets ---- */

static bool is_v4(const struct bind_ask *ask)
{
	return ask->family == FAMILY_IPV4 || addr_is_v4(&ask->addr);
}

static struct test test_multicast(const struct bind_ask *ask)
{
	if (ask->protocol == PROTOCOL_TCP && !is_v4(ask) && addr_is_multicast(&ask->addr))
		return (struct test){ YES, EINVAL, REASON_MULTICAST };
	return passed;
}

static struct test test_mapped(const struct bind_ask *ask)
{
	if (ask->family == FAMILY_IPV6 && is_v4(ask) && ask->v6only)
		return (struct test){ YES, EINVAL, REASON_MAPPED };
	return passed;
}

static struct test test_scope(const struct bind_ask *ask)
{
	if (ask_needs_scope(ask) && !ask->ifindex)
		return (struct test){ YES, EINVAL, REASON_SCOPE };
	return passed;
}

static bool is_bindable(const struct bind_ask *ask, enum addr_kind kind)
{
	switch (kind) {
	case ADDR_KIND_ANY:
	case ADDR_KIND_LOCAL:
	case ADDR_KIND_MULTICAST:
		return true;
	case ADDR_KIND_BROADCAST:
		return is_v4(ask);
	default:
		return false;
	}
}

static struct test test_address(const struct snapshot *seen, const struct bind_ask *ask,
				const struct bind_context *context)
{
	const struct known *nonlocal =
		&seen->limits.limit[is_v4(ask) ? LIMIT_NONLOCAL_BIND : LIMIT_NONLOCAL_BIND6];

	if (addr_is_any(&ask->addr) || addr_is_multicast(&ask->addr) || is_bindable(ask, context->addr_kind))
		return passed;
	if (nonlocal->is && nonlocal->value)
		return passed;
	if (context->addr_kind == ADDR_KIND_UNKNOWN)
		return (struct test){ MAYBE, EADDRNOTAVAIL, REASON_ADDRESS_UNSEEN };
	if (!nonlocal->is)
		return (struct test){ MAYBE, EADDRNOTAVAIL, REASON_NONLOCAL_UNSEEN };
	return (struct test){ YES, EADDRNOTAVAIL, REASON_ADDRESS };
}

static struct test test_privilege(const struct snapshot *seen, const struct bind_ask *ask,
				  const struct bind_context *context)
{
	const struct known *start = &seen->limits.limit[LIMIT_UNPRIVILEGED_PORT_START];

	if ((start->is && ask->port >= start->value) ||
	    (context->may_bind_low.is && context->may_bind_low.value))
		return passed;
	if (!start->is || !context->may_bind_low.is)
		return (struct test){ MAYBE, EACCES, REASON_PRIVILEGE_UNSEEN };
	return (struct test){ YES, EACCES, REASON_PRIVILEGE };
}

/* ---- together ---- */

/* A socket that was not seen weighs more than a flag that is not known. */
static enum verdict verdict_of(enum reason reason)
{
	if (reason == REASON_ADDRESS_UNSEEN || reason == REASON_LIST)
		return VERDICT_UNKNOWN;
	return reason == REASON_FITS ? VERDICT_OK : VERDICT_DEPENDS;
}

/*
 * The first test that fails gives the errno. After a test that may fail with another
 * errno, it is only certain that something fails.
 */
static struct ruling failed(const struct test *first, const struct test *test)
{
	struct ruling ruling = {
		.outcome = { .verdict = VERDICT_FAILS, .err = test->err }, .reason = test->reason,
	};

	for (; first < test; first++)
		if (first->fails == MAYBE && first->err != test->err)
			ruling.outcome.err = 0;
	return ruling;
}

static struct ruling fold(const struct test *tests, size_t count)
{
	struct ruling ruling = { .reason = REASON_FITS };

	for (size_t i = 0; i < count; i++) {
		const struct test *test = &tests[i];

		if (test->fails == YES)
			return failed(tests, test);
		if (test->fails == NO)
			continue;
		if (ruling.reason == REASON_FITS || verdict_of(test->reason) == VERDICT_UNKNOWN)
			ruling.reason = test->reason;
	}
	ruling.outcome.verdict = verdict_of(ruling.reason);
	return ruling;
}

struct ruling rule_bind(const struct snapshot *seen, const struct bind_ask *asked,
			const struct bind_context *context)
{
	struct bind_ask ask = ask_effective(asked);
	struct test address = test_address(seen, &ask, context);
	struct test privilege = test_privilege(seen, &ask, context);
	struct test sockets = test_sockets(seen, &ask);
	struct ruling ruling;

	if (ask.family == FAMILY_IPV4) {
		struct test tests[] = { address, privilege, sockets };

		ruling = fold(tests, 3);
	} else {
		struct test tests[] = { test_multicast(&ask), privilege, test_mapped(&ask),
					test_scope(&ask), address, sockets };

		ruling = fold(tests, sizeof(tests) / sizeof(*tests));
	}
	ruling.shortcut = sockets.reason == REASON_SHORTCUT;
	return ruling;
}
