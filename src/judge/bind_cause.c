/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/bind_say.h"

#include "judge/say.h"

#include <inttypes.h>

static const char *option_of(const struct bind_ask *ask)
{
	if (ask->reuseaddr && ask->reuseport)
		return "SO_REUSEADDR or SO_REUSEPORT";
	return ask->reuseaddr ? "SO_REUSEADDR" : "SO_REUSEPORT";
}

/* ---- what stands in the way ---- */

/* Some flag of @s is not known, and the verdict hangs on it. */
static void say_unknown_flag(struct text *text, const struct bind_ask *ask, const struct sock *s)
{
	if (meets(ask, s) == MAYBE && (s->have & HAVE_V6ONLY))
		text_addf(text, "; it is in the way only while few sockets share its place in the "
			  "kernel's table");
	else if (meets(ask, s) == MAYBE)
		text_addf(text, "; whether it is IPv6 only (then it is not in the way) is not "
			  "known");
	if (shares_reuseaddr(ask, s) == MAYBE || shares_reuseport(ask, s) == MAYBE)
		text_addf(text, "; it works only if that socket set %s too, which cannot be seen",
			  option_of(ask));
}

static void say_listener_flags(struct text *text, const struct bind_ask *ask,
			       const struct sock *s)
{
	if (!ask->reuseport)
		text_addf(text, "; with a listener nothing shares, unless both set SO_REUSEPORT "
			  "and are of one uid");
	else if (s->reuseport)
		text_addf(text, "; a SO_REUSEPORT group is of one uid (%" PRIu32 " there, %" PRIu32
			  " here)", s->uid, ask->uid);
	else
		text_addf(text, "; the listener did not set SO_REUSEPORT");
}

static void say_datagram_flags(struct text *text, const struct bind_ask *ask,
			       const struct sock *s)
{
	if (ask->reuseport && s->reuseport)
		text_addf(text, "; a SO_REUSEPORT group is of one uid (%" PRIu32 " there, %" PRIu32
			  " here)", s->uid, ask->uid);
	else if (ask->reuseaddr || ask->reuseport)
		text_addf(text, "; it did not set %s", option_of(ask));
	else
		text_addf(text, "; UDP sockets share only when both set SO_REUSEADDR or both "
			  "SO_REUSEPORT");
}

static void say_leftover_flags(struct text *text, const struct bind_ask *ask,
			       const struct sock *s)
{
	if (ask->reuseaddr)
		text_addf(text, "; SO_REUSEADDR helps only when both sockets set it, and that one "
			  "did not");
	else if (!(s->have & HAVE_REUSEADDR))
		text_addf(text, "; your socket does not set SO_REUSEADDR");
	else
		text_addf(text, s->reuseaddr ?
			  "; that socket set SO_REUSEADDR and yours does not: it takes both" :
			  "; neither socket set SO_REUSEADDR: it takes both");
}

/* Why the options of a certain blocker and of the question do not help. */
static void say_flags(struct text *text, const struct bind_ask *ask, const struct sock *s)
{
	bool native = !addr_is_v4(&s->local) && !addr_is_any(&s->local);

	if (native && ask->family == FAMILY_IPV4)
		text_addf(text, "; a socket with an IPv6 address that is not IPv6 only blocks "
			  "0.0.0.0");
	if (s->protocol == PROTOCOL_UDP)
		say_datagram_flags(text, ask, s);
	else if (s->state == STATE_LISTEN)
		say_listener_flags(text, ask, s);
	else
		say_leftover_flags(text, ask, s);
}

/*
 * A child of a server has the server's flags, so a live socket at the same
 * address tells what a dead one probably had. Good enough for a word, not for
 * a verdict: flags can be changed, and the dead one may be another program's.
 */
static void say_likely(struct text *text, const struct bind_case *c, const struct sock *s)
{
	if (!c->ask.reuseaddr || (s->have & HAVE_REUSEADDR))
		return;
	for (size_t i = 0; i < c->seen->socks.count; i++) {
		const struct sock *live = &c->seen->socks.at[i];

		if (!is_concerned(&c->ask, live) || !(live->have & HAVE_REUSEADDR) ||
		    !addr_equal(&live->local, &s->local))
			continue;
		text_addf(text, "; a live socket on that address %s it: likely that one too",
			  live->reuseaddr ? "set" : "did not set");
		return;
	}
}

