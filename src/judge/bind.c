/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict about bind() and listen()
 *
 * The kernel's own tests are repeated over the sockets that were seen (verdict.c),
 * for the options that were asked about and for the three other
 * combinations. A socket that binds and listens at once passes the same test twice, so
 * nothing here fails at listen() only: that happens when another socket listens in
 * between, and is a note.
 *
 * When the kernel was probed, its answer counts. An option can take conflicts away and
 * never adds one, so the answer also holds for the combinations with more options (if it
 * worked) or with fewer (if it did not).
 */
#include "judge/bind.h"

#include "base/grow.h"
#include "base/order.h"
#include "judge/service.h"
#include "judge/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TRIED_MAX = 64 };         /* other addresses judged, each against all sockets */

/* All that is known about one question. */
struct bind_case {
	const struct snapshot *seen;
	const struct bind_ask *asked;
	struct bind_ask ask;            /* as ask_effective() returns it */
	const struct bind_context *context;
	struct ruling ruling;           /* for the options asked about, after the probe */
	struct ruling by_rule;          /* the same before the probe */
	struct bind_answer *answer;
};

static bool holds_all(unsigned more, unsigned less)
{
	return (more & less) == less;
}

static bool is_here(enum addr_kind kind)
{
	return kind == ADDR_KIND_ANY || kind == ADDR_KIND_LOCAL ||
	       kind == ADDR_KIND_BROADCAST || kind == ADDR_KIND_MULTICAST;
}

/* The reason for the errno @err of the probe, where it can be known. */
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

/*
 * Applies the answer of the probe to the combination @with, where it says something
 * about that.
 */
static void hear_probe(const struct bind_case *c, unsigned with, struct bind_outcome *outcome)
{
	unsigned asked = bind_with_of(c->asked);
	int err = c->context->probe.err;

	if (!err && holds_all(with, asked))
		*outcome = (struct bind_outcome){ .verdict = VERDICT_OK };
	else if (err && (err != EADDRINUSE || holds_all(asked, with)))
		*outcome = (struct bind_outcome){ .verdict = VERDICT_FAILS, .err = err };
}

/* The kernel found a socket that was not seen, so what was seen proves nothing. */
static void doubt_table(struct bind_case *c)
{
	if (!c->context->probe.made || c->context->probe.err != EADDRINUSE ||
	    c->by_rule.outcome.verdict != VERDICT_OK)
		return;
	for (unsigned with = WITH_COUNT; with--;)
		if (c->answer->with[with].verdict == VERDICT_OK)
			c->answer->with[with].verdict = VERDICT_DEPENDS;
}

/*
 * What the kernel's tests left open for @ask. The shortcut is all that is left where a socket
 * that certainly does not share is in the way, whatever else is not known.
 */
static enum bind_depends depends_on(const struct bind_case *c, const struct bind_ask *ask,
				    const struct ruling *ruling)
{
	struct bind_ask effective = ask_effective(ask);
	uint32_t options = (ask->reuseaddr ? HAVE_REUSEADDR : 0u) |
			   (ask->reuseport ? HAVE_REUSEPORT : 0u);

	if (ruling->shortcut)
		return DEPENDS_SHORTCUT;
	for (size_t i = 0; i < c->seen->socks.count && ruling->reason == REASON_FLAGS; i++) {
		const struct sock *s = &c->seen->socks.at[i];

		if (is_concerned(ask, s) && ~s->have & options && meets(&effective, s) != NO)
			return DEPENDS_OPTION;
	}
	return DEPENDS_UNSEEN;
}

