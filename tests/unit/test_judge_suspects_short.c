/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which destinations are looked at because they may be short of ports: at the very socket
 * from which a rule speaks, and no destination beside them.
 */
#include "test.h"
#include "look.h"

enum { NEARLY_ALL = 900 };

static void look_through(struct look *look)
{
	begin_look(look);
	look_to_the_end(look);
}

static const struct finding *finding(const struct look *look, const char *id)
{
	for (size_t i = 0; i < look->report.findings.count; i++)
		if (strcmp(look->report.findings.at[i].id, id) == 0)
			return &look->report.findings.at[i];
	return NULL;
}

/* ---- from which socket on ---- */

struct edge {
	const char *spec, *other;       /* thresholds, of which the second one is out of the way */
	const char *finding;
	unsigned used;                  /* of 1,000: with one fewer nothing is asked */
};

static const struct edge edges[] = {
	{ "port-exhaustion=80", "connect-search-cliff=1000", "port-exhaustion", 800 },
	{ "port-exhaustion=100", "connect-search-cliff=1000", "port-exhaustion", 1000 },
	{ "port-exhaustion=1", "connect-search-cliff=1000", "port-exhaustion", 10 },
	{ "connect-search-cliff=50", "port-exhaustion=1000", "connect-search-cliff", 501 },
	{ "connect-search-cliff=99", "port-exhaustion=1000", "connect-search-cliff", 991 },
};

static void rows_are_kept_from_the_socket_on_that_makes_a_destination_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(edges) / sizeof(*edges); i++) {
		const struct edge *edge = &edges[i / 2];
		unsigned used = edge->used - i % 2;
		struct look look;

		begin_world(&look);
		set_both(&look, edge->spec);
		set_both(&look, edge->other);
		put_clients(&look.world, STATE_ESTABLISHED, 0, used, 80);
		look_through(&look);
		assert_int_equal(asked_for_range(&look), i % 2 == 0);
		assert_int_equal(rows_in(&look, STATE_ESTABLISHED), i % 2 ? 0 : used);
		assert_int_equal(finds(&look.report, edge->finding), i % 2 == 0);
		end_look(&look);
	}
}

/* The lower of the two, whichever that is. */
static void a_critical_threshold_below_the_warning_is_looked_for_as_well(void **state)
{
	(void)state;
	for (int crit_first = 0; crit_first < 2; crit_first++) {
		struct look look;

		begin_world(&look);
		set(&look, "connect-search-cliff=1000", false);
		set(&look, "port-exhaustion=70", crit_first);
		set(&look, "port-exhaustion=90", !crit_first);
		put_clients(&look.world, STATE_ESTABLISHED, 0, 700, 80);
		put_clients(&look.world, STATE_ESTABLISHED, 0, 699, 81);
		look_through(&look);
		assert_non_null(finding(&look, "port-exhaustion"));
		assert_int_equal(look.report.worst,
				 crit_first ? SEVERITY_CRITICAL : SEVERITY_WARNING);
		assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 700);
		end_look(&look);
	}
}

/* The first row counts, and what lies behind the last one does not. */
static void sockets_that_are_rows_already_take_ports_of_their_destination_too(void **state)
{
	(void)state;
	for (unsigned missing = 0; missing < 2; missing++) {
		struct look look;

		begin_world(&look);
		look.world.socks.count = 0;
		set_both(&look, "connect-search-cliff=1000");
		put_clients(&look.world, STATE_CLOSE_WAIT, 0, 400 - missing, 80);
		put_clients(&look.world, STATE_ESTABLISHED, 500, 400, 80);
		look.world.behind = look.world.socks.at[0];
		look_through(&look);
		assert_int_equal(asked_for_range(&look), !missing);
		assert_int_equal(finds(&look.report, "port-exhaustion"), !missing);
		end_look(&look);
	}
}

