/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a check asks for: every socket once, in its shortest form, and more of those only that
 * a rule picks.
 */
#include "test.h"
#include "look.h"

/* ---- the first listing ---- */

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
	begin_look(&look);
	look_to_the_end(&look);
	assert_int_equal(look.seen.socks.count, 2);
	assert_int_equal(rows_in(&look, STATE_CLOSE_WAIT), 1);
	assert_int_equal(look.asked, 2);
	assert_int_equal(look.log[0].states, STATE_ALL);
	assert_int_equal(look.log[0].need, 0);
	assert_int_equal(look.log[0].port_high, 0);
	assert_false(look.log[0].again);
	assert_int_equal(look.log[1].count, 1);
	assert_int_equal(look.log[1].need, NEED_FLOW);
	assert_int_equal(look.report.summary.count[STATE_ESTABLISHED], 2000);
	assert_int_equal(look.report.summary.count[STATE_TIME_WAIT], 1000);
	assert_int_equal(look.report.summary.total, 3002);
	end_look(&look);
}

static void an_empty_machine_is_asked_once(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	look.world.socks.count = 0;
	begin_look(&look);
	look_to_the_end(&look);
	assert_int_equal(look.asked, 1);
	assert_int_equal(look.report.summary.total, 0);
	end_look(&look);
}

