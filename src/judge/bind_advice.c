/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to do about it
 *
 * An advice is only given when it works in the case at hand: options and other
 * addresses are judged like the question itself before they are named. What
 * would only help next time is a note.
 */
#include "judge/bind_say.h"

#include "judge/say.h"
#include "judge/service.h"

#include <inttypes.h>
#include <string.h>

enum {
	OTHERS_MAX = 2,         /* other addresses offered */
	TRIED_MAX = 64,         /* and judged for that, each against all sockets */
	LISTED_MAX = 4,         /* own addresses listed */
};

/* ---- judged again with something changed ---- */

static bool would_work(const struct bind_case *c, const struct bind_ask *ask,
		       enum addr_kind kind)
{
	struct bind_scene scene = *c->scene;

	scene.addr_kind = kind;
	return rule_bind(c->seen, ask, &scene).outcome.verdict == VERDICT_OK;
}

static void advise_options(const struct bind_case *c)
{
	struct advice *advice = &c->answer->advice;

	if (with_more(c, WITH_REUSEADDR)->verdict == VERDICT_OK)
		advice_add(advice, "Set SO_REUSEADDR before bind(): what is in the way has it "
			   "too%s.",
			   c->ask.protocol == PROTOCOL_TCP ? ", and none of it listens" : "");
	else if (with_more(c, WITH_REUSEPORT)->verdict == VERDICT_OK)
		advice_add(advice, "Set SO_REUSEPORT before bind(): what is in the way has it too. "
			   "Beside other listeners the socket then gets its share of connections.");
	else if (with_more(c, WITH_BOTH)->verdict == VERDICT_OK)
		advice_add(advice, "Set SO_REUSEADDR and SO_REUSEPORT before bind().");
}

/* ---- ending what is in the way ---- */

/* The unit whose stop ends what @s belongs to, or NULL. */
static const char *unit_of(const struct bind_case *c, const struct sock *s)
{
	const struct cgroup *home = sock_home(c->seen, s);

	return is_unit(home, ".service") && !cgroup_container(home) &&
	       strncmp(cgroup_unit(home), "user@", 5) != 0 ? cgroup_unit(home) : NULL;
}

/* Whose accept() a connection waits for. */
static const struct sock *awaited(const struct listeners *listeners, const struct sock *s)
{
	return sock_is_unaccepted(s) ? listeners_find(listeners, s) : NULL;
}

static void tell_stop(struct telling *t, const struct bind_case *c, const struct sock *s)
{
	bool is_held = service_process(c->seen, s) >= 0;
	const char *unit = is_held && !is_of_manager(c->seen, s) ? unit_of(c, s) : NULL;
	struct text phrase = { .at = NULL };

	if (is_held_by(c->seen, s, "docker-proxy")) {
		text_addf(&phrase, "the container that publishes the port (docker ps --filter "
			  "publish=%u), not docker-proxy itself", c->ask.port);
	} else if (unit) {
		text_addf(&phrase, "the unit: ");
		say_stop_unit(&phrase, unit);
	} else if (!s->inode) {
		text_addf(&phrase, "the service of the kernel that has it (such as NFS, "
			  "WireGuard, VXLAN)");
	} else {
		tell_owners(t, c->seen, s);
		return;
	}
	tell(t, NO_PROCESS, &phrase);
}

/* True for a socket that only the kernel keeps: there is nothing to stop. */
static bool is_left_over(enum bind_why why)
{
	return why == WHY_TIME_WAIT || why == WHY_ORPHAN;
}

static void advise_stop(const struct bind_case *c)
{
	struct telling owners = { .count = 0 };
	struct text told = { .at = NULL };
	struct listeners listeners;

	listeners_init(&listeners, c->seen);
	for (size_t i = 0; i < c->answer->blockers.count && !owners.unnamed; i++) {
		const struct bind_blocker *blocker = &c->answer->blockers.at[i];
		const struct sock *s = &c->seen->socks.at[blocker->sock];

		if (!is_left_over(blocker->why))
			tell_stop(&owners, c, awaited(&listeners, s) ?: s);
	}
	listeners_fini(&listeners);
	if (!owners.count)
		return;
	say_telling(&told, &owners, "; ");
	advice_add(&c->answer->advice, "Stop %s%s.", text_str(&told),
		   owners.unnamed ? "; and the other owners" :
		   owners.count > 1 ? ", all of them" : "");
	text_fini(&told);
}

