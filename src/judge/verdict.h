/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

#include "judge/overlap.h"

/* The kernel's tests of one bind(), in the kernel's order, and their result. */

enum reason {
	REASON_FITS,
	REASON_MULTICAST,       /* EINVAL: TCP over IPv6 */
	REASON_MAPPED,          /* EINVAL: v4-mapped address, IPV6_V6ONLY socket */
	REASON_SCOPE,           /* EINVAL: link-local without scope */
	REASON_ADDRESS,         /* EADDRNOTAVAIL */
	REASON_PRIVILEGE,       /* EACCES */
	REASON_IN_USE,          /* EADDRINUSE */
	REASON_REFUSED,         /* the kernel was asked and said something else */
	/* from here on nothing is decided */
	REASON_ADDRESS_UNSEEN,
	REASON_NONLOCAL_UNSEEN, /* ip_nonlocal_bind */
	REASON_PRIVILEGE_UNSEEN,
	REASON_FLAGS,           /* a flag of a socket that may conflict is not known */
	REASON_ORDER,           /* UDP: which socket is met first is not known */
	REASON_SHORTCUT,        /* SO_REUSEPORT: see test_tcp() */
	REASON_LIST,            /* not every socket was seen */
};

struct ruling {
	struct bind_outcome outcome;
	enum reason reason;
};

/* The verdict by rules alone, without @context->probe. @ask: as it was asked. */
struct ruling rule_bind(const struct snapshot *seen, const struct bind_ask *ask,
			const struct bind_context *context);

/* True when @seen cannot lack any socket on a port. */
bool ports_seen_whole(const struct snapshot *seen, enum protocol protocol);

/* True for the sockets that the question is about. */
static inline bool is_concerned(const struct bind_ask *ask, const struct sock *sock)
{
	return sock->protocol == ask->protocol && sock->local_port == ask->port &&
	       owns_port(sock);
}

/*
 * Calls @take for each socket that conflicts or may conflict. @ask: as ask_effective()
 * returns it.
 */
void each_in_the_way(const struct snapshot *seen, const struct bind_ask *ask,
		     void (*take)(void *ctx, uint32_t index, bool certain), void *ctx);

#endif
