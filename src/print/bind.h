/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_BIND_H
#define PRINT_BIND_H

#include "print/print.h"
#include "print/page.h"

/* What print_bind() and print_unix() were given. */
struct bind_page {
	const struct snapshot *seen;
	const struct bind_ask *ask;
	const struct bind_context *context;
	const struct bind_answer *answer;
};

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

/* Writes one document or records, as the format says. */
void bind_json(struct out *out, const struct style *style, const struct bind_page *bind);

/* Adds the members of a verdict to an object that the caller has opened. */
void bind_json_members(struct json *json, const struct style *style,
		       const struct bind_page *bind);

void unix_json(struct out *out, const struct style *style, const struct unix_page *named);

#endif
