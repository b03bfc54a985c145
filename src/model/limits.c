/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/limits.h"

#include <stdlib.h>

/*
 * To add a sysctl or counter: a word in the enum, its name here, its file in
 * collect/sysctls.c.
 */
const struct limit_row limit_table[LIMIT_COUNT] = {
	[LIMIT_PORT_LOW]          = { NULL },
	[LIMIT_PORT_HIGH]         = { NULL },
	[LIMIT_FIN_TIMEOUT_S]     = { "fin_timeout_s" },
	[LIMIT_MAX_TW_BUCKETS]    = { "max_tw_buckets" },
	[LIMIT_TW_REUSE]          = { "tw_reuse" },
	[LIMIT_TW_REUSE_DELAY_MS] = { "tw_reuse_delay_ms" },
	[LIMIT_TIMESTAMPS]        = { "timestamps" },
	[LIMIT_MAX_ORPHANS]       = { "max_orphans" },
	[LIMIT_SOMAXCONN]         = { "somaxconn" },
	[LIMIT_MAX_SYN_BACKLOG]   = { "max_syn_backlog" },
	[LIMIT_SYN_RETRIES]       = { "syn_retries" },
	[LIMIT_SYNACK_RETRIES]    = { "synack_retries" },
	[LIMIT_RETRIES2]          = { "retries2" },
	[LIMIT_ORPHAN_RETRIES]    = { "orphan_retries" },
	[LIMIT_RTO_MAX_MS]        = { NULL },
	[LIMIT_ABORT_ON_OVERFLOW] = { "abort_on_overflow" },
	[LIMIT_SYNCOOKIES]        = { "syncookies" },
	[LIMIT_TCP_MEM_LOW]       = { "tcp_mem_low_pages" },
	[LIMIT_TCP_MEM_PRESSURE]  = { "tcp_mem_pressure_pages" },
	[LIMIT_TCP_MEM_HIGH]      = { "tcp_mem_high_pages" },
	[LIMIT_UNPRIVILEGED_PORT_START] = { "unprivileged_port_start" },
	[LIMIT_NONLOCAL_BIND]     = { "nonlocal_bind" },
	[LIMIT_NONLOCAL_BIND6]    = { "nonlocal_bind_ipv6" },
	[LIMIT_BINDV6ONLY]        = { "bindv6only" },
	[LIMIT_AUTOBIND_REUSE]    = { "autobind_reuse" },
	[LIMIT_FASTOPEN]          = { "fastopen" },
	[LIMIT_CONNTRACK_MAX]     = { "conntrack_max" },
	[LIMIT_CONNTRACK_ESTABLISHED_S] = { "conntrack_tcp_timeout_established_s" },
	[LIMIT_EHASH_ENTRIES]     = { "ehash_entries" },
};

const struct counter_row counter_table[COUNTER_COUNT] = {
	[COUNTER_LISTEN_OVERFLOWS]    = { "listen_overflows" },
	[COUNTER_LISTEN_DROPS]        = { "listen_drops" },
	[COUNTER_TIME_WAIT_OVERFLOW]  = { "time_wait_overflow" },
	[COUNTER_ABORT_ON_MEMORY]     = { "abort_on_memory" },
	[COUNTER_REQ_QUEUE_FULL_DROP] = { "request_queue_full_drop" },
	[COUNTER_SYNCOOKIES_SENT]     = { "syncookies_sent" },
	[COUNTER_CURR_ESTAB]          = { "curr_estab" },
	[COUNTER_CONNTRACK]           = { "conntrack_entries" },
	[COUNTER_TCP_INUSE]           = { "tcp_inuse" },
	[COUNTER_TCP6_INUSE]          = { "tcp6_inuse" },
	[COUNTER_TW]                  = { "time_wait_minisocks" },
	[COUNTER_ORPHANS]             = { "machine_orphans" },
	[COUNTER_ALLOC]               = { "machine_tcp_allocated" },
	[COUNTER_MEM_PAGES]           = { "machine_tcp_memory_pages" },
	[COUNTER_SOCKETS]             = { NULL },
	[COUNTER_UDP_INUSE]           = { NULL },
	[COUNTER_UDP6_INUSE]          = { NULL },
	[COUNTER_RAW_INUSE]           = { NULL },
	[COUNTER_RAW6_INUSE]          = { NULL },
	[COUNTER_FRAG_INUSE]          = { NULL },
	[COUNTER_FRAG6_INUSE]         = { NULL },
	[COUNTER_UNIX_INUSE]          = { NULL },
	[COUNTER_UNIX_STREAM_INUSE]   = { NULL },
	[COUNTER_MPTCP_INUSE]         = { NULL },
	[COUNTER_MPTCP6_INUSE]        = { NULL },
};

/*
 * The kernel lists ports in ascending order. Refusing anything else keeps a forged list
 * from taking long.
 */
bool limits_reserve(struct limits *limits, const char *list)
{
	unsigned long next = 0;
	char *end;

	while (*list == ' ' || *list == '\n')
		list++;
	while (*list && *list != '\n') {
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (end == list)
			return false;
		if (*end == '-') {
			list = end + 1;
			to = strtoul(list, &end, 10);
			if (end == list)
				return false;
		}
		if (from < next || from > to || to > 65535)
			return false;
		for (next = from; next <= to; next++)
			bits_add(limits->reserved, (unsigned)next);
		list = *end == ',' ? end + 1 : end;
		if (list == end && *end && *end != '\n')
			return false;
	}
	limits->reserved_known = true;
	return true;
}

bool limits_know_range(const struct limits *limits)
{
	const struct known *low = &limits->limit[LIMIT_PORT_LOW];
	const struct known *high = &limits->limit[LIMIT_PORT_HIGH];

	return low->is && high->is && limits->reserved_known && low->value >= 1 &&
	       high->value <= 65535 && low->value <= high->value;
}

bool limits_is_ephemeral(const struct limits *limits, unsigned port)
{
	return limits_know_range(limits) && port >= limits->limit[LIMIT_PORT_LOW].value &&
	       port <= limits->limit[LIMIT_PORT_HIGH].value && !limits_is_reserved(limits, port);
}

static int64_t counted(const struct limits *limits, enum counter which)
{
	return limits->counter[which].is ? limits->counter[which].value : 0;
}

int64_t limits_tcp_inuse(const struct limits *limits)
{
	return counted(limits, COUNTER_TCP_INUSE) + counted(limits, COUNTER_TCP6_INUSE);
}

struct known limits_most_unlisted(const struct limits *limits)
{
	int64_t left = counted(limits, COUNTER_SOCKETS) - limits_tcp_inuse(limits) -
		       counted(limits, COUNTER_UNIX_INUSE) -
		       counted(limits, COUNTER_UNIX_STREAM_INUSE);

	return (struct known){
		limits->counter[COUNTER_SOCKETS].is && !counted(limits, COUNTER_MPTCP_INUSE) &&
		!counted(limits, COUNTER_MPTCP6_INUSE), left > 0 ? left : 0,
	};
}
