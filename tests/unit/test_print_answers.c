/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts on bind, connect and all namespaces that are rare on one machine. */
#include "print/print.h"

#include "base/grow.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "seen.h"

/* -- unix ---------------------------------------------------------------- */

static char *show_unix(enum verdict verdict, int err, const char *cause, bool quiet)
{
	const struct unix_ask ask = { .name = "bus\x1b", .size = 4, .abstract = true,
				      .type = UNIX_DGRAM };
	struct style style = { .quiet = quiet, .ascii = true };
	struct unix_context context = { .file = UNIX_FILE_NONE };
	struct bind_answer answer = { .asked = { .verdict = verdict, .err = err } };

	text_addf(&answer.cause, "%s", cause);
	begin_capture();
	assert_int_equal(print_unix(&out, &style, &seen, &ask, &context, &answer), 0);
	bind_answer_fini(&answer);
	return end_capture();
}

static void a_verdict_on_a_name_is_that_on_another(void **state)
{
	(void)state;
	is(show_unix(VERDICT_OK, 0, "", false), "OK: bind() to @bus\\x1b (unix dgram) works\n");
	is(show_unix(VERDICT_OK, 0, "", true), "");
	is(show_unix(VERDICT_DEPENDS, EACCES, "who", false),
	   "DEPENDS: bind() to @bus\\x1b (unix dgram) may fail with EACCES: who\n");
	is(show_unix(VERDICT_DEPENDS, 0, "", false),
	   "DEPENDS: bind() to @bus\\x1b (unix dgram) may fail\n");
	is(show_unix(VERDICT_UNKNOWN, 0, "", true),
	   "UNKNOWN: cannot tell whether bind() to @bus\\x1b (unix dgram) works\n");
	is(show_unix(VERDICT_FAILS, 0, "", true),
	    "FAILS: bind() to @bus\\x1b (unix dgram) would fail\n");
	snapshot_gap(&seen, GAP_DUMP, 1, "rows are missing");
	has(show_unix(VERDICT_OK, 0, "", true), "rows are missing");
}

/* -- bind -G --------------------------------------------------------------- */

static char *show_areas(enum format format, bool quiet, const enum verdict *verdicts, size_t count,
			size_t vacant)
{
	static const struct bind_ask ask = { .protocol = PROTOCOL_UDP, .family = FAMILY_IPV4,
					      .port = 53 };
	static const struct bind_context context;
	struct style style = { .format = format, .quiet = quiet, .ascii = true, .with_netns = true };
	struct netns list[8] = {
		{ .inode = 1, .visited = true, .is_own = true },
		{ .inode = 2, .visited = true, .is_init = true },
	};
	struct bind_answer answers[8] = { { .rival = { 0 } } };
	struct snapshot there[8];
	struct bind_page pages[8];

	for (size_t i = 0; i < count; i++) {
		answers[i].asked = (struct bind_outcome){
			.verdict = verdicts[i],
			.err = verdicts[i] == VERDICT_FAILS ? EADDRINUSE : 0,
		};
		text_addf(&answers[i].cause, "because %zu", i);
		snapshot_init(&there[i]);
		snapshot_enter(&there[i], &list[i]);
		pages[i] = (struct bind_page){ &there[i], &ask, &context, &answers[i] };
	}
	begin_capture();
	assert_int_equal(print_bind(&out, &style, &seen, pages, count, vacant), 0);
	for (size_t i = 0; i < count; i++)
		bind_answer_fini(&answers[i]);
	return end_capture();
}

static void the_worst_namespace_is_not_the_headline(void **state)
{
	static const enum verdict mixed[] = { VERDICT_OK, VERDICT_UNKNOWN, VERDICT_FAILS,
					      VERDICT_DEPENDS };
	static const enum verdict fine[] = { VERDICT_OK };
	static const enum verdict doubts[] = { VERDICT_UNKNOWN, VERDICT_DEPENDS, VERDICT_UNKNOWN };

	(void)state;
	/* whichever comes first */
	has(show_areas(FORMAT_TEXT, false, doubts, 2, 0), "DEPENDS: bind() to port 53");
	has(show_areas(FORMAT_TEXT, false, doubts + 1, 2, 0), "DEPENDS: bind() to port 53");
	has(show_areas(FORMAT_TEXT, false, mixed, 4, 1), "FAILS: bind() to port 53 (UDP) ");
	has(show_areas(FORMAT_TEXT, false, mixed, 4, 1),
	    "of 4 network namespaces; nobody has that port in the 1 other\n");
	has(show_areas(FORMAT_TEXT, false, mixed, 4, 2), "EADDRINUSE  because 2");
	has(show_areas(FORMAT_TEXT, false, mixed, 2, 0), "UNKNOWN: bind() to port 53");
	has(show_areas(FORMAT_TEXT, false, fine, 1, 0), "of 1 network namespace\n");
	is(show_areas(FORMAT_TEXT, true, fine, 1, 0), "");
	has(show_areas(FORMAT_TEXT, true, mixed, 2, 0), "UNKNOWN: ");
	has(show_areas(FORMAT_JSON, false, mixed, 4, 7), "\"without_owner\": 7");
	has(show_areas(FORMAT_JSONL, false, mixed, 4, 7),
	    "{\"type\":\"trailer\",\"without_owner\":7,");
	has(show_areas(FORMAT_JSONL, false, mixed, 4, 7),
	    "{\"type\":\"verdict\",\"netns\":{\"inode\":2,");
	snapshot_gap(&seen, GAP_NETNS, 1, "one was not entered");
	has(show_areas(FORMAT_TEXT, true, fine, 1, 0), "one was not entered");
}

