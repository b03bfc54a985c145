/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/suspects.h"

#include "base/bits.h"
#include "base/grow.h"
#include "judge/port_map.h"
#include "judge/weigh.h"
#include "model/need.h"

#include <stdlib.h>

/* ---- destinations that may be short of ports --------------------------- */

/*
 * Whether some destination may be short of ephemeral ports, from sockets that are
 * counted as they are listed, without tcp_info, and are not kept. Both counts are upper
 * bounds:
 *
 * Ports used towards one destination: its sockets are counted in one cell. Where cells
 * are scarce, destinations share a cell and are counted together.
 *
 * Ports lost to every destination: those of listeners and of sockets that are only
 * bound, and those of a listener that is gone and whose connections still live. Without
 * tcp_info such a connection looks like one that was opened here. But its remote end is
 * a client, which uses another port for each connection, whereas connections that were
 * opened here go to services, many to each. So only connections that share their source
 * address and remote end with fewer than SHORTAGE_FEW others can be on a lost port, and
 * each of them loses one port at most. In a shared cell each socket counts as one of
 * those.
 *
 * The bound can be too high: a crawler with one connection to each of thousands of hosts
 * is looked at again for nothing. It rests on one assumption: no other machine connects
 * from one port to so many ports of one address here whose listeners are all gone.
 */
enum { SHORTAGE_FEW = 8 };

/* Must be a power of two. Tests set fewer, so that destinations share cells. */
#ifndef SHORTAGE_CELLS
#define SHORTAGE_CELLS (1 << 14)
#endif

/* The cells that are tried for a destination; the last one is shared when none is free. */
enum { SHORTAGE_TRIES = 32 };

struct cell {
	uint64_t hash;                  /* of the first destination in the cell */
	uint32_t used;                  /* sockets counted; 0: the cell is free */
	uint8_t  connections;           /* connections among these, at most SHORTAGE_FEW */
	bool     is_shared;             /* destinations that found no free cell share it */
};

struct shortage {
	const struct snapshot *seen;
	const struct thresholds *thresholds;
	unsigned low, high;             /* the ephemeral range */
	uint32_t capacity;              /* its ports that are not reserved */
	/* the highest @used of all cells: of sockets without a device, of those with one */
	uint32_t most[2];
	uint32_t alone;                 /* connections that may be accepted ones, of all cells */
	uint32_t unlisted;              /* so many sockets at most are only bound and not listed */
	/* computed by shortage_settle() */
	uint32_t lost;                  /* ports lost to every destination */
	uint32_t short_from;            /* a destination that uses this many is short */
	struct cell cells[SHORTAGE_CELLS];
	uint8_t  bound[65536 / 8];
	uint8_t  connected[65536 / 8];  /* ports of the first SHORTAGE_FEW of a cell */
};

/*
 * @s is zeroed. Returns false when nothing can be said: the range is not known, or none
 * of it can be used.
 */
static bool shortage_init(struct shortage *s, const struct snapshot *seen,
			  const struct thresholds *thresholds)
{
	struct port_range range;

	s->seen = seen;
	s->thresholds = thresholds;
	if (!port_range_of(&range, &seen->limits))
		return false;
	s->low = range.low;
	s->high = range.high;
	s->capacity = range.capacity;
	/* without a usable port there is no shortage to speak of */
	return s->capacity > 0;
}

/* True when a destination that uses @used ports is short of them for some rule. */
static bool is_short(const struct shortage *s, uint32_t used)
{
	struct port_bounds use = { .capacity = s->capacity, .used = used, .lost = s->lost };

	for (size_t i = 0; i < rules_count; i++)
		if (rules[i].is_short &&
		    rules[i].is_short(thresholds_get(s->thresholds, rules[i].id), &use))
			return true;
	return false;
}

/* Distinguishes destinations as port_map_group() does. */
static uint64_t hash_of(const struct sock *sock, uint32_t ifindex)
{
	struct tally_key key = {
		.source = sock->local, .destination = sock->remote, .port = sock->remote_port,
		.ifindex = ifindex,
	};

	return map_hash(&key, sizeof(key));
}

