/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* In which order findings are told, and what is told of the rules that could not be weighed. */

static struct told told;

static int begin(void **state)
{
	(void)state;
	told_begin(&told);
	return 0;
}

static int end(void **state)
{
	(void)state;
	told_end(&told);
	return 0;
}

/* Judges @lines and wants @first of each finding, in that order: its first member or pid. */
static void expect_order(const char *lines, bool pids, const int64_t *first, size_t count)
{
	struct report report;

	told_lines(&told, lines, NULL);
	report_init(&report);
	judge(&told.seen, told.thresholds, &report);
	assert_int_equal(report.findings.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct finding *f = &report.findings.at[i];

		if (pids)
			assert_int_equal(told.seen.processes.at[f->subject.process].pid, first[i]);
		else
			assert_int_equal(f->members.at[0], first[i]);
	}
	report_fini(&report);
}

/* The second is found first, as its sockets have more in common. */
static void of_equal_findings_the_first_listed_comes_first(void **state)
{
	(void)state;
	expect_order("sock close-wait 10.0.0.1:40000 10.0.1.1:443 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:40000 10.0.1.2:443 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:40000 10.0.1.3:443 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:40000 10.0.1.4:443 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:40000 10.0.1.5:443 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:40000 10.0.0.9:443 x=5 ms=100000 here\n",
		     false, (const int64_t []){ 0, 5 }, 2);
}

static void of_equal_findings_the_first_socket_counts(void **state)
{
	(void)state;
	expect_order("sock close-wait 10.0.0.1:40000 10.0.1.1:443 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:40000 10.0.0.9:443 x=2 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:41000 10.0.1.1:443 x=4 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:41000 10.0.0.9:443 x=3 ms=100000 here\n",
		     false, (const int64_t []){ 0, 1 }, 2);
}

static void findings_without_sockets_keep_their_places(void **state)
{
	(void)state;
	expect_order("process 31 a fds=99 limit=100\nprocess 30 b fds=99 limit=100\n"
		     "process 32 c fds=99 limit=100\n",
		     true, (const int64_t []){ 31, 30, 32 }, 3);
}

static void findings_with_and_without_sockets_keep_their_places(void **state)
{
	(void)state;
	expect_order("process 31 a fds=99 limit=100\nprocess 30 b fds=99 limit=100\n"
		     "process 32 c fds=99 limit=100\n"
		     "sock established 10.0.0.1:40000 10.0.0.9:443 ms=1 here\nhold 30\n"
		     "sock established 10.0.0.1:40001 10.0.0.9:443 ms=1 here\n",
		     true, (const int64_t []){ 31, 30, 32 }, 3);
}

static void a_critical_finding_comes_before_a_warning_of_more(void **state)
{
	(void)state;
	expect_order("sock close-wait 10.0.0.1:40000 10.0.1.1:443 x=9 ms=100000 here\n"
		     "sock close-wait 10.0.0.1:40000 10.0.0.9:443 x=5 ms=900000 here\n",
		     false, (const int64_t []){ 9, 0 }, 2);
}

/* ---- rules that were passed by ----------------------------------------- */

#define BY_SOURCE "close-wait-leak, accept-stalled, accept-queue-full, syn-queue-full, " \
		  "fin-wait-2-held, last-ack-stuck, peer-silent, peer-not-reading, not-reading, " \
		  "syn-sent-stuck, bound-unused"

static void the_rule_that_is_left_out_is_named(void **state)
{
	static const struct { const char *lines; enum gap_kind kind; const char *ids; } cases[] = {
		{ "", GAP_SOURCE, "" },
		{ "", GAP_BOUND, "" },
		{ "gap bound", GAP_BOUND, "bound-unused" },
		{ "gap bound", GAP_SOURCE, "" },
		{ "gap source", GAP_SOURCE, BY_SOURCE },
		{ "gap source", GAP_BOUND, "" },
		{ "gap source\ngap bound", GAP_SOURCE, BY_SOURCE },
		{ "gap source\ngap bound", GAP_BOUND, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text ids = { .at = NULL };
		struct told t;

		told_begin(&t);
		told_lines(&t, cases[i].lines, NULL);
		assert_false(judge_leaves(&t.seen, t.thresholds, cases[i].kind, &ids));
		assert_string_equal(text_str(&ids), cases[i].ids);
		text_fini(&ids);
		told_end(&t);
	}
}

/* Who set a threshold wants to know that the rule was not weighed. */
static void a_threshold_of_a_rule_left_out_is_told(void **state)
{
	static const struct { const char *lines; bool set; } cases[] = {
		{ "warn close-wait-leak=59999ms", true }, { "warn close-wait-leak=60001ms", true },
		{ "crit close-wait-leak=599999ms", true }, { "crit close-wait-leak=600001ms", true },
		{ "warn close-wait-leak=60,count=4", true },
		{ "warn close-wait-leak=60,count=6", true },
		{ "warn close-wait-leak=60,count=5", false }, { "crit close-wait-leak=600", false },
		{ "warn syn-sent-stuck=6", true }, { "crit bound-unused=5", true },
		{ "warn time-wait-overflow=1\ncrit fd-exhaustion=2,count=3", false },
		{ "warn close-wait-leak=1\ncrit close-wait-leak=1\nwarn bound-unused=1", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text ids = { .at = NULL };
		struct told t;

		told_begin(&t);
		told_lines(&t, "gap source", NULL);
		told_lines(&t, cases[i].lines, NULL);
		if (judge_leaves(&t.seen, t.thresholds, GAP_SOURCE, &ids) != cases[i].set)
			fail_msg("%s", cases[i].lines);
		text_fini(&ids);
		told_end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_equal_findings_the_first_listed_comes_first,
						begin, end),
		cmocka_unit_test_setup_teardown(of_equal_findings_the_first_socket_counts,
						begin, end),
		cmocka_unit_test_setup_teardown(findings_without_sockets_keep_their_places, begin, end),
		cmocka_unit_test_setup_teardown(findings_with_and_without_sockets_keep_their_places,
						begin, end),
		cmocka_unit_test_setup_teardown(a_critical_finding_comes_before_a_warning_of_more,
						begin, end),
		cmocka_unit_test(the_rule_that_is_left_out_is_named),
		cmocka_unit_test(a_threshold_of_a_rule_left_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
