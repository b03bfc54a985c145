/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include "base/grow.h"
#include "base/locale.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_fini(struct text *text)
{
	grow_fini(text);
}

const char *text_str(const struct text *text)
{
	return text->at ? text->at : "";
}

void text_add(struct text *text, const void *bytes, size_t size)
{
	text->at = grow_room(text->at, &text->room, text->count + size + 1, 1);
	if (size)       /* memcpy() must not get NULL, which an empty string may be */
		memcpy(text->at + text->count, bytes, size);
	text->count += size;
	text->at[text->count] = '\0';
}

void text_addf(struct text *text, const char *fmt, ...)
{
	va_list args, again;
	int size;

	va_start(args, fmt);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (size > 0) {
		text->at = grow_room(text->at, &text->room,
				     text->count + (size_t)size + 1, 1);
		vsnprintf(text->at + text->count, (size_t)size + 1, fmt, again);
		text->count += (size_t)size;
	}
	va_end(again);
}

size_t utf8_decode(const char *bytes, size_t size, uint32_t *code)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t need;
	uint32_t least;

	if (!size)
		return 0;
	if (at[0] < 0x80) {
		*code = at[0];
		return 1;
	}
	if (at[0] >= 0xc2 && at[0] <= 0xdf) {
		need = 2, least = 0x80, *code = at[0] & 0x1fu;
	} else if (at[0] >= 0xe0 && at[0] <= 0xef) {
		need = 3, least = 0x800, *code = at[0] & 0x0fu;
	} else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
		need = 4, least = 0x10000, *code = at[0] & 0x07u;
	} else {
		return 0;
	}
	if (size < need)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3fu);
	}
	if (*code < least || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return need;
}

bool utf8_is_treacherous(uint32_t c)
{
	static const struct { uint32_t from, to; } bad[] = {
		{ 0x00, 0x1f },       { 0x5c, 0x5c },       { 0x7f, 0x9f },
		{ 0xad, 0xad },       { 0x34f, 0x34f },     { 0x600, 0x605 },
		{ 0x61c, 0x61c },     { 0x6dd, 0x6dd },     { 0x70f, 0x70f },
		{ 0x890, 0x891 },     { 0x8e2, 0x8e2 },     { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },
		{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
		{ 0xe000, 0xf8ff },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0xfffe, 0xffff },
		{ 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (c >= bad[i].from && c <= bad[i].to)
			return true;
	return false;
}

/* Unicode characters that end a word for tools that split at Unicode blanks. */
static bool is_wide_blank(uint32_t c)
{
	return c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

static bool is_escaped(uint32_t c, const char *also)
{
	if (utf8_is_treacherous(c))
		return true;
	if (c < 0x80)
		return strchr(also, (int)c);
	return locale_width(c) < 1 || (*also == ' ' && is_wide_blank(c));
}

/*
 * Adds one character, or one byte that is not part of a valid character. Returns the
 * number of bytes taken, at least 1.
 */
static size_t add_char(struct text *text, const char *bytes, size_t size, const char *also)
{
	uint32_t code;
	size_t used = utf8_decode(bytes, size, &code);

	if (!used)
		text_addf(text, "\\x%02x", (unsigned char)*bytes);
	else if (is_escaped(code, also))
		text_addf(text, code < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)code);
	else
		text_add(text, bytes, used);
	return used ? used : 1;
}

static size_t plain_size(const char *bytes, size_t size, const char *also)
{
	size_t i = 0;

	while (i < size && bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\' &&
	       !strchr(also, bytes[i]))
		i++;
	return i;
}

/* Most names have plain characters only; those are copied at once. */
void text_add_escaped(struct text *text, const char *bytes, size_t size, const char *also)
{
	size_t used;

	for (; size; bytes += used, size -= used) {
		used = plain_size(bytes, size, also);
		if (used)
			text_add(text, bytes, used);
		else
			used = add_char(text, bytes, size, also);
	}
}

void text_add_safe(struct text *text, const char *bytes, size_t size)
{
	text_add_escaped(text, bytes, size, "");
}

/* A column shows this for "no value"; a name that looks like it is escaped. */
static bool is_placeholder(const char *bytes, size_t size)
{
	return size == 1 && (*bytes == '-' || *bytes == '*');
}

void text_add_value(struct text *text, const char *bytes, size_t size, const char *also)
{
	if (!size)
		text_add(text, "-", 1);
	else if (is_placeholder(bytes, size))
		text_addf(text, "\\x%02x", (unsigned char)*bytes);
	else
		text_add_escaped(text, bytes, size, also);
}

void text_add_word(struct text *text, const char *bytes, size_t size)
{
	text_add_value(text, bytes, size, TEXT_WORD);
}

void text_add_sentence(struct text *text, const char *sentence)
{
	while (*sentence) {
		size_t size = strcspn(sentence, "\\");

		text_add_safe(text, sentence, size);
		sentence += size;
		if (*sentence)
			text_add(text, sentence++, 1);
	}
}

const char *text_quote(struct quote *quote, const char *bytes, size_t size)
{
	struct text text = { 0 };
	size_t i = 0, fits = 0;

	while (i < size && text.count <= QUOTE_MOST) {
		fits = text.count;
		i += add_char(&text, bytes + i, size - i, "");
	}
	if (text.count <= QUOTE_MOST) {
		memcpy(quote->at, text_str(&text), text.count + 1);
	} else {
		memcpy(quote->at, text_str(&text), fits);
		memcpy(quote->at + fits, "...", sizeof("..."));
	}
	text_fini(&text);
	return quote->at;
}

size_t utf8_width(const char *str)
{
	size_t width = 0, left = strlen(str), used;
	uint32_t code;

	for (; left; str += used, left -= used) {
		used = utf8_decode(str, left, &code);
		if (!used) {
			used = 1;
			width++;
			continue;
		}
		if (code < 0x80) {
			width++;
		} else {
			int columns = locale_width(code);

			width += columns > 0 ? (size_t)columns : 0;
		}
	}
	return width;
}