/*
 * The cell of a destination, or the cell in which to count it. Cells are never freed, so
 * the result stays valid.
 */
static size_t cell_of(const struct shortage *s, uint64_t hash)
{
	size_t cell = 0;

	for (unsigned i = 0; i < SHORTAGE_TRIES; i++) {
		cell = (hash + i) % SHORTAGE_CELLS;
		if (!s->cells[cell].used || s->cells[cell].hash == hash)
			break;
	}
	return cell;
}

/* True when tcp_info might show that a listener accepted the connection. */
static bool may_be_accepted(const struct sock *sock)
{
	return sock_tells_flow(sock) && sock->state != STATE_SYN_SENT;
}

/* How many connections of the cell may be accepted ones, each on a lost port. */
static uint32_t cell_lost(const struct cell *cell)
{
	if (cell->is_shared)
		return cell->used;
	return cell->connections < SHORTAGE_FEW ? cell->connections : 0;
}

static void cell_add(struct shortage *s, const struct sock *sock)
{
	uint64_t hash = hash_of(sock, sock->ifindex);
	uint32_t *most = &s->most[sock->ifindex != 0];
	struct cell *cell = &s->cells[cell_of(s, hash)];

	s->alone -= cell_lost(cell);
	if (!cell->used)
		cell->hash = hash;
	cell->is_shared |= cell->hash != hash;
	if (++cell->used > *most)
		*most = cell->used;
	if (may_be_accepted(sock) && (cell->connections < SHORTAGE_FEW || cell->is_shared)) {
		bits_add(s->connected, sock->local_port);
		if (cell->connections < SHORTAGE_FEW)
			cell->connections++;
	}
	s->alone += cell_lost(cell);
}

/* Counts a socket on a port of the range, and ignores others. */
static void shortage_add(struct shortage *s, const struct sock *sock)
{
	if (sock->local_port < s->low || sock->local_port > s->high ||
	    sock->state == STATE_SYN_RECV ||
	    limits_is_reserved(&s->seen->limits, sock->local_port))
		return;
	if (sock_is_connection(sock))
		cell_add(s, sock);
	else
		bits_add(s->bound, sock->local_port);
}

/* The smallest use that makes a destination short. More use never makes it less short. */
static uint32_t least_short(const struct shortage *s, uint32_t most)
{
	uint32_t enough = most, less = 0;

	while (less < enough) {
		uint32_t middle = less + (enough - less) / 2;

		if (is_short(s, middle))
			enough = middle;
		else
			less = middle + 1;
	}
	return enough;
}

/*
 * Called after the last socket. Returns true when some destination may be short for some
 * rule.
 */
static bool shortage_settle(struct shortage *s)
{
	uint32_t bound = s->unlisted + bits_count(s->bound, s->low, s->high);
	uint32_t connected;

	/* a port is lost once */
	for (size_t i = 0; i < sizeof(s->connected); i++)
		s->connected[i] &= (uint8_t)~s->bound[i];
	connected = bits_count(s->connected, s->low, s->high);
	s->lost = bound + (s->alone < connected ? s->alone : connected);
	if (!is_short(s, s->most[0] + s->most[1]))
		return false;
	s->short_from = least_short(s, s->most[0] + s->most[1]);
	return true;
}

/*
 * A socket without a device conflicts with the sockets of each device, so it is also
 * needed for the device with the most.
 */
static uint32_t used_for(const struct shortage *s, const struct sock *sock)
{
	uint32_t used = s->cells[cell_of(s, hash_of(sock, sock->ifindex))].used;

	return used + (sock->ifindex ? s->cells[cell_of(s, hash_of(sock, 0))].used : s->most[1]);
}

/*
 * Called after shortage_settle(): true when the destination of @sock may be short, or
 * its port is certainly lost to every destination.
 */
static bool shortage_hits(const struct shortage *s, const struct sock *sock)
{
	return !sock_is_connection(sock) || used_for(s, sock) >= s->short_from;
}

/* ---- sockets that are only bound --------------------------------------- */

