/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/survey.h"

#include "base/bits.h"
#include "base/grow.h"
#include "judge/shortage.h"
#include "judge/weigh.h"
#include "model/need.h"

#include <stdlib.h>

/* Below so many rows there is nothing to be saved, and everything is listed. */
enum { WORTH_STEPS = 4096 };

/* So many rows fit one answer of the kernel. */
enum { ONE_ANSWER = 64 };

/* Buckets of a table of connections that is small for a busy machine. */
enum { SMALL_TABLE = 4096 };

/* Listeners with a queue are looked at one by one, up to so many. */
enum { WINDOWS = 4 };

enum stage { STAGE_FIRST, STAGE_AGAIN, STAGE_CLOSER, STAGE_DONE };

static const uint32_t many = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_TIME_WAIT);

struct survey {
	struct snapshot *seen;
	const struct thresholds *thresholds;
	enum stage stage;
	uint32_t later;                 /* states that the first step leaves out */
	bool     judges_ports;          /* the pass over the range was asked for */
	struct shortage shortage;
	uint8_t  waiting[65536 / 8];    /* ports whose listener had somebody waiting */
	uint8_t  still[65536 / 8];      /* and a moment later */
};

/* ---- what the counters say ---- */

static uint64_t counter(const struct survey *s, enum counter counter)
{
	const struct known *known = &s->seen->limits.counter[counter];

	return known->is && known->value > 0 ? (uint64_t)known->value : 0;
}

static uint64_t less(uint64_t from, uint64_t what)
{
	return from > what ? from - what : 0;
}

static bool has_counters(const struct survey *s)
{
	const struct known *c = s->seen->limits.counter;

	return c[COUNTER_CURR_ESTAB].is && c[COUNTER_TW].is && c[COUNTER_TCP_INUSE].is;
}

/* Of both families; without IPv6 the second is not there. */
static uint64_t hashed(const struct survey *s)
{
	return counter(s, COUNTER_TCP_INUSE) + counter(s, COUNTER_TCP6_INUSE);
}

/*
 * Sockets that are in no table cannot be more than all those of the machine that
 * are in none of ours. What "sockets: used" leaves would be fewer, but the kernel
 * leaves its own sockets out of that number and counts them as hashed.
 */
static uint64_t most_bound(const struct survey *s)
{
	if (!s->seen->limits.counter[COUNTER_ALLOC].is)
		return INT64_MAX;
	return less(counter(s, COUNTER_ALLOC), hashed(s));
}

/* Of those that are in no table, so many may hold a port and are no rows. */
static uint64_t bound_unseen(const struct survey *s)
{
	return s->later & STATE_BIT(STATE_BOUND) ? most_bound(s) : 0;
}

static bool needs_bound(const struct survey *s)
{
	return most_bound(s) >= thresholds_get(s->thresholds, "bound-unused")->least;
}

/* Each socket takes one port at most, for itself or from everybody. */
static bool may_be_short(const struct survey *s)
{
	return shortage_can_be(&s->shortage,
			       hashed(s) + counter(s, COUNTER_TW) + most_bound(s));
}

/* ---- the passes ---- */

struct survey *survey_new(struct snapshot *seen, const struct thresholds *thresholds)
{
	struct survey *s = grow_alloc(sizeof(*s));

	s->seen = seen;
	s->thresholds = thresholds;
	return s;
}

void survey_free(struct survey *s)
{
	free(s);
}

static struct survey_ask *ask(struct survey_ask *asks, size_t *count, enum survey_use use,
			      uint32_t states)
{
	asks[*count] = (struct survey_ask){ .use = use, .states = states, .need = NEED_FLOW };
	return &asks[(*count)++];
}

static void ask_range(const struct survey *s, struct survey_ask *range)
{
	range->port_low = (uint16_t)s->shortage.low;
	range->port_high = (uint16_t)s->shortage.high;
}

/* A rule that needs no rows of the two states to know that it will need them. */
static bool speaks(const struct survey *s, const char *id)
{
	const struct rule *rule = rule_by_id(id);
	struct report report;
	bool speaks;

	report_init(&report);
	rule->weigh(s->seen, thresholds_get(s->thresholds, id), &report);
	speaks = report.findings.count > 0;
	report_fini(&report);
	return speaks;
}

