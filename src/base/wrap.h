/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include "base/out.h"

/*
 * Writes a paragraph and a newline. The caller has written @column columns of the first
 * line; later lines begin with @indent blanks. Lines break at blanks so that none is
 * wider than @width; 0: no line breaks.
 */
void wrap_put(struct out *out, const char *text, size_t column, size_t indent, size_t width);

/*
 * Writes "  LEFT  TEXT": the text begins @column columns behind the left part's beginning, or
 * two blanks behind its end; further lines begin @hang columns to the right of that.
 */
void wrap_pair(struct out *out, const char *left, size_t left_size, size_t column,
	       const char *text, size_t hang, size_t width);

#endif
