/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_INET_H
#define COLLECT_INET_H

#include "collect/dump.h"

#include <linux/inet_diag.h>

/**
 * inet_collect - collect_socks() for a live kernel or a recording
 * @release: of the kernel whose sockets they are, "" when unknown
 */
int inet_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		 const char *release, unsigned deadline_ms, struct snapshot *seen,
		 struct fault *fault);

/* Implements collect_again(). */
void inet_again(struct recorder *recorder, const struct collect_ask *ask, const struct sock *rows,
		const uint32_t *indices, size_t count, struct sink sink, const char *release,
		unsigned deadline_ms, struct snapshot *seen);

/*
 * The request for one socket, or the order to close it, by its addresses and cookie, so
 * that it cannot reach another socket that has the addresses by then. @swap: with the
 * ends exchanged.
 */
struct inet_diag_req_v2 inet_request(const struct sock *sock, unsigned need, bool swap);

/*
 * Implements collect_explicit(). A TCP socket that is not among the explicit ones is
 * known not to be explicit only if it listens, is bound, or called connect() itself
 * (sock_opener(), which needs NEED_FLOW): an accepted connection or a minisock is never
 * among them, whatever its port.
 */
int inet_explicit(struct recorder *recorder, const struct collect_ask *ask, unsigned deadline_ms,
		  struct snapshot *seen, struct fault *fault);

/* Implements collect_chain(). Port 0: the sockets of all ports, for a recording. */
int inet_chain(struct recorder *recorder, uint16_t port, unsigned deadline_ms,
	       struct snapshot *seen, struct fault *fault);

/* True when @release ("6.8.0-rc1") is at least that version. */
bool release_at_least(const char *release, unsigned major, unsigned minor);

#endif
