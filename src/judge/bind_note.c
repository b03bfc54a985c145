/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What does not decide and still matters, and what notes and advice share. */
#include "judge/bind_say.h"

#include <inttypes.h>
#include <string.h>

const struct bind_outcome *with_more(const struct bind_case *c, unsigned more)
{
	return &c->answer->with[with_of(c->asked) | more];
}

bool has_client(const struct bind_answer *answer)
{
	for (size_t i = 0; i < answer->blockers.count; i++)
		if (answer->blockers.at[i].why == WHY_CLIENT)
			return true;
	return false;
}

static bool is_in_range(const struct limits *limits, unsigned port)
{
	const struct known *low = &limits->limit[LIMIT_PORT_LOW];
	const struct known *high = &limits->limit[LIMIT_PORT_HIGH];

	return low->is && high->is && port >= low->value && port <= high->value &&
	       limits->reserved_known && !limits_is_reserved(limits, port);
}

void advise_reserve(const struct bind_case *c, struct advice *advice)
{
	if (c->ask.protocol == PROTOCOL_TCP && is_in_range(&c->seen->limits, c->ask.port))
		advice_add(advice, "Add %u to net.ipv4.ip_local_reserved_ports: it lies in "
			   "ip_local_port_range, where an outgoing connection can take it whenever "
			   "it is free; bind() to it still works.", c->ask.port);
}

/* Two idle sockets may share by SO_REUSEADDR; two listeners never. */
static void note_race(const struct bind_case *c)
{
	for (size_t i = 0; i < c->seen->socks.count; i++) {
		const struct sock *s = &c->seen->socks.at[i];
		bool idle = s->state == STATE_BOUND || s->state == STATE_CLOSE;
		struct text text = { .at = NULL };

		if (!is_concerned(&c->ask, s) || !idle || meets(&c->ask, s) == NO ||
		    shares_reuseaddr(&c->ask, s) != YES || shares_reuseport(&c->ask, s) == YES)
			continue;
		say_holder(&text, c->seen, s);
		advice_add(&c->answer->notes, "%s has bound the port too, without listening: "
			   "whoever listens second gets EADDRINUSE from "
			   "listen().", text_str(&text));
		text_fini(&text);
		return;
	}
}

static void note_group(const struct bind_case *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->seen->socks.count; i++) {
		const struct sock *s = &c->seen->socks.at[i];

		count += is_concerned(&c->ask, s) && s->state == STATE_LISTEN &&
			 addr_equal(&s->local, &c->ask.addr) && s->ifindex == c->ask.ifindex &&
			 shares_reuseport(&c->ask, s) == YES;
	}
	if (count)
		advice_add(&c->answer->notes, "New connections are shared out among %zu listeners "
			   "then.",
			   count + 1);
}

static void note_next_time(const struct bind_case *c)
{
	const struct bind_answer *answer = c->answer;
	enum bind_why why = answer->blockers.count ? answer->blockers.at[0].why : WHY_LISTENER;

	if (!c->asked->reuseaddr && (why == WHY_TIME_WAIT || why == WHY_ORPHAN ||
				     why == WHY_CLOSING || why == WHY_CHILD) &&
	    with_more(c, WITH_REUSEADDR)->verdict == VERDICT_FAILS)
		advice_add(&c->answer->notes, "A server that sets SO_REUSEADDR before each bind() "
			   "is not stopped by what is left of its own connections.");
}

static void say_elsewhere(struct text *text, const struct elsewhere *other)
{
	text_addf(text, "%s", other->listeners ? "listened on" : "used");
	if (*other->name) {
		text_addf(text, " in the network namespace ");
		text_add_word(text, other->name, strlen(other->name));
	} else {
		text_addf(text, " in network namespace %" PRIu64, other->netns_inode);
	}
	if (!other->pid)
		return;
	text_addf(text, " (of ");
	text_add_value(text, other->comm, other->comm_size, TEXT_COMM);
	text_addf(text, ", pid %" PRId32 ")", other->pid);
}

/* A port belongs to one namespace; whoever looks at the wrong one is told. */
static void note_elsewhere(const struct bind_case *c)
{
	enum { NAMED_MAX = 3 };
	size_t count = c->scene->elsewhere.count;
	struct text text = { .at = NULL };

	if (!count)
		return;
	for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
		text_addf(&text, i ? "; " : "");
		say_elsewhere(&text, &c->scene->elsewhere.at[i]);
	}
	if (count > NAMED_MAX)
		text_addf(&text, "; and %zu more", count - NAMED_MAX);
	advice_add(&c->answer->notes, "The same port is also %s: that does not block here, look there "
		   "with -N.", text_str(&text));
	text_fini(&text);
}

void note_bind(const struct bind_case *c)
{
	bool tcp = c->ask.protocol == PROTOCOL_TCP;
	bool works = c->ruling.outcome.verdict == VERDICT_OK;

	if (works && tcp) {
		note_race(c);
		note_group(c);
	}
	note_next_time(c);
	note_elsewhere(c);
	if (!has_client(c->answer))
		advise_reserve(c, &c->answer->notes);
	if (works)
		advice_add(&c->answer->notes, "A look is over when it is told: another program can "
			   "take the port before yours does.");
}
