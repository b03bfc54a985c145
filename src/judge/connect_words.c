/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/connect_words.h"

#include "base/grow.h"
#include "judge/say.h"
#include "judge/weigh.h"
#include "model/bind.h"
#include "words/findings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	WIDE_ENOUGH     = 60000,        /* ports: a wider range is hardly to be had */
};

/* Ports that are not left, by what would have to change. */
struct shares { uint32_t waiting, alive, lost; };

static struct shares shares_of(const struct connect_answer *answer)
{
	struct shares shares = { .lost = answer->blocked_for_all };

	for (size_t i = 0; i < answer->users.count; i++) {
		const struct port_user *user = &answer->users.at[i];

		if (user->blocks_all)
			continue;
		shares.waiting += user->states[STATE_TIME_WAIT];
		shares.alive += user->count - user->states[STATE_TIME_WAIT];
	}
	shares.waiting -= answer->recyclable;
	return shares;
}

/* What took most of the ports. */
enum share { SHARE_NONE, SHARE_LOST, SHARE_WAITING, SHARE_ALIVE };

static enum share largest_of(const struct shares *s)
{
	if (s->lost > s->waiting && s->lost > s->alive)
		return SHARE_LOST;
	if (s->waiting && s->waiting >= s->alive)
		return SHARE_WAITING;
	return s->alive ? SHARE_ALIVE : SHARE_NONE;
}

/* A TIME_WAIT of this destination. */
static struct sock time_wait_of(const struct connect_words *w)
{
	return (struct sock){
		.local = w->ask->source, .remote = w->ask->destination,
		.ifindex = w->ask->ifindex,
	};
}

static const struct known *limit_of(const struct connect_words *w, enum limit limit)
{
	return &w->map->seen->limits.limit[limit];
}

static bool has_value(const struct known *known, int64_t value)
{
	return known->is && known->value == value;
}

/* ---- the cause ---- */

static void say_left(struct text *text, const struct connect_words *w)
{
	const struct connect_answer *a = w->answer;
	const char *what = w->ask->bind_first ? "bind() and connect()" : "connect()";

	if (!a->left)
		text_addf(text, "no further %s works", what);
	else
		text_addf(text, "%s%" PRIu32 " more %s%s %s",
			  snapshot_is_complete(w->map->seen) ? "" :
			  "not everything could be seen; at most ",
			  a->left, what, a->left == 1 ? "" : "s", a->left == 1 ? "works" : "work");
	text_addf(text, " from ");
	say_address(text, &w->ask->source, 0);
	text_addf(text, " to ");
	say_address(text, &w->ask->destination, w->ask->port);
	if (a->err)
		text_addf(text, " (%s)", errno_name(a->err));
}

/* The states with most first: TIME_WAIT apart, because of what can be taken over. */
static void say_states(struct text *text, const struct connect_answer *a)
{
	uint32_t waiting = a->states[STATE_TIME_WAIT];
	uint32_t established = a->states[STATE_ESTABLISHED];
	uint32_t other = a->used_by_destination - waiting - established;

	text_addf(text, " (%" PRIu32 " ESTABLISHED, %" PRIu32 " TIME_WAIT", established, waiting);
	if (a->recyclable)
		text_addf(text, " of which %" PRIu32 " can be taken over", a->recyclable);
	if (other)
		text_addf(text, ", %" PRIu32 " in other states", other);
	text_addf(text, ")");
}

static void say_some(struct text *text, const char *before, uint32_t count, const char *one,
		     const char *many)
{
	text_addf(text, "%s", before);
	say_count(text, count, one, many);
}

static void say_ports(struct text *text, const struct connect_words *w)
{
	const struct connect_answer *a = w->answer;

	text_addf(text, ": the range %u-%u has ", w->map->low, w->map->high);
	say_count(text, a->capacity + a->reserved, "port; ", "ports; ");
	say_count(text, a->used_by_destination, "is in use for it", "are in use for it");
	if (a->used_by_destination)
		say_states(text, a);
	if (w->ask->bind_first)
		say_some(text, ", ", a->blocked_for_all, "has an owner on that address",
			 "have an owner on that address");
	else if (a->blocked_for_all)
		say_some(text, ", ", a->blocked_for_all, "is bound and lost to every destination",
			 "are bound and lost to every destination");
	if (a->used_and_blocked)
		say_some(text, " (", a->used_and_blocked, "counts as both)", "count as both)");
	if (a->reserved)
		say_some(text, ", ", a->reserved, "is reserved", "are reserved");
}

static void say_time(struct text *text, const struct connect_answer *a)
{
	if (a->close_rate_per_s > 0)
		text_addf(text, "; %.3g a second close", a->close_rate_per_s);
	if (a->exhaustion_known && a->left)
		text_addf(text, ", and at that rate none is left in %.0f s", a->exhausted_in_s);
	if (!a->left && a->next_free_ms.is) {
		text_addf(text, "; the next TIME_WAIT gives its port back in ");
		say_ms(text, (double)a->next_free_ms.value);
	}
}

