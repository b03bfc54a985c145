/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include "base/out.h"
#include "cmd/cmd.h"
#include "collect/collect.h"
#include "print/print.h"

/* One run of a command that looks at sockets: from opening to the last byte. */
struct session {
	const struct options *options;
	struct collect *collect;
	struct snapshot seen;
	struct style style;
	struct fault fault;
	bool told;              /* the gaps stand on stderr already */
	bool judges;            /* silence is a verdict: limits must be known too */
	bool recorded;          /* set by session_close(): the recording is in its place */
	bool tells_gaps;        /* asked of session_close(), for a recording that is in its place */
	bool answered;          /* by a verdict that reckons with what was not seen */
	enum session_basics {   /* read when it is opened */
		SESSION_WHOLE,
		SESSION_FIGURES,        /* names of interfaces when they are needed */
		SESSION_BRIEF,          /* nor limits and counters */
	} basics;
	bool left_links;        /* for collect_links() */
};

/* Opens the source and reads the basics. Returns 0 or -errno, told already. */
int session_open(struct session *session, const struct options *options);

/* The same with no more than the answer needs: collect_figures(), collect_brief(). */
int session_open_with(struct session *session, const struct options *options,
		      enum session_basics basics);

/* Names of interfaces for a row that shows one, if they were left. */
void session_row(struct session *session, const struct sock *sock);

/* Text only, and not with -q: what could not be seen, as notes on stderr; once. */
void session_tell_gaps(struct session *session);

/*
 * Closes the source; @status becomes STATUS_UNKNOWN when the recording or the
 * output could not be completed, when what was seen is incomplete, or when
 * --strict meets any gap. @out may be NULL.
 */
enum status session_close(struct session *session, struct out *out, enum status status);

/* Flushes; a failure is told and is STATUS_UNKNOWN, otherwise @status. */
enum status session_flush(struct out *out, enum status status);

/* Colour, width and characters from options, environment and terminal. */
void session_style(struct style *style, const struct options *options);

/* Reads every --warn and --crit. */
int session_thresholds(const struct options *options, struct thresholds *thresholds,
		       struct fault *fault);

/* Adds a number to a set of them; 0 is none. */
static inline void session_want(struct map *ids, uint64_t id)
{
	if (id)
		map_slot(ids, id, NULL);
}

/* Index of a device of the namespace by its name; 0 and the sentence: there is none. */
uint32_t session_device(struct session *session, const char *name);
/* The same without a sentence. */
uint32_t session_link(const struct snapshot *seen, const char *name);

/*
 * Names what the answer will talk about: the holders of these inodes, then the
 * cgroups of all sockets and processes seen.
 */
int session_name(struct session *session, const struct map *inodes);

/* Owners and cgroup paths of all sockets, as far as @need (enum need) has them; -T: threads. */
int session_owners(struct session *session, unsigned need);

/* Asks for TCP sockets as the options say. */
struct collect_ask session_ask(const struct options *options, uint32_t states, unsigned need);

#endif
