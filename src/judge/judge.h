/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_JUDGE_H
#define JUDGE_JUDGE_H

#include "base/fault.h"
#include "model/finding.h"
#include "model/snapshot.h"

#include <math.h>

/*
 * Snapshot and thresholds in, report out. Pure: no clock, no I/O, the same
 * input gives the same report; cannot fail. The report borrows the snapshot's
 * indices and must go first.
 */

/* In what a threshold of a rule is measured. */
enum measure { MEASURE_AGE, MEASURE_PERCENT, MEASURE_COUNT };

#define THRESHOLD_NEVER HUGE_VAL        /* no measure reaches it */

struct threshold {
	double   warn, crit;    /* ms, percent or a count, by the rule's measure */
	uint64_t least;         /* fewer sockets than this are no finding */
};

struct thresholds;              /* one threshold for each rule */

struct weighing;                /* these three: weigh.h */
struct service_group;
struct port_bounds;

/*
 * False for a socket that a rule will never accuse nor go by. Is told what a listing tells
 * without attributes: state, timer, queues, addresses, ports, device, inode. More is asked
 * for afterwards.
 */
typedef bool rule_picks(const struct snapshot *seen, const struct threshold *t,
			const struct sock *s);
typedef double rule_age(const struct snapshot *seen, const struct sock *s);
typedef void rule_facts(const struct weighing *w, const struct service_group *group,
			struct finding *f);
typedef void rule_weigh(const struct snapshot *seen, const struct threshold *t,
			struct report *report);

enum rule_key {
	KEY_NONE,
	KEY_PEER,               /* the remote address */
	KEY_DESTINATION,        /* and its port */
	KEY_SERVICE,            /* process and remote service, see service.h */
	KEY_LISTENER,           /* in whose queue it is */
};

/* A rule as others may see it: explain, tables, completion, man page test. */
struct rule {
	const char   *id;
	enum measure  measure;
	struct threshold usual; /* defaults, silent on a healthy busy machine */
	/*
	 * What it has to be given. Of the sockets in @states those that it picks, and every
	 * socket in the states @beside: the rows of a snapshot are what some rule is given,
	 * and all others are only counted.
	 */
	uint32_t states;        /* STATE_BIT()s; 0: it weighs limits, counters and processes */
	uint32_t beside;        /* of what it goes by: listeners, the peers of those in @states */
	unsigned need;          /* enum need: NEED_FLOW for ages and openers, or 0 */
	rule_picks *picks;      /* NULL: all in @states */
	/*
	 * Where it is about ports towards a destination, and what matters is known only when
	 * all were counted: true when one in such use can be a finding (see suspects.c). More
	 * use is never less short. Instead of @picks.
	 */
	bool (*is_short)(const struct threshold *t, const struct port_bounds *use);
	bool needs_diag;        /* rows of /proc/net do not tell what it weighs */
	bool needs_bound;       /* it weighs sockets that are only bound, and nothing else */
	bool names_peers;       /* whose the other ends on this machine are, too */
	bool counts_sockets;    /* how many descriptors of a process are sockets */
	/*
	 * How the sockets that it picks become findings: put together by @key, and with enough
	 * in a group that are old enough, or with enough of them, one that gets its facts.
	 */
	enum rule_key key;
	rule_age *age_ms;       /* NULL: the usual age (see weigh.h) */
	rule_facts *facts;
	rule_weigh *weigh;      /* instead of @key: a way of its own */
};

/* THE rule table. */
extern const struct rule rules[];
extern const size_t rules_count;

/* The rule called @id, or NULL. */
const struct rule *rule_by_id(const char *id);

/* The defaults of every rule; the caller frees with thresholds_free(). */
struct thresholds *thresholds_new(void);
void thresholds_free(struct thresholds *thresholds);

/**
 * thresholds_set - one --warn or --crit
 * @spec: "ID=VALUE[,count=N]"; VALUE in the rule's measure: an age ("90s", "5m",
 *        "500ms", plain seconds), a share in percent ("80" or "80%"), a count
 * @crit: set the critical one and not the warning
 *
 * Returns 0 or -EINVAL with the sentence: no such rule, no such value.
 */
int thresholds_set(struct thresholds *thresholds, const char *spec, bool crit,
		   struct fault *fault);
const struct threshold *thresholds_get(const struct thresholds *thresholds, const char *id);

/* Fills an initialised @report: findings worst first, then by rule order. */
void judge(const struct snapshot *seen, const struct thresholds *thresholds,
	   struct report *report);

/*
 * Adds the ids of the rules that judge() passes by for want of what they weigh, and
 * because of a gap of that kind. True when a threshold of one of them was set.
 */
bool judge_leaves(const struct snapshot *seen, const struct thresholds *thresholds,
		  enum gap_kind kind, struct text *ids);

/* Whose owners the findings of a report need. wants_fini() is due. */
struct wants {
	struct map inodes;      /* of sockets whose holders are to be named */
	struct map pids;        /* of processes short of descriptors: all of their sockets */
	struct map cgroups;     /* of these sockets, where it was told of each: */
	bool thorough;          /* else, and for listeners, holders may be anywhere */
};

/**
 * judge_wants - what to look up for a report that was made without holders
 *
 * The sockets of the findings' members, of the peers on this machine that some
 * rule wants to name, and of the listeners. The caller collects their holders and
 * judges again; a rule without holders groups more coarsely, so nothing is lost by
 * asking twice.
 */
void judge_wants(const struct snapshot *seen, const struct report *report, struct wants *wants);
void wants_fini(struct wants *wants);

#endif
