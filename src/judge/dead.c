/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dead-descriptors
 *
 * A connection ends without its program when the peer resets it, when the kernel gives up
 * (retransmissions, keepalive), or when somebody kills it (ss -K). Its socket then leaves
 * every table, and no count of sockets shows it; but its descriptor stays until close(),
 * and counts against RLIMIT_NOFILE. lsof shows "protocol: TCP". A program that learns of
 * the end closes soon, a pool when it uses the connection next, so a few are healthy and
 * many of one process, or of the workers of one server together, are a leak.
 *
 * Judged is their number, because how long they have been dead is not known: the kernel
 * tells when they last sent or received something, and they died after that.
 *
 * Where the kernel counts fewer TCP sockets that no table has than make a finding, nobody
 * is looked into. In other cases, only a process with enough descriptors for a part is.
 */
#include "judge/weigh.h"

#include "base/grow.h"

#include <stdlib.h>

/*
 * Each process of a pool may have a few that it has not looked at yet. With fewer it is no
 * part of a finding of several, and that takes more than the finding of one process.
 */
enum { PART_LEAST = 5, WORKERS_TIMES = 2, ALL_TIMES = 4 };

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
	double least = least_finding(t);

	return open->is && (double)open->value >= (least < PART_LEAST ? least : PART_LEAST) &&
	       may_be_dead(seen, least);
}

static enum severity level_of(const struct threshold *t, const struct process *process)
{
	const struct known *dead = &process->files->dead;

	return (uint64_t)dead->value >= t->least ? threshold_level(t, (double)dead->value) :
						   SEVERITY_NONE;
}

static void put_facts(struct finding *f, int64_t silent_ms, const struct known *open,
		      const struct known *limit)
{
	facts_known(&f->facts, "silent_max_ms", FACT_MS, &(struct known){ silent_ms > 0, silent_ms });
	facts_known(&f->facts, "descriptors", FACT_COUNT, open);
	facts_known(&f->facts, "descriptor_limit", FACT_COUNT, limit);
}

static void add_process(struct report *report, const struct process *process, uint32_t index,
			enum severity severity)
{
	const struct process_files *files = process->files;
	struct finding *f = report_add(report, "dead-descriptors");

	f->severity = severity;
	f->subject.process = (int32_t)index;
	f->subject.cgroup_id = process->cgroup_id;
	f->count = (uint64_t)files->dead.value;
	put_facts(f, files->dead_silent_ms.is ? files->dead_silent_ms.value : 0, &files->open,
		  &files->limit);
}

/* What processes have that are no finding each. */
struct parts {
	struct { uint32_t *at; size_t count, room; } processes;
	uint64_t dead;
};

static void add_part(struct parts *parts, const struct process *process, uint32_t index)
{
	*grow_add(&parts->processes) = index;
	parts->dead += (uint64_t)process->files->dead.value;
}

static void share(struct finding *f, const struct process *process, bool first)
{
	if (first)
		f->subject.cgroup_id = process->cgroup_id;
	else if (f->subject.cgroup_id != process->cgroup_id)
		f->subject.cgroup_id = 0;
}

/* Makes them one finding. */
static void add_parts(struct report *report, const struct snapshot *seen, const struct parts *parts,
		      enum severity severity)
{
	struct finding *f = report_add(report, "dead-descriptors");
	struct known open = { true, 0 };
	int64_t silent_ms = 0;

	f->severity = severity;
	f->subject.process = -1;
	f->count = parts->dead;
	f->has_processes = true;
	for (size_t i = 0; i < parts->processes.count; i++) {
		const struct process *process = &seen->processes.at[parts->processes.at[i]];
		const struct process_files *files = process->files;

		share(f, process, i == 0);
		*grow_add(&f->processes) = (struct finding_process){
			parts->processes.at[i], (uint32_t)files->dead.value,
		};
		open.is &= files->open.is;
		open.value += files->open.value;
		if (files->dead_silent_ms.is && files->dead_silent_ms.value > silent_ms)
			silent_ms = files->dead_silent_ms.value;
	}
	finding_sort_processes(f);
	put_facts(f, silent_ms, &open, &(struct known){ .is = false });
}

/*
 * The processes of one name in one unit: up to a few of them are a finding each, more of
 * them are one. What is left over goes to @left.
 */
static void weigh_workers(const struct snapshot *seen, const struct threshold *t,
			  struct report *report, const struct tally_group *group,
			  const struct tally *tally, struct parts *left)
{
	struct parts parts = { .dead = 0 };
	enum severity severity;
	size_t alone = 0;

	tally_each(tally, group, i)
		alone += level_of(t, &seen->processes.at[i]) != SEVERITY_NONE;
	tally_each(tally, group, i) {
		const struct process *process = &seen->processes.at[i];

		severity = alone > ALIKE_MOST ? SEVERITY_NONE : level_of(t, process);
		if (severity)
			add_process(report, process, i, severity);
		else
			add_part(&parts, process, i);
	}
	severity = threshold_level(t, (double)parts.dead / (alone > ALIKE_MOST ? 1 : WORKERS_TIMES));
	if (parts.processes.count > 1 && severity)
		add_parts(report, seen, &parts, severity);
	else
		for (size_t i = 0; i < parts.processes.count; i++)
			add_part(left, &seen->processes.at[parts.processes.at[i]],
				 parts.processes.at[i]);
	grow_fini(&parts.processes);
}

WEIGH(dead)
{
	struct parts left = { .dead = 0 };
	enum severity severity;
	struct tally tally;

	tally_init(&tally, seen->processes.count);
	for (size_t i = 0; i < seen->processes.count; i++) {
		const struct process *process = &seen->processes.at[i];

		if (!process->files || !process->files->dead.is ||
		    (process->files->dead.value < PART_LEAST && !level_of(t, process)))
			continue;
		tally_add(&tally, &(struct tally_key){
			.who = service_workers(process, process->cgroup_id),
		}, (uint32_t)i);
	}
	for (size_t i = 0; i < tally.groups.count; i++)
		weigh_workers(seen, t, report, &tally.groups.at[i], &tally, &left);
	severity = threshold_level(t, (double)left.dead / ALL_TIMES);
	if (left.processes.count > 1 && severity)
		add_parts(report, seen, &left, severity);
	grow_fini(&left.processes);
	tally_fini(&tally);
}