static void fill_table(struct bind_case *c)
{
	for (unsigned with = 0; with < WITH_COUNT; with++) {
		struct bind_ask ask = *c->asked;
		struct bind_outcome *outcome = &c->answer->with[with];
		struct ruling ruling;

		ask.reuseaddr = with & WITH_REUSEADDR;
		ask.reuseport = with & WITH_REUSEPORT;
		ruling = rule_bind(c->seen, &ask, c->context);
		*outcome = ruling.outcome;
		outcome->depends = depends_on(c, &ask, &ruling);
		if (c->context->probe.made)
			hear_probe(c, with, outcome);
		if (with != bind_with_of(c->asked))
			continue;
		c->by_rule = ruling;
		c->ruling = ruling;
		c->ruling.outcome = *outcome;
		if (c->context->probe.made)
			c->ruling.reason = reason_of(c->context->probe.err, &ruling,
						     c->context->addr_kind);
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
	/* an accepted connection never gave a port to bind() */
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

	blocker->sock = blocker->owner = index;
	blocker->why = (uint8_t)why_of(s);
	blocker->certain = certain;
	if (s->protocol == PROTOCOL_TCP && sock_is_minisock(s))
		blocker->frees_in_ms = (struct known){ true, s->timer_ms };
}

/* Finds out whom to stop: for an unaccepted connection that is the owner of its listener. */
static void fill_owners(const struct bind_case *c)
{
	struct listeners listeners;

	listeners_init(&listeners, c->seen);
	for (size_t i = 0; i < c->answer->blockers.count; i++) {
		struct bind_blocker *blocker = &c->answer->blockers.at[i];
		const struct sock *s = &c->seen->socks.at[blocker->sock];
		const struct sock *owner = sock_is_unaccepted(s) ? listeners_find(&listeners, s) : NULL;

		if (owner)
			blocker->owner = (uint32_t)(owner - c->seen->socks.at);
	}
	listeners_fini(&listeners);
}

static int compare(const void *left, const void *right)
{
	const struct bind_blocker *a = left, *b = right;

	return order_of(b->certain, a->certain) ?: order_of(a->why, b->why) ?:
	       order_of(a->sock, b->sock);
}

/* True when sockets are the reason: nothing makes bind() fail before it looks at them. */
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
	/* the kernel refused, and this is the only socket that it can have meant */
	if (c->context->probe.made && answer->blockers.count == 1 &&
	    ports_seen_whole(c->seen, c->ask.protocol))
		answer->blockers.at[0].certain = true;
	if (answer->blockers.count)
		qsort(answer->blockers.at, answer->blockers.count, sizeof(*answer->blockers.at),
		      compare);
	fill_owners(c);
}

/* Only its holder ends such a one, however long one waits. */
static bool is_lasting(const struct bind_blocker *blocker)
{
	return !blocker->frees_in_ms.is && !bind_is_left_over(blocker->why) &&
	       blocker->why != WHY_CLOSING;
}

