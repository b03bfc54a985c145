/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_INET_H
#define COLLECT_INET_H

#include "collect/collect.h"
#include "collect/tape.h"

/**
 * inet_parse - an inet_diag_msg and its attributes as a socket
 * @message: payload of the netlink message; any alignment, nothing is trusted
 * @need:    enum need, what to read of the attributes
 * @detail:  storage for the rows that few ask for; borrowed by @sock
 *
 * Pure. Returns the number of attributes that made no sense, or -EBADMSG when
 * there is no TCP socket in the message at all.
 */
int inet_parse(const void *message, size_t size, unsigned need,
	       struct sock *sock, struct detail *detail);

/**
 * inet_collect - collect_socks() for a live kernel or a recording
 * @release: kernel release of the sockets' machine, "" when unknown
 */
int inet_collect(struct tape *tape, const struct collect_ask *ask, struct sink sink,
		 const char *release, unsigned deadline_ms, struct snapshot *seen,
		 struct fault *fault);

/* True when @release ("6.8.0-rc1") is at least that version. */
bool release_at_least(const char *release, unsigned major, unsigned minor);

#endif
