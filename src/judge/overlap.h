/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_OVERLAP_H
#define JUDGE_OVERLAP_H

#include "model/bind.h"

/*
 * When two sockets cannot share a port: the kernel's test for one pair. What is
 * not known of the existing one gives MAYBE, so that an answer is never more
 * certain than what was seen.
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

/* What a flag of @sock says, when it was told at all. */
static inline enum maybe sock_flag(const struct sock *sock, enum have have, bool value)
{
	return !(sock->have & (uint32_t)have) ? MAYBE : value ? YES : NO;
}

/* True when the socket owns its local port; a request for a connection does not. */
bool owns_port(const struct sock *sock);

/*
 * The socket of the question as bind() makes it: the scope of a link-local
 * address becomes its device.
 */
struct bind_ask ask_effective(const struct bind_ask *ask);

/* True when the address needs a scope or device to mean anything (IPv6). */
bool ask_needs_scope(const struct bind_ask *ask);

/*
 * Whether devices and addresses meet, and so only the flags could help. @ask has to be the
 * effective one, here and below.
 */
enum maybe meets(const struct bind_ask *ask, const struct sock *sock);

/* Whether SO_REUSEADDR, or SO_REUSEPORT, of both lets them share. */
enum maybe shares_reuseaddr(const struct bind_ask *ask, const struct sock *sock);
enum maybe shares_reuseport(const struct bind_ask *ask, const struct sock *sock);

/* TCP: whether @sock alone makes bind() fail. */
enum maybe conflict(const struct bind_ask *ask, const struct sock *sock);

#endif
