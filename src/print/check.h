/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CHECK_H
#define PRINT_CHECK_H

#include "print/page.h"
#include "print/print.h"

/* The whole of `check`; see print_check(). */
void check_json(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report);

/* Columns for the labels of a page of findings. */
#define CHECK_LABEL 10  /* "recording", the longest, and a blank */

/* Parts that one namespace and all of them have in common. */
/* Each finding in full, or in a line with @where before it. */
void check_findings(const struct page *page, const struct report *report);
void check_short(const struct page *page, const char *where, const struct report *report);
/* Members "summary", "limits" and "counters"; those of one finding. */
void check_json_overview(struct json *json, const struct snapshot *seen,
			 const struct report *report);
void check_json_finding(struct json *json, const struct finding *finding,
			const struct snapshot *seen, const struct style *style);

#endif
