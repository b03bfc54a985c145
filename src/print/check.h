/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CHECK_H
#define PRINT_CHECK_H

#include "print/page.h"
#include "print/print.h"

/* One way to write the whole of `check` each; see print_check(). */
void check_text(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report);
void check_json(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report);

/* The same for every network namespace; see print_check_everywhere(). */
struct check_all {
	const struct snapshot *seen;
	const struct check_area *areas;
	size_t count;
	struct report sum;      /* worst and summary of all; no findings */
	uint64_t findings;
	size_t troubled;        /* areas that have findings */
};
void check_all_text(struct out *out, const struct style *style, const struct check_all *all);
void check_all_json(struct out *out, const struct style *style, const struct check_all *all);

/* Columns for the labels of a page of findings. */
#define CHECK_LABEL 10  /* "recording", the longest, and a blank */

/* Parts of the above. Bars of all states, and which of them were counted and not listed. */
/* Each finding in full, or in a line with @where before it. */
void check_findings(const struct page *page, const struct report *report);
void check_short(const struct page *page, const char *where, const struct report *report);
/* Members "summary", "limits" and "counters"; those of one finding. */
void check_json_overview(struct json *json, const struct snapshot *seen,
			 const struct report *report);
void check_json_finding(struct json *json, const struct finding *finding,
			const struct snapshot *seen, const struct style *style);

#endif
