/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that have one hash are still two keys: here each hash is one of four. */
#define MAP_HASH_MASK 3
#include "base/map.c"

#include "test.h"

#include "collect/recorder.h"

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
	struct redact *by = redact_new();

	(void)state;
	for (unsigned i = 1; i <= MANY; i++) {
		struct text name = { 0 }, pseudonym = { 0 }, wanted = { 0 };
		struct frame_process process = { .pid = 1 };

		text_addf(&name, "worker-%u", i);
		text_addf(&wanted, "proc-%u", i);
		assert_true(redact_frame(by, FRAME_PROCESS, &process, name.at, name.count, &pseudonym));
		assert_string_equal(text_str(&pseudonym), text_str(&wanted));
		text_fini(&name);
		text_fini(&pseudonym);
		text_fini(&wanted);
	}
	redact_free(by);
}

static void two_addresses_of_one_hash_get_two_pseudonyms(void **state)
{
	struct redact *by = redact_new();

	(void)state;
	for (uint32_t i = 1; i <= MANY; i++) {
		struct frame_local locals[2] = {
			{ .addr = { [10] = 0xff, 0xff, 10, 0, (uint8_t)(i >> 8), (uint8_t)i } },
			{ .addr = { 0xfd, [14] = (uint8_t)(i >> 8), (uint8_t)i } },
		};

		for (unsigned k = 0; k < 2; k++) {
			struct text none = { 0 };

			assert_true(redact_frame(by, FRAME_LOCAL, &locals[k], NULL, 0, &none));
			assert_int_equal((locals[k].addr[14] << 8) + locals[k].addr[15], i);
			text_fini(&none);
		}
	}
	redact_free(by);
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
