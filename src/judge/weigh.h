/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_WEIGH_H
#define JUDGE_WEIGH_H

#include "judge/judge.h"
#include "judge/service.h"

/*
 * Declares the functions that the rows of rules.c name. The functions of a rule are in a
 * file of their own.
 */
#define PICKS(name) \
	bool picks_##name(const struct snapshot *seen __attribute__((unused)), \
			  const struct threshold *t __attribute__((unused)), \
			  const struct sock *s)
#define AGE_MS(name) \
	double age_ms_##name(const struct snapshot *seen __attribute__((unused)), \
			     const struct sock *s)
#define LEVEL(name) \
	enum severity level_##name(const struct weighing *w, const struct service_group *group)
#define FACTS(name) \
	void facts_##name(const struct weighing *w, \
			  const struct service_group *group __attribute__((unused)), \
			  struct finding *f)
#define LOOKS_INTO(name) \
	bool looks_into_##name(const struct snapshot *seen __attribute__((unused)), \
			       const struct threshold *t, const struct process *process)
#define IS_SHORT(name) \
	bool is_short_##name(const struct threshold *t, const struct port_bounds *use)
/* Judges @seen and adds findings to @report. */
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
PICKS(peer_silent);
PICKS(peer_not_reading);
PICKS(not_reading);
PICKS(bound_unused);

AGE_MS(accept_stalled);
AGE_MS(fin_wait_2_held);
AGE_MS(peer_silent);
AGE_MS(peer_not_reading);
AGE_MS(not_reading);

LEVEL(close_wait);

FACTS(close_wait);
FACTS(accept_stalled);
FACTS(fin_wait_2_held);
FACTS(fin_wait_2_orphans);
FACTS(last_ack);
FACTS(peer_silent);
FACTS(peer_not_reading);
FACTS(not_reading);
FACTS(syn_sent);
FACTS(bound_unused);

WEIGH(close_wait);
WEIGH(accept_queue);
WEIGH(syn_queue);
WEIGH(port_exhaustion);
WEIGH(search_cliff);
WEIGH(time_wait);
WEIGH(descriptors);
WEIGH(dead);
WEIGH(pressure);
WEIGH(conntrack);
WEIGH(ephemeral_listener);

/* The input from which the facts of a group are made. */
struct weighing {
	const struct rule *rule;
	const struct snapshot *seen;
	const struct threshold *t;
	struct report *report;
	const struct listeners *listeners;
	const uint32_t *peers;  /* for rules that name peers, by socket: index + 1 */
};

/* As many findings may differ in one thing only; more of them are one finding. */
enum { ALIKE_MOST = 3 };

/* Makes findings of sockets, the finest groups first (levels.c). */
void weigh_levels(const struct weighing *w, const uint32_t *indices, size_t count);

/* How bad a group is by the function of the rule, and the finding that it becomes. */
enum severity weigh_group(const struct weighing *w, const struct service_group *group);
void weigh_take(const struct weighing *w, const struct service_group *group,
		enum severity severity);

/* Puts the processes with most members first. */
void finding_sort_processes(struct finding *f);

/* Puts how many processes, ports of services and remote addresses the members have. */
void put_extent(const struct weighing *w, struct finding *f);

/* Judges @seen by @rule and adds findings to @report. */
void weigh_rule(const struct rule *rule, const struct snapshot *seen, const struct threshold *t,
		struct report *report);

/* Bounds for the use of the ephemeral range towards one destination. */
struct port_bounds {
	uint32_t capacity;      /* ports of the range that are not reserved; never 0 */
	uint32_t used;          /* ports used towards the destination, at most */
	uint32_t lost;          /* ports lost to every destination, at most */
};

LOOKS_INTO(descriptors);
LOOKS_INTO(dead);

IS_SHORT(port_exhaustion);
IS_SHORT(search_cliff);

/* The severity of what has reached @t->warn and not @t->crit. */
static inline enum severity threshold_lower(const struct threshold *t)
{
	return t->notice ? SEVERITY_NOTICE : SEVERITY_WARNING;
}

/* The severity of @value. */
static inline enum severity threshold_level(const struct threshold *t, double value)
{
	if (value >= t->crit)
		return SEVERITY_CRITICAL;
	return value >= t->warn ? threshold_lower(t) : SEVERITY_NONE;
}

/*
 * True when each answered keepalive probe renews the acknowledgement from which the age
 * of an idle socket is known, so that none above the interval of the probes can be proven.
 */
static inline bool keepalive_hides(const struct sock *s)
{
	return s->timer == TIMER_KEEPALIVE && s->inode && !s->send_queue;
}

/*
 * False when the program may be about to close the socket, because its peer may have closed
 * or acknowledged the end just now, and no second look found it in the same state.
 */
static inline bool is_settled(const struct sock *s)
{
	enum { SETTLED_MS = 1000 };

	return s->have & HAVE_LASTED || s->flow.last_ack_recv_ms >= SETTLED_MS;
}

/* Counts sockets that are old enough, for a rule whose measure is an age. */
struct aged { uint64_t warn, crit; };

/*
 * The lower bound of a socket's age in ms. An unknown age is 0, so it reaches a
 * threshold of 0 only.
 */
double aged_ms(const struct snapshot *seen, const struct sock *sock);

/* Counts a socket. Returns false when it is younger than both thresholds. */
bool aged_add(struct aged *aged, const struct threshold *t, double age_ms);
enum severity aged_level(const struct aged *aged, const struct threshold *t, uint64_t least);

/*
 * How long the kernel retransmits to a peer that does not answer before it gives up at
 * the next timeout, in ms (tcp_model_timeout()). @retries: LIMIT_RETRIES2, or
 * LIMIT_ORPHAN_RETRIES, where 0 means 8.
 */
struct known gives_up_ms(const struct limits *limits, enum limit retries);

/* The subject of a finding about a listener. */
struct subject subject_of_listener(const struct sock *listener);

/*
 * Makes @index a member of the finding, counts it, and lets the oldest member give the
 * age.
 */
void concern(struct finding *f, const struct snapshot *seen, uint32_t index);

/*
 * The age of a finding whose measure is the lower bound of how long something has been
 * missing, not the age of a state; without a histogram, which has ages of states.
 */
void finding_unacked(struct finding *f, double oldest_ms);

/* Adds the facts about the other ends on this machine; the rule must name peers. */
void put_peers(const struct weighing *w, const struct service_group *group, struct finding *f);

/* The share of the descriptor limit in use, in percent; negative when that is not known. */
double descriptors_percent(const struct process *process);

#endif
