/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_INET_H
#define COLLECT_INET_H

#include "collect/dump.h"

#include <linux/inet_diag.h>

/**
 * inet_collect - collect_socks() for a live kernel or a recording
 * @release: kernel release of the sockets' machine, "" when unknown
 */
int inet_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		 const char *release, unsigned deadline_ms, struct snapshot *seen,
		 struct fault *fault);

/* See collect_again(). */
void inet_again(struct recorder *recorder, const struct collect_ask *ask, const struct sock *rows,
		const uint32_t *indices, size_t count, struct sink sink, const char *release,
		unsigned deadline_ms, struct snapshot *seen);

/*
 * The question about one socket, or the order to close it: by its addresses and its cookie,
 * so that no other socket is meant that took them meanwhile.
 * @swap: with the ends exchanged
 */
struct inet_diag_req_v2 inet_request(const struct sock *sock, unsigned need, bool swap);

/*
 * See collect_explicit(). A TCP socket that is not among the explicit ones is
 * known to be not explicit only if it listens, is bound, or called connect()
 * itself (sock_opener(), which needs NEED_FLOW): an accepted connection and a
 * minisock are never among them, whatever the port is held by.
 */
int inet_explicit(struct recorder *recorder, const struct collect_ask *ask, unsigned deadline_ms,
		  struct snapshot *seen, struct fault *fault);

/* See collect_chain(). Port 0: the sockets of all ports, for a recording. */
int inet_chain(struct recorder *recorder, uint16_t port, unsigned deadline_ms,
	       struct snapshot *seen, struct fault *fault);

/* True when @release ("6.8.0-rc1") is at least that version. */
bool release_at_least(const char *release, unsigned major, unsigned minor);

#endif
