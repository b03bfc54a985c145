/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/listeners.h"

struct listener_key {
	struct addr addr;
	uint16_t port;
};

_Static_assert(sizeof(struct listener_key) == 18, "a hole would be hashed");

void listeners_init(struct listeners *l, const struct snapshot *seen)
{
	*l = (struct listeners){ .seen = seen };
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];
		uint32_t *slot;

		if (s->state != STATE_LISTEN)
			continue;
		bits_add(l->ports, s->local_port);
		slot = map_slot_bytes(&l->by_address, &(struct listener_key){ s->local, s->local_port },
				      sizeof(struct listener_key), NULL);
		/* Of a SO_REUSEPORT group the one that has connections waiting. */
		if (!*slot || seen->socks.at[*slot - 1].recv_queue < s->recv_queue)
			*slot = (uint32_t)i + 1;
	}
}

void listeners_fini(struct listeners *l)
{
	map_fini(&l->by_address);
}

static const struct sock *listener_at(const struct listeners *l, const struct addr *addr,
				      uint16_t port)
{
	const uint32_t *slot = map_find_bytes(&l->by_address, &(struct listener_key){ *addr, port },
					      sizeof(struct listener_key));

	return slot ? &l->seen->socks.at[*slot - 1] : NULL;
}

const struct sock *listeners_find(const struct listeners *l, const struct sock *s)
{
	static const struct addr any6 = { .b = { 0 } };
	static const uint8_t zero[4] = { 0 };
	struct addr any4 = addr_from_v4(zero);
	bool v4 = addr_is_v4(&s->local);
	const struct sock *found;

	if (!listeners_have(l, s->local_port))
		return NULL;
	found = listener_at(l, &s->local, s->local_port);
	if (!found && v4)
		found = listener_at(l, &any4, s->local_port);
	if (found)
		return found;
	found = listener_at(l, &any6, s->local_port);
	return found && v4 && (found->have & HAVE_V6ONLY) && found->v6only ? NULL : found;
}
