/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict about bind() and listen()
 *
 * The kernel's own tests are repeated over what was seen (verdict.c,
 * overlap.c): for the options that were asked for and for the three other
 * combinations. A socket that binds and listens at once passes the same test
 * twice, so nothing here fails only at listen(): that happens when another one
 * listens in between, and is a note.
 *
 * When the kernel itself was asked, its word stands. Since an option can only
 * take conflicts away and never adds one, it then also answers for the
 * combinations with more options (it worked) or fewer (it did not).
 */
#include "judge/bind.h"

#include "base/grow.h"
#include "base/order.h"
#include "judge/bind_say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum bind_with with_of(const struct bind_ask *ask)
{
	return (enum bind_with)((ask->reuseaddr ? WITH_REUSEADDR : 0) |
				(ask->reuseport ? WITH_REUSEPORT : 0));
}

_Static_assert(WITH_BOTH == (WITH_REUSEADDR | WITH_REUSEPORT), "combinations are bits");

static bool holds_all(unsigned more, unsigned less)
{
	return (more & less) == less;
}

static bool is_here(enum addr_kind kind)
{
	return kind == ADDR_KIND_ANY || kind == ADDR_KIND_LOCAL ||
	       kind == ADDR_KIND_BROADCAST || kind == ADDR_KIND_MULTICAST;
}

/* Why the probe says @err, if it can be told. */
static enum reason reason_of(int err, const struct ruling *by_rule, enum addr_kind kind)
{
	if (by_rule->outcome.verdict == VERDICT_FAILS && by_rule->outcome.err == err)
		return by_rule->reason;
	switch (err) {
	case 0: return REASON_FITS;
	case EADDRINUSE: return REASON_IN_USE;
	case EADDRNOTAVAIL: return is_here(kind) ? REASON_REFUSED : REASON_ADDRESS;
	default: return REASON_REFUSED;
	}
}

/* What the probe says about the combination @with, when it says anything. */
static void hear_probe(const struct bind_case *c, unsigned with, struct bind_outcome *outcome)
{
	unsigned asked = with_of(c->asked);
	int err = c->scene->probe.err;

	if (!err && holds_all(with, asked))
		*outcome = (struct bind_outcome){ .verdict = VERDICT_OK };
	else if (err && (err != EADDRINUSE || holds_all(asked, with)))
		*outcome = (struct bind_outcome){ .verdict = VERDICT_FAILS, .err = err };
}

/* The kernel met a socket that was not seen: what was seen promises nothing then. */
static void doubt_table(struct bind_case *c)
{
	if (!c->scene->probe.made || c->scene->probe.err != EADDRINUSE ||
	    c->by_rule.outcome.verdict != VERDICT_OK)
		return;
	for (unsigned with = WITH_COUNT; with--;)
		if (c->answer->with[with].verdict == VERDICT_OK)
			c->answer->with[with].verdict = VERDICT_DEPENDS;
}

static void fill_table(struct bind_case *c)
{
	for (unsigned with = 0; with < WITH_COUNT; with++) {
		struct bind_ask ask = *c->asked;
		struct bind_outcome *outcome = &c->answer->with[with];
		struct ruling ruling;

		ask.reuseaddr = with & WITH_REUSEADDR;
		ask.reuseport = with & WITH_REUSEPORT;
		ruling = rule_bind(c->seen, &ask, c->scene);
		*outcome = ruling.outcome;
		if (c->scene->probe.made)
			hear_probe(c, with, outcome);
		if (with != with_of(c->asked))
			continue;
		c->by_rule = ruling;
		c->ruling = ruling;
		c->ruling.outcome = *outcome;
		if (c->scene->probe.made)
			c->ruling.reason = reason_of(c->scene->probe.err, &ruling,
						     c->scene->addr_kind);
	}
	doubt_table(c);
	c->answer->asked = c->ruling.outcome;
}

/* ---- blockers ---- */

