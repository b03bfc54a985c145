/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_PAGE_H
#define PRINT_PAGE_H

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

/*
 * A page for a person: one line that says it all, then paragraphs, each with a
 * label before it, then what could not be seen. Words are broken at the edge of
 * the terminal.
 */
struct page {
	struct out *out;
	const struct style *style;
	const struct snapshot *seen;
	unsigned label;         /* columns for the longest label and a blank */
};

#define PAGE_INDENT 2

/* "WORD: what it means": the word up to the colon carries the colour. */
void page_headline(const struct page *page, enum ink ink, const char *text);

/*
 * The label alone, or blanks where @label is "", and what fills its column.
 * Returns the column where the text starts. On a very narrow terminal the label
 * has a line of its own.
 */
unsigned page_label(const struct page *page, const char *label);

/* "  label  text", further lines below the text, or below what an item's dash begins. */
void page_labelled(const struct page *page, const char *label, const char *text);

/* The same for a sentence that may quote somebody; nothing when it is empty. */
void page_sentence(const struct page *page, const char *label, const char *sentence);

/* One paragraph, or one item each when there are several. */
void page_advice(const struct page *page, const char *label, const struct advice *advice);

/* What could not be seen. */
void page_gaps(const struct page *page);

/* "1 socket", "1,204 sockets" */
void page_count(struct text *text, uint64_t count, const char *noun);

/* "12%", and never "0%" for something. */
void page_percent(struct text *text, double percent);

/* "3,990 TIME_WAIT, 2 ESTABLISHED" */
void page_states(struct text *text, const uint32_t count[STATE_COUNT]);

/* Between the two ends of a connection, blanks around it. */
const char *page_arrow(const struct style *style);

#endif
