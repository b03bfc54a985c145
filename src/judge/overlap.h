/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_OVERLAP_H
#define JUDGE_OVERLAP_H

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

/* For TCP: whether @sock alone makes bind() fail. */
enum maybe conflict(const struct bind_ask *ask, const struct sock *sock);

#endif
