/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/port_map.h"

#include "base/bits.h"
#include "base/grow.h"
#include "base/own.h"

#include <stdlib.h>

bool kernel_at_least(const struct snapshot *seen, unsigned major, unsigned minor)
{
	char *end;
	unsigned long first = strtoul(seen->version, &end, 10);
	unsigned long second = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	return first > major || (first == major && second >= minor);
}

/*
 * Accepted connections inherit IP_BIND_ADDRESS_NO_PORT, so it proves something only for
 * a connection that was opened here.
 */
static bool is_connect_bound(const struct port_map *map, const struct sock *s, enum opener opener)
{
	static const uint32_t needed = HAVE_PORT_ORIGIN | HAVE_SOCKOPT;

	return map->heals && opener == OPENER_HERE && (s->have & needed) == needed &&
	       !s->port_explicit && (s->sockopt & SOCKOPT_BIND_ADDRESS_NO_PORT);
}

static enum maybe blocks_connect(const struct port_map *map, const struct sock *s)
{
	enum opener opener;

	if (!sock_is_connection(s) || s->port_explicit)
		return YES;
	opener = sock_opener(s);
	if (opener == OPENER_PEER)
		return YES;
	return is_connect_bound(map, s, opener) ? NO : MAYBE;
}

enum maybe port_map_blocks(const struct port_map *map, const struct sock *s)
{
	return map->bind_first ? meets(&map->bind, s) : blocks_connect(map, s);
}

/*
 * The probe connects to this address. Where a real connection goes there, the port must
 * not be probed.
 */
static bool is_where_probes_go(const struct sock *s)
{
	static const uint8_t bytes[4] = { 127, 0, 0, 1 };
	struct addr here = addr_from_v4(bytes);

	return s->remote_port == 1 && addr_equal(&s->remote, &here) && addr_equal(&s->local, &here);
}

/* What the pass over all sockets gathers for each port. */
struct owners {
	uint8_t any[65536 / 8];
	uint8_t unaskable[65536 / 8];
};

static void read_owners(struct port_map *map, struct owners *owners)
{
	for (size_t i = 0; i < map->seen->socks.count; i++) {
		const struct sock *s = &map->seen->socks.at[i];
		uint16_t port = s->local_port;
		enum maybe lost;

		if (!port_map_owns(map, s))
			continue;
		bits_add(owners->any, port);
		if (s->state == STATE_LISTEN)
			bits_add(map->listened, port);
		if (is_where_probes_go(s))
			bits_add(owners->unaskable, port);
		if (map->lost[port] == YES)
			continue;
		lost = port_map_blocks(map, s);
		if (lost > map->lost[port])
			map->lost[port] = (uint8_t)lost;
	}
}

static void settle(struct port_map *map, const struct owners *owners,
		   const struct port_probe *probe, unsigned port)
{
	if (map->blind && !bits_has(owners->any, port))
		map->lost[port] = MAYBE;
	bits_put(map->certain, port, map->lost[port] == YES);
	if (map->bind_first)
		return;
	if (probe && bits_has(probe->answered, port))
		map->lost[port] = bits_has(probe->usable, port) ? NO : YES;
	bits_put(map->open, port, map->lost[port] == MAYBE && !bits_has(owners->unaskable, port));
}

static struct bind_ask bind_of(const struct connect_ask *ask)
{
	struct bind_ask bind = {
		.protocol = PROTOCOL_TCP, .family = ask->family, .addr = ask->source,
		.ifindex = ask->ifindex,
	};

	return ask_effective(&bind);
}

bool port_range_of(struct port_range *range, const struct limits *limits)
{
	if (!limits_know_range(limits))
		return false;
	range->low = (unsigned)limits->limit[LIMIT_PORT_LOW].value;
	range->high = (unsigned)limits->limit[LIMIT_PORT_HIGH].value;
	range->capacity = range->high - range->low + 1 -
			  bits_count(limits->reserved, range->low, range->high);
	return true;
}

/* Adds the owners that were counted and are not rows. */
static void read_folded(struct port_map *map, struct owners *owners)
{
	const struct folded *folded = map->seen->folded;

	for (unsigned port = map->low; folded && port <= map->high; port++) {
		if (!bits_has(folded->owned, port))
			continue;
		bits_add(owners->any, port);
		if (bits_has(folded->blocked, port))
			map->lost[port] = YES;
		else if (map->lost[port] == NO)
			map->lost[port] = MAYBE;
	}
}

