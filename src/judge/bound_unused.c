/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bound-unused
 *
 * A socket after bind() that neither listens nor connects. Every client that
 * binds before it connects is in here for microseconds. One that stays has a
 * descriptor and, what is worse, a port: nobody can listen there, and from the
 * ephemeral range the port is lost to connect() towards every destination,
 * because its owner bound it (see port_map.h).
 *
 * The threshold is an age, but the kernel tells none: there is no tcp_info for
 * a socket without a connection. An unknown age satisfies a threshold of 0 and
 * no other, so the usual one is 0 and what keeps it silent is the number for one
 * process: a hundred at the same moment are not on their way to connect(). Older
 * kernels (before 6.8) do not list such sockets at all; a gap says so.
 */
#include "judge/weigh.h"

PICKS(bound_unused)
{
	return s->inode;
}

FACTS(bound_unused)
{
	const struct limits *limits = &w->seen->limits;
	uint64_t ephemeral = 0;

	for (size_t i = 0; i < f->members.count; i++)
		ephemeral += limits_is_ephemeral(limits,
						 w->seen->socks.at[f->members.at[i]].local_port);
	facts_number(&f->facts, "ephemeral_ports", FACT_COUNT, (double)ephemeral)->known =
		limits_know_range(limits);
}
