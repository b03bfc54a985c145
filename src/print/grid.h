/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_GRID_H
#define PRINT_GRID_H

#include "base/text.h"
#include "print/page.h"

/*
 * A small table, whole in memory. Where a row is wider than the terminal, the
 * columns that can be spared are left out; no cell is cut off: what still does
 * not fit goes on to a further line, the same columns for every row.
 */
struct grid_column {
	const char *heading;
	bool right;             /* numbers */
	bool words;             /* the last one, a sentence: broken at blanks */
	unsigned spare;         /* 1 is left out first, then 2, ...; 0: never */
};

struct grid_cell {
	struct text text;       /* safe to print */
	enum ink ink;
};

struct grid {
	const struct grid_column *columns;
	size_t columns_count;
	struct { struct grid_cell *at; size_t count, room; } cells;    /* row by row */
	bool bare;              /* no headings */
};

/*
 * The next cell: cells are added from left to right, row by row. Good until the
 * next one is added.
 */
struct grid_cell *grid_add(struct grid *grid);

/* Columns of the screen that are left beside the cells; UINT_MAX without a limit. */
unsigned grid_room(const struct grid *grid, const struct page *page);

/* Writes headings and rows and frees the grid. */
void grid_print(struct grid *grid, const struct page *page);

#endif
