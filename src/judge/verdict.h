/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

#include "model/bind.h"

/*
 * Whether two sockets can share a port: the kernel's test for one pair. What is not
 * known of the existing socket gives MAYBE, so an answer is never more certain than what
 * was seen.
 */
enum maybe { NO, MAYBE, YES };

static inline enum maybe maybe_not(enum maybe a)
{
	return a == MAYBE ? MAYBE : a == NO ? YES : NO;
}

static inline enum maybe maybe_both(enum maybe a, enum maybe b)
{
	return a < b ? a : b;
}

/* The value of a flag of @sock; MAYBE when it was not told. */
static inline enum maybe sock_flag(const struct sock *sock, enum have have, bool value)
{
	return !(sock->have & (uint32_t)have) ? MAYBE : value ? YES : NO;
}

/* True when the socket owns its local port; a request socket does not. */
bool owns_port(const struct sock *sock);

/*
 * The socket of the question as bind() makes it: the scope of a link-local address
 * becomes the device.
 */
struct bind_ask ask_effective(const struct bind_ask *ask);

/* True when the address has no meaning without a scope or device (IPv6 link-local). */
bool ask_needs_scope(const struct bind_ask *ask);

/*
 * Whether devices and addresses conflict, so that only the flags could help. Here and
 * below, @ask is as ask_effective() returns it.
 */
enum maybe meets(const struct bind_ask *ask, const struct sock *sock);

/* Whether SO_REUSEADDR, or SO_REUSEPORT, on both sockets lets them share. */
enum maybe shares_reuseaddr(const struct bind_ask *ask, const struct sock *sock);
enum maybe shares_reuseport(const struct bind_ask *ask, const struct sock *sock);

/* ---- one bind() ---- */

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
	bool shortcut;          /* by the sockets alone, the reason is REASON_SHORTCUT */
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