bool port_map_fill(struct port_map *map, const struct snapshot *seen,
		   const struct connect_ask *bind_first, const struct port_probe *probe)
{
	OWN_MEM struct owners *owners = NULL;
	struct port_range range;

	if (!port_range_of(&range, &seen->limits))
		return false;
	owners = grow_alloc(sizeof(*owners));
	map->seen = seen;
	if (bind_first) {
		map->bind_first = true;
		map->bind = bind_of(bind_first);
	}
	map->low = range.low;
	map->high = range.high;
	map->capacity = range.capacity;
	map->reserved = range.high - range.low + 1 - range.capacity;
	map->blind = snapshot_has_gap(seen, GAP_BOUND);
	map->heals = kernel_at_least(seen, 6, 18);
	read_owners(map, owners);
	read_folded(map, owners);
	for (unsigned port = map->low; port <= map->high; port++) {
		if (!port_map_has(map, port))
			continue;
		settle(map, owners, probe, port);
		map->ports[map->lost[port]]++;
	}
	return true;
}

/*
 * The connections of a live listener take no more than the listener does, so it alone is
 * to blame. Where only the kernel's answer tells that a port is lost, any owner that may
 * have called bind() can be the one.
 */
bool port_map_blames(const struct port_map *map, const struct sock *s)
{
	unsigned port = s->local_port;
	enum maybe blocks;

	if (!port_map_owns(map, s) || map->lost[port] != YES)
		return false;
	if (!map->bind_first && bits_has(map->listened, port) && sock_is_connection(s) &&
	    !s->port_explicit)
		return false;
	blocks = port_map_blocks(map, s);
	return blocks == YES || (blocks == MAYBE && !bits_has(map->certain, port));
}

/* On the port of a listener, only a connection that was certainly opened here is a client. */
bool port_map_is_client(const struct port_map *map, const struct sock *s)
{
	enum opener opener;

	if (!sock_is_connection(s) || !s->remote_port || !port_map_owns(map, s))
		return false;
	opener = sock_opener(s);
	return opener == OPENER_HERE ||
	       (opener == OPENER_UNKNOWN && !bits_has(map->listened, s->local_port));
}

static bool is_time_wait(const struct sock *s)
{
	return s->state == STATE_TIME_WAIT && sock_is_minisock(s);
}

/* bind() never takes a TIME_WAIT over. */
static enum hit hit_of(const struct port_map *map, const struct sock *s)
{
	static const enum hit hits[] = {
		[REUSE_NO] = HIT_YES, [REUSE_MAYBE] = HIT_MAYBE, [REUSE_YES] = HIT_FREE,
	};

	if (map->bind_first || !is_time_wait(s))
		return HIT_YES;
	return hits[trend_reuse(&map->seen->limits, s)];
}

void port_use_wait(struct port_use *use, const struct port_map *map, const struct sock *s)
{
	const struct limits *limits = &map->seen->limits;
	int64_t frees_in_ms = map->bind_first ? s->timer_ms : trend_frees_in_ms(limits, s);

	if (!is_time_wait(s))
		return;
	trend_add(&use->trend, limits, s, !map->bind_first);
	if (hit_of(map, s) == HIT_FREE ||
	    (use->next_free_ms.is && use->next_free_ms.value <= frees_in_ms))
		return;
	use->next_free_ms = (struct known){ true, frees_in_ms };
}

void port_use_add(struct port_use *use, struct port_map *map, const struct sock *s)
{
	uint8_t *marked = &map->hit[s->local_port], *state = &map->state[s->local_port];
	uint8_t lost = map->lost[s->local_port];
	enum hit hit = hit_of(map, s);

	port_use_wait(use, map, s);
	if (hit <= *marked)
		return;
	if (*marked) {
		use->ports[*marked][lost]--;
		use->states[*state]--;
		use->used--;
	}
	use->ports[hit][lost]++;
	use->states[s->state]++;
	use->used++;
	*marked = (uint8_t)hit;
	*state = (uint8_t)s->state;
}