/* A port is not free when only what was seen of it goes. */
static void fill_free_in(struct bind_answer *answer, bool seen_whole)
{
	struct known last = { seen_whole && answer->blockers.count > 0, 0 };

	for (size_t i = 0; i < answer->blockers.count && !answer->lasting; i++)
		answer->lasting = is_lasting(&answer->blockers.at[i]);

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

/* ---- what decides which words are said ---- */

static const char *const reason_names[] = {
	[REASON_FITS] = "fits", [REASON_MULTICAST] = "multicast", [REASON_MAPPED] = "mapped",
	[REASON_SCOPE] = "scope", [REASON_ADDRESS] = "address", [REASON_PRIVILEGE] = "privilege",
	[REASON_IN_USE] = "in_use", [REASON_REFUSED] = "refused",
	[REASON_ADDRESS_UNSEEN] = "address_unseen", [REASON_NONLOCAL_UNSEEN] = "nonlocal_unseen",
	[REASON_PRIVILEGE_UNSEEN] = "privilege_unseen", [REASON_FLAGS] = "flags",
	[REASON_ORDER] = "order", [REASON_SHORTCUT] = "shortcut", [REASON_LIST] = "list",
};

static const char *const maybe_names[] = { [NO] = "no", [MAYBE] = "maybe", [YES] = "yes" };

static bool is_worked_by_probe(const struct bind_case *c)
{
	return c->context->probe.made && !c->context->probe.err;
}

/* The outcome with further options, @more (bits of enum bind_with). */
static enum verdict with_more(const struct bind_case *c, unsigned more)
{
	return c->answer->with[bind_with_of(c->asked) | more].verdict;
}

/*
 * A child of a server has the server's options. So a live socket at the same address
 * shows what a dead one probably had. That is good enough for a word in a sentence, not
 * for a verdict: options can change, and the dead socket may be another program's.
 */
static void put_likely(const struct bind_case *c, struct facts *facts, const struct sock *s)
{
	if (!c->ask.reuseaddr || (s->have & HAVE_REUSEADDR))
		return;
	for (size_t i = 0; i < c->seen->socks.count; i++) {
		const struct sock *live = &c->seen->socks.at[i];

		if (is_concerned(&c->ask, live) && (live->have & HAVE_REUSEADDR) &&
		    addr_equal(&live->local, &s->local)) {
			facts_word(facts, "likely", live->reuseaddr ? "set" : "not_set");
			return;
		}
	}
}

/* Why the first blocker conflicts, or may conflict. */
static void put_first_blocker(const struct bind_case *c, struct facts *facts)
{
	const struct bind_blocker *first = c->answer->blockers.at;
	const struct sock *s;
	bool open;

	if (!c->answer->blockers.count)
		return;
	s = &c->seen->socks.at[first->sock];
	open = c->by_rule.reason == REASON_FLAGS || c->by_rule.reason == REASON_ORDER ||
	       !first->certain;
	facts_bool(facts, "undecided", open);
	facts_word(facts, "overlap", maybe_names[meets(&c->ask, s)]);
	facts_word(facts, "shares", maybe_names[shares_reuseaddr(&c->ask, s) == MAYBE ||
						shares_reuseport(&c->ask, s) == MAYBE ? MAYBE : NO]);
	if (open)
		put_likely(c, facts, s);
	facts_number(facts, "more_blockers", FACT_COUNT, (double)c->answer->blockers.count - 1);
}

static const char *passes_by(const struct bind_ask *ask, const struct sock *s)
{
	if (ask->ifindex && s->ifindex && ask->ifindex != s->ifindex)
		return "device";
	if (meets(ask, s) == NO)
		return "address";
	return shares_reuseaddr(ask, s) == YES ? "reuseaddr" : "reuseport";
}

/* Two idle sockets may share a port by SO_REUSEADDR; two listeners never do. */
static bool is_rival(const struct bind_case *c, const struct sock *s)
{
	return c->ruling.outcome.verdict == VERDICT_OK && s->protocol == PROTOCOL_TCP &&
	       (s->state == STATE_BOUND || s->state == STATE_CLOSE) && meets(&c->ask, s) != NO &&
	       shares_reuseaddr(&c->ask, s) == YES && shares_reuseport(&c->ask, s) != YES;
}

static bool is_of_group(const struct bind_case *c, const struct sock *s)
{
	return s->state == STATE_LISTEN && addr_equal(&s->local, &c->ask.addr) &&
	       s->ifindex == c->ask.ifindex && shares_reuseport(&c->ask, s) == YES;
}

/* Names one of the sockets that have the port and do not conflict, preferably a listener. */
static void put_neighbours(const struct bind_case *c, struct facts *facts)
{
	const struct sock *first = NULL;
	size_t count = 0, group = 0;
	char name[ADDR_PORT_TEXT];

	for (size_t i = 0; i < c->seen->socks.count; i++) {
		const struct sock *s = &c->seen->socks.at[i];

		if (!is_concerned(&c->ask, s))
			continue;
		if (!count++ || s->state == STATE_LISTEN)
			first = s;
		group += is_of_group(c, s);
		if (!c->answer->rival.is && is_rival(c, s))
			c->answer->rival = (struct known){ true, (int64_t)i };
	}
	facts_number(facts, "sockets_on_port", FACT_COUNT, (double)count);
	if (group && c->ask.protocol == PROTOCOL_TCP && c->ruling.outcome.verdict == VERDICT_OK)
		facts_number(facts, "sharing_listeners", FACT_COUNT, (double)group + 1);
	if (!first || c->ruling.reason != REASON_FITS)
		return;
	addr_format_port(name, &first->local, first->local_port);
	facts_word(facts, "neighbour", name);
	facts_word(facts, "neighbour_state", first->protocol == PROTOCOL_UDP ? "UDP" :
		   state_table[first->state].name);
	facts_word(facts, "neighbour_passes_by", passes_by(&c->ask, first));
}

/* ---- what would help: judged again with something changed ---- */

static enum verdict verdict_as(const struct bind_case *c, const struct bind_ask *ask,
			       enum addr_kind kind)
{
	struct bind_context context = *c->context;

	context.addr_kind = kind;
	return rule_bind(c->seen, ask, &context).outcome.verdict;
}

static const char *helpful_options(const struct bind_case *c)
{
	for (unsigned more = WITH_REUSEADDR; more < WITH_COUNT; more++)
		if (with_more(c, more) == VERDICT_OK)
			return bind_with_name[more];
	return NULL;
}

/*
 * True for what a stopped server can have left behind; false for what a program uses for
 * something else.
 */
static bool is_of_old_server(enum bind_why why)
{
	return why == WHY_CHILD || why == WHY_CONNECTION || why == WHY_CLOSING ||
	       why == WHY_ORPHAN || why == WHY_TIME_WAIT;
}

/* The state of the kernel's leftovers, when nothing else conflicts. */
static enum state left_over(const struct bind_case *c)
{
	enum state state = STATE_NONE;

	for (size_t i = 0; i < c->answer->blockers.count; i++) {
		const struct bind_blocker *blocker = &c->answer->blockers.at[i];
		enum state found = c->seen->socks.at[blocker->sock].state;

		if (!bind_is_left_over(blocker->why) || (state && found != state))
			return STATE_NONE;
		state = found;
	}
	return state;
}

/* Link-local addresses are not offered as substitutes, because they need a scope. */
static bool is_offered(const struct bind_case *c, const struct local *local)
{
	struct bind_ask ask = *c->asked;

	ask.addr = local->addr;
	if (addr_equal(&local->addr, &c->asked->addr) || local->tentative ||
	    ask_needs_scope(&ask) || (ask.ifindex && ask.ifindex != local->ifindex))
		return false;
	return addr_is_v4(&local->addr) == addr_is_v4(&c->asked->addr);
}

static void put_free_addresses(const struct bind_case *c, struct facts *facts)
{
	static const char *const names[][2] = {
		{ "free_address", "free_loopback" }, { "next_free_address", "next_free_loopback" },
	};
	size_t offered = 0, tried = 0;

	for (size_t i = 0; i < c->seen->locals.count && offered < 2 && tried < TRIED_MAX; i++) {
		const struct local *local = &c->seen->locals.at[i];
		struct bind_ask ask = *c->asked;
		char name[ADDR_PORT_TEXT];

		ask.addr = local->addr;
		if (!is_offered(c, local) ||
		    (tried++, verdict_as(c, &ask, ADDR_KIND_LOCAL) != VERDICT_OK))
			continue;
		addr_format_port(name, &ask.addr, ask.port);
		facts_word(facts, names[offered++][addr_is_loopback(&ask.addr)], name);
	}
}

/*
 * Where sockets were not seen, no other address or option is offered: those sockets may
 * conflict with it as well.
 */
static void put_cures(const struct bind_case *c, struct facts *facts)
{
	enum reason reason = c->ruling.reason;
	struct bind_ask v6only = *c->asked;

	if (!c->answer->blockers.count || (reason != REASON_IN_USE && reason < REASON_FLAGS))
		return;
	facts_bool(facts, "in_the_way", true);
	facts_word(facts, "helps", helpful_options(c));
	facts_bool(facts, "old_server", !c->asked->reuseaddr &&
		   with_more(c, WITH_REUSEADDR) == VERDICT_DEPENDS &&
		   c->by_rule.reason != REASON_SHORTCUT &&
		   is_of_old_server(c->answer->blockers.at[0].why));
	/* an option that changes nothing leaves the same conflicts */
	v6only.v6only = true;
	facts_bool(facts, "v6only_helps",
		   verdict_as(c, &v6only, c->context->addr_kind) == VERDICT_OK);
	put_free_addresses(c, facts);
	facts_word(facts, "left_over", left_over(c) ? state_table[left_over(c)].filter : NULL);
}

/* Names the error that follows when the privilege alone is not enough. */
static void put_privilege(const struct bind_case *c, struct facts *facts)
{
	struct bind_context context = *c->context;
	struct ruling then;

	facts_known(facts, "unprivileged_port_start", FACT_ID,
		    &c->seen->limits.limit[LIMIT_UNPRIVILEGED_PORT_START]);
	context.may_bind_low = (struct known){ true, 1 };
	then = rule_bind(c->seen, c->asked, &context);
	facts_bool(facts, "privilege_is_enough", then.outcome.verdict != VERDICT_FAILS);
	facts_word(facts, "privileged_errno", errno_name(then.outcome.err));
}

/*
 * True when the conflict is a leftover of a server without SO_REUSEADDR, which would
 * have prevented it.
 */
static bool helps_next_time(const struct bind_case *c)
{
	const struct bind_answer *answer = c->answer;
	enum bind_why why = answer->blockers.count ? answer->blockers.at[0].why : WHY_LISTENER;

	return !c->asked->reuseaddr && why != WHY_CONNECTION && is_of_old_server(why) &&
	       with_more(c, WITH_REUSEADDR) == VERDICT_FAILS;
}

/*
 * True when some socket that may conflict has a descriptor, whose options a process with
 * the right to do so can read.
 */
static bool is_askable(const struct bind_case *c)
{
	for (size_t i = 0; i < c->answer->blockers.count; i++) {
		const struct bind_blocker *blocker = &c->answer->blockers.at[i];

		if (!blocker->certain && c->seen->socks.at[blocker->sock].inode)
			return true;
	}
	return false;
}

static void put_facts(const struct bind_case *c)
{
	struct facts *facts = &c->answer->facts;
	bool no_address = c->ruling.reason == REASON_ADDRESS ||
			  c->ruling.reason == REASON_NONLOCAL_UNSEEN;

	facts_word(facts, "reason", is_worked_by_probe(c) ? "probed" :
		   reason_names[c->ruling.reason]);
	facts_bool(facts, "rule_fails", c->by_rule.outcome.verdict == VERDICT_FAILS);
	put_first_blocker(c, facts);
	put_neighbours(c, facts);
	put_cures(c, facts);
	if (no_address)
		facts_bool(facts, "works_with_address",
			   verdict_as(c, c->asked, ADDR_KIND_LOCAL) == VERDICT_OK);
	if (c->ruling.reason == REASON_PRIVILEGE)
		put_privilege(c, facts);
	facts_bool(facts, "port_reservable", c->ask.protocol == PROTOCOL_TCP &&
		   limits_is_ephemeral(&c->seen->limits, c->ask.port));
	facts_bool(facts, "helps_next_time", helps_next_time(c));
	facts_bool(facts, "options_askable", is_askable(c));
}

void judge_bind(const struct snapshot *seen, const struct bind_ask *ask,
		const struct bind_context *context, struct bind_answer *answer)
{
	struct bind_case c = {
		.seen = seen, .asked = ask, .ask = ask_effective(ask),
		.context = context, .answer = answer,
	};

	memset(answer, 0, sizeof(*answer));
	fill_table(&c);
	fill_blockers(&c);
	fill_free_in(answer, ports_seen_whole(seen, ask->protocol));
	put_facts(&c);
}

/* ---- unix names ---- */

/*
 * A path that exists is in use, whatever stands there: bind() makes the file and never
 * takes one over. What can be told apart is whether it may be removed: only a socket file
 * that no socket is behind. An abstract name belongs to its network namespace and socket
 * type and goes with its last descriptor.
 */
enum { UNIX_NAME_MAX = 107 };   /* bytes, where the kernel's limit is not known */

static void answer_unix(struct bind_answer *answer, enum verdict verdict, int err,
			const char *reason)
{
	answer->asked = (struct bind_outcome){ .verdict = verdict, .err = err };
	/* SO_REUSEADDR can be set and has no effect; SO_REUSEPORT cannot be set */
	answer->with[WITH_NONE] = answer->with[WITH_REUSEADDR] = answer->asked;
	answer->with[WITH_REUSEPORT].verdict = answer->with[WITH_BOTH].verdict = VERDICT_UNKNOWN;
	facts_word(&answer->facts, "reason", reason);
}

static const char *reason_of_socket(const struct unix_context *context)
{
	if (context->socks.count)
		return "live";
	if (!context->listed)
		return "perhaps_live";
	return context->elsewhere_known ? "stale" : "stale_here";
}

static void judge_path(const struct unix_context *context, struct bind_answer *answer)
{
	if (context->parent_err) {
		answer_unix(answer, VERDICT_FAILS, context->parent_err, "folder");
		return;
	}
	switch (context->file) {
	case UNIX_FILE_NONE:
		answer_unix(answer, VERDICT_OK, 0, "no_file");
		break;
	case UNIX_FILE_SOCKET:
		answer_unix(answer, VERDICT_FAILS, EADDRINUSE, reason_of_socket(context));
		break;
	case UNIX_FILE_OTHER:
		answer_unix(answer, VERDICT_FAILS, EADDRINUSE, "other_file");
		break;
	case UNIX_FILE_DANGLING:
		answer_unix(answer, VERDICT_FAILS, EADDRINUSE, "dangling_link");
		break;
	case UNIX_FILE_UNKNOWN:
		answer_unix(answer, VERDICT_UNKNOWN, 0, "file_unseen");
		break;
	}
}

static void judge_abstract(const struct unix_context *context, struct bind_answer *answer)
{
	if (context->socks.count)
		answer_unix(answer, VERDICT_FAILS, EADDRINUSE, "name_in_use");
	else if (context->listed)
		answer_unix(answer, VERDICT_OK, 0, "name_free");
	else
		answer_unix(answer, VERDICT_UNKNOWN, 0, "names_unseen");
}

void judge_unix(const struct unix_ask *ask, const struct unix_context *context,
		struct bind_answer *answer)
{
	int64_t most = context->name_max.is ? context->name_max.value : UNIX_NAME_MAX;

	memset(answer, 0, sizeof(*answer));
	if ((int64_t)ask->size > most) {
		answer_unix(answer, VERDICT_FAILS, EINVAL, "long_name");
		facts_number(&answer->facts, "name_bytes", FACT_COUNT, (double)ask->size);
		facts_number(&answer->facts, "name_max_bytes", FACT_COUNT, (double)most);
	} else if (ask->abstract)
		judge_abstract(context, answer);
	else
		judge_path(context, answer);
}
