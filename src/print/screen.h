/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_SCREEN_H
#define PRINT_SCREEN_H

#include "base/out.h"
#include "base/text.h"
#include "model/state.h"
#include "print/print.h"

/*
 * Drawing for a person: colour, bars, words broken at the edge. Colour repeats
 * what a word or a shape already says. Without colour, ink is nothing.
 */
enum ink { INK_PLAIN, INK_BOLD, INK_FAINT, INK_RED, INK_GREEN, INK_YELLOW, INK_CYAN };

/* The escape sequence that begins @ink, and the one that ends any; "" without colour. */
const char *screen_ink(const struct style *style, enum ink ink);
const char *screen_plain(const struct style *style);

/* Ink of a state: whose turn it is to act. */
enum ink screen_state_ink(enum state state);

/**
 * screen_bar - a horizontal bar in eighths of a cell (ASCII: whole cells)
 * @cells: columns that @most takes; any value but 0 shows at least a sliver
 */
void screen_bar(struct text *text, const struct style *style, uint64_t value,
		uint64_t most, unsigned cells);

/* One cell whose height is value/most, in eighths; ASCII: a ramp of eight. */
void screen_column(struct text *text, const struct style *style, uint64_t value, uint64_t most);

/* One cell of a port strip: @used of @size ports, @reserved of them never given. */
void screen_shade(struct text *text, const struct style *style, unsigned used,
		  unsigned reserved, unsigned size);

#endif
