/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Strings under construction, and the one sanitizer for bytes that somebody else chose
 * (names of processes, cgroups, interfaces). Zeroed memory is an empty text; `at` is
 * NUL-terminated once anything was added.
 */
struct text {
	char  *at;
	size_t count, room;
};

void text_fini(struct text *text);

/* The string; "" when nothing was added. Borrowed from @text. */
const char *text_str(const struct text *text);

void text_add(struct text *text, const void *bytes, size_t size);
void text_addf(struct text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Adds foreign bytes so that no terminal acts on them and they can be read back:
 * printable UTF-8 stays; everything else (control characters, invalid bytes, characters
 * that reorder or hide text, private use, the backslash) becomes `\xHH` or `\u{H}`.
 */
void text_add_safe(struct text *text, const char *bytes, size_t size);

/*
 * The same, and each ASCII character in @also becomes `\xHH`. If @also begins with a
 * blank, Unicode blanks are escaped, too.
 */
void text_add_escaped(struct text *text, const char *bytes, size_t size, const char *also);

/*
 * Characters that a word may not hold: blanks, quotes, and the "=" by which scripts find
 * ss's pid=1.
 */
#define TEXT_WORD " \"'="

/*
 * Characters that a shell treats specially: escaped in names of others inside commands
 * that may be pasted.
 */
#define TEXT_PASTED TEXT_WORD "$`;|&<>(){}!#*?~"

/* The same for the name of a process, which its pid follows: x[1]. */
#define TEXT_COMM TEXT_WORD "["

/*
 * Adds foreign bytes as one value, escaped as text_add_escaped() does. An empty value
 * becomes `-`; a value `-` or `*` is escaped, because columns show these two for "no
 * value". With TEXT_WORD as @also the value is one word, for columns that blanks
 * separate and for names in sentences.
 */
void text_add_value(struct text *text, const char *bytes, size_t size, const char *also);

/* text_add_value() with TEXT_WORD. */
void text_add_word(struct text *text, const char *bytes, size_t size);

/*
 * Adds a finished sentence: escapes what text_add_safe() does, except backslashes,
 * because those come from names that were escaped before.
 */
void text_add_sentence(struct text *text, const char *sentence);

/*
 * Foreign text, escaped, for use in one sentence. Longer text is cut between two
 * characters and ends with dots.
 */
#define QUOTE_MOST 120          /* bytes, without the dots */
struct quote {
	char at[QUOTE_MOST + sizeof("...")];
};

/* Fills @quote and returns its text. */
const char *text_quote(struct quote *quote, const char *bytes, size_t size);

/*
 * A quotation that is valid until the end of the enclosing block: of bytes, and of a
 * string.
 */
#define QUOTE_BYTES(at, size) text_quote(&(struct quote){ { 0 } }, (at), (size))
#define QUOTE(str) QUOTE_BYTES((str), strlen(str))

/*
 * Decodes one code point strictly (no overlong forms, no surrogates). Returns
 * the number of bytes used, 0 when @bytes does not start with valid UTF-8.
 */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

/*
 * True for characters that steer a terminal, and for those that glibc calls printable
 * although they reorder, hide or join what a person reads: format characters (Unicode
 * category Cf), variation selectors, tags, separators, private use. True for the
 * backslash, too, because it introduces the escapes.
 */
bool utf8_is_treacherous(uint32_t code);

/* Columns that a valid UTF-8 string takes on a terminal. */
size_t utf8_width(const char *str);

#endif
