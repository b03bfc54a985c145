/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_WEIGH_H
#define JUDGE_WEIGH_H

#include "judge/judge.h"

/*
 * The rules' functions, one for each row of rules.c, each in a file of its
 * own. All have the same promise: look at @seen, add findings to @report.
 */
#define WEIGH(name) \
	void weigh_##name(const struct snapshot *seen, const struct threshold *t, \
			  struct report *report)

/* Which sockets they need to see, and which destinations (see struct rule). */
#define PICKS(name) \
	bool picks_##name(const struct snapshot *seen __attribute__((unused)), \
			  const struct threshold *t __attribute__((unused)), \
			  const struct sock *s)
#define IS_SHORT(name) \
	bool is_short_##name(const struct threshold *t, const struct port_bounds *use)

WEIGH(close_wait);
WEIGH(accept_stalled);
WEIGH(accept_queue);
WEIGH(port_exhaustion);
WEIGH(search_cliff);
WEIGH(time_wait);
WEIGH(fin_wait_2_held);
WEIGH(fin_wait_2_orphans);
WEIGH(last_ack);
WEIGH(syn_sent);
WEIGH(descriptors);
WEIGH(pressure);
WEIGH(ephemeral_listener);
WEIGH(bound_unused);

PICKS(close_wait);
PICKS(accept);
PICKS(time_wait);
PICKS(fin_wait_2_held);
PICKS(fin_wait_2_orphans);
PICKS(last_ack);
PICKS(syn_sent);

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

/*
 * A new finding about a destination, with a histogram of ages; port 0: about
 * the address. The caller gives severity and members.
 */
struct finding *blame_destination(struct report *report, const char *id,
				  const struct addr *destination, uint16_t port);

/* Makes @index a member, counts it and lets the oldest member give the age. */
void concern(struct finding *f, const struct snapshot *seen, uint32_t index);

/* Adds a fact that is null when it is not known. */
void fact_known(struct finding *f, const char *group, const char *name,
		enum fact_kind kind, const struct known *value);

/* Adds a fact that is one of a few words; NULL: none of them, and the fact is null. */
void fact_word(struct finding *f, const char *name, const char *word);

/* Percent of a descriptor limit in use; negative when that is not known. */
double descriptors_percent(const struct process *process);

#endif
