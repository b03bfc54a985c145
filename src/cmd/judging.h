/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_JUDGING_H
#define CMD_JUDGING_H

#include "cmd/session.h"

/**
 * judging_run - judge what was collected, with the owners that matter
 * @report: initialised; report_fini() is due
 *
 * Twice when something was found: the owners of just those sockets are looked
 * up in between, so that a healthy machine never pays for the walk through /proc.
 */
int judging_run(struct session *session, const struct thresholds *thresholds,
		struct report *report);

#endif
