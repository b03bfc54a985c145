/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_AUDIT_H
#define PRINT_AUDIT_H

#include "model/fate.h"
#include "print/print.h"

/*
 * What -K did, or would do: as text a line for each socket with its outcome and
 * a closing line, as JSON the sockets of `list` with "outcome" and "reason", and
 * the totals. Returns 0 or -errno of the output.
 */
int print_audit(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct audit *audit);

/* "3 sockets matched: 2 destroyed, 1 gone"; for people. */
void audit_sum(struct text *text, const struct audit *audit);

#endif
