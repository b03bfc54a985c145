/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/judge.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

/* The usual thresholds, and what --warn and --crit take: users rely on both. */

static void the_usual_thresholds_are_as_documented(void **state)
{
	static const struct { const char *id; enum measure measure; double warn, crit; uint64_t least; }
	usual[] = {
		{ "close-wait-leak", MEASURE_AGE, 60000, 600000, 5 },
		{ "accept-stalled", MEASURE_AGE, 10000, 60000, 1 },
		{ "accept-queue-full", MEASURE_PERCENT, 100, 101, 1 },
		{ "syn-queue-full", MEASURE_PERCENT, 90, THRESHOLD_NEVER, 1 },
		{ "port-exhaustion", MEASURE_PERCENT, 80, 95, 1 },
		{ "time-wait-overflow", MEASURE_PERCENT, 80, 95, 1 },
		{ "fin-wait-2-held", MEASURE_AGE, 300000, 3600000, 3 },
		{ "fin-wait-2-orphans", MEASURE_COUNT, 1000, 10000, 1 },
		{ "last-ack-stuck", MEASURE_AGE, 30000, 300000, 10 },
		{ "peer-silent", MEASURE_AGE, 5000, 60000, 3 },
		{ "peer-not-reading", MEASURE_AGE, 60000, 600000, 3 },
		{ "not-reading", MEASURE_AGE, 60000, 600000, 3 },
		{ "syn-sent-stuck", MEASURE_AGE, 5000, 60000, 3 },
		{ "fd-exhaustion", MEASURE_PERCENT, 80, 95, 20 },
		{ "dead-descriptors", MEASURE_COUNT, 25, THRESHOLD_NEVER, 1 },
		{ "orphan-pressure", MEASURE_PERCENT, 80, 95, 1 },
		{ "conntrack-pressure", MEASURE_PERCENT, 80, 95, 1 },
		{ "ephemeral-listener", MEASURE_COUNT, 1, THRESHOLD_NEVER, 1 },
		{ "bound-unused", MEASURE_AGE, 0, THRESHOLD_NEVER, 100 },
		{ "connect-search-cliff", MEASURE_PERCENT, 50, THRESHOLD_NEVER, 1 },
	};
	struct thresholds *all = thresholds_new();

	(void)state;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		const struct threshold *t = thresholds_get(all, usual[i].id);
		const struct rule *rule = rule_by_id(usual[i].id);

		if (!t || !rule || t->warn != usual[i].warn || t->crit != usual[i].crit ||
		    t->least != usual[i].least || rule->measure != usual[i].measure)
			fail_msg("%s", usual[i].id);
	}
	for (size_t i = 0; i < rules_count; i++)
		assert_int_equal(rules[i].usual.notice, strcmp(rules[i].id, "ephemeral-listener") == 0 ||
				 strcmp(rules[i].id, "connect-search-cliff") == 0);
	assert_null(thresholds_get(all, "nothing"));
	thresholds_free(all);
}

static double warn_of(const char *id, const char *value)
{
	struct thresholds *all = thresholds_new();
	char spec[100];
	double warn;

	snprintf(spec, sizeof(spec), "%s=%s", id, value);
	if (thresholds_set(all, spec, false)) {
		thresholds_free(all);
		return -1;
	}
	warn = thresholds_get(all, id)->warn;
	thresholds_free(all);
	return warn;
}

