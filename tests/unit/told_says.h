/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOLD_SAYS_H
#define TOLD_SAYS_H

#include "told_read.h"
#include "told_say.h"

/*
 * Rows for one sentence or number each: a situation with its questions, in the lines
 * of tests/unit/told/README, and what the answers have to say or must not say.
 */
struct told_row {
	const char *broken;     /* what a user would meet */
	const char *lines;
	const char *says, *never;
};

/* Reads and asks; the answers go behind @answer, told_end() is due. */
static inline void told_run(struct told *told, const char *lines, struct text *answer)
{
	char *copy = strdup(lines), *rest = copy;

	told_begin(told);
	for (char *line; (line = strsep(&rest, "\n"));) {
		struct words w = words_of(line);

		if (w.count && !told_read(told, &w) && !told_ask(answer, told, &w))
			fail_msg("no such line: %s", w.at[0]);
	}
	free(copy);
}

static inline void told_expect(const struct told_row *row, const char *answer)
{
	if (row->says && !strstr(answer, row->says))
		fail_msg("%s: nothing says \"%s\":\n%s", row->broken, row->says, answer);
	if (row->never && strstr(answer, row->never))
		fail_msg("%s: must not say \"%s\":\n%s", row->broken, row->never, answer);
}

static inline void told_check_rows(const struct told_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct text answer = { .at = NULL };
		struct told told;

		told_run(&told, rows[i].lines, &answer);
		told_expect(&rows[i], text_str(&answer));
		told_end(&told);
		text_fini(&answer);
	}
}

#define TOLD_CHECK(rows) told_check_rows(rows, sizeof(rows) / sizeof(*(rows)))

#endif
