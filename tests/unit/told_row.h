/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOLD_ROW_H
#define TOLD_ROW_H

#include "told_read.h"
#include "told_say.h"

/*
 * A test as a row: a situation with its question, in the lines of tests/unit/told/README,
 * and the parts that its answer has; one behind "!" it must not have. The name says what is
 * broken when it fails.
 *
 * One more verb: "gone" (sock, local) takes the last one off its list again and
 * leaves its bytes behind the end, where nobody may look.
 */
struct told_row {
	const char *broken, *lines;
	const char *says[5];
};

static inline bool read_gone(struct told *t, const struct words *w)
{
	if (strcmp(w->at[0], "gone") != 0)
		return false;
	if (word_is(w, "local"))
		t->seen.locals.count--;
	else
		t->seen.socks.count--;
	return true;
}

static inline void check_row(const struct told_row *row, const char *answer)
{
	for (size_t i = 0; i < sizeof(row->says) / sizeof(*row->says) && row->says[i]; i++) {
		const char *part = row->says[i];

		if (*part == '!' && strstr(answer, part + 1))
			fail_msg("said: %s\nin:\n%s", part + 1, answer);
		if (*part != '!' && !strstr(answer, part))
			fail_msg("not said: %s\nbut:\n%s", part, answer);
	}
}

static void a_row(void **state)
{
	const struct told_row *row = *state;
	char *lines = strdup(row->lines), *rest = lines;
	struct text answer = { .at = NULL };
	struct told t;

	told_begin(&t);
	for (char *line; (line = strsep(&rest, "\n"));) {
		struct words w = words_of(line);

		if (w.count && !read_gone(&t, &w) && !told_read(&t, &w) && !told_ask(&answer, &t, &w))
			fail_msg("no such line: %s", w.at[0]);
	}
	check_row(row, text_str(&answer));
	text_fini(&answer);
	told_end(&t);
	free(lines);
}

/* Runs @count rows, each as a test of its own. */
static inline int run_rows(const struct told_row *rows, size_t count)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	int failed;

	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ rows[i].broken, a_row, NULL, NULL, (void *)&rows[i] };
	failed = _cmocka_run_group_tests("rows", tests, count, NULL, NULL);
	free(tests);
	return failed;
}

#endif
