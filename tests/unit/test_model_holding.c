/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holders are found by inode, however the inodes are spread. */
#include "test.h"

#include "base/grow.h"
#include "model/snapshot.h"

#include <stdlib.h>

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void hold(struct snapshot *seen, uint32_t inode, uint32_t process, int32_t fd)
{
	*grow_add(&seen->holders) = (struct holder){ inode, process, fd };
}

/* What it answers for @inode is what a look at every holder gives, in order. */
static void compare(const struct snapshot *seen, uint32_t inode)
{
	size_t expected = 0, count;
	const struct holder *at = snapshot_holders(seen, inode, &count);

	for (size_t i = 0; i < seen->holders.count; i++)
		expected += seen->holders.at[i].inode == inode;
	assert_int_equal(count, expected);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(at[i].inode, inode);
		assert_true(!i || at[i - 1].process < at[i].process ||
			    (at[i - 1].process == at[i].process && at[i - 1].fd < at[i].fd));
	}
}

static void compare_around(const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->holders.count; i += 7) {
		uint32_t inode = seen->holders.at[i].inode;

		compare(seen, inode);
		if (inode > 1)
			compare(seen, inode - 1);
		if (inode < UINT32_MAX)
			compare(seen, inode + 1);
	}
	compare(seen, 1);
	compare(seen, UINT32_MAX);
}

/* Spread evenly, in two heaps at the ends, all the same, and one alone. */
static uint32_t spread(unsigned how, uint32_t *state)
{
	switch (how) {
	case 0: return 1 + next(state);
	case 1: return next(state) & 1 ? 1 + next(state) % 300 : UINT32_MAX - next(state) % 300;
	case 2: return 77;
	default: return 1000 + next(state) % 50;
	}
}

/* A look-up has no deadline: an index that is never finished would hold every command. */
static void two_holders_at_the_ends_of_all_inodes_are_found(void **state)
{
	(void)state;
	for (uint32_t count = 1; count < 9; count++) {
		struct snapshot seen;

		snapshot_init(&seen);
		for (uint32_t i = 0; i < count; i++)
			hold(&seen, i & 1 ? UINT32_MAX - i : 5 + i, i, 3);
		snapshot_sort_holders(&seen);
		compare_around(&seen);
		snapshot_fini(&seen);
	}
}

static void any_spread_of_inodes_is_found(void **state)
{
	uint32_t chance = 42;

	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		for (size_t size = 0; size < 900; size = size * 3 + 1) {
			struct snapshot seen;

			snapshot_init(&seen);
			for (size_t i = 0; i < size; i++)
				hold(&seen, spread(how, &chance), next(&chance) % 20, (int32_t)i);
			snapshot_sort_holders(&seen);
			for (size_t i = 1; i < size; i++)
				assert_true(seen.holders.at[i - 1].inode <= seen.holders.at[i].inode);
			compare_around(&seen);
			snapshot_fini(&seen);
		}
	}
}

static void holders_that_come_later_are_found_too(void **state)
{
	struct snapshot seen;
	size_t count;

	(void)state;
	snapshot_init(&seen);
	for (uint32_t i = 0; i < 100; i++)
		hold(&seen, 100 + i * 3, 0, 1);
	snapshot_sort_holders(&seen);
	/* before they are sorted in, no old index may answer for them */
	hold(&seen, 1000, 1, 5);
	assert_non_null(snapshot_holders(&seen, 1000, &count));
	hold(&seen, 50, 1, 4);
	snapshot_sort_holders(&seen);
	assert_non_null(snapshot_holders(&seen, 50, &count));
	compare_around(&seen);
	snapshot_fini(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_spread_of_inodes_is_found),
		cmocka_unit_test(two_holders_at_the_ends_of_all_inodes_are_found),
		cmocka_unit_test(holders_that_come_later_are_found_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
