/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_WORDS_H
#define WORDS_WORDS_H

#include "model/bind.h"
#include "model/connect.h"
#include "model/finding.h"
#include "model/kill_result.h"
#include "model/state.h"
#include "words/fill.h"

/* ---- findings ----------------------------------------------------------- */

/*
 * THE catalogue of what is said about findings; see fill.h for what may stand in a
 * template. The names are those of the finding's facts ("causes.eof_unread" where the
 * fact has a group), and
 *
 *   count        sockets, or what the finding counts
 *   oldest       lower bound of the age of the oldest
 *   owner        "nginx[12]", "6 processes (nginx)", "the unit cron.service", "a process
 *                hidden from you"
 *   owners       1 when {owner} is singular
 *   opener       "opened_here", "accepted_here", "mixed" or "unknown"
 *   destination  its address, with the port where there is one
 *   source       its address
 *   address      the remote address of the first socket
 *   listener     address and port
 *   pid, port    of the subject
 *   NAME         "nginx[12]" where there are facts NAME_pid and NAME_comm
 */

enum { WORDS_ROWS = 24 };         /* the last one has no text */

struct finding_words {
	const char *id;
	const char *title;      /* a few words */
	const char *about;      /* "process and remote service" */
	const char *why;        /* why it matters, in one paragraph */
	struct words_row cause[WORDS_ROWS];     /* parts that together make one sentence */
	struct words_row fix[WORDS_ROWS];       /* what helps, most effective first */
	struct words_row avoid[WORDS_ROWS];     /* popular cures that are wrong */
};

/* Sentences that port-exhaustion and connect share. */
#define FEWER_CONNECTIONS "Use fewer connections at a time: a pool, multiplexing, keep-alive."
#define MORE_PAIRS "Add destination addresses or ports, or source addresses: each pair has the " \
	"whole range again."
#define REUSE_ROWS \
	{ "largest_share=time_wait", "Use connections again (keep-alive, a pool), or let the server close " \
	  "first: TIME_WAIT is then on its side and takes no port here.[ This setup sustains at " \
	  "most {sustained_per_s} new {sustained_per_s?connection|connections} per second.]" }, \
	{ "tw_reuse_step=timestamps", "Set net.ipv4.tcp_timestamps=1 and net.ipv4.tcp_tw_reuse=1: " \
	  "only connections with timestamps can be taken over from TIME_WAIT." }, \
	{ "tw_reuse_step=tw_reuse", "Set net.ipv4.tcp_tw_reuse={tw_reuse_wanted:1 (2 for loopback)}: " \
	  "connect() then takes over TIME_WAITs[ older than {tw_reuse_delay_ms}] (both ends need " \
	  "timestamps)." }, \
	{ "tw_reuse_step=tw_reuse_delay", "Set net.ipv4.tcp_tw_reuse_delay=1000, the usual one[ (it is " \
	  "{tw_reuse_delay_ms} now)]: ports come back sooner." }

/* The words of the finding @id, or NULL. Every rule has some. */
const struct finding_words *finding_words(const char *id);

/* Adds the cause of @f as one sentence. */
void words_cause(struct text *text, const struct snapshot *seen, const struct finding *f);

/* Fills in what helps and what does not. advice_fini() frees both. */
void words_advice(struct advice *fix, struct advice *avoid, const struct snapshot *seen,
		  const struct finding *f);

/*
 * True when the sentences about @f use the fact @name of @group (NULL: no group), or
 * "count": then the page does not show the fact a second time.
 */
bool words_tell(const struct snapshot *seen, const struct finding *f, const char *group,
		const char *name);

/* ---- answers ------------------------------------------------------------- */

/* Add the sentences to the answer of judge_bind(), judge_unix() or judge_connect(). */
void words_bind(const struct snapshot *seen, const struct bind_ask *ask,
		const struct bind_context *context, struct bind_answer *answer);
void words_unix(const struct snapshot *seen, const struct unix_ask *ask,
		const struct unix_context *context, struct bind_answer *answer);
/*
 * Adds what one blocker is and what ends it. Called for the few that are shown, because
 * there may be tens of thousands.
 */
void words_blocker(struct text *text, const struct snapshot *seen,
		   const struct bind_blocker *blocker);
void words_connect(const struct snapshot *seen, const struct connect_ask *ask,
		   struct connect_answer *answer);

/* The name of an outcome, "destroyed", ...; NULL for OUTCOME_NONE. */
extern const char *const outcome_names[OUTCOME_COUNT];
/* Adds why a socket was not closed, or what is left of it. */
void words_kill(struct text *text, const struct kill_target *target);

/* ---- the field guide ----------------------------------------------------- */

/*
 * The field guide that `explain` prints: a page for each TCP state and each errno that
 * means a shortage of ports or descriptors. The guide to a finding comes from its rule
 * and its rows. Each text is one paragraph without line breaks; the printer wraps it.
 */
struct term {
	const char *name;       /* "CLOSE_WAIT" or "EMFILE" */
	enum state  state;      /* STATE_NONE: the page of an errno */
	const char *what;       /* what it is */
	const char *turn;       /* who has to act, and what ends it */
	const char *lasts;      /* how long it lasts, normally and at worst */
	const char *causes;     /* why it stays or why it happens */
	const char *finding;    /* the finding whose rows give cure and avoid; or NULL, and: */
	const char *cure;
	const char *avoid;      /* popular cures that are wrong */
	const char *look;       /* the command that shows it */
};

extern const struct term terms[];
extern const size_t terms_count;

/*
 * The page of a state, in every spelling that state_mask_by_name() takes, or of an
 * errno, in any case. NULL when there is none, as for a group of states ("big").
 * "UNCONN", which ss prints for CLOSE and BOUND, gives CLOSE.
 */
const struct term *term_by_name(const char *word);

#endif
