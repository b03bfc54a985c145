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

void text_add(struct text *text, const void *bytes, size_t size);
void text_addf(struct text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Adds foreign bytes so that they are safe on any terminal and can be read
 * back: valid printable UTF-8 stays, everything else (controls, C1, invalid
 * bytes, bidi and zero-width characters, private use, backslash) becomes
 * `\xHH` or `\u{H}`.
 */
void text_add_safe(struct text *text, const char *bytes, size_t size);

/* The same, and every ASCII character of @also becomes `\xHH`; a blank in front stands for
 * those of Unicode, too. */
void text_add_escaped(struct text *text, const char *bytes, size_t size, const char *also);

/* What a word cannot hold: blanks, quotes, and what ss's pid=1 is known by. */
#define TEXT_WORD " \"'="

/* Names of others in commands that may be pasted: what a shell makes something of. */
#define TEXT_PASTED TEXT_WORD "$`;|&<>(){}!#*?~"

/* The name of a process cannot hold more: its pid stands behind it, as in x[1]. */
#define TEXT_COMM TEXT_WORD "["

/*
 * Foreign bytes as one value, like text_add_escaped(): no bytes are `-`, and what is called
 * `-` or `*`, which stand for no value, is escaped. With TEXT_WORD as @also it is one word,
 * for columns that blanks separate and for names in sentences.
 */
void text_add_value(struct text *text, const char *bytes, size_t size, const char *also);

/* text_add_value() with TEXT_WORD. */
void text_add_word(struct text *text, const char *bytes, size_t size);

/* A finished sentence, whose backslashes are those of the names in it: all else that
 * text_add_safe() escapes. */
void text_add_sentence(struct text *text, const char *sentence);

/*
 * Foreign text for one sentence, in the form of text_add_safe(); what is longer is cut
 * between two characters and ends with dots.
 */
#define QUOTE_MOST 120          /* bytes, without the dots */
struct quote {
	char at[QUOTE_MOST + sizeof("...")];
};

/* Fills @quote and returns its text. */
const char *text_quote(struct quote *quote, const char *bytes, size_t size);

/* For the block in which they stand: of bytes, and of a string. */
#define QUOTE_BYTES(at, size) text_quote(&(struct quote){ { 0 } }, (at), (size))
#define QUOTE(str) QUOTE_BYTES((str), strlen(str))

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
