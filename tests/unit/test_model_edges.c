/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds of findings. */
#include "test.h"

#include "base/grow.h"
#include "model/finding.h"
#include "model/once.h"
#include "model/netns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static void test_fact_does_not_run_over_and_is_found_in_its_group(void **state)
{
	char bytes[100];
	struct report report;
	struct finding *f;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	report_init(&report);
	f = report_add(&report, "id");
	facts_bytes(&f->facts, "name", bytes, sizeof(bytes));
	facts_number(&f->facts, "name", FACT_COUNT, 1)->group = "one";
	facts_number(&f->facts, "name", FACT_COUNT, 2)->group = "other";
	facts_add(&f->facts, "more", FACT_COUNT)->group = "other";
	assert_int_equal(facts_find(&f->facts, "name")->text.count, sizeof(bytes));
	assert_true(facts_find(&f->facts, "other.name")->value == 2);
	assert_false(facts_find(&f->facts, "other.more")->known);
	assert_null(facts_find(&f->facts, "more"));
	assert_null(facts_find(&f->facts, "third.name"));
	report_fini(&report);
}

static void test_advice_does_not_run_over(void **state)
{
	struct advice advice = { 0 };

	(void)state;
	for (int i = 0; i < ADVICE_MAX + 2; i++)
		advice_add(&advice, "number %d", i);
	assert_int_equal(advice.count, ADVICE_MAX);
	assert_string_equal(advice.text[ADVICE_MAX - 1], "number 5");
	advice_fini(&advice);
}

/* A closed socket and its minisock are two rows; neither makes a second one of a live socket. */
static void a_cookie_is_at_most_two_rows(void **state)
{
	struct once once = { 0 };

	(void)state;
	assert_true(once_add(&once, 1, ONCE_SOCKET));
	assert_false(once_add(&once, 1, ONCE_CLOSED));
	assert_false(once_add(&once, 1, ONCE_MINISOCK));
	for (uint64_t key = 2; key < 4; key++) {
		enum once_kind first = key == 2 ? ONCE_CLOSED : ONCE_MINISOCK;
		enum once_kind second = key == 2 ? ONCE_MINISOCK : ONCE_CLOSED;

		assert_true(once_add(&once, key, first));
		assert_true(once_add(&once, key, second));
		assert_false(once_add(&once, key, first));
		assert_false(once_add(&once, key, second));
		assert_false(once_add(&once, key, ONCE_SOCKET));
	}
	once_fini(&once);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fact_does_not_run_over_and_is_found_in_its_group),
		cmocka_unit_test(test_advice_does_not_run_over),
		cmocka_unit_test(a_cookie_is_at_most_two_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
