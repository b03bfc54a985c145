/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_KILL_H
#define PRINT_KILL_H

#include "model/kill_result.h"
#include "print/print.h"

/*
 * What -K did, or would do: as text a line for each socket with its outcome and
 * a closing line, as JSON the sockets of `list` with "outcome" and "reason", and
 * the totals. Returns 0 or -errno of the output.
 */
int print_kill_results(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct kill_results *results);

/* "3 sockets matched: 2 destroyed, 1 gone"; for people. */
void kill_results_sum(struct text *text, const struct kill_results *results);

#endif