static bool has_many(const struct survey *s, uint64_t least)
{
	return has_counters(s) &&
	       counter(s, COUNTER_CURR_ESTAB) + counter(s, COUNTER_TW) >= least;
}

static bool has_small_table(const struct survey *s)
{
	const struct known *entries = &s->seen->limits.limit[LIMIT_EHASH_ENTRIES];

	return entries->is && llabs(entries->value) <= SMALL_TABLE;
}

/*
 * The rows that most rules are about. The kernel goes on with a listing by position, and
 * loses rows of it where connections come and go. In a small table, where many share a
 * bucket, that is seen: one in fifty listings lacked one of 120. Three lack none.
 */
static void ask_to_keep(const struct survey *s, struct survey_ask *asks, size_t *count,
			uint32_t states)
{
	for (unsigned again = has_small_table(s) ? 3 : 1; again; again--)
		ask(asks, count, SURVEY_KEEP, states);
}

/* Every row; where one answer of the kernel does not hold them all, those few by themselves. */
static size_t ask_all(const struct survey *s, struct survey_ask *asks)
{
	bool apart = has_many(s, ONE_ANSWER);
	size_t count = 0;

	if (apart)
		ask_to_keep(s, asks, &count, STATE_ALL & ~many);
	ask(asks, &count, SURVEY_KEEP, apart ? many : STATE_ALL);
	return count;
}

/* With a program short of descriptors it is told how many of them are sockets. */
static size_t ask_first(struct survey *s, struct survey_ask *asks)
{
	bool counts_sockets;
	size_t count = 0;

	if (!has_many(s, WORTH_STEPS)) {
		s->stage = STAGE_DONE;
		return ask_all(s, asks);
	}
	s->stage = STAGE_AGAIN;
	s->seen->folded = grow_alloc(sizeof(*s->seen->folded));
	counts_sockets = speaks(s, "fd-exhaustion");
	s->later = many;
	if (!counts_sockets && !needs_bound(s))
		s->later |= STATE_BIT(STATE_BOUND);
	ask_to_keep(s, asks, &count, STATE_ALL & ~s->later);
	s->judges_ports = shortage_init(&s->shortage, s->seen, s->thresholds) && may_be_short(s);
	if (s->judges_ports)
		ask_range(s, ask(asks, &count, SURVEY_PORTS, many));
	if (counts_sockets)
		ask(asks, &count, SURVEY_INODES, STATE_BIT(STATE_ESTABLISHED))->need = 0;
	return count;
}

static void fold(struct survey *s, const struct sock *sock)
{
	if (!shortage_add(&s->shortage, sock))
		return;
	bits_add(s->seen->folded->owned, sock->local_port);
	if (sock_opener(sock) == OPENER_PEER)
		bits_add(s->seen->folded->blocked, sock->local_port);
}

static bool waits(const struct survey *s, const struct sock *sock)
{
	return sock_is_unaccepted(sock) && bits_has(s->still, sock->local_port);
}

bool survey_take(struct survey *s, enum survey_use use, const struct sock *sock)
{
	switch (use) {
	case SURVEY_KEEP:
		break;
	case SURVEY_PORTS:
		fold(s, sock);
		return false;
	case SURVEY_INODES:
		if (sock->inode)
			ids_add(&s->seen->folded->inodes, sock->inode);
		return false;
	case SURVEY_QUEUES:
		if (sock->recv_queue && bits_has(s->waiting, sock->local_port))
			bits_add(s->still, sock->local_port);
		return false;
	case SURVEY_WAITING:
		return waits(s, sock);
	case SURVEY_SHORT:
		if (waits(s, sock))
			return false;   /* a row already */
		return sock->state == STATE_BOUND || shortage_hits(&s->shortage, sock);
	}
	return true;
}

/* ---- after the first ---- */

static uint64_t rows_of(const struct snapshot *seen, enum state state, bool minisocks)
{
	uint64_t count = 0;

	for (size_t i = 0; i < seen->socks.count; i++)
		count += seen->socks.at[i].state == state &&
			 sock_is_minisock(&seen->socks.at[i]) == minisocks;
	return count;
}