static enum bind_why why_connected(const struct sock *s)
{
	switch (sock_opener(s)) {
	case OPENER_HERE:
		return WHY_CLIENT;
	case OPENER_PEER:
		return WHY_CHILD;
	case OPENER_UNKNOWN:
		break;
	}
	if (sock_is_unaccepted(s))
		return WHY_CHILD;
	/* What accept() gave out never passed a port to bind(). */
	return s->port_explicit ? WHY_CLIENT : WHY_CONNECTION;
}

static enum bind_why why_of(const struct sock *s)
{
	if (s->protocol == PROTOCOL_UDP)
		return WHY_DATAGRAM;
	switch (s->state) {
	case STATE_LISTEN:
		return WHY_LISTENER;
	case STATE_BOUND:
	case STATE_CLOSE:
		return WHY_BOUND;
	case STATE_TIME_WAIT:
		return WHY_TIME_WAIT;
	case STATE_FIN_WAIT_1:
	case STATE_FIN_WAIT_2:
	case STATE_CLOSING:
	case STATE_LAST_ACK:
		return s->inode ? WHY_CLOSING : WHY_ORPHAN;
	case STATE_CLOSE_WAIT:
		return s->inode ? WHY_CLOSING : WHY_CHILD;
	default:
		return why_connected(s);
	}
}

static void add_blocker(void *ctx, uint32_t index, bool certain)
{
	const struct bind_case *c = ctx;
	const struct sock *s = &c->seen->socks.at[index];
	struct bind_blocker *blocker = grow_add(&c->answer->blockers);

	blocker->sock = index;
	blocker->why = (uint8_t)why_of(s);
	blocker->certain = certain;
	if (s->protocol == PROTOCOL_TCP && sock_is_minisock(s))
		blocker->frees_in_ms = (struct known){ true, s->timer_ms };
}

static int compare(const void *left, const void *right)
{
	const struct bind_blocker *a = left, *b = right;

	return order_of(b->certain, a->certain) ?: order_of(a->why, b->why) ?:
	       order_of(a->sock, b->sock);
}

/* Sockets are in the way of a bind() that nothing else stops before them. */
static bool has_blockers(const struct bind_outcome *asked)
{
	return asked->verdict != VERDICT_OK && (!asked->err || asked->err == EADDRINUSE);
}

static void fill_blockers(struct bind_case *c)
{
	struct bind_answer *answer = c->answer;

	if (!has_blockers(&answer->asked))
		return;
	each_in_the_way(c->seen, &c->ask, add_blocker, c);
	/* The kernel refused, and there is only one that it can have meant. */
	if (c->scene->probe.made && answer->blockers.count == 1 &&
	    ports_seen_whole(c->seen, c->ask.protocol))
		answer->blockers.at[0].certain = true;
	if (answer->blockers.count)
		qsort(answer->blockers.at, answer->blockers.count, sizeof(*answer->blockers.at),
		      compare);
	/* Now: the sort has memory of its own. */
	for (size_t i = 0; i < answer->blockers.count; i++)
		say_blocker(c, &answer->blockers.at[i]);
}

static void fill_free_in(struct bind_answer *answer)
{
	struct known last = { answer->blockers.count > 0, 0 };

	for (size_t i = 0; i < answer->blockers.count && last.is; i++) {
		const struct known *frees = &answer->blockers.at[i].frees_in_ms;

		if (!frees->is)
			last.is = false;
		else if (frees->value > last.value)
			last.value = frees->value;
	}
	if (last.is)
		answer->free_in_ms = last;
}

void judge_bind(const struct snapshot *seen, const struct bind_ask *ask,
		const struct bind_scene *scene, struct bind_answer *answer)
{
	struct bind_case c = {
		.seen = seen, .asked = ask, .ask = ask_effective(ask),
		.scene = scene, .answer = answer,
	};

	memset(answer, 0, sizeof(*answer));
	fill_table(&c);
	fill_blockers(&c);
	/* A port is not free when only what was seen of it goes. */
	if (ports_seen_whole(seen, ask->protocol))
		fill_free_in(answer);
	say_verdict(&c);
	advise_bind(&c);
	note_bind(&c);
}