/*
 * To list the sockets that are only bound the kernel passes by every socket with a port a
 * second time. Among many sockets they are left out when counters prove that there are too
 * few of them for any rule.
 */
enum { MANY = 4096 };

/* True when so few of these sockets cannot make @rule speak; half of what it takes is the margin. */
static bool is_too_few(const struct rule *rule, const struct threshold *t, int64_t bound)
{
	if (rule->is_short || !((rule->states | rule->beside) & STATE_BIT(STATE_BOUND)))
		return true;
	return !(rule->beside & STATE_BIT(STATE_BOUND)) && (uint64_t)bound < t->least / 2;
}

static bool can_leave_bound(const struct snapshot *seen, const struct thresholds *thresholds)
{
	struct known bound = limits_most_unlisted(&seen->limits);

	if (!bound.is || limits_tcp_inuse(&seen->limits) < MANY)
		return false;
	for (size_t i = 0; i < rules_count; i++)
		if (!is_too_few(&rules[i], thresholds_get(thresholds, rules[i].id), bound.value))
			return false;
	return true;
}

/* ---- what to ask ------------------------------------------------------ */

/* A table of connections with this many buckets is small for a busy machine. */
enum { SMALL_TABLE = 4096 };

/* This many rows fit into one answer of the kernel. */
enum { ONE_ANSWER = 64 };

/* Asking for one socket takes as long as passing by this many in a listing (measured). */
enum { WORTH_A_LISTING = 8 };

/*
 * So few sockets are always asked for one by one, because passing by the buckets of an
 * empty table takes longer.
 */
enum { FEW = 32 };

/* Long enough for a program that reads all the time to take something. */
enum { PAUSE_MS = 250 };

/* Long enough for a program to close what its peer has closed; below a second. */
enum { SETTLE_MS = 900 };

enum step { STEP_ALL, STEP_PORTS, STEP_NEEDS, STEP_READ, STEP_DONE };

/* A rule that gets the sockets of a state. */
struct reader {
	rule_picks *picks;              /* NULL: it gets all of them */
	const struct threshold *t;
	unsigned need;
};

struct suspects {
	struct snapshot *seen;
	const struct thresholds *thresholds;
	struct { struct reader *at; size_t count, room; } readers[STATE_COUNT];
	enum step step;
	unsigned listings;
	uint64_t count;                 /* sockets that were listed */
	bool     leaves_bound, notes_inodes, looked_at_ports, looked_again, looked_twice;
	struct shortage *shortage;      /* while a destination may be short; or NULL */
	struct index rows;              /* by cookie */
	struct { uint32_t *at; size_t count, room; } incomplete;
};

static void add_reader(struct suspects *s, uint32_t states, struct reader reader)
{
	for (int state = 1; state < STATE_COUNT; state++)
		if (states & STATE_BIT(state))
			*grow_add(&s->readers[state]) = reader;
}

static void read_rule(struct suspects *s, const struct rule *rule)
{
	const struct threshold *t = thresholds_get(s->thresholds, rule->id);

	if (!rule->is_short)
		add_reader(s, rule->states, (struct reader){ rule->picks, t, rule->need });
	add_reader(s, rule->beside, (struct reader){ NULL, t, 0 });
}

static void end_shortage(struct suspects *s)
{
	free(s->shortage);
	s->shortage = NULL;
}

static void leave_bound(struct suspects *s)
{
	struct folded *folded = s->seen->folded;

	s->leaves_bound = can_leave_bound(s->seen, s->thresholds);
	folded->most_bound = s->leaves_bound ? (uint32_t)limits_most_unlisted(&s->seen->limits).value : 0;
	if (s->shortage)
		s->shortage->unlisted = folded->most_bound;
}

struct suspects *suspects_new(struct snapshot *seen, const struct thresholds *thresholds)
{
	struct suspects *s = grow_alloc(sizeof(*s));