/* As the kernel skips rows of a table in which many share a bucket. */
static void in_a_small_table_what_most_rules_are_about_is_asked_for_three_times_more(void **state)
{
	static const struct { unsigned established; int64_t entries; size_t times; } cases[] = {
		{ 64, 64, 3 }, { 64, 4096, 3 }, { 64, 4097, 0 }, { 64, -64, 3 }, { 64, -4096, 3 },
		{ 64, -262144, 0 }, { 63, 64, 0 }, { 900, 64, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		put_clients(&look.world, STATE_ESTABLISHED, 0, cases[i].established / 2, 80);
		put_clients(&look.world, STATE_ESTABLISHED, 0, (cases[i].established + 1) / 2, 81);
		know(&look.world.limits.limit[LIMIT_EHASH_ENTRIES], cases[i].entries);
		begin_look(&look);
		look_to_the_end(&look);
		assert_int_equal(look.asked, 1 + cases[i].times);
		for (size_t asked = 1; asked < look.asked; asked++) {
			assert_int_equal(look.log[asked].states, STATE_ALL & ~many);
			assert_false(look.log[asked].again);
		}
		assert_int_equal(look.seen.socks.count, 1);
		end_look(&look);
	}
}

/* Among many sockets, when counters prove that the rule about them cannot speak. */
static void few_sockets_that_are_only_bound_are_left_out_among_many(void **state)
{
	static const struct {
		const char *spec;
		unsigned connections, bound, others;
		bool knows, asks;
	} cases[] = {
		{ NULL, 4095, 0, 0, true, false }, { NULL, 4094, 0, 0, true, true },
		{ NULL, 4095, 49, 0, true, false }, { NULL, 4095, 50, 0, true, true },
		{ NULL, 4095, 0, 49, true, false }, { NULL, 4095, 30, 20, true, true },
		{ NULL, 4095, 0, 0, false, true },
		{ "bound-unused=0,count=21", 4095, 9, 0, true, false },
		{ "bound-unused=0,count=21", 4095, 10, 0, true, true },
		{ "bound-unused=0,count=1", 4095, 0, 0, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		for (unsigned k = 0; k < cases[i].connections; k++)
			put_client(&look.world, STATE_ESTABLISHED, 30000, (uint16_t)(1 + k));
		for (unsigned k = 0; k < cases[i].bound; k++)
			put(&look.world, STATE_BOUND, 20000 + k);
		set_both(&look, cases[i].spec);
		begin_look(&look);
		count(&look.world, COUNTER_SOCKETS, 7 + cases[i].others);
		count(&look.world, COUNTER_UNIX_INUSE, 4);
		count(&look.world, COUNTER_UNIX_STREAM_INUSE, 3);
		look.world.limits.counter[COUNTER_SOCKETS].is = cases[i].knows;
		look_to_the_end(&look);
		assert_int_equal(look.asked, 1);
		assert_int_equal((look.log[0].states & STATE_BIT(STATE_BOUND)) != 0, cases[i].asks);
		assert_int_equal(look.report.summary.count[STATE_BOUND],
				 cases[i].asks ? cases[i].bound : 0);
		assert_int_equal(look.report.summary.untold[STATE_BOUND], !cases[i].asks &&
				 cases[i].bound + cases[i].others > 0);
		end_look(&look);
	}
}

/* Each of them may have taken a port from every destination. */
static void those_that_are_left_out_count_as_lost_ports(void **state)
{
	static const struct { unsigned used, bound; bool asks; } cases[] = {
		{ 760, 39, false }, { 760, 40, true }, { 799, 0, false }, { 800, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		put_clients(&look.world, STATE_ESTABLISHED, 0, cases[i].used, 80);
		for (unsigned k = 0; k < 4096; k++)
			put_client(&look.world, STATE_ESTABLISHED, 30000, (uint16_t)(1 + k));
		for (unsigned k = 0; k < cases[i].bound; k++)
			put(&look.world, STATE_BOUND, LOW + 900 + k);
		set_both(&look, "connect-search-cliff=100");
		begin_look(&look);
		look_to_the_end(&look);
		assert_false(look.log[0].states & STATE_BIT(STATE_BOUND));
		assert_int_equal(asked_for_range(&look), cases[i].asks);
		assert_int_equal(finds(&look.report, "port-exhaustion"), cases[i].asks);
		end_look(&look);
	}
}

/* ---- what is picked ---- */

static void put_waiting(struct world *world, unsigned port, unsigned waiting)
{
	put(world, STATE_LISTEN, port)->recv_queue = waiting;
	for (unsigned i = 0; i < waiting + 2; i++) {
		struct sock *s = put_client(world, STATE_ESTABLISHED, port, (uint16_t)(20000 + i));

		s->flow.bytes_acked = 0;
		s->flow.last_data_recv_ms = 120000;
		if (i < waiting)
			s->inode = 0;
	}
}

/* From an eighth of all on, and from more than one message of questions, it is a listing. */
static void those_that_nobody_accepted_are_asked_for_one_by_one_while_they_are_few(void **state)
{
	static const struct { unsigned waiting, others; bool listed; } cases[] = {
		{ 1, 0, false }, { 32, 0, false }, { 33, 0, true }, { 33, 264 - 33 - 5, true },
		{ 33, 264 - 33 - 4, false }, { 100, 800, false }, { 100, 600, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct suspects_ask *last;
		struct look look;

		begin_world(&look);
		put_waiting(&look.world, 8080, cases[i].waiting);
		for (unsigned k = 0; k < cases[i].others; k++)
			put_client(&look.world, STATE_ESTABLISHED, 30000, (uint16_t)(1 + k));
		begin_look(&look);
		look_to_the_end(&look);
		assert_int_equal(look.asked, 2);
		last = &look.log[1];
		assert_int_equal(last->indices == NULL, cases[i].listed);
		assert_int_equal(last->need, NEED_FLOW);
		if (cases[i].listed) {
			assert_int_equal(last->states, STATE_BIT(STATE_ESTABLISHED));
			assert_int_equal(last->port_low, 8080);
			assert_int_equal(last->port_high, 8080);
			assert_true(last->again);
		} else {
			assert_int_equal(last->count, cases[i].waiting);
		}
		assert_int_equal(rows_in(&look, STATE_ESTABLISHED), cases[i].waiting);
		assert_true(finds(&look.report, "accept-stalled"));
		end_look(&look);
	}
}

static void a_listing_of_many_covers_their_states_and_ports(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	put_waiting(&look.world, 8080, 20);
	for (unsigned i = 0; i < 20; i++) {
		put_client(&look.world, STATE_CLOSE_WAIT, 9000 + i, 80);
		put_client(&look.world, STATE_SYN_SENT, 7000 + i, 80);
	}
	begin_look(&look);
	look_to_the_end(&look);
	assert_int_equal(look.asked, 2);
	assert_int_equal(look.log[1].states, STATE_BIT(STATE_ESTABLISHED) |
			 STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_SYN_SENT));
	assert_int_equal(look.log[1].port_low, 7000);
	assert_int_equal(look.log[1].port_high, 9019);
	end_look(&look);
}

/* One was accepted, one has ended; neither is asked for once more, and neither accuses. */
static void what_moved_on_before_it_was_asked_for_again_is_as_it_was_seen_last(void **state)
{
	struct look look;
	struct sock *first;

	(void)state;
	begin_world(&look);
	set_both(&look, "accept-stalled=1,count=1");
	put_waiting(&look.world, 8080, 2);
	begin_look(&look);
	assert_true(step(&look));
	first = &look.world.socks.at[2];
	first[0].inode = 4711;
	first[1].state = STATE_NONE;
	look_to_the_end(&look);
	assert_int_equal(look.asked, 2);
	assert_int_equal(look.report.findings.count, 0);
	assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 2);
	assert_int_equal(look.report.summary.count[STATE_ESTABLISHED], 4);
	end_look(&look);
}

static const struct finding *only_finding(const struct look *look, const char *id)
{
	assert_int_equal(look->report.findings.count, 1);
	assert_string_equal(look->report.findings.at[0].id, id);
	return &look->report.findings.at[0];
}

/* A file that is still open and what its connection left behind: two rows of one cookie. */
static void a_closed_socket_and_its_minisock_stay_two(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	set_both(&look, "connect-search-cliff=1000");
	put_clients(&look.world, STATE_ESTABLISHED, 0, 800, 80);
	put(&look.world, STATE_BOUND, LOW + 900);
	put_client(&look.world, STATE_TIME_WAIT, LOW + 900, 80);
	begin_look(&look);
	assert_true(step(&look));
	look.world.socks.at[802].cookie = look.world.socks.at[801].cookie;
	look_to_the_end(&look);
	only_finding(&look, "port-exhaustion");
	assert_int_equal(rows_in(&look, STATE_BOUND), 1);
	assert_int_equal(rows_in(&look, STATE_TIME_WAIT), 1);
	end_look(&look);
}

static void tell_without_cookies(struct look *look)
{
	for (size_t i = 0; i < look->world.socks.count; i++) {
		struct sock told = look->world.socks.at[i];

		told.cookie = UINT64_MAX;
		suspects_take(look->suspects, &told);
	}
}

/* They are known by nothing when they come again; so they need not come. */
static void rows_without_a_cookie_are_all_kept_and_not_asked_for_again(void **state)
{
	struct suspects_ask ask;
	struct look look;

	(void)state;
	begin_world(&look);
	set_both(&look, "connect-search-cliff=1000");
	put_clients(&look.world, STATE_ESTABLISHED, 0, 900, 80);
	put_waiting(&look.world, 8080, 3);
	for (size_t i = 0; i < look.world.socks.count; i++)
		look.world.socks.at[i].have = 0;
	begin_look(&look);
	look.seen.limits = look.world.limits;
	look.suspects = suspects_new(&look.seen, look.thresholds);
	assert_true(suspects_next(look.suspects, &ask));
	tell_without_cookies(&look);
	/* the range is listed for those that may have one, and nothing else is asked */
	assert_true(suspects_next(look.suspects, &ask));
	assert_int_equal(ask.port_low, LOW);
	tell_without_cookies(&look);
	assert_false(suspects_next(look.suspects, &ask));
	assert_int_equal(look.seen.socks.count, look.world.socks.count);
	judge(&look.seen, look.thresholds, &look.report);
	assert_true(finds(&look.report, "port-exhaustion"));
	end_look(&look);
}

/* ---- what is only counted ---- */

/* A program short of descriptors is told how many are sockets; one that is looked into is not. */
static void for_a_program_short_of_descriptors_sockets_are_counted_and_not_kept(void **state)
{
	static const struct { int64_t open, unlisted, here; bool noted; } cases[] = {
		{ 100, 49, 49, false }, { 950, 49, 49, true }, { 100, 50, 50, false },
	};
	struct process_files *files;
	struct look look;
	uint32_t index;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin_world(&look);
		put_a_healthy_load(&look);
		begin_look(&look);
		index = snapshot_process(&look.seen, 77);
		files = snapshot_process_files(&look.seen, index);
		know(&files->open, cases[i].open);
		know(&files->limit, 1000);
		look.seen.tcp_unlisted = (struct known){ true, cases[i].unlisted };
		count(&look.world, COUNTER_SOCKETS, cases[i].here);
		look_to_the_end(&look);
		assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 0);
		assert_int_equal(ids_has(&look.seen.folded->inodes, look.world.socks.at[5].inode),
				 cases[i].noted);
		end_look(&look);
	}
}