static void put_cause(const struct connect_words *w)
{
	struct text text = { .at = NULL };

	say_left(&text, w);
	say_ports(&text, w);
	say_time(&text, w->answer);
	say_fit(w->answer->cause, sizeof(w->answer->cause), &text);
}

void connect_words_blind(struct connect_answer *answer)
{
	struct text text = { .at = NULL };

	text_addf(&text, "the range of ephemeral ports (net.ipv4.ip_local_port_range) or the "
		  "reserved ones (net.ipv4.ip_local_reserved_ports) could not be read: nothing to "
		  "count in");
	say_fit(answer->cause, sizeof(answer->cause), &text);
}

/* ---- what helps ---- */

/* "NAME (pid N) holds M of them: ", or nothing when nobody was seen. */
static void say_holder(struct text *text, const struct connect_words *w, bool blocks_all)
{
	const struct port_user *user = port_users_first(w->answer, blocks_all);
	struct subject subject = { .process = -1 };

	if (!user)
		return;
	subject.process = user->process;
	say_owner(text, w->map->seen, &subject);
	text_addf(text, " holds %" PRIu32 " of these ports: ", user->count);
}

static __attribute__((format(printf, 3, 4))) void advise_holder(const struct connect_words *w,
								bool blocks_all,
								const char *fmt, ...)
{
	struct text text = { .at = NULL };
	va_list args;
	char rest[400];

	say_holder(&text, w, blocks_all);
	va_start(args, fmt);
	vsnprintf(rest, sizeof(rest), fmt, args);
	va_end(args);
	if (!text.count)
		rest[0] = (char)toupper((unsigned char)rest[0]);
	text_addf(&text, "%s", rest);
	advice_add(&w->answer->advice, "%s", text_str(&text));
	text_fini(&text);
}

static bool is_lost_to_clients(const struct connect_words *w)
{
	const struct lost_ports *lost = &w->lost;

	return lost->clients >= lost->listening + lost->idle + lost->accepted;
}

static void advise_lost(const struct connect_words *w)
{
	if (is_lost_to_clients(w))
		advise_holder(w, true, "a bind() before connect() takes a port from every "
			      "destination. Set IP_BIND_ADDRESS_NO_PORT before that bind() (Linux "
			      "4.2), with port 0, or leave the bind() away.");
	else
		advise_holder(w, true, "move what listens or is bound there (%" PRIu32 " "
			      "listening, %"
			      PRIu32 " bound and idle, %" PRIu32 " accepted) out of the range, or "
			      "close it.", w->lost.listening, w->lost.idle, w->lost.accepted);
}

static void advise_bind_first(const struct connect_words *w)
{
	struct advice *advice = &w->answer->advice;

	if (w->left_unbound.is && w->left_unbound.value > w->answer->left)
		advice_add(advice, "Set IP_BIND_ADDRESS_NO_PORT before the bind() (Linux 4.2): "
			   "connect() then chooses the port, and %" PRId64 " more %s now.",
			   w->left_unbound.value, w->left_unbound.value == 1 ? "fits" : "fit");
	advice_add(advice, "Use further source addresses: each has the whole range for bind() "
		   "again.");
}

static void advise_waiting(const struct connect_words *w)
{
	struct sock time_wait = time_wait_of(w);
	struct facts facts = { .count = 0 };

	facts_word(&facts, "largest_share", "time_wait");
	trend_facts(&facts, &w->map->seen->limits, &time_wait,
		    w->answer->capacity - w->answer->blocked_for_all);
	fill_advice(&w->answer->advice, reuse_rows, &facts);
	facts_fini(&facts);
}

static void advise_alive(const struct connect_words *w, const struct shares *shares)
{
	uint32_t forgotten = w->answer->states[STATE_CLOSE_WAIT];
	uint32_t unanswered = w->answer->states[STATE_SYN_SENT];

	if (forgotten > shares->alive / 2)
		advise_holder(w, false, "%" PRIu32 " %s CLOSE_WAIT: the peer has closed and the "
			      "program did not. Close them; only that gives their ports "
			      "back.", forgotten, forgotten == 1 ? "is" : "are");
	else if (unanswered > shares->alive / 2)
		advise_holder(w, false, "%" PRIu32 " %s SYN_SENT: the destination does not "
			      "answer. Fail sooner (a timeout on connect()) and try fewer at a "
			      "time.", unanswered, unanswered == 1 ? "is" : "are");
	else
		advise_holder(w, false, "have fewer connections at a time (a pool, multiplexing, "
			      "keep-alive).");
}

