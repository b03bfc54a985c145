/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CHECK_H
#define PRINT_CHECK_H

#include "print/print.h"

/* One way to write the whole of `check` each; see print_check(). */
void check_text(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report);
void check_json(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report);
void check_jsonl(struct out *out, const struct style *style,
		 const struct snapshot *seen, const struct report *report);

#endif
