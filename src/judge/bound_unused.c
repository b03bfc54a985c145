/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bound-unused
 *
 * A socket after bind() that neither listens nor connects. Every client that
 * binds before it connects is in here for microseconds. One that stays has a
 * descriptor and, what is worse, a port: nobody can listen there, and from the
 * ephemeral range the port is lost to connect() towards every destination,
 * because its owner bound it (see budget.h).
 *
 * The threshold is an age, but the kernel tells none: there is no tcp_info for
 * a socket without a connection. An unknown age satisfies a threshold of 0 and
 * no other, so the usual one is 0 and what keeps it silent is the number for one
 * process: a hundred at the same moment are not on their way to connect(). Older
 * kernels (before 6.8) do not list such sockets at all; a gap says so.
 */
#include "judge/weigh.h"

#include "base/grow.h"
#include "judge/service.h"

#include <stdlib.h>

struct weighing {
	const struct snapshot *seen;
	const struct threshold *t;
	struct report *report;
};

static bool is_ephemeral(const struct limits *limits, unsigned port)
{
	const struct known *low = &limits->limit[LIMIT_PORT_LOW];
	const struct known *high = &limits->limit[LIMIT_PORT_HIGH];

	return low->is && high->is && port >= low->value && port <= high->value &&
	       !(limits->reserved_known && limits_is_reserved(limits, port));
}

static void put_facts(struct finding *f, const struct snapshot *seen)
{
	const struct limits *limits = &seen->limits;
	uint64_t ephemeral = 0;

	for (size_t i = 0; i < f->members.count; i++)
		ephemeral += is_ephemeral(limits, seen->socks.at[f->members.at[i]].local_port);
	if (limits->limit[LIMIT_PORT_LOW].is && limits->limit[LIMIT_PORT_HIGH].is)
		finding_fact(f, NULL, "ephemeral_ports", FACT_COUNT, (double)ephemeral);
	else
		finding_unknown(f, NULL, "ephemeral_ports", FACT_COUNT);
}

static bool take(void *ctx, const struct service_group *group)
{
	const struct weighing *w = ctx;
	struct aged aged = { 0, 0 };
	struct finding *f;

	tally_each(group->tally, group->group, i)
		aged_add(&aged, w->t, aged_ms(w->seen, &w->seen->socks.at[i]));
	if (!aged_level(&aged, w->t))
		return false;
	f = report_add(w->report, "bound-unused");
	f->severity = aged_level(&aged, w->t);
	f->subject = group->subject;
	tally_each(group->tally, group->group, i)
		concern(f, w->seen, i);
	put_facts(f, w->seen);
	return true;
}

void weigh_bound_unused(const struct snapshot *seen, const struct threshold *t,
			struct report *report)
{
	struct { uint32_t *at; size_t count, room; } bound = { NULL, 0, 0 };
	struct weighing w = { seen, t, report };
	struct listeners listeners;

	for (size_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].state == STATE_BOUND && seen->socks.at[i].inode)
			*grow_add(&bound) = (uint32_t)i;
	listeners_init(&listeners, seen);
	service_each(&listeners, bound.at, bound.count, take, &w);
	listeners_fini(&listeners);
	grow_fini(&bound);
}
