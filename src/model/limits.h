/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_LIMITS_H
#define MODEL_LIMITS_H

#include "base/bits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sysctls of the judged network namespace; some belong to the machine. */
enum limit {
	LIMIT_PORT_LOW, LIMIT_PORT_HIGH,
	LIMIT_FIN_TIMEOUT_S, LIMIT_MAX_TW_BUCKETS, LIMIT_TW_REUSE,
	LIMIT_TW_REUSE_DELAY_MS, LIMIT_TIMESTAMPS, LIMIT_MAX_ORPHANS,
	LIMIT_SOMAXCONN, LIMIT_MAX_SYN_BACKLOG, LIMIT_SYN_RETRIES,
	LIMIT_SYNACK_RETRIES, LIMIT_RETRIES2, LIMIT_ORPHAN_RETRIES,
	LIMIT_RTO_MAX_MS,               /* not in JSON; see limits_rto_max_ms() */
	LIMIT_ABORT_ON_OVERFLOW, LIMIT_SYNCOOKIES,
	LIMIT_TCP_MEM_LOW, LIMIT_TCP_MEM_PRESSURE, LIMIT_TCP_MEM_HIGH, /* pages */
	LIMIT_UNPRIVILEGED_PORT_START,
	LIMIT_NONLOCAL_BIND, LIMIT_NONLOCAL_BIND6, LIMIT_BINDV6ONLY,
	LIMIT_AUTOBIND_REUSE, LIMIT_FASTOPEN,
	LIMIT_CONNTRACK_MAX, LIMIT_CONNTRACK_ESTABLISHED_S,
	LIMIT_EHASH_ENTRIES,            /* negative: the size of the table that namespaces share */
	LIMIT_COUNT,
};

/* Counters of the namespace; the three marked "machine" belong to the machine. */
enum counter {
	COUNTER_LISTEN_OVERFLOWS, COUNTER_LISTEN_DROPS, COUNTER_TIME_WAIT_OVERFLOW,
	COUNTER_ABORT_ON_MEMORY, COUNTER_REQ_QUEUE_FULL_DROP, COUNTER_SYNCOOKIES_SENT,
	COUNTER_CURR_ESTAB,             /* ESTABLISHED + CLOSE_WAIT */
	COUNTER_CONNTRACK,              /* connections that nf_conntrack tracks */
	COUNTER_TCP_INUSE, COUNTER_TCP6_INUSE,
	COUNTER_TW,                     /* TIME_WAIT + orphaned FIN_WAIT_2 minisocks */
	COUNTER_ORPHANS,                /* machine */
	COUNTER_ALLOC,                  /* machine */
	COUNTER_MEM_PAGES,              /* machine */
	/* not in JSON */
	COUNTER_SOCKETS, COUNTER_UDP_INUSE, COUNTER_UDP6_INUSE,
	COUNTER_RAW_INUSE, COUNTER_RAW6_INUSE,
	COUNTER_FRAG_INUSE, COUNTER_FRAG6_INUSE,
	COUNTER_UNIX_INUSE, COUNTER_UNIX_STREAM_INUSE,
	COUNTER_MPTCP_INUSE, COUNTER_MPTCP6_INUSE,
	COUNTER_COUNT,
};

/* A number that may be unknown; unknown is never 0. */
struct known {
	bool    is;
	int64_t value;
};

struct limits {
	struct known limit[LIMIT_COUNT];
	struct known counter[COUNTER_COUNT];
	bool    reserved_known;
	uint8_t reserved[65536 / 8];    /* one bit a port: it is in ip_local_reserved_ports */
};

struct limit_row   { const char *name; };
struct counter_row { const char *name; };

/*
 * THE tables of limits and counters: a name is the member in the JSON objects `limits`
 * and `counters`. NULL: not a member; the two ends of the port range are printed
 * together, and some counters serve the summary or the questions of a check.
 */
extern const struct limit_row   limit_table[LIMIT_COUNT];
extern const struct counter_row counter_table[COUNTER_COUNT];

/*
 * Marks the ports of a list "1,5-7,..." in @limits->reserved; false when @list is not
 * such a list.
 */
bool limits_reserve(struct limits *limits, const char *list);

static inline bool limits_is_reserved(const struct limits *l, unsigned port)
{
	return bits_has(l->reserved, port);
}

/*
 * The longest retransmission timeout: tcp_rto_max_ms, which is at most 120 s, and that
 * before Linux 6.15. A recording may hold any number.
 */
static inline int64_t limits_rto_max_ms(const struct limits *limits)
{
	enum { TCP_RTO_MAX_MS = 120000 };
	const struct known *most = &limits->limit[LIMIT_RTO_MAX_MS];

	return most->is && most->value > 0 && most->value < TCP_RTO_MAX_MS ? most->value :
	       TCP_RTO_MAX_MS;
}

/* True when the ephemeral range and the reserved ports in it are known. */
bool limits_know_range(const struct limits *limits);

/* TCP sockets of the namespace that listen or are connected; 0 when not known. */
int64_t limits_tcp_inuse(const struct limits *limits);

/*
 * The most TCP sockets of the namespace that neither listen nor are connected, but are
 * only bound, were never used, or are dead: all sockets that programs have, without those
 * of the TCP tables and those of UNIX. The kernel's own TCP sockets are subtracted though
 * they are not among all, so the result can be low by their number, which is small: file
 * systems on the network have a few. Each MPTCP connection has some, too: with any, the
 * result is not known.
 */
struct known limits_most_unlisted(const struct limits *limits);

/* True when connect() may choose @port; also false when that is not known. */
bool limits_is_ephemeral(const struct limits *limits, unsigned port);

#endif
