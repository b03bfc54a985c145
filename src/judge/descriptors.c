/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fd-exhaustion
 *
 * Every socket that a program holds is a descriptor, and RLIMIT_NOFILE bounds
 * their numbers (getrlimit(2); the soft limit is the one that counts). At the
 * limit accept(), socket(), open() and dup() fail with EMFILE, and a server
 * that cannot accept() lets its accept queue fill. The number of descriptors
 * can be a little higher than the limit, when it was lowered later or
 * descriptors were opened with high numbers.
 *
 * Judged is the share of the limit. A program with very few descriptors is left
 * alone whatever its share, and so is one with a limit for very few, however many it
 * had open before: a limit of 16 is a sandbox, not a leak, and so is one of 1.
 *
 * How many of them are TCP sockets of this namespace is told when the owners
 * are known; judge_wants() asks for all of them then, so it is no half count. Those whose
 * connection is gone are TCP sockets, too, and are in no table (see dead.c).
 * TIME_WAIT and orphans hold no descriptor.
 */
#include "judge/weigh.h"

#include "base/grow.h"

#include <stdlib.h>

/* Which process holds which sockets; computed for the first finding. */
struct held {
	bool made;
	struct map socks;       /* inode -> index + 1 */
	uint32_t *first;        /* first entry of each process in @holders; one more marks the end */
	uint32_t *holders;      /* indices, grouped by process, in order of inode */
};

static void index_socks(struct held *held, const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->inode)
			*map_slot(&held->socks, s->inode, NULL) = (uint32_t)i + 1;
	}
}

/*
 * Counts the holders of each process, sums the counts up, and puts each holder in its
 * place while the sums count down again.
 */
static void index_holders(struct held *held, const struct snapshot *seen)
{
	size_t processes = seen->processes.count, count = seen->holders.count;
	const struct holder *at = seen->holders.at;

	held->first = grow_alloc((processes + 1) * sizeof(*held->first));
	held->holders = grow_alloc((count + 1) * sizeof(*held->holders));
	for (size_t i = 0; i < count; i++)
		held->first[at[i].process]++;
	for (size_t i = 1; i <= processes; i++)
		held->first[i] += held->first[i - 1];
	for (size_t i = count; i-- > 0;)
		held->holders[--held->first[at[i].process]] = (uint32_t)i;
}

static void make_once(struct held *held, const struct snapshot *seen)
{
	if (held->made)
		return;
	held->made = true;
	index_socks(held, seen);
	index_holders(held, seen);
}

static void held_fini(struct held *held)
{
	map_fini(&held->socks);
	free(held->first);
	free(held->holders);
}

/*
 * Returns the number of sockets, those that are not rows included. Descriptors of one
 * socket stand side by side.
 */
static uint64_t put_members(struct finding *f, const struct snapshot *seen, struct held *held)
{
	uint32_t process = (uint32_t)f->subject.process, last_inode = 0;
	uint64_t count = 0;

	make_once(held, seen);
	for (uint32_t i = held->first[process]; i < held->first[process + 1]; i++) {
		uint32_t inode = seen->holders.at[held->holders[i]].inode;
		const uint32_t *slot;

		if (inode == last_inode)
			continue;
		last_inode = inode;
		slot = map_find(&held->socks, inode);
		if (slot)
			finding_member(f, seen, *slot - 1);
		count += slot || (seen->folded && ids_has(&seen->folded->inodes, inode));
	}
	return count;
}

static void put_facts(struct finding *f, const struct snapshot *seen,
		      const struct process *process, uint64_t sockets)
{
	const struct known *dead = &process->files->dead;

	facts_known(&f->facts, "descriptors", FACT_COUNT, &process->files->open);
	facts_known(&f->facts, "limit", FACT_COUNT, &process->files->limit);
	facts_known(&f->facts, "dead", FACT_COUNT, dead);
	if (seen->holders_known)
		facts_number(&f->facts, "sockets", FACT_COUNT,
			     (double)sockets + (dead->is ? (double)dead->value : 0));
	else
		facts_add(&f->facts, "sockets", FACT_COUNT);
}

static enum severity level_of(const struct threshold *t, const struct process *process)
{
	double percent = descriptors_percent(process);

	if (percent < 0 || (uint64_t)process->files->open.value < t->least ||
	    (uint64_t)process->files->limit.value < t->least)
		return SEVERITY_NONE;
	return threshold_level(t, percent);
}

LOOKS_INTO(descriptors)
{
	return level_of(t, process);
}

WEIGH(descriptors)
{
	struct held held = { .made = false };

	for (size_t i = 0; i < seen->processes.count; i++) {
		const struct process *process = &seen->processes.at[i];
		struct finding *f;

		if (!level_of(t, process))
			continue;
		f = report_add(report, "fd-exhaustion");
		f->severity = level_of(t, process);
		f->subject.process = (int32_t)i;
		f->subject.cgroup_id = process->cgroup_id;
		f->count = (uint64_t)process->files->open.value;
		put_facts(f, seen, process, put_members(f, seen, &held));
	}
	held_fini(&held);
}