static void without_a_range_of_ports_nobody_is_asked_who_takes_them(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct look look;

		begin_world(&look);
		if (i == 0)
			look.world.limits.limit[LIMIT_PORT_LOW].is = false;
		else if (i == 1)
			look.world.limits.reserved_known = false;
		else
			limits_reserve(&look.world.limits, "40000-40999");
		put_clients(&look.world, STATE_ESTABLISHED, 0, NEARLY_ALL, 80);
		set_both(&look, "port-exhaustion=0");
		look_through(&look);
		assert_int_equal(look.asked, 1);
		assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 0);
		end_look(&look);
	}
}

/* ---- which destinations ---- */

static void only_the_rows_of_destinations_that_are_short_are_kept(void **state)
{
	const struct finding *f;
	struct look look;

	(void)state;
	begin_world(&look);
	put_clients(&look.world, STATE_ESTABLISHED, 0, 600, 80);
	put_clients(&look.world, STATE_TIME_WAIT, 600, 300, 80);
	put_clients(&look.world, STATE_ESTABLISHED, 0, 300, 81);
	put_clients(&look.world, STATE_TIME_WAIT, 300, 100, 81);
	look_through(&look);
	assert_int_equal(look.asked, 2);
	assert_int_equal(look.log[1].states, STATE_ALL & ~STATE_BIT(STATE_SYN_RECV));
	assert_int_equal(look.log[1].need, NEED_FLOW);
	assert_int_equal(look.log[1].port_low, LOW);
	assert_int_equal(look.log[1].port_high, LOW + RANGE - 1);
	assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 600);
	assert_int_equal(rows_in(&look, STATE_TIME_WAIT), 300);
	f = finding(&look, "port-exhaustion");
	assert_non_null(f);
	assert_int_equal(f->count, 900);
	end_look(&look);
}

/* Which byte of one address is another one; 16: the port. */
static void make_different(struct sock *s, bool local, unsigned part)
{
	struct addr *addr = local ? &s->local : &s->remote;

	if (part < 16)
		addr->b[part] ^= 0x40;
	else
		s->remote_port ^= 0x40;
}

static void destinations_that_differ_in_anything_do_not_add_up(void **state)
{
	(void)state;
	for (unsigned part = 0; part < 2 * 17; part++) {
		struct look look;

		begin_world(&look);
		put_clients(&look.world, STATE_ESTABLISHED, 0, NEARLY_ALL, 80);
		for (size_t i = 0; i < NEARLY_ALL; i += 2)
			make_different(&look.world.socks.at[1 + i], part % 2, part / 2);
		look_through(&look);
		assert_int_equal(asked_for_range(&look), 0);
		assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 0);
		assert_int_equal(look.report.findings.count, 0);
		end_look(&look);
	}
}

static void destinations_that_differ_in_their_device_do_not_add_up(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	put_clients(&look.world, STATE_ESTABLISHED, 0, NEARLY_ALL, 80);
	for (size_t i = 0; i < NEARLY_ALL; i++)
		look.world.socks.at[1 + i].ifindex = 3 + i % 2;
	look_through(&look);
	assert_int_equal(asked_for_range(&look), 0);
	assert_int_equal(rows_in(&look, STATE_ESTABLISHED), 0);
	assert_int_equal(look.report.findings.count, 0);
	end_look(&look);
}

/* A connect() on a device finds its ports taken by sockets without one, too; not the other way. */
static void sockets_without_a_device_are_in_the_way_of_one_with_a_device(void **state)
{
	(void)state;
	for (unsigned device = 0; device < 2; device++) {
		struct look look;

		begin_world(&look);
		set_both(&look, "connect-search-cliff=1000");
		put_clients(&look.world, STATE_ESTABLISHED, 0, NEARLY_ALL, 80);
		for (size_t i = 0; i < NEARLY_ALL; i += 2)
			look.world.socks.at[1 + i].ifindex = 3 + device * (unsigned)(i % 4 / 2);
		look_through(&look);
		assert_int_equal(finds(&look.report, "port-exhaustion"), device == 0);
		end_look(&look);
	}
}

/* ---- ports lost to everybody ---- */

