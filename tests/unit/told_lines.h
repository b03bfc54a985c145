/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOLD_LINES_H
#define TOLD_LINES_H

#include "told_read.h"
#include "told_say.h"

/* A situation of told/README within a test, where only a part of its answer matters. */

/* Reads the lines behind what @t has, and adds what their questions are answered to @answer. */
static inline void told_lines(struct told *t, const char *lines, struct text *answer)
{
	char *copy = strdup(lines), *rest = copy;

	for (char *line; (line = strsep(&rest, "\n"));) {
		char first[40];
		struct words w;

		snprintf(first, sizeof(first), "%s", line);
		if (!*line)
			continue;
		w = words_of(line);
		if (!told_read(t, &w) && !told_ask(answer, t, &w))
			fail_msg("no such line: %s", first);
	}
	free(copy);
}

/* A situation with its questions, and what its answers hold, or do not. */
struct told_case { const char *what, *lines, *says, *never; };

static inline void told_check(const struct told_case *c)
{
	struct text answer = { .at = NULL };
	struct told t;

	told_begin(&t);
	told_lines(&t, c->lines, &answer);
	if (!strstr(text_str(&answer), c->says) || (c->never && strstr(text_str(&answer), c->never)))
		fail_msg("%s:\n%s", c->what, text_str(&answer));
	text_fini(&answer);
	told_end(&t);
}

#define TOLD_CHECK_ALL(cases)                                                  \
	for (size_t i_ = 0; i_ < sizeof(cases) / sizeof(*(cases)); i_++)       \
		told_check(&(cases)[i_])

#endif
