/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that a second thread receives ahead. */
#include "test.h"

#include "collect/relay.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64, END = -7 };

struct source {
	atomic_int told;        /* answers given */
	int count;              /* of all */
};

/* "0", "1" ... and END behind the last. */
static int tell(void *ctx, char *buffer, size_t *size)
{
	struct source *source = ctx;

	if (source->told == source->count)
		return END;
	*size = (size_t)snprintf(buffer, ROOM, "%d", source->told);
	source->told++;
	return 0;
}

static struct relay *begin(struct source *source)
{
	struct relay *relay = relay_begin(tell, source, ROOM);

	if (!relay)
		skip();         /* a machine with one processor */
	return relay;
}

static void expect_next(struct relay *relay, int number)
{
	const char *buffer;
	char wanted[16];
	size_t size;

	snprintf(wanted, sizeof(wanted), "%d", number);
	assert_int_equal(relay_next(relay, &buffer, &size), 0);
	assert_int_equal(size, strlen(wanted));
	assert_memory_equal(buffer, wanted, size);
}

static void test_answers_are_lost_or_change_places(void **state)
{
	static const int counts[] = { 0, 1, 7, 8, 9, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct source source = { .count = counts[i] };
		struct relay *relay = begin(&source);
		const char *buffer;
		size_t size;

		for (int n = 0; n < source.count; n++)
			expect_next(relay, n);
		assert_int_equal(relay_next(relay, &buffer, &size), END);
		relay_end(relay);
	}
}

/* What was taken last is still being read while all others are filled. */
static void test_answer_changes_while_it_is_read(void **state)
{
	struct source source = { .count = 1000 };
	struct relay *relay = begin(&source);
	const char *buffer;
	size_t size;

	(void)state;
	expect_next(relay, 0);
	assert_int_equal(relay_next(relay, &buffer, &size), 0);
	while (source.told < 8)
		sched_yield();
	assert_memory_equal(buffer, "1", 1);
	assert_int_equal(size, 1);
	relay_end(relay);
}

static void test_end_before_the_last_hangs_or_reads_all(void **state)
{
	struct source source = { .count = 1000000 };
	struct relay *relay = begin(&source);

	(void)state;
	expect_next(relay, 0);
	relay_end(relay);
	assert_in_range(source.told, 1, 9);
}

/* Keeps itself on one processor, as `taskset` would. */
static void test_second_thread_where_there_is_one_processor(void **state)
{
	struct source source = { .count = 1 };
	cpu_set_t before, one;
	struct relay *relay;
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	relay = relay_begin(tell, &source, ROOM);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_null(relay);
	assert_int_equal(source.told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_are_lost_or_change_places),
		cmocka_unit_test(test_answer_changes_while_it_is_read),
		cmocka_unit_test(test_end_before_the_last_hangs_or_reads_all),
		cmocka_unit_test(test_second_thread_where_there_is_one_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