static void each_unit_of_time_has_its_length(void **state)
{
	static const struct { const char *value; double ms; } ages[] = {
		{ "7", 7e3 }, { "7ms", 7 }, { "7s", 7e3 }, { "7m", 7 * 60e3 }, { "7min", 7 * 60e3 },
		{ "7h", 7 * 3600e3 }, { "7d", 7 * 86400e3 }, { "0.5d", 43200e3 }, { "10.25s", 10250 },
		{ "100.125s", 100125 }, { "009", 9e3 }, { "0.005ms", 0.005 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		double off = warn_of("close-wait-leak", ages[i].value) - ages[i].ms;

		if (off > ages[i].ms * 1e-9 || off < ages[i].ms * -1e-9)
			fail_msg("%s is off by %g ms", ages[i].value, off);
	}
	assert_true(warn_of("port-exhaustion", "12.5") == 12.5);
	assert_true(warn_of("port-exhaustion", "99%") == 99);
	assert_true(warn_of("fin-wait-2-orphans", "1234567890") == 1234567890);
}

static void no_more_and_no_less_is_taken_than_there_can_be(void **state)
{
	(void)state;
	assert_true(warn_of("close-wait-leak", "36500d") == 36500 * 86400e3);
	assert_true(warn_of("close-wait-leak", "36500.00001d") == -1);
	assert_true(warn_of("port-exhaustion", "1000%") == 1000);
	assert_true(warn_of("port-exhaustion", "1000.1%") == -1);
	assert_true(warn_of("fin-wait-2-orphans", "1000000000000000") == 1e15);
	assert_true(warn_of("fin-wait-2-orphans", "1000000000000001") == -1);
	assert_true(warn_of("fin-wait-2-orphans", "5,count=1000000000000000") == 5);
	assert_true(warn_of("fin-wait-2-orphans", "5,count=1000000000000001") == -1);
	assert_true(warn_of("close-wait-leak", "5,count:5") == -1);
	assert_true(warn_of("close-wait-leak", "5,counter=5") == -1);
	assert_true(warn_of("close-wait-leak", "5,count=5.5") == -1);
	assert_true(warn_of("close-wait-leak", "5sec") == -1);
	assert_true(warn_of("close-wait-leak", "5S") == -1);
	assert_true(warn_of("close-wait-leak", "/") == -1);
	assert_true(warn_of("close-wait-leak", ":") == -1);
}

static void one_threshold_changes_no_other(void **state)
{
	struct thresholds *all = thresholds_new();
	const struct threshold *t = thresholds_get(all, "close-wait-leak");

	(void)state;
	assert_int_equal(thresholds_set(all, "close-wait-leak=7,count=9", true), THRESHOLD_TAKEN);
	assert_true(t->warn == 60000 && t->crit == 7000 && t->least == 9);
	assert_int_equal(thresholds_set(all, "close-wait-leak=8", false), THRESHOLD_TAKEN);
	assert_true(t->warn == 8000 && t->crit == 7000 && t->least == 9);
	assert_int_equal(thresholds_set(all, "close-wait-leak=8,count=0", false), THRESHOLD_TAKEN);
	assert_int_equal(t->least, 0);
	for (size_t i = 0; i < rules_count; i++)
		if (strcmp(rules[i].id, "close-wait-leak") != 0)
			assert_memory_equal(thresholds_get(all, rules[i].id), &rules[i].usual,
					    sizeof(rules[i].usual));
	thresholds_free(all);
}

static void a_refusal_tells_what_is_wanted(void **state)
{
	static const struct { const char *spec; enum threshold_error error; } refused[] = {
		{ "close-wait-leak=x", THRESHOLD_NO_AGE },
		{ "port-exhaustion=x", THRESHOLD_NO_PERCENT },
		{ "fin-wait-2-orphans=x", THRESHOLD_NO_COUNT },
		{ "close-wait-leak=5,x", THRESHOLD_NO_LEAST },
		{ "nothing=5", THRESHOLD_NO_RULE },
	};
	struct thresholds *all = thresholds_new();

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_int_equal(thresholds_set(all, refused[i].spec, false), refused[i].error);
	thresholds_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_thresholds_are_as_documented),
		cmocka_unit_test(each_unit_of_time_has_its_length),
		cmocka_unit_test(no_more_and_no_less_is_taken_than_there_can_be),
		cmocka_unit_test(one_threshold_changes_no_other),
		cmocka_unit_test(a_refusal_tells_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
