/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_CONNECT_H
#define JUDGE_CONNECT_H

#include "judge/judge.h"
#include "model/connect.h"

/**
 * judge_connect - how many more connect()s from a source to a destination fit
 * @seen:  all TCP sockets of the namespace (or those with a port in the range),
 *         with port_explicit where it could be told
 * @probe: what the kernel said of ambiguous ports, or NULL
 * @tight: from when on it is tight, in percent of the capacity that is gone
 *
 * Pure. Returns false, with only verdict CONNECT_UNKNOWN and the cause set, when
 * the range or the reserved ports are not known.
 */
bool judge_connect(const struct snapshot *seen, const struct connect_ask *ask,
		   const struct port_probe *probe, const struct threshold *tight,
		   struct connect_answer *answer);

/* Inodes of the sockets that the answer's users are about; see judge_wants(). */
void judge_connect_wants(const struct snapshot *seen, const struct connect_ask *ask,
			 struct map *inodes);

/*
 * Every destination of the namespace by how few ports are left to it, of the families
 * wanted; a v4-mapped one is IPv4. Both families take ports from either.
 */
bool judge_destinations(const struct snapshot *seen, const struct threshold *tight,
			bool ipv4, bool ipv6, struct destinations *result);

#endif
