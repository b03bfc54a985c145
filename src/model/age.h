/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_AGE_H
#define MODEL_AGE_H

#include "model/limits.h"
#include "model/sock.h"

enum age_kind {
	AGE_UNKNOWN,
	AGE_STATE,      /* time in the present state is within [min, max] */
	AGE_UNACKED,    /* FIN_WAIT_1, LAST_ACK, CLOSING, SYN_*: unacknowledged
	                   for at least min; nothing is known about the state */
	AGE_ORPHANED,   /* FIN_WAIT_2 minisock: time since close(), not since FIN */
};

/* In milliseconds; -1 is unknown. min is a promise: the true age is never less. */
struct age {
	enum age_kind kind;
	int64_t min_ms, max_ms;
	bool    keepalive;      /* answered keepalive probes hide the rest of the age */
};

/**
 * sock_age - how long a socket has been in its present state, from one row
 * @sock:   the socket, with HAVE_FLOW where the kernel gave tcp_info
 * @limits: of its namespace (fin_timeout)
 *
 * Measured rules: net/ipv4/tcp_input.c (a FIN always passes tcp_ack() first),
 * tcp_minisocks.c (TCP_TIMEWAIT_LEN). Cannot fail; unknown is AGE_UNKNOWN.
 */
struct age sock_age(const struct sock *sock, const struct limits *limits);

/*
 * How long the oldest byte sent has been unacknowledged, in any state that retransmits:
 * AGE_UNACKED, or AGE_UNKNOWN when nothing is retransmitted. Needs HAVE_FLOW.
 */
struct age sock_unacked(const struct sock *sock, const struct limits *limits);

enum opener { OPENER_UNKNOWN, OPENER_HERE, OPENER_PEER };

/**
 * sock_opener - which side called connect()
 *
 * The SYN counts as one acknowledged byte only at the side that sent it, so
 * acked + queued - sent is 1 there and 0 at the accepting side. Needs
 * bytes_sent (Linux 4.19); minisocks and every other value are unknown.
 */
enum opener sock_opener(const struct sock *sock);

#endif
