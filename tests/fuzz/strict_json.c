/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 8259 to the letter, so that no reader has to be lenient. */
#include "fuzz.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define DEPTH_MAX 64

struct reader {
	const char *what;
	const char *bytes;
	size_t      size, at;
	unsigned    depth;
};

static void refuse(const struct reader *r, const char *why)
{
	size_t from = r->at > 60 ? r->at - 60 : 0;

	fuzz_broken("%s: JSON: %s at byte %zu, behind %.*s", r->what, why, r->at,
		    (int)(r->at - from), r->bytes + from);
}

static int peek(const struct reader *r)
{
	return r->at < r->size ? (unsigned char)r->bytes[r->at] : -1;
}

static void skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\n' || peek(r) == '\t' || peek(r) == '\r')
		r->at++;
}

static void expect(struct reader *r, char c)
{
	if (peek(r) != c)
		refuse(r, "another character was due");
	r->at++;
}

static void read_escape(struct reader *r)
{
	r->at++;
	if (peek(r) != 'u') {
		if (peek(r) < 1 || !strchr("\"\\/bfnrt", peek(r)))
			refuse(r, "an unknown escape");
		r->at++;
		return;
	}
	r->at++;
	for (int i = 0; i < 4; i++, r->at++)
		if (!isxdigit(peek(r) < 0 ? 0 : peek(r)))
			refuse(r, "a broken escape");
}

static void read_string(struct reader *r)
{
	uint32_t code;
	size_t used;

	expect(r, '"');
	while (peek(r) != '"') {
		if (peek(r) < 0x20)
			refuse(r, "a control character in a string");
		if (peek(r) == '\\') {
			read_escape(r);
			continue;
		}
		used = utf8_decode(r->bytes + r->at, r->size - r->at, &code);
		if (!used)
			refuse(r, "bytes that are no UTF-8");
		r->at += used;
	}
	r->at++;
}

static void read_digits(struct reader *r)
{
	if (!isdigit(peek(r)))
		refuse(r, "a digit was due");
	while (isdigit(peek(r)))
		r->at++;
}

static void read_number(struct reader *r)
{
	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0')
		r->at++;
	else
		read_digits(r);
	if (peek(r) == '.') {
		r->at++;
		read_digits(r);
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		read_digits(r);
	}
}

static void read_word(struct reader *r)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i]);

		if (r->size - r->at >= length && memcmp(r->bytes + r->at, words[i], length) == 0) {
			r->at += length;
			return;
		}
	}
	refuse(r, "a value was due");
}

static void read_value(struct reader *r);

static void read_members(struct reader *r, char close, bool named)
{
	if (++r->depth > DEPTH_MAX)
		refuse(r, "too deep");
	r->at++;
	skip_blanks(r);
	while (peek(r) != close) {
		if (named) {
			read_string(r);
			skip_blanks(r);
			expect(r, ':');
		}
		read_value(r);
		if (peek(r) == close)
			break;
		expect(r, ',');
		skip_blanks(r);
		if (peek(r) == close)
			refuse(r, "a comma too many");
	}
	r->at++;
	r->depth--;
}

static void read_value(struct reader *r)
{
	skip_blanks(r);
	if (peek(r) == '{')
		read_members(r, '}', true);
	else if (peek(r) == '[')
		read_members(r, ']', false);
	else if (peek(r) == '"')
		read_string(r);
	else if (peek(r) == '-' || isdigit(peek(r)))
		read_number(r);
	else
		read_word(r);
	skip_blanks(r);
}

void fuzz_require_json(const char *what, const char *bytes, size_t size, bool lines)
{
	struct reader r = { .what = what, .bytes = bytes, .size = size };

	do {
		size_t from = r.at;

		if (lines && size > r.at) {
			const char *end = memchr(bytes + r.at, '\n', size - r.at);

			if (!end)
				refuse(&r, "a line without an end");
			r.size = (size_t)(end - bytes);
		}
		if (lines && from == size)
			break;
		read_value(&r);
		if (r.at != r.size)
			refuse(&r, "more than one value");
		r.at += lines;
	} while (lines && r.at < size);
}
