/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that a second thread receives ahead. */
#include "test.h"

#include "collect/prefetch.h"

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

static struct prefetch *begin(struct source *source)
{
	struct prefetch *prefetch = prefetch_begin(tell, source, ROOM);

	if (!prefetch)
		skip();         /* a machine with one processor */
	return prefetch;
}

static void expect_next(struct prefetch *prefetch, int number)
{
	const char *buffer;
	char wanted[16];
	size_t size;

	snprintf(wanted, sizeof(wanted), "%d", number);
	assert_int_equal(prefetch_next(prefetch, &buffer, &size), 0);
	assert_int_equal(size, strlen(wanted));
	assert_memory_equal(buffer, wanted, size);
}

static void test_answers_are_all_there_in_their_places(void **state)
{
	static const int counts[] = { 0, 1, 7, 8, 9, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct source source = { .count = counts[i] };
		struct prefetch *prefetch = begin(&source);
		const char *buffer;
		size_t size;

		for (int n = 0; n < source.count; n++)
			expect_next(prefetch, n);
		assert_int_equal(prefetch_next(prefetch, &buffer, &size), END);
		prefetch_end(prefetch);
	}
}

/* What was taken last is still being read while all others are filled. */
static void test_answer_does_not_change_while_it_is_read(void **state)
{
	struct source source = { .count = 1000 };
	struct prefetch *prefetch = begin(&source);
	const char *buffer;
	size_t size;

	(void)state;
	expect_next(prefetch, 0);
	assert_int_equal(prefetch_next(prefetch, &buffer, &size), 0);
	while (source.told < 8)
		sched_yield();
	assert_memory_equal(buffer, "1", 1);
	assert_int_equal(size, 1);
	prefetch_end(prefetch);
}

static void test_end_before_the_last_neither_hangs_nor_reads_all(void **state)
{
	struct source source = { .count = 1000000 };
	struct prefetch *prefetch = begin(&source);

	(void)state;
	expect_next(prefetch, 0);
	prefetch_end(prefetch);
	assert_in_range(source.told, 1, 9);
}

/* Keeps itself on one processor, as `taskset` would. */
static void test_no_second_thread_where_there_is_one_processor(void **state)
{
	struct source source = { .count = 1 };
	cpu_set_t before, one;
	struct prefetch *prefetch;
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	prefetch = prefetch_begin(tell, &source, ROOM);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_null(prefetch);
	assert_int_equal(source.told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_are_all_there_in_their_places),
		cmocka_unit_test(test_answer_does_not_change_while_it_is_read),
		cmocka_unit_test(test_end_before_the_last_neither_hangs_nor_reads_all),
		cmocka_unit_test(test_no_second_thread_where_there_is_one_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
