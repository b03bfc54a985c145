/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More destinations than cells: some share one, whatever the hashes are. A destination that
 * is short is listed again all the same.
 */
#define SHORTAGE_CELLS 32
#include "judge/suspects.c"

#include "test.h"
#include "look.h"

_Static_assert(SHORTAGE_CELLS == SHORTAGE_TRIES, "as many destinations as cells share none");

enum { SERVICE_PORT = 80, OTHERS = 8000, USED = 400, LOST = 400 };

/* Each with enough connections to be taken for a service, or with one fewer. */
static void put_others(struct world *world, unsigned destinations, unsigned each)
{
	for (unsigned i = 0; i < destinations; i++)
		put_clients(world, STATE_ESTABLISHED, 0, each, (uint16_t)(OTHERS + i));
}

static void expect_found(struct look *look, bool is_short)
{
	begin_look(look);
	look_to_the_end(look);
	if (is_short)
		assert_true(asked_for_range(look));
	assert_int_equal(finds(&look->report, "port-exhaustion"), is_short);
	end_look(look);
}

/* In front of the others, between them and behind them: who comes first owns the cell. */
static void put_in_order(struct world *world, unsigned order, unsigned lost, unsigned each)
{
	for (unsigned i = 0; i < 3; i++)
		if ((order + i) % 3 == 0)
			put_clients(world, STATE_ESTABLISHED, 0, USED, SERVICE_PORT);
		else if ((order + i) % 3 == 1)
			put_others(world, SHORTAGE_CELLS, SHORTAGE_FEW);
		else
			put_accepted(world, 500, lost, each);
}

static void lost_ports_are_counted_in_cells_that_destinations_share(void **state)
{
	static const unsigned each[] = { 1, SHORTAGE_FEW / 2, SHORTAGE_FEW - 1 };

	(void)state;
	for (unsigned i = 0; i < 2 * 3 * 3; i++) {
		struct look look;

		begin_world(&look);
		set_both(&look, "connect-search-cliff=1000");
		put_in_order(&look.world, i / 2 % 3, LOST - i % 2, each[i / 6]);
		expect_found(&look, i % 2 == 0);
	}
}

/* Two of 7 that share a cell are not one destination of 14. */
static void small_destinations_that_share_a_cell_are_not_a_big_one(void **state)
{
	(void)state;
	for (unsigned missing = 0; missing < 2; missing++) {
		struct look look;

		begin_world(&look);
		set_both(&look, "connect-search-cliff=1000");
		put_accepted(&look.world, 500, LOST - missing, SHORTAGE_FEW - 1);
		put_clients(&look.world, STATE_ESTABLISHED, 0, USED, SERVICE_PORT);
		expect_found(&look, !missing);
	}
}

/* One that shares its cell with the busy one or with another makes its cell look lost. */
static void a_range_is_listed_again_for_nothing_only_when_cells_are_shared(void **state)
{
	(void)state;
	for (unsigned shared = 0; shared < 2; shared++) {
		struct look look;

		begin_world(&look);
		set_both(&look, "connect-search-cliff=1000");
		put_clients(&look.world, STATE_ESTABLISHED, 0, 790, SERVICE_PORT);
		put_others(&look.world, SHORTAGE_CELLS - 1 + shared, 25);
		begin_look(&look);
		look_to_the_end(&look);
		assert_int_equal(asked_for_range(&look), shared);
		assert_int_equal(look.report.findings.count, 0);
		end_look(&look);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_ports_are_counted_in_cells_that_destinations_share),
		cmocka_unit_test(small_destinations_that_share_a_cell_are_not_a_big_one),
		cmocka_unit_test(a_range_is_listed_again_for_nothing_only_when_cells_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
