/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording answers: each question from the part that was recorded for it. */
#include "test.h"

#include "recording.h"

static void put_question(struct save *save, enum protocol protocol, uint16_t low, uint16_t high,
			 enum ask_how how)
{
	struct frame_ask ask = {
		.states = STATE_ALL, .families = 3, .protocol = protocol,
		.port_low = low, .port_high = high, .how = how,
	};

	save_put(save, FRAME_ASK, &ask, NULL, 0);
}

static void put_questions(struct save *save)
{
	put_question(save, PROTOCOL_TCP, 80, 80, ASK_LISTING);
	put_port(save, AF_INET, STATE_LISTEN, 1, false, 80);
	put_question(save, PROTOCOL_TCP, 80, 80, ASK_EXPLICIT);
	put_port(save, AF_INET, STATE_LISTEN, 1, false, 80);
	put_question(save, PROTOCOL_UDP, 0, 0, ASK_CHAIN);
	put_port(save, AF_INET6, STATE_CLOSE, 7, false, 53);
	put_port(save, AF_INET, STATE_CLOSE, 8, false, 80);
	put_port(save, AF_INET, STATE_ESTABLISHED, 6, false, 53);
}

/* A listing without a window beside those. */
static void put_wide(struct save *save)
{
	put_question(save, PROTOCOL_TCP, 0, 0, ASK_LISTING);
	put_port(save, AF_INET, STATE_LISTEN, 1, false, 80);
	put_port(save, AF_INET, STATE_LISTEN, 2, false, 81);
	put_port(save, AF_INET6, STATE_BOUND, 3, false, 82);
	put_port(save, AF_INET, STATE_BOUND, UINT64_MAX, false, 83);
}

static struct collect *open_questions(bool wide)
{
	struct collect_source source = { .from = recorded.path };
	struct fault fault = { 0 };
	struct collect *collect;
	struct save *save;

	unlink(recorded.path);      /* what is no recording is not replaced */
	assert_int_equal(save_open(&save, recorded.path, &fault), 0);
	if (wide)
		put_wide(save);
	put_questions(save);
	assert_int_equal(save_close(save, true, &fault), 0);
	assert_int_equal(collect_open(&collect, &source, &fault), 0);
	return collect;
}

static void test_sections_by_window(void **state)
{
	struct collect *collect = open_questions(false);

	(void)state;
	expect_answer(collect, (struct collect_ask){ .port_low = 80, .port_high = 80 }, 1, true);
	/* again, and then what it does not hold */
	expect_answer(collect, (struct collect_ask){ .port_low = 80, .port_high = 80 }, 1, true);
	expect_answer(collect, (struct collect_ask){ .port_low = 81, .port_high = 81 }, 0, false);
	expect_answer(collect, (struct collect_ask){ .port_low = 80, .port_high = 81 }, 1, false);
	expect_answer(collect, (struct collect_ask){ 0 }, 1, false);
	collect_close(collect, true, NULL);
	collect = open_questions(true);
	expect_answer(collect, (struct collect_ask){ .port_low = 81, .port_high = 82 }, 2, true);
	expect_answer(collect, (struct collect_ask){ .port_low = 5000, .port_high = 5001 }, 0, true);
	expect_answer(collect, (struct collect_ask){ 0 }, 4, true);
	collect_close(collect, true, NULL);
}

/* Protocols and ways of asking do not mix. */
static void test_sections_by_kind(void **state)
{
	struct collect *collect = open_questions(true);
	struct fault fault = { 0 };
	struct snapshot seen;

	(void)state;
	expect_answer(collect, (struct collect_ask){ .protocol = PROTOCOL_UDP }, 3, true);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true }, 1, false);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true, .port_low = 80,
						     .port_high = 80 }, 1, true);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true, .port_low = 81,
						     .port_high = 81 }, 0, false);
	snapshot_init(&seen);
	assert_int_equal(collect_chain(collect, 53, &seen, &fault), 0);
	assert_int_equal(seen.socks.count, 2);
	assert_int_equal(seen.socks.at[0].cookie, 7);
	assert_int_equal(seen.socks.at[0].state, STATE_CLOSE);
	assert_int_equal(seen.socks.at[1].cookie, 6);
	assert_int_equal(seen.socks.at[1].protocol, PROTOCOL_UDP);
	assert_true(seen.socks_complete);
	snapshot_fini(&seen);
	collect_close(collect, true, NULL);
}

static void test_origin_from_recording(void **state)
{
	struct collect_ask ask = { .states = STATE_ALL, .ipv4 = true, .ipv6 = true };
	struct collect *collect = open_questions(true);
	struct snapshot seen;

	(void)state;
	/* only port 80 was asked for: what is explicit there is, nothing else is known */
	take_socks(collect, &ask, &seen);
	collect_explicit(collect, &ask, &seen);
	assert_int_equal(seen.socks.count, 4);
	assert_true(seen.socks.at[0].have & HAVE_PORT_ORIGIN && seen.socks.at[0].port_explicit);
	for (size_t i = 1; i < 4; i++)
		assert_false(seen.socks.at[i].have & HAVE_PORT_ORIGIN);
	assert_int_equal(seen.gaps.count, 0);
	assert_true(seen.socks_complete);
	snapshot_fini(&seen);
	collect_close(collect, true, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections_by_window), cmocka_unit_test(test_sections_by_kind),
		cmocka_unit_test(test_origin_from_recording),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
