/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds of findings, ends of sockets in words. */
#include "test.h"

#include "base/grow.h"
#include "model/kill_result.h"
#include "model/finding.h"
#include "model/once.h"
#include "model/netns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static void test_reason_of_a_socket_that_is_left_is_another(void **state)
{
	static const struct { struct kill_result result; enum state was; const char *reason; } rows[] = {
		{ { OUTCOME_NONE, STATE_NONE, 0 }, STATE_LISTEN, "" },
		{ { OUTCOME_DESTROYED, STATE_NONE, 0 }, STATE_LISTEN, "" },
		{ { OUTCOME_DESTROYED, STATE_BOUND, 0 }, STATE_LISTEN, "it stays bound until its program closes it" },
		{ { OUTCOME_GONE, STATE_NONE, 0 }, STATE_LISTEN, "it was closed or reset meanwhile" },
		{ { OUTCOME_CHANGED, STATE_CLOSE_WAIT, 0 }, STATE_ESTABLISHED, "it is in CLOSE-WAIT now" },
		{ { OUTCOME_CHANGED, STATE_ESTABLISHED, 0 }, STATE_ESTABLISHED, "the filter does not match it any more" },
		{ { OUTCOME_DENIED, STATE_NONE, EPERM }, STATE_LISTEN, "that takes CAP_NET_ADMIN" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, ENODATA }, STATE_LISTEN, "the kernel tells no cookie of it" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, ENOENT }, STATE_BOUND, "the kernel does not close a socket that is only bound" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, ESTALE }, STATE_LISTEN, "the kernel finds another socket under its address" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, EOPNOTSUPP }, STATE_LISTEN, "this kernel does not close such sockets (CONFIG_INET_DIAG_DESTROY)" },
		{ { OUTCOME_FAILED, STATE_NONE, EBUSY }, STATE_LISTEN, "Device or resource busy" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kill_target target = { .sock = { .state = rows[i].was }, .result = rows[i].result };
		struct text text = { 0 };

		kill_result_reason(&text, &target);
		assert_string_equal(text_str(&text), rows[i].reason);
		text_fini(&text);
	}
}

static void test_fact_runs_over_or_is_found_in_another_group(void **state)
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

static void test_advice_runs_over(void **state)
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
		cmocka_unit_test(test_reason_of_a_socket_that_is_left_is_another),
		cmocka_unit_test(test_fact_runs_over_or_is_found_in_another_group),
		cmocka_unit_test(test_advice_runs_over),
		cmocka_unit_test(a_cookie_is_at_most_two_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
