/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_PEERS_H
#define JUDGE_PEERS_H

#include "model/snapshot.h"

/*
 * The other ends that are sockets of this namespace too: those with local and
 * remote swapped. Addresses are compared with IPv4 mapped into IPv6, so a
 * dual-stack socket finds its IPv4 peer. NAT and other namespaces hide a peer.
 */

/*
 * Fills @peers, which is zeroed, with, for each of the @count sockets at @indices, the
 * index of its peer + 1, or 0. Linear: one pass over the snapshot.
 */
void peers_find(const struct snapshot *seen, const uint32_t *indices, size_t count,
		uint32_t *peers);

#endif