static void say_obstacle(struct text *text, const struct bind_case *c)
{
	const struct bind_answer *answer = c->answer;
	const struct bind_blocker *blocker = answer->blockers.at;
	const struct sock *s;

	if (!answer->blockers.count) {
		text_addf(text, "no socket that was seen is in the way: it came or went in "
			  "between, or cannot be seen from here");
		return;
	}
	s = &c->seen->socks.at[blocker->sock];
	text_addf(text, "%s", bind_blocker_text(answer, blocker));
	if (c->by_rule.reason == REASON_FLAGS || c->by_rule.reason == REASON_ORDER ||
	    !blocker->certain) {
		say_unknown_flag(text, &c->ask, s);
		say_likely(text, c, s);
	} else
		say_flags(text, &c->ask, s);
	if (answer->blockers.count > 1) {
		text_addf(text, "; ");
		say_count(text, answer->blockers.count - 1, "more socket is in the way",
			  "more sockets are in the way");
	}
}

/* ---- when it works ---- */

static const char *pass_of(const struct bind_ask *ask, const struct sock *s)
{
	if (ask->ifindex && s->ifindex && ask->ifindex != s->ifindex)
		return "is bound to another device";
	if (meets(ask, s) == NO)
		return "is on an address that does not overlap";
	if (shares_reuseaddr(ask, s) == YES)
		return "shares it, as both set SO_REUSEADDR";
	return "shares it, as both set SO_REUSEPORT";
}

static void say_free(struct text *text, const struct bind_case *c)
{
	const struct sock *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < c->seen->socks.count; i++) {
		const struct sock *s = &c->seen->socks.at[i];

		if (!is_concerned(&c->ask, s))
			continue;
		if (!count++ || s->state == STATE_LISTEN)
			first = s;
	}
	if (!first) {
		text_addf(text, "no socket of this namespace has the port");
		return;
	}
	say_count(text, count, "socket has", "sockets have");
	text_addf(text, " the port and none is in the way: ");
	say_address(text, &first->local, first->local_port);
	text_addf(text, " (%s) %s", first->protocol == PROTOCOL_UDP ? "UDP" :
		  state_table[first->state].name, pass_of(&c->ask, first));
}

/* ---- the other reasons ---- */

static const char *gap_text(const struct snapshot *seen)
{
	static const unsigned telling = 1u << GAP_DUMP | 1u << GAP_BOUND | 1u << GAP_ATTRIBUTE |
					1u << GAP_RECORDING | 1u << GAP_RESOURCES |
					1u << GAP_SOURCE | 1u << GAP_NETNS;

	for (size_t i = 0; i < seen->gaps.count; i++)
		if (1u << seen->gaps.at[i].kind & telling)
			return seen->gaps.at[i].text;
	return "the list of sockets is not whole";
}

static void say_list(struct text *text, const struct bind_case *c)
{
	text_addf(text, "not every socket on the port could be seen: %s", gap_text(c->seen));
	if (c->answer->blockers.count) {
		text_addf(text, "; ");
		say_obstacle(text, c);
	}
}

static void say_no_address(struct text *text, const struct bind_case *c)
{
	say_address(text, &c->ask.addr, 0);
	switch (c->scene->addr_kind) {
	case ADDR_KIND_TENTATIVE:
		text_addf(text, " is not usable yet: duplicate detection is not done, or has "
			  "failed");
		break;
	case ADDR_KIND_ELSEWHERE:
		text_addf(text, " is an address of another device than the one asked for");
		break;
	default:
		text_addf(text, " is not an address of this network namespace");
	}
}

static void say_privilege(struct text *text, const struct bind_case *c)
{
	const struct known *start = &c->seen->limits.limit[LIMIT_UNPRIVILEGED_PORT_START];

	text_addf(text, "port %u is below net.ipv4.ip_unprivileged_port_start", c->ask.port);
	if (start->is)
		text_addf(text, " (%" PRId64 ")", start->value);
	text_addf(text, " and uid %" PRIu32 " has no CAP_NET_BIND_SERVICE", c->ask.uid);
}

static void say_privilege_unseen(struct text *text, const struct bind_case *c)
{
	text_addf(text, "whether uid %" PRIu32 " may bind port %u "
		  "(net.ipv4.ip_unprivileged_port_start, CAP_NET_BIND_SERVICE) was not seen",
		  c->ask.uid, c->ask.port);
}