static bool is_certainly_free(const struct port_map *map, unsigned port)
{
	return port_map_has(map, port) && map->lost[port] == NO &&
	       map->hit[port] <= HIT_FREE;
}

/*
 * In a range with an odd number of ports whose lowest or highest one is free, a search
 * can miss one.
 */
static bool may_miss_an_end(const struct port_map *map)
{
	return map->low % 2 == map->high % 2 && map->low < map->high &&
	       (is_certainly_free(map, map->low) || is_certainly_free(map, map->high));
}

/* The ports that are neither lost nor free for this destination. */
static uint32_t ports_taken(const struct port_use *use)
{
	uint32_t taken = 0;

	for (int lost = NO; lost < YES; lost++)
		taken += use->ports[HIT_MAYBE][lost] + use->ports[HIT_YES][lost];
	return taken;
}

/*
 * connect() skips ports that bind() took quickly, so only those of this destination
 * count; bind(address, 0) looks closely at every port with an owner.
 */
static bool is_cliff(const struct port_use *use, const struct port_map *map)
{
	uint32_t in_vain = map->bind_first ? map->ports[YES] : ports_taken(use);

	return in_vain > map->capacity / 2;
}

/*
 * `left` counts an ambiguous owner as a client that just connected. An incomplete
 * listing proves nothing about what is left.
 */
struct destination port_use_destination(const struct port_use *use, const struct port_map *map)
{
	uint32_t open = map->ports[NO] + map->ports[MAYBE];
	uint32_t surely = use->ports[HIT_YES][NO] + use->ports[HIT_YES][MAYBE];
	struct destination d = {
		.used = use->used, .time_wait = use->states[STATE_TIME_WAIT],
		.established = use->states[STATE_ESTABLISHED],
		/* not lost, and their TIME_WAIT may be taken over */
		.recyclable = use->ports[HIT_FREE][NO] + use->ports[HIT_FREE][MAYBE],
		.left = open - ports_taken(use), .left_max = open - surely,
		.left_min = map->ports[NO] - use->ports[HIT_YES][NO] -
			    use->ports[HIT_MAYBE][NO] - may_miss_an_end(map),
		.rate_known = true, .close_rate_per_s = trend_rate(&use->trend),
		.cliff = is_cliff(use, map),
	};

	if (!snapshot_is_complete(map->seen))
		d.left_min = 0;
	d.other = d.used - d.time_wait - d.established;
	d.percent_gone = port_map_percent_gone(map, d.left);
	d.exhaustion_known = trend_exhausts(&use->trend, &map->seen->limits, d.left,
					    &d.exhausted_in_s);
	return d;
}

/* ---- all destinations ---- */

void port_map_group(struct tally *tally, const struct port_map *map, bool ipv4, bool ipv6)
{
	tally_init(tally, map->seen->socks.count);
	for (size_t i = 0; i < map->seen->socks.count; i++) {
		const struct sock *s = &map->seen->socks.at[i];
		struct tally_key key = {
			.source = s->local, .destination = s->remote, .port = s->remote_port,
			.ifindex = s->ifindex,
		};

		if ((addr_is_v4(&s->remote) ? ipv4 : ipv6) && port_map_is_client(map, s))
			tally_add(tally, &key, (uint32_t)i);
	}
}

/* Sockets without a device conflict with a socket that has one. */
static const struct tally_group *without_device(const struct tally *tally,
						const struct tally_group *group)
{
	struct tally_key key = group->key;

	if (!key.ifindex)
		return NULL;
	key.ifindex = 0;
	return tally_find(tally, &key);
}

struct destination port_map_destination(struct port_map *map, const struct tally *tally,
					const struct tally_group *group)
{
	const struct tally_group *of[] = { group, without_device(tally, group) };
	struct port_use use = { .used = 0 };
	struct destination d;

	for (size_t i = 0; i < 2 && of[i]; i++)
		tally_each(tally, of[i], index)
			port_use_add(&use, map, &map->seen->socks.at[index]);
	d = port_use_destination(&use, map);
	d.source = group->key.source;
	d.destination = group->key.destination;
	d.port = group->key.port;
	d.ifindex = group->key.ifindex;
	for (size_t i = 0; i < 2 && of[i]; i++)
		tally_each(tally, of[i], index)
			map->hit[map->seen->socks.at[index].local_port] = HIT_NONE;
	return d;
}
