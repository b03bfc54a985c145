/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values for machines. */
#include "print/listing.h"

#include "base/grow.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void value_is(enum format format, const char *value, bool foreign, const char *want)
{
	struct text text = { 0 }, line = { 0 };

	text_add(&text, value, strlen(value));
	delimited_put(&line, format, &text, foreign);
	assert_string_equal(text_str(&line), want);
	text_fini(&text);
	text_fini(&line);
}

static void quoted_as_the_rfc_says(void **state)
{
	(void)state;
	value_is(FORMAT_CSV, "", true, "");
	value_is(FORMAT_CSV, "plain text", true, "plain text");
	value_is(FORMAT_CSV, "a,b", true, "\"a,b\"");
	value_is(FORMAT_CSV, "say \"no\"", true, "\"say \"\"no\"\"\"");
	value_is(FORMAT_CSV, " edge", true, "\" edge\"");
	value_is(FORMAT_TSV, "a,\"b\"", true, "a,\"b\"");
	value_is(FORMAT_TSV, "\\x1b\t\n", true, "\\\\x1b\\t\\n");
}

static void formulas_are_text(void **state)
{
	static const char *const cells[] = { "=1+1", "+1", "-1", "@SUM(A1)" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct text want = { 0 };

		text_addf(&want, "'%s", cells[i]);
		value_is(FORMAT_CSV, cells[i], true, want.at);
		value_is(FORMAT_CSV, cells[i], false, cells[i]);
		value_is(FORMAT_TSV, cells[i], true, cells[i]);
		text_fini(&want);
	}
	value_is(FORMAT_CSV, "=a,b", true, "\"'=a,b\"");
}

/* Whoever adds a column is told here that machines do not get it. */
static void every_column_is_for_machines(void **state)
{
	(void)state;
	for (size_t i = 0; i < columns_count(); i++) {
		const struct column *column = column_at(i);

		assert_non_null(column);
		assert_true(!column->member != !column->parts);
	}
}

static void every_part_is_a_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < columns_count(); i++) {
		const struct column *column = column_at(i);
		const char *part = column->parts;

		while (part) {
			size_t size = strcspn(part, ",");

			assert_non_null(column_find(part, size));
			assert_non_null(column_find(part, size)->member);
			part = part[size] ? part + size + 1 : NULL;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoted_as_the_rfc_says),
		cmocka_unit_test(formulas_are_text),
		cmocka_unit_test(every_column_is_for_machines),
		cmocka_unit_test(every_part_is_a_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