/* Full sockets in the table of connections and that of listeners, by our rows. */
static uint64_t rows_hashed(const struct snapshot *seen)
{
	static const uint32_t elsewhere = STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_BOUND) |
					  STATE_BIT(STATE_CLOSE);
	uint64_t count = 0;

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		count += !(STATE_BIT(s->state) & elsewhere) && !sock_is_minisock(s);
	}
	return count;
}

/*
 * Two counters that the kernel keeps apart say how many are ESTABLISHED. Where they
 * do not agree neither is believed.
 */
static bool count_many(struct survey *s)
{
	struct folded *folded = s->seen->folded;
	uint64_t by_state = less(counter(s, COUNTER_CURR_ESTAB),
				 rows_of(s->seen, STATE_CLOSE_WAIT, false));
	uint64_t by_table = less(hashed(s), rows_hashed(s->seen));
	uint64_t apart = by_state > by_table ? by_state - by_table : by_table - by_state;

	folded->source[STATE_ESTABLISHED] = folded->source[STATE_TIME_WAIT] = COUNT_BY_KERNEL;
	folded->count[STATE_ESTABLISHED] = by_state;
	folded->count[STATE_TIME_WAIT] = less(counter(s, COUNTER_TW),
					      rows_of(s->seen, STATE_FIN_WAIT_2, true));
	if (bound_unseen(s))
		folded->source[STATE_BOUND] = COUNT_UNKNOWN;
	return apart <= 64 + by_state / 64;
}

static bool find_waiting(struct survey *s)
{
	bool any = false;

	for (size_t i = 0; i < s->seen->socks.count; i++) {
		const struct sock *sock = &s->seen->socks.at[i];

		if (sock->state != STATE_LISTEN || !sock->recv_queue)
			continue;
		bits_add(s->waiting, sock->local_port);
		any = true;
	}
	return any;
}

/* All rows after all: what the counters say cannot be true. */
static size_t ask_everything(struct survey *s, struct survey_ask *asks)
{
	size_t count = 0;

	ask(asks, &count, SURVEY_KEEP, s->later);
	snapshot_unfold(s->seen);
	s->stage = STAGE_DONE;
	return count;
}

static size_t ask_again(struct survey *s, struct survey_ask *asks)
{
	size_t count = 0;

	if (!count_many(s))
		return ask_everything(s, asks);
	s->stage = STAGE_CLOSER;
	if (find_waiting(s))
		ask(asks, &count, SURVEY_QUEUES, STATE_BIT(STATE_LISTEN))->need = 0;
	return count;
}

/*
 * A queue that has been empty a moment ago holds nobody who has waited for long.
 * The windows of neighbours grow together when there are too many.
 */
static size_t ask_waiting(struct survey *s, struct survey_ask *asks)
{
	size_t count = 0;

	for (uint16_t port = 1; port; port++) {
		if (!bits_has(s->still, port))
			continue;
		if (count < WINDOWS)
			ask(asks, &count, SURVEY_WAITING, STATE_BIT(STATE_ESTABLISHED))->port_low =
				port;
		asks[count - 1].port_high = port;
	}
	return count;
}

static size_t ask_closer(struct survey *s, struct survey_ask *asks)
{
	size_t count = ask_waiting(s, asks);
	uint32_t states = s->later;

	s->stage = STAGE_DONE;
	if (speaks(s, "time-wait-overflow")) {
		ask(asks, &count, SURVEY_KEEP, STATE_BIT(STATE_TIME_WAIT));
		states &= ~STATE_BIT(STATE_TIME_WAIT);
	}
	if (!s->judges_ports || !shortage_settle(&s->shortage, bound_unseen(s)))
		return count;
	ask_range(s, ask(asks, &count, SURVEY_SHORT, states));
	return count;
}

size_t survey_asks(struct survey *s, struct survey_ask asks[SURVEY_ASKS])
{
	static size_t (*const steps[])(struct survey *, struct survey_ask *) = {
		[STAGE_FIRST] = ask_first, [STAGE_AGAIN] = ask_again, [STAGE_CLOSER] = ask_closer,
	};
	size_t count = 0;

	while (!count && s->stage != STAGE_DONE)
		count = steps[s->stage](s, asks);
	return count;
}
