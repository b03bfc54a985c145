/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which foreign bytes need no look one by one on their way into JSON. */
#include "print/json_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_plain(unsigned byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* One byte of any value at any place of texts of every length, which end with their memory. */
static void a_byte_to_escape_is_found_anywhere(void **state)
{
	(void)state;
	for (size_t size = 0; size < 28; size++) {
		char *bytes = malloc(size ? size : 1);

		assert_non_null(bytes);
		memset(bytes, 'a', size);
		assert_true(json_is_plain(bytes, size));
		for (size_t place = 0; place < size; place++) {
			for (unsigned byte = 0; byte < 256; byte++) {
				bytes[place] = (char)byte;
				assert_int_equal(json_is_plain(bytes, size), is_plain(byte));
			}
			bytes[place] = 'a';
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_byte_to_escape_is_found_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
