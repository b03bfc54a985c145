/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_CHECKING_H
#define CMD_CHECKING_H

#include "cmd/filters.h"

/* One run of check; details are kept only for a filter that tests them. */
struct checking {
	struct session     session;
	struct filter      filter;
	struct thresholds *thresholds;
	struct { size_t *at; size_t count, room; } details; /* by socket: where in @packed, plus 1; 0: none */
	struct text        packed;
};

/**
 * checking_find - collect, judge, and keep the findings that the filter chooses
 * @report: initialised; report_fini() is due
 *
 * Returns 0 or -errno with the sentence in the session's fault.
 */
int checking_find(struct checking *checking, struct report *report);

/* Exit status of a verdict. */
enum status checking_status(enum severity worst);

/* -G, all of it; the caller closes the session. @out is not flushed. */
enum status checking_everywhere(struct checking *checking, struct out *out);

#endif
