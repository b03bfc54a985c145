/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOLD_ROW_H
#define TOLD_ROW_H

#include "told_read.h"
#include "told_say.h"

/*
 * A test as a row: a situation with its questions, in the lines of tests/unit/told/README,
 * and the parts that the answers have; one behind "!" they must not have. The name says what
 * holds, or which case of its test the row is.
 */
struct told_row {
	const char *holds, *lines;
	const char *says[5];
};

/* Adds the lines to the situation @t, and the answers to their questions to @answer. */
static inline void told_lines(struct told *t, const char *lines, struct text *answer)
{
	char *copy = strdup(lines), *rest = copy;

	for (char *line; (line = strsep(&rest, "\n"));) {
		struct words w = words_of(line);

		if (w.count && !told_read(t, &w) && !told_ask(answer, t, &w))
			fail_msg("no such line: %s", w.at[0]);
	}
	free(copy);
}

/* For a test that answers a part of @row itself. */
static inline void told_expect(const struct told_row *row, const char *answer)
{
	for (size_t i = 0; i < sizeof(row->says) / sizeof(*row->says) && row->says[i]; i++) {
		const char *part = row->says[i];

		if (*part == '!' && strstr(answer, part + 1))
			fail_msg("%s: said: %s\nin:\n%s", row->holds, part + 1, answer);
		if (*part != '!' && !strstr(answer, part))
			fail_msg("%s: not said: %s\nbut:\n%s", row->holds, part, answer);
	}
}

static inline void told_check(const struct told_row *row)
{
	struct text answer = { .at = NULL };
	struct told t;

	told_begin(&t);
	told_lines(&t, row->lines, &answer);
	told_expect(row, text_str(&answer));
	told_end(&t);
	text_fini(&answer);
}

static inline void told_check_rows(const struct told_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		told_check(&rows[i]);
}

static inline void told_test(void **state)
{
	told_check(*state);
}

static inline int told_run_rows(const struct told_row *rows, size_t count)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	int failed;

	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ rows[i].holds, told_test, NULL, NULL,
						(void *)&rows[i] };
	failed = _cmocka_run_group_tests("rows", tests, count, NULL, NULL);
	free(tests);
	return failed;
}

/* An array of rows as the cases of one test, and each as a test of its own: for main(). */
#define TOLD_CHECK(rows) told_check_rows(rows, sizeof(rows) / sizeof(*(rows)))
#define TOLD_RUN(rows) told_run_rows(rows, sizeof(rows) / sizeof(*(rows)))

#endif
