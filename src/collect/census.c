/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/census.h"

#include "collect/knobs.h"
#include "collect/tape.h"

#include <errno.h>
#include <fcntl.h>

/* Lines of the present namespace; without IPv6 the second file is not there. */
/* Without IPv6 there is no second file; one that cannot be read may hide any socket. */
static bool read_stat(struct text *stat)
{
	int err;

	if (tape_read(AT_FDCWD, "/proc/thread-self/net/sockstat", stat) < 0)
		return false;
	err = tape_read(AT_FDCWD, "/proc/thread-self/net/sockstat6", stat);
	return !err || err == -ENOENT;
}

/* True unless the counter is there and 0. */
static bool may_have(const struct text *stat, const char *line, const char *key)
{
	int64_t value;

	return !knob_inline(text_str(stat), line, key, &value) || value > 0;
}

/* A line of sockstat6 may be missing, and then there is no IPv6 socket. */
static bool has_ipv6(const struct text *stat, const char *line)
{
	int64_t value;

	return knob_inline(text_str(stat), line, "inuse", &value) && value > 0;
}

/* No segment ever came: nobody can be in the middle of a handshake. */
static bool may_have_requests(void)
{
	struct text snmp = { 0 };
	int64_t value = 0;
	bool may = tape_read(AT_FDCWD, "/proc/thread-self/net/snmp", &snmp) < 0 ||
		   !knob_pairs(text_str(&snmp), "Tcp:", "InSegs", &value) || value > 0;

	text_fini(&snmp);
	return may;
}

/*
 * "inuse" has what listens or has a connection, orphans too; "tw" TIME_WAIT; what
 * is only bound is among all that is "used". Requests are counted nowhere, and
 * outlive their listener for some seconds.
 */
static uint32_t tcp_states(const struct text *stat)
{
	uint32_t states = 0;

	if (may_have(stat, "TCP:", "inuse") || has_ipv6(stat, "TCP6:") ||
	    may_have(stat, "TCP:", "tw"))
		return STATE_ALL;
	if (may_have(stat, "sockets:", "used"))
		states |= STATE_BIT(STATE_BOUND);
	if (may_have_requests())
		states |= STATE_BIT(STATE_SYN_RECV);
	return states;
}

uint32_t census_states(enum protocol protocol)
{
	struct text stat = { 0 };
	uint32_t states = STATE_ALL;

	if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP)
		return states;
	if (!read_stat(&stat))
		states = STATE_ALL;
	else if (protocol == PROTOCOL_TCP)
		states = tcp_states(&stat);
	else if (!may_have(&stat, "UDP:", "inuse") && !has_ipv6(&stat, "UDP6:"))
		states = 0;
	text_fini(&stat);
	return states;
}
