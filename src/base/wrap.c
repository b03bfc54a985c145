/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/wrap.h"

#include <stdbool.h>
#include <string.h>

static size_t word_width(const char *word, size_t size)
{
	size_t width = 0;

	/* Bytes that do not continue a character: exact but for wide ones. */
	for (size_t i = 0; i < size; i++)
		width += ((unsigned char)word[i] & 0xc0) != 0x80;
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
