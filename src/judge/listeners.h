/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_LISTENERS_H
#define JUDGE_LISTENERS_H

#include "base/bits.h"
#include "model/snapshot.h"

/* The listening sockets of a snapshot, by port and by address. */
struct listeners {
	const struct snapshot *seen;
	struct map by_address;          /* hash of address and port -> index + 1 */
	uint8_t ports[65536 / 8];       /* bit per port that somebody listens on */
};

void listeners_init(struct listeners *listeners, const struct snapshot *seen);
void listeners_fini(struct listeners *listeners);

static inline bool listeners_have(const struct listeners *l, uint16_t port)
{
	return bits_has(l->ports, port);
}

/*
 * The listener that a connection to @sock's local end belongs to: on exactly
 * that address, or else on all of them. With SO_REUSEPORT the first of several
 * equal ones. NULL when nobody listens there.
 */
const struct sock *listeners_find(const struct listeners *listeners, const struct sock *sock);

#endif
