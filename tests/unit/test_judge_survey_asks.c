/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a check asks for, step by step: no more than can change a verdict, and by numbers
 * that the kernel counts, to the last socket.
 */
#include "test.h"
#include "look.h"

#include "model/need.h"

/* ---- whether steps are worth it ---- */

static void expect_all_apart(struct look *look)
{
	assert_int_equal(look->asked, 2);
	assert_int_equal(look->log[0].states, STATE_ALL & ~many);
	assert_int_equal(look->log[1].states, many);
	for (size_t i = 0; i < look->asked; i++) {
		assert_int_equal(look->log[i].use, SURVEY_KEEP);
		assert_int_equal(look->log[i].port_high, 0);
	}
	assert_int_equal(step(look), 0);
}

/* What one answer of the kernel holds is one question, and with 4,096 not all need be listed. */
static void what_is_asked_first_depends_on_how_many_are_in_the_two_states(void **state)
{
	enum how { AT_ONCE, APART, STEPS };
	static const struct { int64_t established, time_wait; enum how how; } cases[] = {
		{ 0, 0, AT_ONCE }, { 63, 0, AT_ONCE }, { 0, 63, AT_ONCE }, { 31, 32, AT_ONCE },
		{ 64, 0, APART }, { 32, 32, APART }, { 4095, 0, APART }, { 0, 4095, APART },
		{ 2095, 2000, APART },
		{ 4096, 0, STEPS }, { 0, 4096, STEPS }, { 2096, 2000, STEPS }, { 4097, 0, STEPS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		begin_look(&look, cases[i].established);
		count(&look.world, COUNTER_TW, cases[i].time_wait);
		step(&look);
		if (cases[i].how == STEPS) {
			assert_int_equal(look.log[0].states, STATE_ALL & ~many_and_bound);
		} else if (cases[i].how == APART) {
			expect_all_apart(&look);
		} else {
			assert_int_equal(look.log[0].states, STATE_ALL);
			assert_int_equal(step(&look), 0);
		}
		end_look(&look);
	}
}

/* As the kernel skips rows of a table in which many share a bucket. */
static void in_a_small_table_what_most_rules_are_about_is_asked_once(void **state)
{
	static const struct { int64_t established, entries; size_t times; } cases[] = {
		{ 5000, 64, 3 }, { 5000, 4096, 3 }, { 5000, 4097, 1 }, { 5000, -64, 3 },
		{ 5000, -4096, 3 }, { 5000, -262144, 1 },
		{ 64, 64, 3 }, { 64, 262144, 1 }, { 63, 64, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t rest = cases[i].established < 64 ? STATE_ALL :
				STATE_ALL & ~(cases[i].established < 4096 ? many : many_and_bound);
		struct look look;
		size_t times = 0;

		begin_world(&look);
		know(&look.world.limits.limit[LIMIT_EHASH_ENTRIES], cases[i].entries);
		begin_look(&look, cases[i].established);
		step(&look);
		for (size_t asked = 0; asked < look.asked; asked++)
			times += look.log[asked].use == SURVEY_KEEP && look.log[asked].states == rest;
		assert_int_equal(times, cases[i].times);
		end_look(&look);
	}
}

static void with_a_counter_that_is_not_told_everything_is_listed_at_once(void **state)
{
	static const enum counter counters[] = {
		COUNTER_CURR_ESTAB, COUNTER_TW, COUNTER_TCP_INUSE,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		struct look look;

		begin_world(&look);
		begin_look(&look, 5000);
		count(&look.world, COUNTER_TW, 5000);
		look.world.limits.counter[counters[i]] = (struct known){ .is = false };
		assert_int_equal(step(&look), 1);
		assert_int_equal(look.log[0].states, STATE_ALL);
		assert_int_equal(step(&look), 0);
		end_look(&look);
	}
}

/* ---- what is left out ---- */

static void put_a_healthy_load(struct look *look)
{
	for (uint16_t remote_port = 80; remote_port < 90; remote_port++) {
		put_clients(&look->world, STATE_ESTABLISHED, 0, 200, remote_port);
		put_clients(&look->world, STATE_TIME_WAIT, 300, 100, remote_port);
	}
	put_client(&look->world, STATE_CLOSE_WAIT, 50000, 80)->recv_queue = 10;
}

static void a_healthy_busy_machine_keeps_no_row_of_the_two_states(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	put_a_healthy_load(&look);
	begin_look(&look, 5000);
	look_to_the_end(&look);
	assert_int_equal(look.seen.socks.count, 2);
	assert_int_equal(rows_in(&look, STATE_CLOSE_WAIT), 1);
	assert_int_equal(look.asked, 2);
	assert_int_equal(look.log[0].use, SURVEY_KEEP);
	assert_int_equal(look.log[0].states, STATE_ALL & ~many_and_bound);
	assert_int_equal(look.log[1].use, SURVEY_PORTS);
	assert_int_equal(look.log[1].states, many);
	assert_int_equal(look.log[1].port_low, LOW);
	assert_int_equal(look.log[1].port_high, LOW + RANGE - 1);
	for (size_t i = 0; i < look.asked; i++)
		assert_int_equal(look.log[i].need, NEED_FLOW);
	assert_int_equal(look.report.summary.count[STATE_ESTABLISHED], 7000);
	assert_int_equal(look.report.summary.count[STATE_TIME_WAIT], 1000);
	end_look(&look);
}

/* Fewer sockets than a rule has to see, in no table, are none that it could find. */
static void sockets_that_are_only_bound_are_listed_when_they_may_be_a_finding(void **state)
{
	static const struct { const char *spec; int64_t surplus, ipv6; bool listed; } cases[] = {
		{ NULL, 99, 0, false }, { NULL, 100, 0, true }, { NULL, 101, 0, true },
		{ "bound-unused=0,count=5", 4, 0, false }, { "bound-unused=0,count=5", 5, 0, true },
		{ NULL, 99, 700, false }, { NULL, 100, 700, true }, { NULL, -5000, 0, false },
		{ "bound-unused=0,count=0", 0, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		set_both(&look, cases[i].spec);
		begin_look(&look, 5000);
		count(&look.world, COUNTER_TCP_INUSE, -cases[i].ipv6);
		count(&look.world, COUNTER_TCP6_INUSE, cases[i].ipv6);
		count(&look.world, COUNTER_ALLOC, cases[i].surplus);
		step(&look);
		assert_int_equal((look.log[0].states & STATE_BIT(STATE_BOUND)) != 0,
				 cases[i].listed);
		end_look(&look);
	}
}

static void where_nobody_counts_what_is_allocated_bound_sockets_are_listed(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	begin_look(&look, 5000);
	look.world.limits.counter[COUNTER_ALLOC] = (struct known){ .is = false };
	look_to_the_end(&look);
	assert_int_equal(look.log[0].states, STATE_ALL & ~many);
	assert_int_equal(look.report.summary.source[STATE_BOUND], COUNT_ROWS);
	end_look(&look);
}

/* A program short of descriptors is told how many are sockets; for that no tcp_info is needed. */
static void for_a_program_short_of_descriptors_sockets_are_counted_and_not_kept(void **state)
{
	struct look look;
	struct process_files *files;
	uint32_t index;

	(void)state;
	begin_world(&look);
	put_a_healthy_load(&look);
	begin_look(&look, 5000);
	index = snapshot_process(&look.seen, 77);
	files = snapshot_process_files(&look.seen, index);
	know(&files->open, 950);
	know(&files->limit, 1000);
	look_to_the_end(&look);
	assert_int_equal(look.asked, 3);
	assert_int_equal(look.log[0].states, STATE_ALL & ~many);
	assert_int_equal(look.log[2].use, SURVEY_INODES);
	assert_int_equal(look.log[2].states, STATE_BIT(STATE_ESTABLISHED));
	assert_int_equal(look.log[2].need, 0);
	assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 0);
	end_look(&look);
}

/* ---- whether counters are to be believed ---- */

/* Rows of each kind: some are in the tables that one counter is about, some in none. */
static void put_some_of_each(struct world *world)
{
	for (unsigned i = 0; i < 3; i++)
		put(world, STATE_LISTEN, 100 + i);
	for (unsigned i = 0; i < 5; i++) {
		put_client(world, STATE_CLOSE_WAIT, 1000 + i, 80);
		put_client(world, STATE_SYN_SENT, 2000 + i, 80);
		put_client(world, STATE_FIN_WAIT_2, 3000 + i, 80)->timer = TIMER_TIME_WAIT;
		put_client(world, STATE_SYN_RECV, 22, 80);
	}
}

/* Each lags behind the other one for a moment; 64 and a 64th of all may be under way. */
static void counters_that_differ_by_what_is_under_way_are_believed_and_by_more_not(void **state)
{
	/* behind the last row lies in turn what each of the counts is about */
	static const struct { int64_t apart; size_t behind; bool believed; } cases[] = {
		{ 0, 0, true }, { 163, 4, true }, { 164, 6, true }, { 165, 0, false },
		{ 0, 4, true }, { -163, 6, true }, { -164, 0, true }, { -165, 4, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		put_some_of_each(&look.world);
		look.world.behind = look.world.socks.at[cases[i].behind];
		begin_look(&look, 6400);
		count(&look.world, COUNTER_TW, 100);
		count(&look.world, COUNTER_TCP_INUSE, cases[i].apart);
		count(&look.world, COUNTER_ALLOC, cases[i].apart);
		look_to_the_end(&look);
		if (cases[i].believed) {
			assert_int_equal(look.report.summary.source[STATE_ESTABLISHED],
					 COUNT_BY_KERNEL);
			assert_int_equal(look.report.summary.count[STATE_ESTABLISHED], 6400);
			assert_int_equal(look.report.summary.source[STATE_TIME_WAIT],
					 COUNT_BY_KERNEL);
			assert_int_equal(look.report.summary.count[STATE_TIME_WAIT], 100);
		} else {
			assert_int_equal(look.report.summary.source[STATE_ESTABLISHED], COUNT_ROWS);
			assert_int_equal(look.log[look.asked - 1].use, SURVEY_KEEP);
			assert_int_equal(look.log[look.asked - 1].states, many_and_bound);
		}
		end_look(&look);
	}
}

static void connections_of_ipv6_are_counted_too(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	begin_look(&look, 6000);
	count(&look.world, COUNTER_TCP_INUSE, -2500);
	count(&look.world, COUNTER_TCP6_INUSE, 2500);
	look_to_the_end(&look);
	assert_int_equal(look.report.summary.source[STATE_ESTABLISHED], COUNT_BY_KERNEL);
	assert_int_equal(look.report.summary.count[STATE_ESTABLISHED], 6000);
	end_look(&look);
}

/* A counter that is kept for each processor and added up can be a little below. */
static void a_counter_below_0_counts_as_none(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	begin_look(&look, 5000);
	know(&look.world.limits.counter[COUNTER_TW], -1);
	know(&look.world.limits.counter[COUNTER_TCP6_INUSE], -1);
	look_to_the_end(&look);
	assert_int_equal(look.report.summary.source[STATE_TIME_WAIT], COUNT_BY_KERNEL);
	assert_int_equal(look.report.summary.count[STATE_TIME_WAIT], 0);
	assert_int_equal(look.report.summary.count[STATE_ESTABLISHED], 5000);
	end_look(&look);
}

/* ---- who waits for accept() ---- */

static void put_waiting(struct world *world, unsigned port, unsigned waiting)
{
	put(world, STATE_LISTEN, port)->recv_queue = waiting;
	for (unsigned i = 0; i < waiting + 2; i++) {
		struct sock *s = put_client(world, STATE_ESTABLISHED, port, (uint16_t)(20000 + i));

		s->flow.bytes_acked = 0;
		if (i < waiting)
			s->inode = 0;
	}
}

static void nobody_is_asked_for_who_waits_where_nobody_waits(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	put_client(&look.world, STATE_CLOSE_WAIT, 1000, 80)->recv_queue = 10;
	begin_look(&look, 5000);
	look.world.behind = look.world.socks.at[0];
	look.world.behind.recv_queue = 3;
	look_to_the_end(&look);
	assert_int_equal(asked_for(&look, SURVEY_QUEUES), 0);
	assert_int_equal(asked_for(&look, SURVEY_WAITING), 0);
	end_look(&look);
}

/* Each of four has a question of its own, further ones share the last. */
static void only_the_queues_in_which_somebody_waits_are_looked_into(void **state)
{
	static const uint16_t ports[] = { 1, 80, 443, 8080, 9000, 65535 };
	static const struct { size_t queues, windows; uint16_t last_low, last_high; } cases[] = {
		{ 1, 1, 1, 1 }, { 4, 4, 8080, 8080 }, { 5, 4, 8080, 9000 }, { 6, 4, 8080, 65535 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct survey_ask *asks;
		struct look look;

		begin_world(&look);
		for (size_t k = 0; k < cases[i].queues; k++)
			put_waiting(&look.world, ports[k], 3);
		put_waiting(&look.world, 8500, 0);
		put(&look.world, STATE_ESTABLISHED, 8500)->inode = 0;   /* accepted in a moment */
		begin_look(&look, 5000);
		step(&look);
		assert_int_equal(step(&look), 1);
		assert_int_equal(look.log[look.asked - 1].use, SURVEY_QUEUES);
		assert_int_equal(look.log[look.asked - 1].states, STATE_BIT(STATE_LISTEN));
		assert_int_equal(look.log[look.asked - 1].need, 0);
		assert_int_equal(look.log[look.asked - 1].port_high, 0);
		assert_int_equal(step(&look), cases[i].windows);
		asks = &look.log[look.asked - cases[i].windows];
		for (size_t k = 0; k < cases[i].windows; k++) {
			bool last = k == cases[i].windows - 1;

			assert_int_equal(asks[k].use, SURVEY_WAITING);
			assert_int_equal(asks[k].states, STATE_BIT(STATE_ESTABLISHED));
			assert_int_equal(asks[k].need, NEED_FLOW);
			assert_int_equal(asks[k].port_low, last ? cases[i].last_low : ports[k]);
			assert_int_equal(asks[k].port_high, last ? cases[i].last_high : ports[k]);
		}
		assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 3 * cases[i].queues);
		assert_int_equal(step(&look), 0);
		end_look(&look);
	}
}

static void a_queue_that_was_empty_a_moment_later_is_not_looked_into(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	put_waiting(&look.world, 80, 3);
	put_waiting(&look.world, 443, 3);
	put_waiting(&look.world, 8080, 0);
	begin_look(&look, 5000);
	step(&look);
	/* 80 has been emptied, and at 8080 somebody has just come */
	for (size_t i = 0; i < look.world.socks.count; i++) {
		struct sock *s = &look.world.socks.at[i];

		if (s->state == STATE_LISTEN)
			s->recv_queue = s->local_port == 80 ? 0 : 3;
	}
	step(&look);
	assert_int_equal(step(&look), 1);
	assert_int_equal(look.log[look.asked - 1].port_low, 443);
	assert_int_equal(look.log[look.asked - 1].port_high, 443);
	assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 3);
	end_look(&look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_first_depends_on_how_many_are_in_the_two_states),
		cmocka_unit_test(in_a_small_table_what_most_rules_are_about_is_asked_once),
		cmocka_unit_test(with_a_counter_that_is_not_told_everything_is_listed_at_once),
		cmocka_unit_test(a_healthy_busy_machine_keeps_no_row_of_the_two_states),
		cmocka_unit_test(sockets_that_are_only_bound_are_listed_when_they_may_be_a_finding),
		cmocka_unit_test(where_nobody_counts_what_is_allocated_bound_sockets_are_listed),
		cmocka_unit_test(for_a_program_short_of_descriptors_sockets_are_counted_and_not_kept),
		cmocka_unit_test(counters_that_differ_by_what_is_under_way_are_believed_and_by_more_not),
		cmocka_unit_test(connections_of_ipv6_are_counted_too),
		cmocka_unit_test(a_counter_below_0_counts_as_none),
		cmocka_unit_test(nobody_is_asked_for_who_waits_where_nobody_waits),
		cmocka_unit_test(only_the_queues_in_which_somebody_waits_are_looked_into),
		cmocka_unit_test(a_queue_that_was_empty_a_moment_later_is_not_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
