/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_JUDGING_H
#define CMD_JUDGING_H

#include "cmd/session.h"

/**
 * judging_collect - collect what the rules ask for, of both families
 *
 * session->seen keeps only the sockets that a rule picks; the others are counted in its
 * `folded` (judge/suspects.h). Returns 0, or -errno with the sentence in the session's
 * fault.
 */
int judging_collect(struct session *session, const struct thresholds *thresholds);

/*
 * Adds the MPTCP connections in CLOSE_WAIT to session->seen, if this namespace has MPTCP
 * sockets at all. A listing that fails is a gap.
 */
void judging_collect_mptcp(struct session *session);

/**
 * judging_run - judge what was collected, with the owners that matter
 * @report: initialised; call report_fini()
 *
 * When something was found it judges twice, and in between looks up the owners of just
 * those sockets. So a healthy machine never pays for the walk through /proc.
 */
void judging_run(struct session *session, const struct thresholds *thresholds,
		 struct report *report);

#endif