	s->seen = seen;
	s->thresholds = thresholds;
	/* the owner of any socket may be outside */
	s->notes_inodes = judge_looks_into(seen, thresholds, NULL) || seen->seeks_unheld;
	for (size_t i = 0; i < rules_count; i++)
		read_rule(s, &rules[i]);
	s->shortage = grow_alloc(sizeof(*s->shortage));
	if (!shortage_init(s->shortage, seen, thresholds))
		end_shortage(s);
	seen->folded = grow_alloc(sizeof(*seen->folded));
	/* descriptors are counted by the inodes of all sockets */
	if (!s->notes_inodes)
		leave_bound(s);
	return s;
}

void suspects_free(struct suspects *s)
{
	if (!s)
		return;
	for (int state = 0; state < STATE_COUNT; state++)
		grow_fini(&s->readers[state]);
	end_shortage(s);
	free(s->rows.at);
	grow_fini(&s->incomplete);
	free(s);
}

/* ---- every socket, once ---- */

static uint32_t keep(struct suspects *s, const struct sock *sock)
{
	struct sink sink = snapshot_sink(s->seen);

	sink.take(sink.ctx, sock);
	return (uint32_t)s->seen->socks.count - 1;
}

/* What must be known of @sock beyond what came. Returns false when no rule picks it. */
static bool pick(const struct suspects *s, const struct sock *sock, unsigned *need)
{
	bool picked = false;
	const struct reader *reader = s->readers[sock->state].at;
	const struct reader *end = reader + s->readers[sock->state].count;

	*need = 0;
	for (; reader < end; reader++) {
		if (reader->picks && !reader->picks(s->seen, reader->t, sock))
			continue;
		picked = true;
		*need |= reader->need;
	}
	return picked;
}

static bool lacks(const struct sock *sock, unsigned need)
{
	return need & NEED_FLOW && sock_tells_flow(sock) && sock->cookie != UINT64_MAX;
}

/*
 * A socket without a cookie, as /proc/net tells it, could not be recognised later, so it
 * is kept even if no rule picks it.
 */
static void take_first(struct suspects *s, const struct sock *sock)
{
	unsigned need;
	uint32_t index;

	s->count++;
	s->seen->folded->count[sock->state]++;
	if (s->notes_inodes && sock->inode)
		s->seen->folded->inodes_count += ids_add(&s->seen->folded->inodes, sock->inode);
	if (s->shortage)
		shortage_add(s->shortage, sock);
	if (!pick(s, sock, &need) && sock->cookie != UINT64_MAX)
		return;
	index = keep(s, sock);
	if (lacks(sock, need))
		*grow_add(&s->incomplete) = index;
}

static bool has_small_table(const struct suspects *s)
{
	const struct known *entries = &s->seen->limits.limit[LIMIT_EHASH_ENTRIES];

	return entries->is && llabs(entries->value) <= SMALL_TABLE;
}

/*
 * Asks for every state, and then again for the states that most rules are about. The
 * kernel goes on with a listing by position and misses rows where connections come and
 * go. That shows in a small table, where many share a bucket: one listing in fifty
 * lacked one row of 120. Three listings lack none.
 */
static bool ask_all(struct suspects *s, struct suspects_ask *ask)
{
	static const uint32_t many = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_TIME_WAIT);
	bool repeats = s->count > ONE_ANSWER && has_small_table(s);

	ask->states = s->listings ? STATE_ALL & ~many : STATE_ALL;
	if (s->leaves_bound)
		ask->states &= ~STATE_BIT(STATE_BOUND);
	return s->listings++ < (repeats ? 4 : 1);
}

/* ---- some of them again ---- */

/*
 * True for two sockets with one cookie: a closed one whose file is open, and its
 * TIME_WAIT.
 */
static bool are_two(const struct sock *a, const struct sock *b)
{
	return (a->state == STATE_BOUND && sock_is_minisock(b)) ||
	       (b->state == STATE_BOUND && sock_is_minisock(a));
}

static uint64_t hash_of_row(const void *ctx, uint32_t row)
{
	const struct snapshot *seen = ctx;

	return map_hash_number(seen->socks.at[row].cookie);
}