static void advise_wait(const struct bind_case *c)
{
	const struct known *free_in = &c->answer->free_in_ms;

	if (free_in->is)
		advice_add(&c->answer->advice, "Wait %" PRId64 " s: then %s gone by itself.",
			   (free_in->value + 999) / 1000,
			   c->answer->blockers.count == 1 ? "it is" : "the last of them is");
}

/* Only where the filter takes nothing but what is in the way. */
static void advise_destroy(const struct bind_case *c)
{
	const struct bind_answer *answer = c->answer;
	enum state state = STATE_NONE;

	for (size_t i = 0; i < answer->blockers.count; i++) {
		const struct bind_blocker *blocker = &answer->blockers.at[i];
		enum state found = c->seen->socks.at[blocker->sock].state;

		if (!is_left_over(blocker->why) || (state && found != state))
			return;
		state = found;
	}
	if (state)
		advice_add(&c->answer->advice, "As root: ss -K state %s 'sport = :%u' removes %s "
			   "now (where the kernel has "
			   "INET_DIAG_DESTROY).", state_table[state].filter,
			   c->ask.port, answer->blockers.count == 1 ? "it" : "them");
}

/* What a server can have left; not what a program uses for something else. */
static bool is_of_old_server(enum bind_why why)
{
	return why == WHY_CHILD || why == WHY_CONNECTION || why == WHY_CLOSING ||
	       why == WHY_ORPHAN || why == WHY_TIME_WAIT;
}

static void advise_old_server(const struct bind_case *c)
{
	if (!c->asked->reuseaddr && with_more(c, WITH_REUSEADDR)->verdict == VERDICT_DEPENDS &&
	    c->by_rule.reason != REASON_SHORTCUT &&
	    is_of_old_server(c->answer->blockers.at[0].why))
		advice_add(&c->answer->advice, "Set SO_REUSEADDR before bind(): it works now only "
			   "if the old socket had it too; what a server with it leaves behind does "
			   "not stop its next start.");
}

/* ---- other addresses ---- */

static void offer_v6only(const struct bind_case *c)
{
	struct bind_ask ask = *c->asked;

	/* Where it changes nothing the same sockets are in the way again. */
	ask.v6only = true;
	if (would_work(c, &ask, c->scene->addr_kind))
		advice_add(&c->answer->advice, "Set IPV6_V6ONLY: only IPv4 is in the way, and the "
			   "socket then leaves it alone.");
}

/* Addresses of one link are no substitute for others: they need a scope. */
static bool is_offered(const struct bind_case *c, const struct local *local)
{
	struct bind_ask ask = *c->asked;

	ask.addr = local->addr;
	if (addr_equal(&local->addr, &c->asked->addr) || local->tentative ||
	    ask_needs_scope(&ask) || (ask.ifindex && ask.ifindex != local->ifindex))
		return false;
	return addr_is_v4(&local->addr) == addr_is_v4(&c->asked->addr);
}

static void offer_addresses(const struct bind_case *c)
{
	size_t offered = 0, tried = 0;

	for (size_t i = 0; i < c->seen->locals.count && offered < OTHERS_MAX; i++) {
		const struct local *local = &c->seen->locals.at[i];
		struct bind_ask ask = *c->asked;
		struct text text = { .at = NULL };

		ask.addr = local->addr;
		if (!is_offered(c, local))
			continue;
		if (tried++ == TRIED_MAX)
			return;
		if (!would_work(c, &ask, ADDR_KIND_LOCAL))
			continue;
		offered++;
		say_address(&text, &ask.addr, ask.port);
		advice_add(&c->answer->advice, "Bind %s instead: that address is free%s.",
			   text_str(&text), addr_is_loopback(&ask.addr) ?
			   " (it is reached from this machine only)" : "");
		text_fini(&text);
	}
}

static void advise_in_use(const struct bind_case *c)
{
	/* What was not seen can be in the way of anything else as well. */
	if (!c->answer->blockers.count)
		return;
	advise_options(c);
	advise_wait(c);
	advise_old_server(c);
	advise_stop(c);
	if (has_client(c->answer))
		advise_reserve(c, &c->answer->advice);
	offer_v6only(c);
	offer_addresses(c);
	advise_destroy(c);
}

/* ---- addresses and privilege ---- */

