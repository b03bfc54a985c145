/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_WEIGH_H
#define JUDGE_WEIGH_H

#include "judge/judge.h"
#include "judge/service.h"

/*
 * The rules' functions for the rows of rules.c; those of a rule are in a file of their own.
 */
#define PICKS(name) \
	bool picks_##name(const struct snapshot *seen __attribute__((unused)), \
			  const struct threshold *t __attribute__((unused)), \
			  const struct sock *s)
#define AGE_MS(name) \
	double age_ms_##name(const struct snapshot *seen __attribute__((unused)), \
			     const struct sock *s)
#define FACTS(name) \
	void facts_##name(const struct weighing *w, \
			  const struct service_group *group __attribute__((unused)), \
			  struct finding *f)
#define IS_SHORT(name) \
	bool is_short_##name(const struct threshold *t, const struct port_bounds *use)
/* Looks at @seen, adds findings to @report. */
#define WEIGH(name) \
	void weigh_##name(const struct snapshot *seen, const struct threshold *t, \
			  struct report *report)

PICKS(close_wait);
PICKS(accept_stalled);
PICKS(accept_queue);
PICKS(time_wait);
PICKS(fin_wait_2_held);
PICKS(fin_wait_2_orphans);
PICKS(last_ack);
PICKS(bound_unused);

AGE_MS(accept_stalled);
AGE_MS(fin_wait_2_held);

FACTS(accept_stalled);
FACTS(fin_wait_2_held);
FACTS(fin_wait_2_orphans);
FACTS(last_ack);
FACTS(syn_sent);
FACTS(bound_unused);

WEIGH(close_wait);
WEIGH(accept_queue);
WEIGH(port_exhaustion);
WEIGH(search_cliff);
WEIGH(time_wait);
WEIGH(descriptors);
WEIGH(pressure);
WEIGH(ephemeral_listener);

/* What the facts of a group are made from. */
struct weighing {
	const struct rule *rule;
	const struct snapshot *seen;
	const struct threshold *t;
	struct report *report;
	const struct listeners *listeners;
	const uint32_t *peers;  /* where the rule names them: by socket index, index + 1 */
};

/* Looks at @seen for @rule, adds findings to @report. */
void weigh_rule(const struct rule *rule, const struct snapshot *seen, const struct threshold *t,
		struct report *report);

/* Ports of the ephemeral range: with the same use there are as many left or more. */
struct port_bounds {
	uint32_t capacity;      /* of the range, without reserved ones; not 0 */
	uint32_t used;          /* towards the destination, at most */
	uint32_t lost;          /* to every destination, at most */
};

IS_SHORT(port_exhaustion);
IS_SHORT(search_cliff);

/* What a measure of @value amounts to. */
static inline enum severity threshold_level(const struct threshold *t, double value)
{
	if (value >= t->crit)
		return SEVERITY_CRITICAL;
	return value >= t->warn ? SEVERITY_WARNING : SEVERITY_NONE;
}

/* Sockets that are old enough, where a threshold is an age. */
struct aged { uint64_t warn, crit; };

/*
 * Lower bound of a socket's age in ms. An unknown age is 0: it only satisfies
 * a threshold of 0.
 */
double aged_ms(const struct snapshot *seen, const struct sock *sock);

/* Counts a socket; false when it is younger than both thresholds. */
bool aged_add(struct aged *aged, const struct threshold *t, double age_ms);
enum severity aged_level(const struct aged *aged, const struct threshold *t);

/* Of a finding about a listener. */
struct subject subject_of_listener(const struct sock *listener);

/* Makes @index a member, counts it and lets the oldest member give the age. */
void concern(struct finding *f, const struct snapshot *seen, uint32_t index);

/*
 * The other ends that are sockets of this namespace too: those with local and
 * remote swapped. Addresses are compared with IPv4 mapped into IPv6, so a
 * dual-stack socket finds its IPv4 peer. NAT and other namespaces hide a peer.
 *
 * Fills @peers, which is zeroed, with, for each of the @count sockets at @indices, the
 * index of its peer + 1, or 0. Linear: one pass over the snapshot.
 */
void peers_find(const struct snapshot *seen, const uint32_t *indices, size_t count,
		uint32_t *peers);

/* Percent of a descriptor limit in use; negative when that is not known. */
double descriptors_percent(const struct process *process);

#endif
