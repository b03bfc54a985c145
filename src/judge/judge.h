/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_JUDGE_H
#define JUDGE_JUDGE_H

#include "base/fault.h"
#include "model/finding.h"
#include "model/snapshot.h"

#include <math.h>

/*
 * A snapshot and thresholds go in, a report comes out. Pure: no clock, no I/O, the same
 * input gives the same report, and it cannot fail. The report holds indices into the
 * snapshot and must be freed first.
 */

/* The unit of a rule's thresholds. */
enum measure { MEASURE_AGE, MEASURE_PERCENT, MEASURE_COUNT };

#define THRESHOLD_NEVER HUGE_VAL        /* no measure reaches it */

struct threshold {
	double   warn, crit;    /* ms, percent or a count, as the rule's measure says */
	uint64_t least;         /* with fewer sockets than this there is no finding */
	bool     notice;        /* at @warn it is only a notice; --warn makes it false */
};

struct thresholds;              /* one threshold for each rule */

struct weighing;                /* weigh.h defines these two */
struct port_bounds;
struct service_group;           /* service.h defines it */

/*
 * False for a socket that the rule neither accuses nor takes into account. It may use
 * what a listing tells without attributes: state, timer, queues, addresses, ports,
 * device, inode. Other members are asked for afterwards.
 */
typedef bool rule_picks(const struct snapshot *seen, const struct threshold *t,
			const struct sock *s);
/* In ms; negative for a socket that is not concerned at any age. */
typedef double rule_age(const struct snapshot *seen, const struct sock *s);
/* How bad a group of at least @group->least sockets is. */
typedef enum severity rule_level(const struct weighing *w, const struct service_group *group);
typedef void rule_facts(const struct weighing *w, const struct service_group *group,
			struct finding *f);
typedef bool rule_looks_into(const struct snapshot *seen, const struct threshold *t,
			     const struct process *process);
typedef void rule_weigh(const struct snapshot *seen, const struct threshold *t,
			struct report *report);

enum rule_key {
	KEY_NONE,
	KEY_PEER,               /* the remote address */
	KEY_DESTINATION,        /* remote address and port */
	KEY_SERVICE,            /* process and remote service */
	KEY_REMOTE,             /* the same, but of what was accepted here the remote address */
	KEY_LISTENER,           /* the listener whose queue it is in */
};

/* A rule as other rooms see it: explain, tables, completion and the man page test. */
struct rule {
	const char   *id;
	enum measure  measure;
	struct threshold usual; /* defaults, silent on a healthy busy machine */
	/*
	 * The sockets that the rule gets: those in @states that it picks, and all in the
	 * states @beside. The snapshot keeps rows of the sockets that some rule gets;
	 * all others are only counted.
	 */
	uint32_t states;        /* STATE_BIT()s; 0: it judges limits, counters, processes */
	uint32_t beside;        /* what it compares with: listeners, peers of @states */
	unsigned need;          /* enum need: NEED_FLOW for ages and openers, or 0 */
	rule_picks *picks;      /* NULL: all in @states */
	/*
	 * Only for a rule about ports towards a destination, where what matters is known
	 * when all sockets were counted, in place of @picks: true when a destination in
	 * such use can be a finding (suspects.c). More use must never make it false
	 * again.
	 */
	bool (*is_short)(const struct threshold *t, const struct port_bounds *use);
	const char *yields_to;  /* the id of a rule above: what that accuses, this one does not */
	bool needs_diag;        /* it cannot be judged from /proc/net */
	bool needs_bound;       /* it is about bound sockets only */
	bool names_peers;       /* the processes at the peers on this machine are named, too */
	bool looks_twice;       /* a second look at those old enough tells whether they are read */
	bool settles;           /* a second look at those whose age keepalive hides, see is_settled() */
	bool counts_sockets;    /* it tells how many descriptors of a process are sockets */
	/*
	 * True for a process whose descriptors have to be looked at, for connections that are
	 * gone and are in no table (collect_dead()). Its files are counted.
	 */
	rule_looks_into *looks_into;
	/*
	 * How the picked sockets become findings: @key groups them, and a group in which
	 * enough are old enough (or just enough of them) becomes a finding with its
	 * @facts. What is too thinly spread for that is grouped more coarsely (levels.c),
	 * and then needs more sockets: @spread_least (0: as usual) and @spread_percent (0:
	 * as usual) of the connections of the namespace.
	 */
	enum rule_key key;
	unsigned spread_least, spread_percent;
	rule_age *age_ms;       /* NULL: the usual age (see weigh.h) */
	rule_level *level;      /* NULL: by age or number */
	rule_facts *facts;
	rule_weigh *weigh;      /* in place of @key: the rule's own function */
};

