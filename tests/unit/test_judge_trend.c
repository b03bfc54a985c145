/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/trend.h"

#include "test.h"

/*
 * What TIME_WAITs tell: how fast connections close, which ports come back early, and
 * when none is left. All ages in ms, to the one.
 */

enum { LIFE_MS = 60000 };

static struct limits limits;

static void know(enum limit limit, int64_t value)
{
	limits.limit[limit] = (struct known){ true, value };
}

/* tcp_tw_reuse and timestamps are on. */
static int begin(void **state)
{
	(void)state;
	limits = (struct limits){ .reserved_known = true };
	know(LIMIT_TW_REUSE, 1);
	know(LIMIT_TIMESTAMPS, 1);
	know(LIMIT_TW_REUSE_DELAY_MS, 1000);
	return 0;
}

static struct sock aged(int64_t age_ms)
{
	return (struct sock){ .state = STATE_TIME_WAIT, .timer = TIMER_TIME_WAIT,
			      .timer_ms = (uint32_t)(LIFE_MS - age_ms) };
}

static void add(struct trend *trend, unsigned count, int64_t age_ms, bool reuse)
{
	struct sock s = aged(age_ms);

	while (count--)
		trend_add(trend, &limits, &s, reuse);
}

static void expect_near(double value, double wanted)
{
	if (value < wanted - 1e-6 || value > wanted + 1e-6)
		fail_msg("%f is not %f", value, wanted);
}

static void a_time_wait_is_taken_over_at_the_right_moment(void **state)
{
	static const struct { int64_t delay_ms, age_ms; enum reuse reuse; } cases[] = {
		{ 1000, 979, REUSE_NO }, { 1000, 980, REUSE_MAYBE }, { 1000, 1020, REUSE_MAYBE },
		{ 1000, 1021, REUSE_YES },
		{ 1, 0, REUSE_MAYBE }, { 1, 21, REUSE_MAYBE }, { 1, 22, REUSE_YES },
		{ 60000, 59979, REUSE_NO }, { 60000, 60000, REUSE_MAYBE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sock s = aged(cases[i].age_ms);

		know(LIMIT_TW_REUSE_DELAY_MS, cases[i].delay_ms);
		if (trend_reuse(&limits, &s) != cases[i].reuse)
			fail_msg("row %zu: %d", i, (int)trend_reuse(&limits, &s));
	}
}

/* The kernel refuses them: a recording that has one was made by hand. */
static void a_delay_that_the_kernel_refuses_is_not_believed(void **state)
{
	static const int64_t refused[] = { INT64_MIN, -1, 0, 60001, INT32_MAX, INT64_MAX };
	struct sock young = aged(979), old = aged(1021);

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		know(LIMIT_TW_REUSE_DELAY_MS, refused[i]);
		assert_int_equal(trend_reuse(&limits, &young), REUSE_NO);
		assert_int_equal(trend_reuse(&limits, &old), REUSE_YES);
		assert_int_equal(trend_frees_in_ms(&limits, &young), 41);
	}
}

