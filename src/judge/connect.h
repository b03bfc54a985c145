/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_CONNECT_H
#define JUDGE_CONNECT_H

#include "judge/judge.h"
#include "model/connect.h"

/**
 * judge_connect - how many more connect()s from a source to a destination succeed
 * @seen:  all TCP sockets of the namespace, or those with a port in the range, with
 *         port_explicit where that could be told
 * @probe: what the kernel answered about ambiguous ports, or NULL
 * @tight: at which percentage of used capacity the verdict is "tight"
 *
 * Pure. Returns false, with only the verdict CONNECT_UNKNOWN and the cause set, when the
 * range or the reserved ports are not known.
 */
bool judge_connect(const struct snapshot *seen, const struct connect_ask *ask,
		   const struct port_probe *probe, const struct threshold *tight,
		   struct connect_answer *answer);

/* The inodes of the sockets that the users in the answer hold; see judge_wants(). */
void judge_connect_wants(const struct snapshot *seen, const struct connect_ask *ask,
			 struct map *inodes);

/*
 * Lists every destination of the namespace, the one with the fewest ports left first, of
 * the wanted families; a mapped destination is IPv4. Sockets of both families take ports
 * from either.
 */
bool judge_destinations(const struct snapshot *seen, const struct threshold *tight,
			bool ipv4, bool ipv6, struct destinations *result);

#endif