/* Rows without a cookie are not asked for again, and would all share one entry. */
static void index_rows(struct suspects *s)
{
	for (uint32_t i = 0; i < s->seen->socks.count; i++) {
		uint32_t *entry;

		if (s->seen->socks.at[i].cookie == UINT64_MAX)
			continue;
		index_widen(&s->rows, hash_of_row, s->seen);
		entry = index_first(&s->rows, hash_of_row(s->seen, i));
		while (*entry)
			entry = index_next(&s->rows, entry);
		*entry = i + 1;
		s->rows.count++;
	}
}

static struct sock *row_of(const struct suspects *s, const struct sock *sock)
{
	const uint32_t *entry;

	if (!s->rows.count)
		return NULL;
	entry = index_first(&s->rows, map_hash_number(sock->cookie));
	for (; *entry; entry = index_next(&s->rows, entry)) {
		struct sock *row = &s->seen->socks.at[*entry - 1];

		if (row->cookie == sock->cookie && !are_two(row, sock))
			return row;
	}
	return NULL;
}

/*
 * A socket that changed its state is still one socket; the state that was seen last
 * counts.
 */
static bool renew(struct suspects *s, const struct sock *sock)
{
	struct sock *row;

	if (!s->rows.count)
		index_rows(s);
	row = row_of(s, sock);
	if (!row)
		return false;
	*row = *sock;
	row->detail = NULL;
	return true;
}

static void take_port(struct suspects *s, const struct sock *sock)
{
	struct folded *folded = s->seen->folded;

	/* it is kept already, because nobody could know that it would come again */
	if (sock->cookie == UINT64_MAX)
		return;
	if (!limits_is_reserved(&s->seen->limits, sock->local_port)) {
		bits_add(folded->owned, sock->local_port);
		if (sock_opener(sock) == OPENER_PEER)
			bits_add(folded->blocked, sock->local_port);
	}
	if (!renew(s, sock) && shortage_hits(s->shortage, sock))
		keep(s, sock);
}

static bool ask_ports(struct suspects *s, struct suspects_ask *ask)
{
	bool settles = s->shortage && !s->looked_at_ports;

	if (settles)
		s->seen->folded->ports_suffice = !shortage_settle(s->shortage);
	if (!settles || s->seen->folded->ports_suffice) {
		end_shortage(s);
		return false;
	}
	s->looked_at_ports = true;
	for (size_t i = 0; i < rules_count; i++) {
		ask->states |= rules[i].is_short ? rules[i].states : 0;
		ask->need |= rules[i].is_short ? rules[i].need : 0;
	}
	ask->port_low = (uint16_t)s->shortage->low;
	ask->port_high = (uint16_t)s->shortage->high;
	ask->again = true;
	return true;
}

/*
 * Drops the rows that the last listing completed or that have ended since; nothing must
 * be asked about them.
 */
static void drop_complete(struct suspects *s)
{
	size_t left = 0;

	for (size_t i = 0; i < s->incomplete.count; i++) {
		uint32_t index = s->incomplete.at[i];
		const struct sock *sock = &s->seen->socks.at[index];

		if (sock_tells_flow(sock) && !(sock->have & HAVE_FLOW))
			s->incomplete.at[left++] = index;
	}
	s->incomplete.count = left;
}

/* Asks for a listing of the ports from the lowest to the highest of the rows. */
static void ask_around(const struct suspects *s, struct suspects_ask *ask)
{
	ask->port_low = UINT16_MAX;
	for (size_t i = 0; i < s->incomplete.count; i++) {
		const struct sock *sock = &s->seen->socks.at[s->incomplete.at[i]];

		ask->states |= STATE_BIT(sock->state);
		if (sock->local_port < ask->port_low)
			ask->port_low = sock->local_port;
		if (sock->local_port > ask->port_high)
			ask->port_high = sock->local_port;
	}
}

static bool ask_needs(struct suspects *s, struct suspects_ask *ask)
{
	drop_complete(s);
	if (!s->incomplete.count || s->looked_again)
		return false;
	s->looked_again = true;
	*ask = (struct suspects_ask){ .need = NEED_FLOW, .states = STATE_ALL, .again = true };
	if (s->incomplete.count > FEW &&
	    s->incomplete.count * WORTH_A_LISTING > s->count) {
		ask->states = 0;
		ask_around(s, ask);
	} else {
		ask->indices = s->incomplete.at;
		ask->count = s->incomplete.count;
	}
	return true;
}

