/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two keys of one hash are two: here all have one hash. */
#define MAP_HASH_MASK 0
#include "base/map.c"

#include "judge/service.h"
#include "told_row.h"

#define THIS  "2001:db8:973b:9c7c:11c7:e881:e34c:ba0b"
#define OTHER "2001:db8:a80d:9e48:39f7:668d:f347:eb18"

static struct tally_key key_to(const char *destination, uint16_t port)
{
	enum family family;

	return (struct tally_key){ .destination = read_addr(destination, &family), .port = port };
}

static void expect_chain(const struct tally *tally, const struct tally_group *group,
			 const uint32_t *indices, uint32_t count)
{
	uint32_t i = 0;

	assert_int_equal(group->count, count);
	tally_each(tally, group, index) {
		assert_true(i < count);
		assert_int_equal(index, indices[i++]);
	}
	assert_int_equal(i, count);
}

static void keys_of_one_hash_are_not_taken_for_one_key(void **state)
{
	struct tally_key first = key_to(THIS, 0), second = key_to(OTHER, 0), none = key_to(THIS, 1);
	struct tally tally;

	(void)state;
	assert_true(map_hash(&first, sizeof(first)) == map_hash(&second, sizeof(second)));
	tally_init(&tally, 6);
	tally_add(&tally, &first, 5);
	assert_null(tally_find(&tally, &second));
	for (uint32_t i = 0; i < 4; i++)
		tally_add(&tally, i % 2 ? &second : &first, i);
	assert_int_equal(tally.groups.count, 2);
	expect_chain(&tally, tally_find(&tally, &first), (const uint32_t []){ 5, 0, 2 }, 3);
	expect_chain(&tally, tally_find(&tally, &second), (const uint32_t []){ 1, 3 }, 2);
	assert_null(tally_find(&tally, &none));
	tally_fini(&tally);
}

#define HIDDEN(port, host, count) "sock last-ack [2001:db8::1]:" port " [" host "]:443 x=" count \
				  " ms=1 here on=99 retrans=9 rto=25600\n"

/* Ten of the one are worth a finding, nine of the other are not; together they would be one. */
static void a_peer_is_found_beside_another_one_of_its_hash(void **state)
{
	static const struct told_row cases[] = {
		{ "both together", HIDDEN("40000", THIS, "9") HIDDEN("41000", OTHER, "9") "check",
		  { "nothing", "!last-ack-stuck" } },
		{ "one is enough", HIDDEN("40000", THIS, "9") HIDDEN("41000", OTHER, "10") "check",
		  { "last-ack-stuck, 10\n", "!last-ack-stuck, 19" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

static void what_was_on_the_stack_does_not_become_a_listener(void **state)
{
	struct listeners listeners;
	struct told t;

	(void)state;
	memset(&listeners, 0xff, sizeof(listeners));
	told_begin(&t);
	told_lines(&t, "sock listen 0.0.0.0:80 0.0.0.0:0\nsock established 10.0.0.1:81 10.0.0.9:9\n",
		   NULL);
	listeners_init(&listeners, &t.seen);
	assert_true(listeners_have(&listeners, 80));
	assert_false(listeners_have(&listeners, 81));
	assert_null(listeners_find(&listeners, &t.seen.socks.at[1]));
	listeners_fini(&listeners);
	told_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_one_hash_are_not_taken_for_one_key),
		cmocka_unit_test(a_peer_is_found_beside_another_one_of_its_hash),
		cmocka_unit_test(what_was_on_the_stack_does_not_become_a_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
