/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include <string.h>

#define DOTS "..."

/* Bytes of the first character of @str, which is valid UTF-8; 0 at its end. */
static size_t char_size(const char *str, size_t *columns)
{
	uint32_t code;
	size_t size = utf8_decode(str, strlen(str) < 4 ? strlen(str) : 4, &code);
	char one[5] = "";

	/* one byte more was zero: NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(one, str, size);
	*columns = utf8_width(one);
	return size;
}

/* Bytes at the begin of @str that take at most @room columns. */
static size_t head_size(const char *str, size_t room)
{
	size_t used = 0, size, columns;

	while (str[used]) {
		size = char_size(str + used, &columns);
		if (!size || columns > room)
			break;
		room -= columns;
		used += size;
	}
	return used;
}

/* The end of @str that takes at most @room columns. */
static const char *tail_of(const char *str, size_t room)
{
	size_t left = utf8_width(str), size, columns;

	while (left > room && *str) {
		size = char_size(str, &columns);
		if (!size)
			break;
		left -= columns < left ? columns : left;
		str += size;
	}
	return str;
}

static void put_place(struct text *text, const char *before, const char *after, size_t width)
{
	size_t caret = utf8_width(before), shown;

	if (width && caret + utf8_width(after) > width) {
		size_t most = width * 2 / 3;

		if (caret > most) {
			before = tail_of(before, most - strlen(DOTS));
			text_addf(text, DOTS);
			caret = utf8_width(before) + strlen(DOTS);
		}
		text_addf(text, "%s", before);
		shown = head_size(after, width - caret);
		if (after[shown])
			shown = head_size(after, width - caret - strlen(DOTS));
		text_add(text, after, shown);
		text_addf(text, after[shown] ? DOTS : "");
	} else {
		text_addf(text, "%s%s", before, after);
	}
	text_addf(text, "\n%*s^\n", (int)caret, "");
}

void filter_error_format(struct text *text, const struct filter *filter,
			 const struct filter_error *error, size_t width)
{
	const char *source = text_str(&filter->source);
	size_t size = filter->source.count;
	size_t offset = error->offset < size ? error->offset : size;
	struct text before = { 0 }, after = { 0 };

	text_add_safe(&before, source, offset);
	text_add_safe(&after, source + offset, size - offset);
	/* a caret behind the end takes a column too */
	if (width)
		width = width < 20 ? 19 : width - 1;
	put_place(text, text_str(&before), text_str(&after), width);
	text_fini(&before);
	text_fini(&after);
}
