/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "base/digits.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void same_decimal(uint64_t value)
{
	char expect[32], got[32];

	snprintf(expect, sizeof(expect), "%" PRIu64, value);
	*digits_u64(got, value) = '\0';
	assert_string_equal(got, expect);
}

static void same_hex(uint64_t value)
{
	char expect[32], got[32];

	snprintf(expect, sizeof(expect), "%" PRIx64, value);
	*digits_hex(got, value) = '\0';
	assert_string_equal(got, expect);
}

/* Around every power of ten and of two the length changes. */
static void numbers_are_printf_s(void **state)
{
	uint64_t ten = 1;

	(void)state;
	for (int i = 0; i < 20; i++, ten *= 10)
		for (uint64_t near = 0; near < 3; near++) {
			same_decimal(ten - 1 + near);
			same_hex(ten - 1 + near);
		}
	for (int i = 0; i < 64; i++)
		for (uint64_t near = 0; near < 3; near++) {
			same_decimal((UINT64_C(1) << i) - 1 + near);
			same_hex((UINT64_C(1) << i) - 1 + near);
		}
	for (uint64_t value = 0; value < 70000; value++)
		same_decimal(value);
	same_decimal(UINT64_MAX);
}

static void every_byte_of_an_ipv4_address(void **state)
{
	char expect[INET_ADDRSTRLEN], got[INET_ADDRSTRLEN];

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		for (int place = 0; place < 4; place++) {
			uint8_t bytes[4] = { 255, 10, 0, 99 };

			bytes[place] = (uint8_t)i;
			inet_ntop(AF_INET, bytes, expect, sizeof(expect));
			*digits_v4(got, bytes) = '\0';
			assert_string_equal(got, expect);
		}
}

static void same_v6(const uint8_t *bytes)
{
	char expect[INET6_ADDRSTRLEN], got[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, bytes, expect, sizeof(expect));
	*digits_v6(got, bytes) = '\0';
	assert_string_equal(got, expect);
}

/* Each of the 256 ways in which words can be zero, with words of every length. */
static void every_run_of_zeros_in_an_ipv6_address(void **state)
{
	static const uint8_t words[][2] = { { 0, 1 }, { 0, 0xab }, { 1, 0 }, { 0xff, 0xff },
					    { 0x80, 0 }, { 0, 0x10 } };

	(void)state;
	for (unsigned mask = 0; mask < 256; mask++)
		for (size_t word = 0; word < sizeof(words) / sizeof(*words); word++) {
			uint8_t bytes[16] = { 0 };

			for (int i = 0; i < 8; i++)
				if (mask >> i & 1)
					memcpy(bytes + 2 * i, words[word], 2);
			same_v6(bytes);
		}
}

static void every_word_of_an_ipv6_address(void **state)
{
	uint8_t bytes[16] = { 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6 };

	(void)state;
	for (unsigned word = 0; word < 65536; word++) {
		bytes[14] = (uint8_t)(word >> 8);
		bytes[15] = (uint8_t)word;
		same_v6(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_printf_s),
		cmocka_unit_test(every_byte_of_an_ipv4_address),
		cmocka_unit_test(every_run_of_zeros_in_an_ipv6_address),
		cmocka_unit_test(every_word_of_an_ipv6_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