static void bound_sockets_and_listeners_take_ports_from_a_destination(void **state)
{
	static const struct { unsigned used, listeners, bound; bool is_short; } cases[] = {
		{ 750, 0, 50, true }, { 749, 0, 50, false }, { 750, 0, 49, false },
		{ 650, 0, 150, true }, { 649, 0, 150, false }, { 650, 0, 149, false },
		{ 650, 100, 50, true }, { 649, 100, 50, false }, { 650, 99, 50, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		set_both(&look, "connect-search-cliff=1000");
		put_clients(&look.world, STATE_ESTABLISHED, 0, cases[i].used, 80);
		for (unsigned k = 0; k < cases[i].listeners; k++)
			put(&look.world, STATE_LISTEN, LOW + RANGE - 1 - k);
		for (unsigned k = 0; k < cases[i].bound; k++)
			put(&look.world, STATE_BOUND, LOW + 800 + k);
		look_through(&look);
		assert_int_equal(asked_for_range(&look), cases[i].is_short);
		assert_int_equal(finds(&look.report, "port-exhaustion"), cases[i].is_short);
		end_look(&look);
	}
}

/* Only a range without one port that is left is told. */
static void begin_short_world(struct look *look)
{
	begin_world(look);
	set_both(look, "port-exhaustion=100");
	set_both(look, "connect-search-cliff=1000");
}

static void expect_short_of(const struct look *look, uint64_t count)
{
	const struct finding *f = finding(look, "port-exhaustion");

	assert_non_null(f);
	assert_int_equal(f->count, count);
}

/* Nobody can connect any more: the connections on the ports are what there is to be shown. */
static void a_range_lost_to_the_last_port_is_told_with_those_who_took_it(void **state)
{
	struct look look;

	(void)state;
	begin_short_world(&look);
	put_clients(&look.world, STATE_ESTABLISHED, 0, RANGE, 80);
	for (size_t i = 1; i <= RANGE; i++)
		look.world.socks.at[i].flow.bytes_acked = 0;    /* the peer called connect() */
	look_through(&look);
	expect_short_of(&look, RANGE);
	end_look(&look);
}

/* So few that they are no finding of their own, and all the same the whole range. */
static void a_small_range_that_idle_sockets_took_is_told(void **state)
{
	struct look look;

	(void)state;
	begin_short_world(&look);
	know(&look.world.limits.limit[LIMIT_PORT_HIGH], LOW + 49);
	for (unsigned i = 0; i < 50; i++)
		put(&look.world, STATE_BOUND, LOW + i);
	look_through(&look);
	expect_short_of(&look, 50);
	end_look(&look);
}

/* Each destination has a third of the range, and nearly every port is in use for some. */
static void a_busy_proxy_is_not_listed_again(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	for (uint16_t backend = 0; backend < 50; backend++)
		put_clients(&look.world, STATE_ESTABLISHED, backend * 13 % 650, 350, 8000 + backend);
	look_through(&look);
	assert_int_equal(look.asked, 1);
	assert_int_equal(look.seen.socks.count, 1);
	assert_int_equal(look.report.findings.count, 0);
	end_look(&look);
}

/* From eight on they are taken for connections to a service. */
static void ports_of_listeners_that_are_gone_are_lost(void **state)
{
	static const struct { unsigned used, lost, each; bool asked, is_short; } cases[] = {
		{ 400, 400, 1, true, true }, { 400, 399, 1, false, false },
		{ 399, 400, 1, false, false }, { 400, 406, 7, true, true },
		{ 400, 400, 8, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct look look;

		begin_world(&look);
		set_both(&look, "connect-search-cliff=1000");
		put_clients(&look.world, STATE_ESTABLISHED, 0, cases[i].used, 80);
		put_accepted(&look.world, 500, cases[i].lost, cases[i].each);
		look_through(&look);
		assert_int_equal(asked_for_range(&look), cases[i].asked);
		assert_int_equal(finds(&look.report, "port-exhaustion"), cases[i].is_short);
		end_look(&look);
	}
}

/* Two thousand clients of one listener that is gone, or still there, take its port only. */
static void the_lost_ports_are_no_more_than_ports_with_a_connection(void **state)
{
	(void)state;
	for (unsigned listens = 0; listens < 2; listens++) {
		struct look look;

		begin_world(&look);
		put_clients(&look.world, STATE_ESTABLISHED, 0, 400, 80);
		if (listens)
			put(&look.world, STATE_LISTEN, LOW + 900);
		for (unsigned i = 0; i < 2000; i++)
			put_client(&look.world, STATE_ESTABLISHED, LOW + 900,
				   (uint16_t)(20000 + i))->flow.bytes_acked = 0;
		look_through(&look);
		assert_int_equal(look.asked, 1);
		end_look(&look);
	}
}

/* Our FIN, acknowledged, takes a number of its own. */
static void move(struct sock *s, enum state state)
{
	s->state = state;
	s->flow.bytes_acked += state == STATE_LAST_ACK;
}

/* Kept from the first listing because of its state, and in another one in the second. */
static void a_socket_that_moved_on_between_two_listings_is_one(void **state)
{
	const struct finding *f;
	struct look look;

	(void)state;
	begin_world(&look);
	set_both(&look, "connect-search-cliff=1000");
	put_clients(&look.world, STATE_CLOSE_WAIT, 0, 100, 80);
	put_clients(&look.world, STATE_ESTABLISHED, 100, 750, 80);
	begin_look(&look);
	assert_true(step(&look));
	for (size_t i = 1; i <= 100; i++)
		move(&look.world.socks.at[i], STATE_LAST_ACK);
	for (size_t i = 101; i <= 150; i++)
		move(&look.world.socks.at[i], STATE_CLOSE_WAIT);
	look_to_the_end(&look);
	/* the listing of the range told all that was needed of those kept before */
	assert_int_equal(look.asked, 2);
	assert_int_equal(look.seen.socks.count, 1 + 850);
	assert_int_equal(rows_in(&look, STATE_LAST_ACK), 100);
	assert_int_equal(rows_in(&look, STATE_CLOSE_WAIT), 50);
	f = finding(&look, "port-exhaustion");
	assert_non_null(f);
	assert_int_equal(f->count, 850);
	assert_int_equal(look.report.summary.total, 851);
	end_look(&look);
}

/* On either side of the range, and requests, which own no port. */
static void what_takes_no_port_of_the_range_makes_nobody_short(void **state)
{
	struct look look;

	(void)state;
	begin_world(&look);
	put_clients(&look.world, STATE_ESTABLISHED, 0, 400, 80);
	for (unsigned i = 0; i < 450; i++) {
		put_client(&look.world, STATE_ESTABLISHED, LOW - 1 - i, 80);
		put_client(&look.world, STATE_ESTABLISHED, LOW + RANGE + i, 80);
		put_client(&look.world, STATE_SYN_RECV, LOW + 500 + i, 80);
	}
	look_through(&look);
	assert_false(asked_for_range(&look));
	end_look(&look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_kept_from_the_socket_on_that_makes_a_destination_short),
		cmocka_unit_test(a_critical_threshold_below_the_warning_is_looked_for_as_well),
		cmocka_unit_test(sockets_that_are_rows_already_take_ports_of_their_destination_too),
		cmocka_unit_test(without_a_range_of_ports_nobody_is_asked_who_takes_them),
		cmocka_unit_test(only_the_rows_of_destinations_that_are_short_are_kept),
		cmocka_unit_test(destinations_that_differ_in_anything_do_not_add_up),
		cmocka_unit_test(destinations_that_differ_in_their_device_do_not_add_up),
		cmocka_unit_test(sockets_without_a_device_are_in_the_way_of_one_with_a_device),
		cmocka_unit_test(bound_sockets_and_listeners_take_ports_from_a_destination),
		cmocka_unit_test(a_range_lost_to_the_last_port_is_told_with_those_who_took_it),
		cmocka_unit_test(a_small_range_that_idle_sockets_took_is_told),
		cmocka_unit_test(a_busy_proxy_is_not_listed_again),
		cmocka_unit_test(ports_of_listeners_that_are_gone_are_lost),
		cmocka_unit_test(the_lost_ports_are_no_more_than_ports_with_a_connection),
		cmocka_unit_test(what_takes_no_port_of_the_range_makes_nobody_short),
		cmocka_unit_test(a_socket_that_moved_on_between_two_listings_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