/* -- check -G -------------------------------------------------------------- */

static char *show_checks(enum format format, bool quiet, size_t findings, size_t count)
{
	struct style style = { .format = format, .quiet = quiet, .ascii = true, .with_netns = true };
	struct netns list[3] = {
		{ .inode = 1, .visited = true, .is_own = true },
		{ .inode = 2, .visited = true, .is_init = true }, { .inode = 3, .visited = true },
	};
	struct check_area areas[3];
	struct snapshot there[3];

	for (size_t i = 0; i < count; i++) {
		snapshot_init(&there[i]);
		snapshot_enter(&there[i], &list[i]);
		areas[i].seen = &there[i];
		report_init(&areas[i].report);
	}
	for (size_t i = 0; i < findings; i++) {
		struct finding *f = report_add(&areas[0].report, "last-ack-stuck");

		f->severity = areas[0].report.worst = SEVERITY_WARNING;
		f->subject.kind = SUBJECT_MACHINE;
		f->subject.process = -1;
	}
	begin_capture();
	assert_int_equal(print_check(&out, &style, &seen, areas, count), 0);
	for (size_t i = 0; i < count; i++)
		report_fini(&areas[i].report);
	return end_capture();
}

static void quiet_says_less_than_what_was_found(void **state)
{
	(void)state;
	is(show_checks(FORMAT_TEXT, true, 0, 2), "");
	has(show_checks(FORMAT_TEXT, true, 1, 2), "WARNING: 1 finding");
	has(show_checks(FORMAT_TEXT, true, 1, 2), "here: ");
	has(show_checks(FORMAT_TEXT, false, 1, 3), "\n2 network namespaces without findings\n");
	has(show_checks(FORMAT_JSON, false, 2, 2), "\"last-ack-stuck\"");
	has(show_checks(FORMAT_JSONL, false, 2, 2),
	    "{\"type\":\"finding\",\"netns\":{\"inode\":1,");
	snapshot_gap(&seen, GAP_DUMP, 1, "rows are missing");
	has(show_checks(FORMAT_TEXT, true, 0, 2), "rows are missing");
	has(show_checks(FORMAT_TEXT, true, 0, 2), "incomplete");
}

static void title_is(const struct netns *netns, const char *wanted)
{
	struct style style = { .ascii = true, .with_netns = true };
	struct check_area area = { .seen = &seen };
	struct finding *f;

	seen.netns = netns;
	report_init(&area.report);
	f = report_add(&area.report, "last-ack-stuck");
	f->severity = area.report.worst = SEVERITY_WARNING;
	f->subject.kind = SUBJECT_MACHINE;
	f->subject.process = -1;
	begin_capture();
	assert_int_equal(print_check(&out, &style, &seen, &area, 1), 0);
	report_fini(&area.report);
	has(end_capture(), wanted);
}

static void a_title_says_a_thing_once(void **state)
{
	struct netns netns = {
		.inode = 9, .visited = true, .is_own = true, .name = (char *)"blue",
		.unit = (char *)"web.service", .pid = 7, .comm_size = 2, .comm = "sh",
	};

	(void)state;
	title_is(&netns, "\nNetwork namespace: here (blue, web.service, sh[7], inode 9)\n");
	netns = (struct netns){ .inode = 9, .visited = true, .name = (char *)"blue" };
	title_is(&netns, "\nNetwork namespace: blue (inode 9)\n");
}

/* -- check ----------------------------------------------------------------- */

static char *show_check(const struct report *report, const struct style style)
{
	const struct check_area area = { &seen, *report, 1 };

	begin_capture();
	assert_int_equal(print_check(&out, &style, &seen, &area, 1), 0);
	return end_capture();
}

