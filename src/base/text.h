/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Building strings, and the one sanitizer for bytes that somebody else chose
 * (process names, cgroup paths, interface names). Zeroed memory is an empty
 * text; `at` is always NUL-terminated once anything was added.
 */
struct text {
	char  *at;
	size_t count, room;
};

void text_fini(struct text *text);

/* The string, "" when nothing was added. Borrowed. */
const char *text_str(const struct text *text);

void text_add(struct text *text, const char *bytes, size_t size);
void text_addf(struct text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Adds foreign bytes so that they are safe on any terminal and can be read
 * back: valid printable UTF-8 stays, everything else (controls, C1, invalid
 * bytes, bidi and zero-width characters, private use, backslash) becomes
 * `\xHH` or `\u{H}`.
 */
void text_add_safe(struct text *text, const char *bytes, size_t size);

/*
 * Decodes one code point strictly (no overlong forms, no surrogates). Returns
 * the number of bytes used, 0 when @bytes does not start with valid UTF-8.
 */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

/*
 * True of what steers a terminal, and of what glibc calls printable though it reorders,
 * hides or joins what a person reads: format characters (Unicode category Cf), variation
 * selectors, tags, separators, private use; and of the backslash, by which all these are
 * told.
 */
bool utf8_is_treacherous(uint32_t code);

/* True when all of @bytes is valid UTF-8. */
bool utf8_valid(const char *bytes, size_t size);

/* Columns that a valid UTF-8 string takes on a terminal. */
size_t utf8_width(const char *str);

#endif
