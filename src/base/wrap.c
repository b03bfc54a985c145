/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/wrap.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

static size_t word_width(const char *word, size_t size)
{
	struct text copy = { 0 };
	size_t width;

	text_add(&copy, word, size);
	width = utf8_width(copy.at);
	text_fini(&copy);
	return width;
}

void wrap_put(struct out *out, const char *text, size_t column, size_t indent, size_t width)
{
	bool fresh = true;

	while (*text) {
		size_t size = strcspn(text, " "), wide = word_width(text, size);

		if (!fresh && width && column + 1 + wide > width) {
			out_char(out, '\n');
			out_pad(out, ' ', indent);
			column = indent;
		} else if (!fresh) {
			out_char(out, ' ');
			column++;
		}
		out_put(out, text, size);
		column += wide;
		fresh = false;
		text += size;
		text += strspn(text, " ");
	}
	out_char(out, '\n');
}

void wrap_pair(struct out *out, const char *left, size_t left_size, size_t column,
	       const char *text, size_t hang, size_t width)
{
	size_t start = left_size < column ? column : left_size + 2;

	out_str(out, "  ");
	out_put(out, left, left_size);
	out_pad(out, ' ', start - left_size);
	wrap_put(out, text, start + 2, start + 2 + hang, width);
}
