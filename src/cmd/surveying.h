/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_SURVEYING_H
#define CMD_SURVEYING_H

#include "cmd/session.h"

/**
 * surveying_run - collect the sockets that can matter for a verdict
 *
 * Asks what judge/survey.h asks for, until it asks no more. The snapshot then has
 * every row, or those that matter and the rest `folded`. Returns 0 or -errno with
 * the sentence in the session's fault.
 */
int surveying_run(struct session *session, const struct thresholds *thresholds);

#endif
