/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_FINDINGS_H
#define WORDS_FINDINGS_H

#include "model/finding.h"
#include "model/snapshot.h"
#include "words/fill.h"

/*
 * THE catalogue of what is said about findings; see fill.h for what may stand in a
 * template. The names are those of the finding's facts ("causes.eof_unread" where the
 * fact has a group), and
 *
 *   count        sockets, or what the finding counts
 *   oldest       lower bound of the age of the oldest
 *   owner        "nginx[12]", "the unit cron.service", "a process hidden from you"
 *   destination  its address, with the port where there is one
 *   source       its address
 *   listener     address and port
 *   pid, port    of the subject
 *   NAME         "nginx[12]" where there are facts NAME_pid and NAME_comm
 */

enum { WORDS_ROWS = 16 };         /* the last one has no text */

struct finding_words {
	const char *id;
	const char *title;      /* a few words */
	const char *about;      /* "process and remote service" */
	const char *why;        /* theory in one paragraph: why it matters */
	struct words_row cause[WORDS_ROWS];     /* parts; together one sentence */
	struct words_row fix[WORDS_ROWS];       /* what helps, most effective first */
	struct words_row avoid[WORDS_ROWS];     /* popular cures that are wrong */
};

/* What helps where TIME_WAIT takes the ports, by the facts of trend_facts(). */
extern const struct words_row reuse_rows[];

/* The words of the finding called @id, or NULL: there are some for each rule. */
const struct finding_words *finding_words(const char *id);

/* Adds the cause of @f in one sentence. */
void words_cause(struct text *text, const struct snapshot *seen, const struct finding *f);

/* What helps and what does not; advice_fini() is due for both. */
void words_advice(struct advice *fix, struct advice *avoid, const struct snapshot *seen,
		  const struct finding *f);

/*
 * Whether the sentences about @f say or rest on the fact @name of @group (NULL: none), or
 * "count": a page does not say it again.
 */
bool words_tell(const struct snapshot *seen, const struct finding *f, const char *group,
		const char *name);

#endif
