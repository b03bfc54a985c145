/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What else matters beside a connect verdict: its doubts, and what no listing shows. */
#include "judge/connect_words.h"

#include "base/bits.h"
#include "judge/say.h"

#include <inttypes.h>

enum { NEARLY_FULL = 90 };      /* percent of tcp_max_tw_buckets */

#define NOWHERE " is nowhere to be read; --probe settles it without sending a packet"

static const struct known *limit_of(const struct connect_words *w, enum limit limit)
{
	return &w->map->seen->limits.limit[limit];
}

static void say_interval(struct text *text, const struct connect_answer *a)
{
	text_addf(text, "between %" PRIu32 " and %" PRIu32 " more fit: ", a->left_min, a->left_max);
}

/* Each cause of an interval, and what would settle it. */
static void note_interval(const struct connect_words *w)
{
	const struct connect_answer *a = w->answer;
	uint32_t nearly = w->use->ports[HIT_MAYBE][NO];
	struct text text = { .at = NULL };

	if (a->left_min == a->left_max)
		return;
	say_interval(&text, a);
	if (!snapshot_is_complete(w->map->seen))
		text_addf(&text, "not everything could be seen");
	else if (w->map->blind && w->ask->bind_first)
		text_addf(&text, "sockets that are bound and idle are not listed");
	else if (w->map->blind && (!w->probe || !w->probe->made))
		text_addf(&text, "sockets that are bound and idle are not listed; --probe settles it "
			  "without sending a packet");
	else if (a->ambiguous && w->ask->bind_first)
		say_count(&text, a->ambiguous, "port has an owner that perhaps is IPv6 only",
			  "ports have owners that perhaps are IPv6 only");
	else if (a->ambiguous && (!w->probe || !w->probe->made))
		say_count(&text, a->ambiguous, "port has an owner that perhaps called bind(), "
			  "which" NOWHERE, "ports have owners that perhaps called bind(), which"
			  NOWHERE);
	else if (a->ambiguous)
		text_addf(&text, "the kernel was not asked about %" PRIu32 " port%s", a->ambiguous,
			  a->ambiguous == 1 ? "" : "s");
	else if (nearly)
		say_count(&text, nearly, "TIME_WAIT is just about to be old enough, or it is not "
			  "known whether it can be taken over", "TIME_WAITs are just about to be "
			  "old enough, or it is not known whether they can be taken over");
	else
		text_addf(&text, "the range has an odd number of ports, and a search of it can "
			  "miss one end");
	advice_add(&w->answer->notes, "%s.", text_str(&text));
	text_fini(&text);
}

static void note_blind(const struct connect_words *w)
{
	if (w->map->blind)
		advice_add(&w->answer->notes, "This kernel does not list sockets that are bound "
			   "and idle (Linux 6.8 does): each takes a port away, unseen.");
	if (w->ask->bind_first && limit_of(w, LIMIT_AUTOBIND_REUSE)->value)
		advice_add(&w->answer->notes, "net.ipv4.ip_autobind_reuse is on: sockets that all "
			   "have SO_REUSEADDR share ports, and more of those fit.");
}

/* The counter runs since boot: only beside a full table does it say "now". */
static void note_overflow(const struct connect_words *w)
{
	const struct known *fill = &w->map->seen->limits.counter[COUNTER_TW];
	const struct known *skipped = &w->map->seen->limits.counter[COUNTER_TIME_WAIT_OVERFLOW];
	const struct known *most = limit_of(w, LIMIT_MAX_TW_BUCKETS);

	if (fill->is && most->is && skipped->is && skipped->value &&
	    fill->value * 100 >= most->value * NEARLY_FULL)
		advice_add(&w->answer->notes, "tcp_max_tw_buckets (%" PRId64 ") is nearly reached, "
			   "and %" PRId64 " connection%s closed without TIME_WAIT since boot: ports "
			   "come back early, unprotected. Raise it.", most->value, skipped->value,
			   skipped->value == 1 ? "" : "s");
}

static bool is_listened(const struct port_map *map, unsigned port)
{
	return bits_has(map->listened, port);
}

static void note_place(const struct connect_words *w)
{
	struct advice *notes = &w->answer->notes;
	unsigned port = w->ask->port;

	if (!snapshot_is_local(w->map->seen, &w->ask->destination)) {
		advice_add(notes, "A NAT on the way has ports of its own: when they run out "
			   "connect() times out, and EADDRNOTAVAIL never comes.");
		return;
	}
	if (addr_equal(&w->ask->source, &w->ask->destination) && port_map_has(w->map, port) &&
	    !is_listened(w->map, port))
		advice_add(notes, "Nobody listens on port %u, which is in the range itself: a "
			   "connect() that is given that very port connects to itself.", port);
	else
		advice_add(notes, "The destination is on this machine: the other ends of these "
			   "connections are on its own port and take none of the range.");
}

/* Whether a connection had timestamps is nowhere to be read; most have. */
static void note_takeover(const struct connect_words *w)
{
	bool one = w->answer->recyclable == 1;

	if (w->answer->recyclable)
		advice_add(&w->answer->notes, "%" PRIu32 " TIME_WAIT%s as left, for connect() "
			   "takes %s over (tcp_tw_reuse). It does not where a connection had no "
			   "timestamps because the other end refused them.", w->answer->recyclable,
			   one ? " counts" : "s count", one ? "it" : "them");
}

static void note_own_range(const struct connect_words *w)
{
	if (w->answer->left && kernel_at_least(w->map->seen, 6, 3))
		advice_add(&w->answer->notes, "A program that sets IP_LOCAL_PORT_RANGE has less "
			   "room than this; it cannot be seen from outside.");
}

void connect_notes_put(const struct connect_words *w)
{
	note_interval(w);
	note_blind(w);
	note_overflow(w);
	note_takeover(w);
	note_place(w);
	note_own_range(w);
}
