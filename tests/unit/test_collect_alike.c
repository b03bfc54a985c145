/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that have one hash are still two keys: here each hash is one of four. */
#define MAP_HASH_MASK 3
#include "base/map.c"

#include "test.h"

#include "collect/alias.h"

#include <stdio.h>

enum { MANY = 600 };

static void bytes_of_one_hash_are_two_keys(void **state)
{
	struct map map = { 0 };
	char key[16];
	bool fresh;

	(void)state;
	assert_null(map_find_bytes(&map, "", 0));
	*map_slot_bytes(&map, "", 0, &fresh) = MANY;
	assert_true(fresh);
	for (uint32_t i = 0; i < MANY; i++) {
		int size = snprintf(key, sizeof(key), "%u", i);

		*map_slot_bytes(&map, key, (size_t)size, &fresh) = i;
		assert_true(fresh);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		int size = snprintf(key, sizeof(key), "%u", i);

		assert_int_equal(*map_find_bytes(&map, key, (size_t)size), i);
		assert_null(map_find_bytes(&map, key, (size_t)size + 1));
	}
	assert_int_equal(*map_slot_bytes(&map, "", 0, &fresh), MANY);
	assert_false(fresh);
	assert_int_equal(map.count, MANY + 1);
	map_fini(&map);
}

static void two_names_of_one_hash_get_two_pseudonyms(void **state)
{
	struct alias alias = { 0 };

	(void)state;
	for (unsigned i = 1; i <= MANY; i++) {
		struct text name = { 0 }, stand_in = { 0 }, wanted = { 0 };

		text_addf(&name, "worker-%u", i);
		text_addf(&wanted, "proc-%u", i);
		alias_name(&alias, ALIAS_PROCESS, name.at, name.count, &stand_in);
		assert_string_equal(text_str(&stand_in), text_str(&wanted));
		text_fini(&name);
		text_fini(&stand_in);
		text_fini(&wanted);
	}
	alias_fini(&alias);
}

static void two_addresses_of_one_hash_get_two_pseudonyms(void **state)
{
	struct alias alias = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= MANY; i++) {
		uint8_t v4[4] = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i };
		uint8_t v6[16] = { 0xfd, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i };

		alias_v4(&alias, v4);
		alias_v6(&alias, v6);
		assert_int_equal((v4[2] << 8) + v4[3], i);
		assert_int_equal((v6[14] << 8) + v6[15], i);
	}
	alias_fini(&alias);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_one_hash_are_two_keys),
		cmocka_unit_test(two_names_of_one_hash_get_two_pseudonyms),
		cmocka_unit_test(two_addresses_of_one_hash_get_two_pseudonyms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