/* THE rule table. */
extern const struct rule rules[];
extern const size_t rules_count;

/* The rule called @id, or NULL. */
const struct rule *rule_by_id(const char *id);

/* The default thresholds of every rule; thresholds_free() frees them. */
struct thresholds *thresholds_new(void);
void thresholds_free(struct thresholds *thresholds);

/* Why a threshold is not taken. */
enum threshold_error {
	THRESHOLD_TAKEN, THRESHOLD_NO_RULE, THRESHOLD_NO_AGE, THRESHOLD_NO_PERCENT,
	THRESHOLD_NO_COUNT,     /* the value of a rule that counts */
	THRESHOLD_NO_LEAST,     /* what follows the value */
	THRESHOLD_ERRORS,
};

/**
 * thresholds_set - apply one --warn or --crit
 * @spec: "ID=VALUE[,count=N]"; VALUE in the rule's measure: an age ("90s", "5m",
 *        "500ms", plain seconds), a share in percent ("80" or "80%"), a count
 * @crit: set the critical threshold, not that for a warning
 */
enum threshold_error thresholds_set(struct thresholds *thresholds, const char *spec, bool crit);
const struct threshold *thresholds_get(const struct thresholds *thresholds, const char *id);

/*
 * Fills @report, which must be initialised: the worst findings first, then by the order
 * of rules.
 */
void judge(const struct snapshot *seen, const struct thresholds *thresholds,
	   struct report *report);

/*
 * Adds the pids of processes that some rule looks into. True when there is one; @pids
 * NULL: whether a rule does that counts the sockets of a process.
 */
bool judge_looks_into(const struct snapshot *seen, const struct thresholds *thresholds,
		      struct map *pids);

/*
 * Adds to @report what is spread over network namespaces, a few sockets in each, as
 * findings of the machine.
 */
struct judged { const struct report *report; const struct netns *netns; };
void judge_machine(const struct judged *areas, size_t count, const struct thresholds *thresholds,
		   struct report *report);

/* Puts the findings in their order and sets `worst`. */
void judge_sort(struct report *report);

/* True when it matters which listeners gave their port to bind() (HAVE_PORT_ORIGIN). */
bool judge_wants_origins(const struct snapshot *seen);

/*
 * Adds the ids of the rules that judge() skips because a gap of that kind hides what
 * they need. Returns true when the user set a threshold of one of them.
 */
bool judge_leaves(const struct snapshot *seen, const struct thresholds *thresholds,
		  enum gap_kind kind, struct text *ids);

/* Whose owners the findings need. wants_fini() frees it. */
struct wants {
	struct map inodes;      /* sockets whose holders are to be named */
	struct map pids;        /* processes short of descriptors: all of their sockets */
	struct map cgroups;     /* the cgroups of these sockets, where each is known */
	bool thorough;          /* else, and for listeners: look at every process */
};

/**
 * judge_wants - what to look up for a report that was made without holders
 *
 * These are the sockets of the findings, their peers on this machine that some rule
 * names, and the listeners. The caller collects their holders and judges again.
 */
void judge_wants(const struct snapshot *seen, const struct report *report, struct wants *wants);
void wants_fini(struct wants *wants);

#endif
