/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_BIND_H
#define PRINT_BIND_H

#include "print/json.h"
#include "print/page.h"

/* What print_unix() was given. */
struct unix_page {
	const struct snapshot *seen;
	const struct unix_ask *ask;
	const struct unix_context *context;
	const struct unix_answer *answer;
};

static inline enum ink bind_ink(enum verdict verdict)
{
	return verdict == VERDICT_OK ? INK_GREEN : verdict == VERDICT_FAILS ? INK_RED : INK_YELLOW;
}

/* Print what is said of one namespace; JSON as one document or records, as the format says. */
void bind_text(struct out *out, const struct style *style, const struct bind_page *bind);
void bind_json(struct out *out, const struct style *style, const struct bind_page *bind);

/* Adds the members of a verdict to an object that the caller has opened. */
void bind_json_members(struct json *json, const struct style *style,
		       const struct bind_page *bind);

void unix_json(struct out *out, const struct style *style, const struct unix_page *named);

#endif
