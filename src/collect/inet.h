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

/*
 * The request for one socket, or the order to close it, by its addresses and cookie, so
 * that it cannot reach another socket that has the addresses by then. @swap: with the
 * ends exchanged.
 */
struct inet_diag_req_v2 inet_request(const struct sock *sock, unsigned need, bool swap);

/*
 * Whether the kernel lists sockets of an internet protocol. Returns 0, or -errno with
 * the sentence.
 */
int inet_offered(enum protocol protocol, unsigned deadline_ms, struct fault *fault);

/* True when @release ("6.8.0-rc1") is at least that version. */
bool release_at_least(const char *release, unsigned major, unsigned minor);

#endif
