/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Foreign bytes on their way into JSON. */
#include "print/json_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"

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

static void what_hides_or_steers_is_escaped(void **state)
{
	static const struct { const char *name, *value; } cases[] = {
		{ "\xc3\xa9", "\"\xc3\xa9\"" },                       /* U+E9 */
		{ "\xe6\xbc\xa2", "\"\xe6\xbc\xa2\"" },               /* U+6F22 */
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },       /* U+1F600 */
		{ "\x1b\xc2\x9b", "\"\\u001b\\u009b\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "\xef\xb8\x8f", "\"\\ufe0f\"" },                   /* a variation selector */
		{ "\xee\x80\x80", "\"\\ue000\"" },                   /* for private use */
		{ "\xf3\xb4\xb4\xb4", "\"\\udb93\\udd34\"" },
		{ "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"" },         /* a tag */
		{ "\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },   /* half a pair */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct json json;
		char *text;

		begin_capture();
		json_begin(&json, &out, false);
		json_string(&json, NULL, cases[i].name);
		text = end_capture();
		assert_string_equal(text, cases[i].value);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_byte_to_escape_is_found_anywhere),
		cmocka_unit_test(what_hides_or_steers_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
