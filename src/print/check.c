/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/check.h"

int print_check(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report)
{
	static void (*const writers[FORMAT_COUNT])(struct out *, const struct style *,
						   const struct snapshot *,
						   const struct report *) = {
		[FORMAT_TEXT] = check_text, [FORMAT_JSON] = check_json,
		[FORMAT_JSONL] = check_jsonl,
	};

	writers[style->format](out, style, seen, report);
	return -out->err;
}
