/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CHECK_H
#define PRINT_CHECK_H

#include "print/json.h"
#include "print/page.h"

/* What print_check() was given, and its sums. */
struct check_sum {
	const struct check_area *areas;
	size_t count;
	struct report of_all;   /* worst and summary; no findings */
	uint64_t findings, notices;
	size_t troubled;        /* areas with either */
};

/* Prints all of `check` in JSON. */
void check_json(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct check_sum *sum);

#endif
