/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/peers.h"

#include "base/bits.h"

struct tuple {
	struct addr from, to;
	uint16_t from_port, to_port;
};

_Static_assert(sizeof(struct tuple) == 36, "a hole would be hashed");

/* The four numbers, seen from the local end or @swapped. */
static struct tuple tuple_of(const struct sock *s, bool swapped)
{
	return (struct tuple){
		.from = swapped ? s->remote : s->local,
		.to = swapped ? s->local : s->remote,
		.from_port = swapped ? s->remote_port : s->local_port,
		.to_port = swapped ? s->local_port : s->remote_port,
	};
}

void peers_find(const struct snapshot *seen, const uint32_t *indices, size_t count,
		uint32_t *peers)
{
	struct map wanted = { .at = NULL };
	uint8_t ports[65536 / 8] = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct sock *s = &seen->socks.at[indices[i]];
		struct tuple theirs = tuple_of(s, true);

		bits_add(ports, s->remote_port);
		*map_slot_bytes(&wanted, &theirs, sizeof(theirs), NULL) = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < seen->socks.count && count; i++) {
		const struct sock *s = &seen->socks.at[i];
		struct tuple ours;
		const uint32_t *slot;

		if (!bits_has(ports, s->local_port))
			continue;
		ours = tuple_of(s, false);
		slot = map_find_bytes(&wanted, &ours, sizeof(ours));
		if (slot)
			peers[*slot - 1] = (uint32_t)i + 1;
	}
	map_fini(&wanted);
}