static void evidence_has_the_unit_of_another(void **state)
{
	struct report report;
	struct finding *f;

	(void)state;
	report_init(&report);
	f = report_add(&report, "last-ack-stuck");
	f->severity = report.worst = SEVERITY_CRITICAL;
	f->subject.kind = SUBJECT_NETNS;
	f->subject.process = -1;
	f->count = 1;
	*grow_add(&seen.socks) = (struct sock){ .state = STATE_LAST_ACK };
	*grow_add(&f->members) = 0;
	f->age.kind = AGE_UNACKED;
	f->age.min_ms = 5000;
	facts_number(&f->facts, "memory_bytes", FACT_BYTES, 1536);
	facts_number(&f->facts, "waiting_bytes", FACT_BYTES, 12);
	facts_number(&f->facts, "oldest_ms", FACT_MS, 65000);
	facts_number(&f->facts, "oldest_s", FACT_S, 7200);
	facts_number(&f->facts, "closed_per_s", FACT_RATE, 2.25);
	facts_number(&f->facts, "full_percent", FACT_PERCENT, 99.4);
	facts_number(&f->facts, "change", FACT_COUNT, -3);
	facts_number(&f->facts, "pid", FACT_ID, 12345);
	facts_number(&f->facts, "sockets", FACT_COUNT, 12345);
	facts_add(&f->facts, "limit", FACT_COUNT);
	facts_number(&f->facts, "none", FACT_COUNT, 0)->group = "causes";
	facts_number(&f->facts, "slow_reader", FACT_COUNT, 2)->group = "causes";
	has(show_check(&report, (struct style){ .ascii = true }),
	    "memory 1.5 KiB, waiting 12 B, oldest 1m05s, oldest 2h00m, closed 2.25/s, full 99%, "
	    "change -3, pid 12345, sockets 12,345\n");
	has(show_check(&report, (struct style){ .ascii = true }), "causes: slow reader 2\n");
	has(show_check(&report, (struct style){ .ascii = true }),
	    "(the oldest for at least 5 s)\n");
	report_fini(&report);
}

static void states_that_this_kernel_does_not_list_seem_to_be_none(void **state)
{
	struct report report;

	(void)state;
	report_init(&report);
	report.summary.untold[STATE_BOUND] = true;
	has(show_check(&report, (struct style){ .format = FORMAT_JSON }), "\"BOUND\": null");
	has(show_check(&report, (struct style){ .format = FORMAT_JSON }), "\"from_counters\": []");
	report_fini(&report);
}

/* -- connect to all -------------------------------------------------------- */

static char *show_all(const struct destinations *all)
{
	struct style style = { .ascii = true };

	begin_capture();
	assert_int_equal(print_destinations(&out, &style, &seen, all), 0);
	return end_capture();
}

static void ports_that_bind_took_are_nobodys(void **state)
{
	struct destinations all = { .capacity = 100, .blocked_for_all = 90,
	    .worst = CONNECT_TIGHT };
	struct destination one = {
		.source = addr_from_v4("\x0a\0\0\5"), .destination = addr_from_v4("\x0a\0\0\x09"),
		.port = 443, .used = 99, .left = 1, .left_min = 1, .left_max = 1, .ifindex = 2,
		.percent_gone = 99.9, .verdict = CONNECT_OK,
	};

	(void)state;
	has(show_all(&all),
	    "TIGHT: few ports are left for any destination: owners that called bind() "
	    "have 90 of 100 ports");
	*grow_add(&all.list) = one;
	has(show_all(&all), "10.0.0.9:443 with 99% of 100 ports gone");
	has(show_all(&all), "10.0.0.5%if2");
	*grow_add(&seen.links) = (struct link){ 2, "e\x1b" };
	has(show_all(&all), "10.0.0.5%e\\x1b");
	all.worst = CONNECT_UNKNOWN;
	has(show_all(&all), "UNKNOWN: the sockets were not all seen");
	all.capacity = 0;
	has(show_all(&all),
	    "UNKNOWN: the range of ephemeral ports or the reserved ones could not be read");
	all.worst = CONNECT_EXHAUSTED;
	has(show_all(&all), "any destination: all ports of the range are reserved");
	destinations_fini(&all);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_verdict_on_a_name_is_that_on_another),
		TEST(the_worst_namespace_is_not_the_headline),
		TEST(quiet_says_less_than_what_was_found),
		TEST(a_title_says_a_thing_once),
		TEST(evidence_has_the_unit_of_another),
		TEST(states_that_this_kernel_does_not_list_seem_to_be_none),
		TEST(ports_that_bind_took_are_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
