/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys that a stranger prepared: cookies, inodes and names that all met in one place
 * while the tables hashed with constants that anybody can read.
 */
#define widen widen_ids
#define probe probe_ids
#include "base/ids.c"
#undef widen
#undef probe
#include "base/map.c"

#include <stdio.h>

#include "test.h"

#define KEYS 4096

/* Entries in a row, without a free one: no search takes more steps. */
#define LONGEST_RUN(table, is_taken) ({                                         \
	size_t longest_ = 0, run_ = 0;                                          \
	for (size_t i_ = 0; i_ < 2 * (table).room; i_++) {                      \
		run_ = (table).at[i_ & ((table).room - 1)].is_taken ? run_ + 1 : 0; \
		longest_ = run_ > longest_ ? run_ : longest_;                   \
	}                                                                       \
	longest_; })

/* Of tables that are half full one in 10^15 has a run that is longer than this. */
#define RUN_MOST 250

/* 1 / odd, modulo 2^64. */
static uint64_t inverse(uint64_t odd)
{
	uint64_t x = odd;

	for (int i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

/* Finalizer of splitmix64, and back. */
static uint64_t mixed(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t unmixed(uint64_t x)
{
	x ^= x >> 31 ^ x >> 62;
	x *= inverse(0x94d049bb133111ebu);
	x ^= x >> 27 ^ x >> 54;
	x *= inverse(0xbf58476d1ce4e5b9u);
	return x ^ x >> 30 ^ x >> 60;
}

static uint64_t hash_of_old(const char *bytes, size_t size)
{
	uint64_t hash = 0x9e3779b97f4a7c15u ^ size;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	return mixed(hash);
}

static void cookies_chosen_to_collide_do_not(void **state)
{
	struct ids ids = { 0 };
	uint64_t back = inverse(0x9e3779b97f4a7c15u);
	size_t added = 0;

	(void)state;
	/* a cookie is 64 times the number that is hashed */
	for (uint64_t product = 0; added < KEYS; product++)
		if (product * back < UINT64_MAX / 64)
			added += ids_add(&ids, product * back * 64);
	assert_int_equal(ids.count, KEYS);
	assert_in_range(LONGEST_RUN(ids, bits), 1, RUN_MOST);
	ids_fini(&ids);
}

static void numbers_chosen_to_collide_do_not(void **state)
{
	struct map map = { 0 };

	(void)state;
	for (uint64_t i = 0; i < KEYS; i++)
		map_slot(&map, unmixed(i << 32), NULL);
	assert_int_equal(map.count, KEYS);
	assert_in_range(LONGEST_RUN(map, used), 1, RUN_MOST);
	map_fini(&map);
}

/* Not even such as differ in their highest bits alone. */
static void numbers_that_differ_in_few_bits_do_not_collide(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift <= 52; shift += 4) {
		struct map map = { 0 };

		for (uint64_t i = 0; i < KEYS; i++)
			map_slot(&map, i << shift, NULL);
		assert_in_range(LONGEST_RUN(map, used), 1, RUN_MOST);
		map_fini(&map);
	}
}

static void names_chosen_to_collide_do_not(void **state)
{
	enum { NAMES = 500, PLACES = 1024 };
	struct map map = { 0 };
	char name[16];

	(void)state;
	for (unsigned i = 0; map.count < NAMES; i++) {
		size_t size = (size_t)snprintf(name, sizeof(name), "worker-%u", i);

		if (mixed(hash_of_old(name, size)) % PLACES == 0)
			map_slot(&map, map_hash(name, size), NULL);
	}
	assert_in_range(LONGEST_RUN(map, used), 1, RUN_MOST);
	map_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_chosen_to_collide_do_not),
		cmocka_unit_test(numbers_chosen_to_collide_do_not),
		cmocka_unit_test(numbers_that_differ_in_few_bits_do_not_collide),
		cmocka_unit_test(names_chosen_to_collide_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