static void say_locals(struct text *text, const struct bind_case *c)
{
	bool v4 = addr_is_v4(&c->ask.addr);
	size_t count = 0;

	for (size_t i = 0; i < c->seen->locals.count; i++) {
		const struct local *local = &c->seen->locals.at[i];

		if (addr_is_v4(&local->addr) != v4)
			continue;
		if (count++ >= LISTED_MAX)
			continue;
		text_addf(text, count > 1 ? ", " : "");
		say_address(text, &local->addr, 0);
	}
	if (count > LISTED_MAX)
		text_addf(text, " and %zu more", count - LISTED_MAX);
}

static void advise_own(const struct bind_case *c)
{
	struct text text = { .at = NULL };

	say_locals(&text, c);
	if (text.count)
		advice_add(&c->answer->advice, "Bind an address of this namespace: it has %s.",
			   text_str(&text));
	text_fini(&text);
}

static void advise_address(const struct bind_case *c)
{
	struct advice *advice = &c->answer->advice;
	bool v4 = addr_is_v4(&c->ask.addr);

	if (!would_work(c, c->asked, ADDR_KIND_LOCAL)) {
		advise_own(c);
		advice_add(&c->answer->notes, "With that address here it would still not work: ask "
			   "again when it is.");
		return;
	}
	if (c->scene->addr_kind == ADDR_KIND_TENTATIVE)
		advice_add(advice, "Wait for duplicate address detection (a second or two); ip -6 "
			   "addr shows tentative or dadfailed.");
	if (c->scene->addr_kind == ADDR_KIND_ELSEWHERE)
		advice_add(advice, "Bind to the device that has the address, or to none.");
	advise_own(c);
	if (c->scene->addr_kind == ADDR_KIND_NONE)
		advice_add(advice, "Add the address to a device of this namespace (ip addr add).");
	advice_add(advice, "Set %s on the socket, or net.ipv%d.ip_nonlocal_bind=1: then an address "
		   "that is not there yet can be bound.", v4 ? "IP_FREEBIND" : "IPV6_FREEBIND",
		   v4 ? 4 : 6);
}

static void advise_privilege(const struct bind_case *c)
{
	struct advice *advice = &c->answer->advice;
	struct bind_scene scene = *c->scene;
	struct ruling then;

	scene.may_bind_low = (struct known){ true, 1 };
	then = rule_bind(c->seen, c->asked, &scene);
	if (then.outcome.verdict == VERDICT_FAILS) {
		advice_add(advice, "The privilege alone is not enough, %s comes after it: ask "
			   "again for a uid that has it (--uid 0).",
			   then.outcome.err ? errno_name(then.outcome.err) : "another error");
		return;
	}
	advice_add(advice, "Give the program the capability: setcap cap_net_bind_service=+ep "
		   "PROGRAM, or AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit.");
	advice_add(advice, "Or let every program use ports from %u on: sysctl "
		   "net.ipv4.ip_unprivileged_port_start=%u.", c->ask.port, c->ask.port);
	advice_add(advice, "Or let a systemd socket unit bind the port and hand it over.");
}

void advise_bind(const struct bind_case *c)
{
	struct advice *advice = &c->answer->advice;

	switch (c->ruling.reason) {
	case REASON_IN_USE:
	case REASON_FLAGS:
	case REASON_ORDER:
	case REASON_SHORTCUT:
	case REASON_LIST:
		advise_in_use(c);
		break;
	case REASON_FITS:
	case REASON_ADDRESS_UNSEEN:
	case REASON_PRIVILEGE_UNSEEN:
		break;
	case REASON_MULTICAST:
		advice_add(advice, "Bind [::] or an address of this namespace; multicast is for "
			   "UDP.");
		break;
	case REASON_MAPPED:
		advice_add(advice, "Take an IPv4 socket for it, or clear IPV6_V6ONLY before "
			   "bind().");
		break;
	case REASON_SCOPE:
		advice_add(advice, "Name the device: sin6_scope_id, SO_BINDTODEVICE or "
			   "ADDRESS%%DEVICE.");
		break;
	case REASON_ADDRESS:
	case REASON_NONLOCAL_UNSEEN:
		advise_address(c);
		break;
	case REASON_PRIVILEGE:
		advise_privilege(c);
		break;
	case REASON_REFUSED:
		advice_add(advice, "Look for programs on the cgroup (bpftool cgroup tree) and in "
			   "the log of the security module.");
		break;
	}
}