static void a_port_is_promised_at_its_moment(void **state)
{
	static const struct { int64_t reuse, delay_ms, age_ms, frees_in_ms; } cases[] = {
		{ 1, 1000, 0, 1020 }, { 1, 1000, 1019, 1 }, { 1, 1000, 1020, 0 }, { 1, 1000, 1021, 0 },
		{ 1, 1000, 60000, 0 }, { 1, 1000, -1, 1020 }, { 1, 1000, -5000, 1020 },
		{ 1, 60000, 0, 60000 }, { 1, 59980, 0, 60000 }, { 1, 59979, 0, 59999 },
		{ 0, 1000, 0, 60000 }, { 0, 1000, 30000, 30000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sock s = aged(cases[i].age_ms);

		know(LIMIT_TW_REUSE, cases[i].reuse);
		know(LIMIT_TW_REUSE_DELAY_MS, cases[i].delay_ms);
		if (trend_frees_in_ms(&limits, &s) != cases[i].frees_in_ms)
			fail_msg("row %zu: %ld", i, (long)trend_frees_in_ms(&limits, &s));
	}
}

/* Ten seconds count, and none that is older. */
static void only_closes_of_the_last_seconds_count_for_the_rate(void **state)
{
	static const struct { int64_t age_ms; double rate; } cases[] = {
		{ 0, 2 }, { 9999, 2 }, { 10000, 1 }, { 60000, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trend trend = { .oldest_ms = 0 };

		add(&trend, 1, 60000, false);
		add(&trend, 10, 5000, false);
		add(&trend, 10, cases[i].age_ms, false);
		expect_near(trend_rate(&trend), cases[i].rate);
	}
}

static void a_short_time_gives_its_rate(void **state)
{
	static const struct { int64_t age_ms; double rate; } cases[] = {
		{ 0, 30 }, { 500, 30 }, { 1000, 30 }, { 1500, 20 },
		{ 9000, 30.0 / 9 }, { 9999, 30 / 9.999 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trend trend = { .oldest_ms = 0 };

		add(&trend, 30, cases[i].age_ms, false);
		expect_near(trend_rate(&trend), cases[i].rate);
	}
}

/* Within as many whole seconds as the delay has, for older ones may have been taken over. */
static void the_rate_looks_back_no_longer_than_ports_are_kept(void **state)
{
	static const struct { int64_t delay_ms; double rate; } cases[] = {
		{ 1, 1 }, { 999, 1 }, { 1000, 1 }, { 1001, 2 / 1.5 }, { 2000, 2 / 1.5 },
		{ 60000, 2 / 1.5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trend trend = { .oldest_ms = 0 };

		know(LIMIT_TW_REUSE_DELAY_MS, cases[i].delay_ms);
		add(&trend, 1, 0, true);
		add(&trend, 1, 1500, true);
		expect_near(trend_rate(&trend), cases[i].rate);
	}
}

/* Ten a second since one second: those ten come back in the 59th. */
static void the_last_port_goes_at_its_moment(void **state)
{
	static const struct { uint32_t left; bool ends; double in_s; } cases[] = {
		{ 0, true, 0 }, { 1, true, 0.1 }, { 10, true, 1 }, { 11, true, 1.1 },
		{ 579, true, 57.9 }, { 580, true, 58 }, { 581, true, 59.1 }, { 585, true, 59.5 },
		{ 590, true, 60 }, { 591, false, 0 }, { 65535, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trend trend = { .oldest_ms = 0 };
		double in_s = -1;

		add(&trend, 10, 1000, false);
		if (trend_exhausts(&trend, &limits, cases[i].left, &in_s) != cases[i].ends)
			fail_msg("%u left", cases[i].left);
		expect_near(in_s, cases[i].in_s);
	}
}

/* Two a second come, and the one whose time is over goes within the first second. */
static void the_oldest_comes_back_when_it_does(void **state)
{
	struct trend trend = { .oldest_ms = 0 };
	double in_s;

	(void)state;
	add(&trend, 1, 60000, false);
	add(&trend, 20, 5000, false);
	assert_true(trend_exhausts(&trend, &limits, 1, &in_s));
	expect_near(in_s, 1);
}

static void nothing_closes_and_ports_run_out_all_the_same(void **state)
{
	struct trend trend = { .oldest_ms = 0 };
	double in_s = -1;

	(void)state;
	add(&trend, 100, 30000, false);
	assert_false(trend_exhausts(&trend, &limits, 1, &in_s));
	assert_true(trend_exhausts(&trend, &limits, 0, &in_s));
	expect_near(in_s, 0);
}

/* Ten close each second and are kept for @delay_ms: so many seconds are looked ahead. */
static void ports_that_come_back_early_run_out_all_the_same(void **state)
{
	static const struct { int64_t delay_ms; uint32_t left; bool ends; double in_s; } cases[] = {
		{ 1, 9, true, 0.9 }, { 1, 10, true, 1 }, { 1, 11, false, 0 },
		{ 1000, 10, true, 1 }, { 1000, 11, false, 0 }, { 1001, 20, true, 2 },
		{ 1001, 21, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trend trend = { .whole_s = 0 };
		double in_s;

		know(LIMIT_TW_REUSE_DELAY_MS, cases[i].delay_ms);
		add(&trend, 1, 59000, true);
		trend.closed[0] = 10 * trend.whole_s;
		if (trend_exhausts(&trend, &limits, cases[i].left, &in_s) != cases[i].ends)
			fail_msg("row %zu: %f", i, in_s);
		expect_near(in_s, cases[i].in_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_time_wait_is_taken_over_at_the_right_moment, begin),
		cmocka_unit_test_setup(a_delay_that_the_kernel_refuses_is_not_believed, begin),
		cmocka_unit_test_setup(a_port_is_promised_at_its_moment, begin),
		cmocka_unit_test_setup(only_closes_of_the_last_seconds_count_for_the_rate, begin),
		cmocka_unit_test_setup(a_short_time_gives_its_rate, begin),
		cmocka_unit_test_setup(the_rate_looks_back_no_longer_than_ports_are_kept, begin),
		cmocka_unit_test_setup(the_last_port_goes_at_its_moment, begin),
		cmocka_unit_test_setup(the_oldest_comes_back_when_it_does, begin),
		cmocka_unit_test_setup(nothing_closes_and_ports_run_out_all_the_same, begin),
		cmocka_unit_test_setup(ports_that_come_back_early_run_out_all_the_same, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
