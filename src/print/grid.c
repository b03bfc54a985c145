/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/grid.h"

#include "base/grow.h"
#include "base/own.h"
#include "base/wrap.h"

#include <stdlib.h>
#include <string.h>

#define GAP        2
#define FURTHER    "\n      "             /* PAGE_INDENT and 4 more */
#define BAR_LEAST  5
#define LEAST_ROOM 20                   /* for words beside the other cells */

struct grid_cell *grid_add(struct grid *grid)
{
	return &grid->cells[grid->added++];
}

static void fill_row(struct grid *grid, size_t row)
{
	for (size_t i = 0; i < grid->columns_count; i++) {
		struct grid_cell *cell = &grid->cells[i];

		cell->ink = INK_PLAIN;
		cell->text.count = 0;
		if (cell->text.at)
			cell->text.at[0] = '\0';
	}
	grid->added = 0;
	grid->put_row(grid, row);
}

/* The sum of all widths. An empty column takes no room, not even for its heading. */
static unsigned sum_of(const unsigned *widths, size_t count)
{
	unsigned sum = PAGE_INDENT;

	for (size_t i = 0; i < count; i++)
		sum += widths[i] ? widths[i] + GAP : 0;
	return sum - GAP;
}

/* The column that is to be left out first, or none. */
static size_t find_spare(const struct grid *grid, const unsigned *widths)
{
	size_t best = grid->columns_count;

	for (size_t i = 0; i < grid->columns_count; i++) {
		unsigned spare = grid->columns[i].spare;

		if (spare && widths[i] && (best == grid->columns_count ||
					   spare < grid->columns[best].spare))
			best = i;
	}
	return best;
}

static void measure(struct grid *grid, unsigned *widths)
{
	for (size_t i = 0; i < grid->columns_count; i++)
		widths[i] = grid->bare ? 0 : (unsigned)strlen(grid->columns[i].heading);
	for (size_t row = 0; row < grid->rows; row++) {
		fill_row(grid, row);
		for (size_t i = 0; i < grid->columns_count; i++) {
			unsigned width = (unsigned)utf8_width(text_str(&grid->cells[i].text));

			widths[i] = width > widths[i] ? width : widths[i];
		}
	}
}

/* The width that other columns leave for the bar, 0 when it is too small. */
static unsigned find_bar(const struct page *page, unsigned taken, unsigned most)
{
	unsigned limit = page->style->width;

	if (!limit || limit > taken + most)
		return most;
	return limit >= taken + BAR_LEAST ? limit - taken : 0;
}

/* The width of each column, 0 for a column that is left out. The caller frees the array. */
static unsigned *find_widths(struct grid *grid, const struct page *page)
{
	unsigned *widths = grow_alloc(grid->columns_count * sizeof(*widths));
	unsigned limit = page->style->width;

	measure(grid, widths);
	while (limit && sum_of(widths, grid->columns_count) > limit) {
		size_t spare = find_spare(grid, widths);

		if (spare == grid->columns_count)
			break;
		widths[spare] = 0;
	}
	for (size_t i = 0; i < grid->columns_count; i++)
		if (grid->columns[i].bar)
			widths[i] = grid->bar = find_bar(page, sum_of(widths, grid->columns_count) + GAP,
							 grid->columns[i].bar);
	return widths;
}

void pen_break(struct pen *pen)
{
	pen->breaks = true;
	pen->column = pen->indent;
	pen->owed = 0;
}

void pen_gap(struct pen *pen, unsigned width)
{
	unsigned limit = pen->style->width;

	if (limit && pen->column + pen->owed + pen->gap + width > limit)
		pen_break(pen);
	else
		pen->owed += pen->gap;
}

void pen_put(struct pen *pen, const char *at, size_t size, unsigned width, const char *ink)
{
	if (pen->breaks)
		out_str(pen->out, pen->further);
	pen->breaks = false;
	out_pad(pen->out, ' ', pen->owed);
	out_str(pen->out, ink ? ink : "");
	out_put(pen->out, at, size);
	out_str(pen->out, ink ? screen_plain(pen->style) : "");
	pen->column += pen->owed + width;
	pen->owed = 0;
}

static void put_cell(struct pen *pen, const char *text, enum ink ink, bool right, unsigned column)
{
	unsigned width = (unsigned)utf8_width(text), gap = column > width ? column - width : 0;

	pen->owed += right ? gap : 0;
	if (*text)
		pen_put(pen, text, strlen(text), width, ink ? screen_ink(pen->style, ink) : NULL);
	pen->owed += right ? 0 : gap;
}

/* Returns true when the line is already ended. */
static bool put_words(struct pen *pen, const char *text)
{
	pen_put(pen, "", 0, 0, NULL);
	wrap_put(pen->out, text, pen->column, pen->column, pen->style->width);
	return true;
}

static void put_row(const struct grid *grid, const struct page *page, const unsigned *widths,
		    const struct grid_cell *cells)
{
	struct pen pen = {
		.out = page->out, .style = page->style, .gap = GAP, .owed = PAGE_INDENT,
		.further = FURTHER, .indent = sizeof(FURTHER) - 2,
	};
	bool ended = false;

	for (size_t i = 0; i < grid->columns_count; i++) {
		const struct grid_column *column = &grid->columns[i];
		const char *text = cells ? text_str(&cells[i].text) : column->heading;
		bool words = column->words && widths[i] > LEAST_ROOM;

		if (!widths[i])
			continue;
		if (i)
			pen_gap(&pen, words ? LEAST_ROOM : widths[i]);
		if (words && cells && *text)
			ended = put_words(&pen, text);
		else
			put_cell(&pen, text, cells ? cells[i].ink : INK_BOLD, column->right,
				 widths[i]);
	}
	if (!ended)
		out_char(page->out, '\n');
}

void grid_print(struct grid *grid, const struct page *page)
{
	OWN_MEM struct grid_cell *cells = grow_alloc(grid->columns_count * sizeof(*cells));
	OWN_MEM unsigned *widths = NULL;
	size_t count = grid->rows;

	/* a line about one more row would take the place of that row */
	if (page->style->width && grid->rows_most && count > grid->rows_most + 1)
		grid->rows = grid->rows_most;
	grid->page = page;
	grid->cells = cells;
	widths = find_widths(grid, page);
	if (!grid->bare)
		put_row(grid, page, widths, NULL);
	for (size_t row = 0; row < grid->rows; row++) {
		fill_row(grid, row);
		put_row(grid, page, widths, cells);
	}
	if (grid->rows < count)
		out_f(page->out, "  and %zu more%s\n", count - grid->rows, grid->rest);
	for (size_t i = 0; i < grid->columns_count; i++)
		text_fini(&cells[i].text);
}