/* Only since 6.8 is the range of a socket surely searched one by one. */
static void advise_cliff(const struct connect_words *w)
{
	unsigned half = (w->map->high - w->map->low + 1) / 2;

	if (!w->answer->cliff || w->ask->bind_first || !kernel_at_least(w->map->seen, 6, 8))
		return;
	advice_add(&w->answer->advice, "Set IP_LOCAL_PORT_RANGE to %u-%u on the connecting socket: "
		   "without it every connect() now tries %u port%s in vain first.",
		   w->map->low, w->map->high, half, half == 1 ? "" : "s");
}

static void advise_room(const struct connect_words *w, const struct shares *shares)
{
	struct advice *advice = &w->answer->advice;
	unsigned size = w->map->high - w->map->low + 1;

	if (!w->ask->bind_first && shares->waiting + shares->alive >= shares->lost &&
	    w->answer->capacity)
		advice_add(advice, "Add addresses or ports at the destination, or source addresses "
			   "here: each pair has the whole range again.");
	if (w->answer->reserved > w->answer->capacity / 4)
		advice_add(advice, "%" PRIu32 " port%s of the range %s reserved "
			   "(net.ipv4.ip_local_reserved_ports): release what needs no reservation.",
			   w->answer->reserved, w->answer->reserved == 1 ? "" : "s",
			   w->answer->reserved == 1 ? "is" : "are");
	if (size < WIDE_ENOUGH)
		advice_add(advice, "Widen net.ipv4.ip_local_port_range (now %u-%u) to an even "
			   "number of ports.", w->map->low, w->map->high);
}

static void put_advice(const struct connect_words *w, const struct shares *shares)
{
	enum share largest = largest_of(shares);

	if (w->ask->bind_first)
		advise_bind_first(w);
	else if (largest == SHARE_LOST)
		advise_lost(w);
	else if (largest == SHARE_WAITING)
		advise_waiting(w);
	else if (largest == SHARE_ALIVE)
		advise_alive(w, shares);
	advise_cliff(w);
	advise_room(w, shares);
}

/* ---- what does not ---- */

static void avoid_for_waiting(const struct connect_words *w)
{
	struct advice *avoid = &w->answer->avoid;
	struct sock time_wait = time_wait_of(w);

	if (has_value(limit_of(w, LIMIT_TIMESTAMPS), 0))
		advice_add(avoid, "tcp_tw_reuse alone: without tcp_timestamps it has no effect.");
	else if (has_value(limit_of(w, LIMIT_TW_REUSE), 2) &&
		 trend_policy(&w->map->seen->limits, &time_wait) == REUSE_NO)
		advice_add(avoid, "tcp_tw_reuse=2, the default: it is for loopback only, and "
			   "nothing is taken over between these addresses.");
	advice_add(avoid, "A smaller tcp_max_tw_buckets: it frees no port that waits now, and "
		   "later connections close without the protection of TIME_WAIT.");
	advice_add(avoid, "tcp_fin_timeout: it does not shorten TIME_WAIT, which is 60 s.");
}

static void put_avoid(const struct connect_words *w, const struct shares *shares)
{
	struct advice *avoid = &w->answer->avoid;
	enum share largest = largest_of(shares);

	if (w->ask->bind_first) {
		advice_add(avoid, "Further destinations: bind() chooses the port before it knows "
			   "one.");
		advice_add(avoid, "tcp_tw_reuse: it is for connect(); bind() takes no port over.");
	} else if (largest == SHARE_LOST) {
		advice_add(avoid, "Further destinations: a bound port is lost to all of them.");
		advice_add(avoid, "tcp_tw_reuse: most of what is gone is not in TIME_WAIT for this "
			   "destination.");
		advice_add(avoid, "ip_local_reserved_ports for ports in use: a reserved port is as "
			   "lost as a bound one.");
	} else if (largest == SHARE_WAITING) {
		avoid_for_waiting(w);
	} else if (largest == SHARE_ALIVE) {
		advice_add(avoid, "tcp_tw_reuse: most of these are live connections, not "
			   "TIME_WAIT.");
	}
	if (largest != SHARE_LOST && !w->ask->bind_first)
		advice_add(avoid, "SO_REUSEADDR or SO_REUSEPORT at the client: no two connections "
			   "can have the same four numbers.");
	if (!w->answer->left)
		advice_add(avoid, "connect() in a loop until it works: each failure searches the "
			   "whole range twice.");
}

static bool wants_help(const struct connect_answer *a)
{
	return a->verdict == CONNECT_TIGHT || a->verdict == CONNECT_EXHAUSTED || a->cliff ||
	       a->exhaustion_known;
}

void connect_words_put(const struct connect_words *w)
{
	struct shares shares = shares_of(w->answer);

	put_cause(w);
	if (wants_help(w->answer)) {
		put_advice(w, &shares);
		put_avoid(w, &shares);
	}
	connect_notes_put(w);
}