/* ---- whether programs read, and whether states last ---- */

static void doubt(struct suspects *s, const struct rule *rule)
{
	const struct threshold *t = thresholds_get(s->thresholds, rule->id);

	for (uint32_t i = 0; i < s->seen->socks.count; i++) {
		const struct sock *sock = &s->seen->socks.at[i];

		if (rule->states & STATE_BIT(sock->state) && rule->picks(s->seen, t, sock) &&
		    sock->cookie != UINT64_MAX &&
		    threshold_level(t, rule->age_ms(s->seen, sock)))
			*grow_add(&s->incomplete) = i;
	}
}

/* True for an idle socket that may just have come into its state, or hides its age. */
static bool is_unsettled(const struct rule *rule, const struct threshold *t,
			 const struct sock *sock)
{
	return rule->states & STATE_BIT(sock->state) && keepalive_hides(sock) &&
	       sock->have & HAVE_FLOW && !is_settled(sock) && sock->cookie != UINT64_MAX &&
	       sock->flow.last_data_recv_ms >= t->warn;
}

/* Adds the unsettled sockets of a rule if they can be a finding; returns how many. */
static size_t add_unsettled(struct suspects *s, const struct rule *rule)
{
	const struct threshold *t = thresholds_get(s->thresholds, rule->id);
	size_t before = s->incomplete.count;

	for (uint32_t i = 0; i < s->seen->socks.count && rule->settles; i++)
		if (is_unsettled(rule, t, &s->seen->socks.at[i]))
			*grow_add(&s->incomplete) = i;
	if (s->incomplete.count - before < t->least)
		s->incomplete.count = before;
	return s->incomplete.count - before;
}

static bool ask_read(struct suspects *s, struct suspects_ask *ask)
{
	size_t unsettled = 0;

	if (s->looked_twice)
		return false;
	s->looked_twice = true;
	s->incomplete.count = 0;
	for (size_t i = 0; i < rules_count; i++)
		unsettled += add_unsettled(s, &rules[i]);
	for (size_t i = 0; i < rules_count; i++)
		if (rules[i].looks_twice)
			doubt(s, &rules[i]);
	*ask = (struct suspects_ask){
		.need = NEED_FLOW, .states = STATE_ALL, .again = true,
		.pause_ms = unsettled ? SETTLE_MS : PAUSE_MS,
		.indices = s->incomplete.at, .count = s->incomplete.count,
	};
	return ask->count;
}

/* A queue that shrank, or into which more went, was read from; or the window opened. */
static void compare(struct suspects *s, const struct sock *sock)
{
	struct sock *row;

	if (!s->rows.count)
		index_rows(s);
	row = row_of(s, sock);
	if (row && sock->state == row->state)
		row->have |= HAVE_LASTED;
	if (row && (sock->state != row->state || sock->recv_queue < row->recv_queue ||
		    sock->flow.bytes_received != row->flow.bytes_received))
		row->have |= HAVE_READ;
}

/* ---- both ---- */

void suspects_take(struct suspects *s, const struct sock *sock)
{
	if (s->step == STEP_ALL)
		take_first(s, sock);
	else if (s->step == STEP_PORTS)
		take_port(s, sock);
	else if (s->step == STEP_NEEDS)
		renew(s, sock);
	else
		compare(s, sock);
}

bool suspects_next(struct suspects *s, struct suspects_ask *ask)
{
	static bool (*const steps[])(struct suspects *, struct suspects_ask *) = {
		[STEP_ALL] = ask_all, [STEP_PORTS] = ask_ports,
		[STEP_NEEDS] = ask_needs, [STEP_READ] = ask_read,
	};

	for (; s->step < STEP_DONE; s->step++) {
		*ask = (struct suspects_ask){ .states = 0 };
		if (steps[s->step](s, ask))
			return true;
	}
	return false;
}
