/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_BIND_H
#define PRINT_BIND_H

#include "print/print.h"

/* What print_unix() was given. */
struct unix_page {
	const struct snapshot *seen;
	const struct unix_ask *ask;
	const struct unix_context *context;
	const struct bind_answer *answer;
};

/* Print all of `bind` in JSON, as one document or records, as the format says. */
void bind_json(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct bind_page *pages, size_t count, size_t vacant);
void unix_json(struct out *out, const struct style *style, const struct unix_page *named);

#endif
