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

#endif
