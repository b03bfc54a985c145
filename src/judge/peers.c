/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/peers.h"

#include "base/bits.h"

struct tuple {
	struct addr from, to;
	uint16_t from_port, to_port;
};

_Static_assert(sizeof(struct tuple) == 36, "a hole would be hashed");

/* Others can have the same hash, and not by chance only: a peer chooses its address. */
static bool is_pair(const struct sock *a, const struct sock *b)
{
	return a->local_port == b->remote_port && a->remote_port == b->local_port &&
	       addr_equal(&a->local, &b->remote) && addr_equal(&a->remote, &b->local);
}

/* The four numbers, seen from the local end or @swapped. */
static uint64_t key_of(const struct sock *s, bool swapped)
{
	struct tuple tuple = {
		.from = swapped ? s->remote : s->local,
		.to = swapped ? s->local : s->remote,
		.from_port = swapped ? s->remote_port : s->local_port,
		.to_port = swapped ? s->local_port : s->remote_port,
	};

	return map_hash(&tuple, sizeof(tuple));
}

void peers_find(const struct snapshot *seen, const uint32_t *indices, size_t count,
		uint32_t *peers)
{
	struct map wanted = { .at = NULL };
	uint8_t ports[65536 / 8] = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct sock *s = &seen->socks.at[indices[i]];

		bits_add(ports, s->remote_port);
		*map_slot(&wanted, key_of(s, true), NULL) = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < seen->socks.count && count; i++) {
		const struct sock *s = &seen->socks.at[i];
		const uint32_t *slot;

		if (!bits_has(ports, s->local_port))
			continue;
		slot = map_find(&wanted, key_of(s, false));
		if (slot && is_pair(s, &seen->socks.at[indices[*slot - 1]]))
			peers[*slot - 1] = (uint32_t)i + 1;
	}
	map_fini(&wanted);
}
