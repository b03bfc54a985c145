/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/shortage.h"

#include "base/bits.h"
#include "judge/port_map.h"

bool shortage_init(struct shortage *s, const struct snapshot *seen,
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
	/* where none can be used, nobody's use of them matters */
	return s->capacity > 0;
}

/* One destination with @used ports. */
static bool is_short(const struct shortage *s, uint32_t used)
{
	struct port_bounds use = { .capacity = s->capacity, .used = used, .lost = s->lost };

	for (size_t i = 0; i < rules_count; i++)
		if (rules[i].is_short &&
		    rules[i].is_short(thresholds_get(s->thresholds, rules[i].id), &use))
			return true;
	return false;
}

/* As port_map_group() tells destinations apart, but for the device: none is in the way of each. */
static size_t cell_of(const struct sock *sock)
{
	struct tally_key key = {
		.source = sock->local, .destination = sock->remote, .port = sock->remote_port,
	};

	return map_hash(&key, sizeof(key)) % SHORTAGE_CELLS;
}

static bool is_bound(const struct sock *sock)
{
	static const uint32_t bound = STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_BOUND) |
				      STATE_BIT(STATE_CLOSE);

	return STATE_BIT(sock->state) & bound;
}

/* One of which tcp_info could tell that a listener got it. */
static bool may_be_accepted(const struct sock *sock)
{
	return sock_tells_flow(sock) && sock->state != STATE_SYN_SENT;
}

void shortage_add(struct shortage *s, const struct sock *sock)
{
	size_t cell;

	if (sock->local_port < s->low || sock->local_port > s->high ||
	    sock->state == STATE_SYN_RECV ||
	    limits_is_reserved(&s->seen->limits, sock->local_port))
		return;
	if (is_bound(sock)) {
		bits_add(s->bound, sock->local_port);
		return;
	}
	cell = cell_of(sock);
	if (++s->used[cell] > s->most)
		s->most = s->used[cell];
	if (!may_be_accepted(sock))
		return;
	if (s->connections[cell] == SHORTAGE_FEW)
		return;
	s->connections[cell]++;
	bits_add(s->connected, sock->local_port);
}

/* The number from which a destination is short, where one is: more is never less short. */
static uint32_t least_short(const struct shortage *s)
{
	uint32_t enough = s->most, less = 0;

	while (less < enough) {
		uint32_t middle = less + (enough - less) / 2;

		if (is_short(s, middle))
			enough = middle;
		else
			less = middle + 1;
	}
	return enough;
}

bool shortage_settle(struct shortage *s)
{
	uint32_t bound = 0, connected = 0, alone = 0;

	for (unsigned port = s->low; port <= s->high; port++) {
		bool is = bits_has(s->bound, port);

		bound += is;
		connected += !is && bits_has(s->connected, port);
	}
	for (size_t i = 0; i < SHORTAGE_CELLS; i++)
		if (s->connections[i] < SHORTAGE_FEW)
			alone += s->connections[i];
	s->lost = bound + (alone < connected ? alone : connected);
	if (!is_short(s, s->most))
		return false;
	s->short_from = least_short(s);
	return true;
}

bool shortage_hits(const struct shortage *s, const struct sock *sock)
{
	return is_bound(sock) || s->used[cell_of(sock)] >= s->short_from;
}
