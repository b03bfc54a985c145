/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_WITNESS_H
#define CMD_WITNESS_H

#include "base/map.h"
#include "cmd/deeds.h"

/* What is remembered of a socket from one look to the next. */
struct trace {
	uint64_t   cgroup_id;
	uint32_t   inode, uid, have;    /* enum have: HAVE_UID, HAVE_CGROUP */
	enum state state;
	struct addr local, remote;
	uint16_t   local_port, remote_port;
};

/* Who held which socket at one look. Zeroed memory is one that saw nothing. */
struct glance {
	bool       taken;
	struct snapshot seen;           /* holders, cgroups, links; no sockets */
	struct map by_cookie;           /* cookie -> index in traces */
	struct { struct trace *at; size_t count, room; } traces;
};

/*
 * An event tells neither the owner nor the last state of a socket: who wants to
 * know them has to have looked before. The last two looks are kept, because a
 * socket may have been freed during the second.
 */
struct witness {
	struct glance now, before;
	int64_t next_ms;                /* CLOCK_MONOTONIC: no look before that */
};

/**
 * witness_look - list sockets and holders anew
 *
 * Sets when the next look is due: so rarely that looking takes at most 2 % of
 * the time. Returns 0 or -errno with the sentence in the session.
 */
int witness_look(struct witness *witness, struct deed *deed);
void witness_fini(struct witness *witness);

/* Milliseconds until the next look, 0: now. */
int witness_due_ms(const struct witness *witness);

/* The trace of @cookie and the look that has most to say of it; NULL: not seen. */
const struct trace *witness_recall(const struct witness *witness, uint64_t cookie,
				   const struct snapshot **seen);

#endif
