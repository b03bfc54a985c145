/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ephemeral-listener
 *
 * A server on a port inside ip_local_port_range works until it restarts: while
 * its port is free, connect() of any program may pick that port, and the
 * server's bind() fails with EADDRINUSE for as long as that connection and its
 * TIME_WAIT live. SO_REUSEADDR of the server does not help, for the other
 * socket did not set it. ip_local_reserved_ports is made for it.
 *
 * bind() to port 0 gives such a port too, and nobody minds, for the next time
 * any other will do. The kernel tells whether the program named a port, but that
 * does not tell the two apart, either: libtirpc (rpc.statd, rpc.mountd) and
 * `docker -P` choose a free port themselves and name it to bind(). So it is a
 * notice, and a warning only for a user who sets a threshold.
 *
 * A port on loopback only can be taken by nothing but a connection over
 * loopback, and most helpers with bind(0) live there: a listener on loopback
 * counts as nothing, and only a threshold of 0 shows it. One finding for each
 * port, however many sockets and families listen on it.
 */
#include "judge/weigh.h"

#include "judge/port_map.h"

static void judge_port(const struct snapshot *seen, const struct threshold *t,
		       const struct port_range *range, const struct tally *tally,
		       const struct tally_group *group, struct report *report)
{
	const struct sock *first = &seen->socks.at[group->first - 1];
	uint64_t reachable = 0;
	struct finding *f;

	tally_each(tally, group, i)
		reachable += !addr_is_loopback(&seen->socks.at[i].local);
	if (group->count < t->least || !threshold_level(t, (double)reachable))
		return;
	f = report_add(report, "ephemeral-listener");
	f->severity = threshold_level(t, (double)reachable);
	f->subject = subject_of_listener(first);
	tally_each(tally, group, i)
		concern(f, seen, i);
	facts_number(&f->facts, "port", FACT_ID, f->subject.port);
	facts_range(&f->facts, range->low, range->high);
}

WEIGH(ephemeral_listener)
{
	struct port_range range;
	struct tally tally;

	if (!port_range_of(&range, &seen->limits))
		return;
	tally_init(&tally, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state == STATE_LISTEN && limits_is_ephemeral(&seen->limits, s->local_port))
			tally_add(&tally, &(struct tally_key){ .port = s->local_port },
				  (uint32_t)i);
	}
	for (size_t i = 0; i < tally.groups.count; i++)
		judge_port(seen, t, &range, &tally, &tally.groups.at[i], report);
	tally_fini(&tally);
}
