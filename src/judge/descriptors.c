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
 * alone whatever its share: a limit of 16 is a sandbox, not a leak.
 *
 * How many of them are TCP sockets of this namespace is told when the owners
 * are known; judge_wants() asks for all of them then, so it is no half count.
 * TIME_WAIT and orphans hold no descriptor.
 */
#include "judge/weigh.h"

#include "base/grow.h"
#include "judge/say.h"

#include <inttypes.h>
#include <stdlib.h>

/* Of each inode the socket, as index + 1; made at the first finding. */
struct by_inode {
	bool made;
	struct map socks;
};

static void make_once(struct by_inode *by_inode, const struct snapshot *seen)
{
	if (by_inode->made)
		return;
	by_inode->made = true;
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->inode)
			*map_slot(&by_inode->socks, s->inode, NULL) = (uint32_t)i + 1;
	}
}

/*
 * Returns how many sockets, with those that are no rows. Holders are sorted by
 * inode: a second descriptor of one socket is next to the first.
 */
static uint64_t put_members(struct finding *f, const struct snapshot *seen,
			    struct by_inode *by_inode)
{
	uint32_t last_inode = 0;
	uint64_t count = 0;

	for (size_t i = 0; i < seen->holders.count; i++) {
		const struct holder *h = &seen->holders.at[i];
		const uint32_t *slot;

		if (h->process != (uint32_t)f->subject.process || h->inode == last_inode)
			continue;
		last_inode = h->inode;
		make_once(by_inode, seen);
		slot = map_find(&by_inode->socks, h->inode);
		if (slot)
			finding_member(f, seen, *slot - 1);
		count += slot || (seen->folded && ids_has(&seen->folded->inodes, h->inode));
	}
	return count;
}

static void put_texts(struct finding *f, const struct snapshot *seen,
		      const struct process *process, uint64_t sockets)
{
	struct text text = { .at = NULL };

	fact_known(f, NULL, "descriptors", FACT_COUNT, &process->descriptors);
	fact_known(f, NULL, "limit", FACT_COUNT, &process->descriptor_limit);
	if (seen->holders_known)
		finding_fact(f, NULL, "sockets", FACT_COUNT, (double)sockets);
	else
		finding_unknown(f, NULL, "sockets", FACT_COUNT);
	say_owner(&text, seen, &f->subject);
	text_addf(&text, " has ");
	say_count(&text, (uint64_t)process->descriptors.value, "descriptor open",
		  "descriptors open");
	text_addf(&text, ", its limit is %" PRId64, process->descriptor_limit.value);
	if (seen->holders_known) {
		text_addf(&text, "; ");
		say_count(&text, sockets, "of them is a TCP socket of this namespace",
			  "of them are TCP sockets of this namespace");
	}
	say_cause(f, &text);
	finding_fix(f, "Find what is not closed: ls -l /proc/%" PRId32 "/fd, and the close-wait-leak "
		       "and fin-wait-2-held findings of this process.", process->pid);
	finding_fix(f, "If it needs that many: raise its limit (LimitNOFILE= of the unit, "
		       "setrlimit(2), or prlimit --pid %" PRId32 " --nofile=N now).", process->pid);
	finding_avoid(f, "A higher limit for a program that leaks only moves the end.");
	finding_avoid(f, "Tuning TIME_WAIT: it holds no descriptor.");
}

void weigh_descriptors(const struct snapshot *seen, const struct threshold *t,
		       struct report *report)
{
	struct by_inode by_inode = { .made = false };

	for (size_t i = 0; i < seen->processes.count; i++) {
		const struct process *process = &seen->processes.at[i];
		double percent = descriptors_percent(process);
		struct finding *f;

		if (percent < 0 || (uint64_t)process->descriptors.value < t->least ||
		    !threshold_level(t, percent))
			continue;
		f = report_add(report, "fd-exhaustion");
		f->severity = threshold_level(t, percent);
		f->subject.process = (int32_t)i;
		f->subject.cgroup_id = process->cgroup_id;
		f->count = (uint64_t)process->descriptors.value;
		put_texts(f, seen, process, put_members(f, seen, &by_inode));
	}
	map_fini(&by_inode.socks);
}
