/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dead-descriptors
 *
 * A connection ends without its program when the peer resets it, when the kernel gives up
 * (retransmissions, keepalive), or when somebody kills it (ss -K). Its socket then leaves
 * every table, and no count of sockets shows it; but its descriptor stays until close(),
 * and counts against RLIMIT_NOFILE. lsof shows "protocol: TCP". A program that learns of
 * the end closes soon, a pool when it uses the connection next, so a few are healthy and
 * many of one process are a leak.
 *
 * Judged is their number, because how long they have been dead is not known: the kernel
 * tells when they last sent or received something, and they died after that.
 *
 * Where the kernel counts fewer TCP sockets that no table has than make a finding, nobody
 * is looked into. In other cases, only a process that has so many descriptors at all is.
 */
#include "judge/weigh.h"

static double least_finding(const struct threshold *t)
{
	double least = t->warn < t->crit ? t->warn : t->crit;

	return least < (double)t->least ? (double)t->least : least;
}

/*
 * Both counts are upper bounds: of the machine, and of the namespace, whose margin is half
 * of what makes a finding.
 */
static bool may_be_dead(const struct snapshot *seen, double least)
{
	struct known here = limits_most_unlisted(&seen->limits);

	return (!seen->tcp_unlisted.is || (double)seen->tcp_unlisted.value >= least) &&
	       (!here.is || (double)here.value * 2 >= least);
}

LOOKS_INTO(dead)
{
	const struct known *open = &process->files->open;

	return open->is && (double)open->value >= least_finding(t) &&
	       may_be_dead(seen, least_finding(t));
}

WEIGH(dead)
{
	for (size_t i = 0; i < seen->processes.count; i++) {
		const struct process *process = &seen->processes.at[i];
		const struct process_files *files = process->files;
		struct finding *f;

		if (!files || !files->dead.is || (uint64_t)files->dead.value < t->least ||
		    !threshold_level(t, (double)files->dead.value))
			continue;
		f = report_add(report, "dead-descriptors");
		f->severity = threshold_level(t, (double)files->dead.value);
		f->subject.process = (int32_t)i;
		f->subject.cgroup_id = process->cgroup_id;
		f->count = (uint64_t)files->dead.value;
		facts_known(&f->facts, "silent_max_ms", FACT_MS, &files->dead_silent_ms);
		facts_known(&f->facts, "descriptors", FACT_COUNT, &files->open);
		facts_known(&f->facts, "descriptor_limit", FACT_COUNT, &files->limit);
	}
}
