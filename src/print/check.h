/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CHECK_H
#define PRINT_CHECK_H

#include "print/page.h"
#include "print/print.h"

/* All of `check` in JSON; see print_check(). */
void check_json(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report);

/* Columns for the labels of a page of findings. */
#define CHECK_LABEL 10  /* "recording", the longest, and a blank */

/* Parts that `check` and `check -G` share. */
/* Prints each finding in full, or as one line that begins with @where. */
void check_findings(const struct page *page, const struct report *report);
void check_short(const struct page *page, const char *where, const struct report *report);
/* Write the members "summary", "limits" and "counters", and those of one finding. */
void check_json_overview(struct json *json, const struct snapshot *seen,
			 const struct report *report);
void check_json_finding(struct json *json, const struct finding *finding,
			const struct snapshot *seen, const struct style *style);

#endif