/* Before the kernel looks at any other socket. */
static void say_refusal(struct text *text, const struct bind_case *c)
{
	switch (c->ruling.reason) {
	case REASON_MULTICAST:
		text_addf(text, "a TCP socket cannot be bound to an IPv6 multicast address");
		break;
	case REASON_MAPPED:
		text_addf(text, "an IPV6_V6ONLY socket cannot have a v4-mapped address");
		break;
	case REASON_SCOPE:
		text_addf(text, "an address of one link says nothing without its device");
		break;
	case REASON_ADDRESS:
		say_no_address(text, c);
		break;
	case REASON_PRIVILEGE:
		say_privilege(text, c);
		break;
	case REASON_REFUSED:
		text_addf(text, "no rule of the network stack says so: a BPF program of a cgroup, "
			  "a security module or a seccomp filter refuses it");
		break;
	case REASON_ADDRESS_UNSEEN:
		text_addf(text, "whether ");
		say_address(text, &c->ask.addr, 0);
		text_addf(text, " is an address of this namespace was not seen");
		break;
	case REASON_NONLOCAL_UNSEEN:
		say_no_address(text, c);
		text_addf(text, ", and whether ip_nonlocal_bind allows it was not seen");
		break;
	case REASON_PRIVILEGE_UNSEEN:
		say_privilege_unseen(text, c);
		break;
	default:
		break;
	}
}

static void say_reason(struct text *text, const struct bind_case *c)
{
	switch (c->ruling.reason) {
	default:
		say_refusal(text, c);
		break;
	case REASON_FITS:
		say_free(text, c);
		break;
	case REASON_ORDER:
		text_addf(text, "the first socket that the kernel meets decides, and in which "
			  "order it meets them cannot be seen; ");
		say_obstacle(text, c);
		break;
	case REASON_SHORTCUT:
		text_addf(text, "almost certainly no (one shortcut of the kernel for SO_REUSEPORT "
			  "cannot be seen): ");
		say_obstacle(text, c);
		break;
	case REASON_LIST:
		say_list(text, c);
		break;
	case REASON_IN_USE:
	case REASON_FLAGS:
		say_obstacle(text, c);
		break;
	}
}

static void say_cause_of(const struct bind_case *c)
{
	const struct bind_probe *probe = &c->scene->probe;
	struct text text = { .at = NULL };

	if (probe->made && !probe->err) {
		text_addf(&text, "the kernel was asked: bind() worked and was undone at once");
		if (c->by_rule.outcome.verdict == VERDICT_FAILS)
			text_addf(&text, ", although by what was seen it should not have");
	} else {
		if (probe->made)
			text_addf(&text, "the kernel was asked and bind() fails: ");
		say_reason(&text, c);
	}
	say_fit(c->answer->cause, sizeof(c->answer->cause), &text);
}

/* ---- what would settle it ---- */

static void say_settling_flags(struct text *text, const struct bind_case *c)
{
	bool held = false;

	for (size_t i = 0; i < c->answer->blockers.count; i++) {
		const struct bind_blocker *blocker = &c->answer->blockers.at[i];

		held |= !blocker->certain && c->seen->socks.at[blocker->sock].inode;
	}
	if (held)
		text_addf(text, "root may ask a descriptor for its options");
	if (c->ask.protocol == PROTOCOL_TCP)
		text_addf(text, "%s--probe, a real bind() that is undone at once",
			  held ? "; or " : "");
	else if (!held)
		text_addf(text, "trying it: the options of a socket without a file cannot be asked "
			  "for");
}

static void say_settling(struct text *text, const struct bind_case *c)
{
	bool tcp = c->ask.protocol == PROTOCOL_TCP;

	switch (c->ruling.reason) {
	case REASON_FLAGS:
		say_settling_flags(text, c);
		break;
	case REASON_ORDER:
		text_addf(text, "trying it: --probe is not for UDP, it would take real datagrams");
		break;
	case REASON_NONLOCAL_UNSEEN:
		text_addf(text, "the value of net.ipv%d.ip_nonlocal_bind",
			  addr_is_v4(&c->ask.addr) ? 4 : 6);
		break;
	case REASON_PRIVILEGE_UNSEEN:
		text_addf(text, "the capabilities of the program, and "
			  "net.ipv4.ip_unprivileged_port_start%s", tcp ? "; or --probe" : "");
		break;
	case REASON_ADDRESS_UNSEEN:
	case REASON_LIST:
		text_addf(text, "%s", tcp ? "asking the kernel on the machine itself, with "
			  "--probe" :
			  "asking again on the machine itself, as root");
		break;
	default:
		text_addf(text, "--probe, a real bind() that is undone at once");
	}
}

void say_verdict(const struct bind_case *c)
{
	enum verdict verdict = c->ruling.outcome.verdict;
	struct text text = { .at = NULL };

	say_cause_of(c);
	if (verdict != VERDICT_DEPENDS && verdict != VERDICT_UNKNOWN)
		return;
	say_settling(&text, c);
	say_fit(c->answer->settles, sizeof(c->answer->settles), &text);
}
