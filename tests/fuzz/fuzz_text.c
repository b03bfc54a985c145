/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that somebody else chose, on their way to a terminal, into JSON and CSV. */
#include "fuzz.h"

#include "base/text.h"
#include "base/wrap.h"
#include "print/json.h"
#include "print/print.h"
#include "print/page.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setlocale(LC_CTYPE, "C.UTF-8");
	return 0;
}

/* One code point as UTF-8, by the book. */
static void put_code(struct text *text, unsigned long c)
{
	char bytes[4] = { (char)c };
	size_t size = 1;

	if (c >= 0x80) {
		size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (size_t i = size - 1; i > 0; i--, c >>= 6)
			bytes[i] = (char)(0x80 | (c & 0x3f));
		bytes[0] = (char)(c | (size == 2 ? 0xc0 : size == 3 ? 0xe0 : 0xf0));
	}
	text_add(text, bytes, size);
}

/* The way back from the escapes. */
static void read_back(struct text *raw, const char *safe)
{
	while (*safe) {
		char *end;

		if (*safe != '\\') {
			text_add(raw, safe++, 1);
		} else if (safe[1] == 'x') {
			char two[3] = { safe[2], safe[3] };
			char byte = (char)strtoul(two, &end, 16);

			fuzz_require(end == two + 2, "a broken escape in %s", safe);
			text_add(raw, &byte, 1);
			safe += 4;
		} else {
			fuzz_require(strncmp(safe, "\\u{", 3) == 0, "a broken escape in %s", safe);
			put_code(raw, strtoul(safe + 3, &end, 16));
			fuzz_require(*end == '}', "a broken escape in %s", safe);
			safe = end + 1;
		}
	}
}

static void require_reversible(const char *bytes, size_t size)
{
	struct text safe = { 0 }, raw = { 0 };

	text_add_safe(&safe, bytes, size);
	fuzz_require(strlen(text_str(&safe)) == safe.count, "a NUL went through");
	fuzz_require(!memchr(text_str(&safe), '\n', safe.count) &&
		     !memchr(text_str(&safe), '\t', safe.count), "a newline or tab went through");
	fuzz_require_safe("text_add_safe", text_str(&safe), safe.count);
	fuzz_require(utf8_width(text_str(&safe)) <= 2 * safe.count, "too wide");
	read_back(&raw, text_str(&safe));
	fuzz_require(raw.count == size && memcmp(text_str(&raw), bytes, size) == 0,
		     "%s cannot be read back", text_str(&safe));
	text_fini(&safe);
	text_fini(&raw);
}

/* What stands in a sentence, where people's own UTF-8 is welcome. */
static void require_sentence(const char *string)
{
	struct text safe = { 0 };

	text_add_sentence(&safe, string);
	fuzz_require_safe("text_add_sentence", text_str(&safe), safe.count);
	fuzz_require(!memchr(text_str(&safe), '\n', safe.count), "a newline went through");
	text_fini(&safe);
}

static void require_strict_json(struct out *out, const char *bytes, size_t size)
{
	struct json json;
	struct fuzz_captured captured;

	fuzz_capture();
	out_init(out, 1);
	json_begin(&json, out, size % 2);
	json_open(&json, NULL, '{');
	json_foreign(&json, "name", bytes, size);
	json_close(&json, '}');
	out_flush(out);
	captured = fuzz_captured();
	fuzz_require_json("json_foreign", captured.out, captured.out_size, false);
	fuzz_captured_free(&captured);
}

static void require_narrow(struct out *out, const char *string, size_t width)
{
	struct fuzz_captured captured;

	fuzz_capture();
	out_init(out, 1);
	wrap_put(out, string, width / 2, width / 3, width);
	out_flush(out);
	captured = fuzz_captured();
	fuzz_captured_free(&captured);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct out out;
	char *string;

	if (size > 4096)
		return 0;
	string = fuzz_string(bytes, size);
	require_reversible((const char *)bytes, size);
	require_sentence(string);
	require_strict_json(&out, (const char *)bytes, size);
	require_narrow(&out, string, size ? bytes[0] : 0);
	free(string);
	return 0;
}