/* Near the limit, over it once, or where nobody counts them: they are what is shown. */
static void time_wait_is_kept_where_its_table_is_near_its_limit(void **state)
{
	static const struct { int64_t most; bool knows, overflowed, kept; } cases[] = {
		{ 2000, true, false, false }, { 1000, true, false, true },
		{ 1250, true, false, true }, { 1251, true, false, false },
		{ 2000, false, false, true }, { 0, true, true, true }, { 0, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		put_a_healthy_load(&look);
		know(&look.world.limits.limit[LIMIT_MAX_TW_BUCKETS], cases[i].most);
		begin_look(&look);
		know(&look.world.limits.counter[COUNTER_TIME_WAIT_OVERFLOW], cases[i].overflowed);
		look.world.limits.counter[COUNTER_TW].is = cases[i].knows;
		look_to_the_end(&look);
		assert_int_equal(rows_in(&look, STATE_TIME_WAIT), cases[i].kept ? 1000 : 0);
		assert_int_equal(look.report.summary.count[STATE_TIME_WAIT], 1000);
		end_look(&look);
	}
}

/* Of three whose bytes lie for long, one is read a moment later; the young one is not asked about. */
static void what_is_read_between_two_looks_accuses_nobody(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	set(&look, "not-reading=60,count=1", false);
	put_clients(&look.world, STATE_ESTABLISHED, 0, 4, 80);
	for (size_t i = 1; i < 5; i++) {
		look.world.socks.at[i].recv_queue = 5000;
		look.world.socks.at[i].flow.last_data_recv_ms = i < 4 ? 60000 : 59999;
	}
	begin_look(&look);
	assert_true(step(&look));
	assert_true(step(&look));
	look.world.socks.at[1].recv_queue = 4999;
	look.world.socks.at[2].flow.bytes_received = 1;
	look_to_the_end(&look);
	assert_int_equal(look.asked, 3);
	assert_int_equal(look.log[2].count, 3);
	assert_int_equal(look.log[2].pause_ms, 250);
	assert_int_equal(only_finding(&look, "not-reading")->count, 1);
	end_look(&look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_busy_machine_keeps_no_row_of_the_two_states),
		cmocka_unit_test(an_empty_machine_is_asked_once),
		cmocka_unit_test(
			in_a_small_table_what_most_rules_are_about_is_asked_for_three_times_more),
		cmocka_unit_test(few_sockets_that_are_only_bound_are_left_out_among_many),
		cmocka_unit_test(those_that_are_left_out_count_as_lost_ports),
		cmocka_unit_test(
			those_that_nobody_accepted_are_asked_for_one_by_one_while_they_are_few),
		cmocka_unit_test(a_listing_of_many_covers_their_states_and_ports),
		cmocka_unit_test(what_moved_on_before_it_was_asked_for_again_is_as_it_was_seen_last),
		cmocka_unit_test(a_closed_socket_and_its_minisock_stay_two),
		cmocka_unit_test(rows_without_a_cookie_are_all_kept_and_not_asked_for_again),
		cmocka_unit_test(
			for_a_program_short_of_descriptors_sockets_are_counted_and_not_kept),
		cmocka_unit_test(what_is_read_between_two_looks_accuses_nobody),
		cmocka_unit_test(time_wait_is_kept_where_its_table_is_near_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
