/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_GRID_H
#define PRINT_GRID_H

#include "base/text.h"
#include "print/page.h"

/*
 * A table. Its rows are made twice, to be measured and to be written, and none is
 * kept: there may be as many as there are sockets. Where a row is wider than the terminal, the
 * columns that can be spared are left out; no cell is cut off: what still does
 * not fit goes on to a further line, the same columns for every row.
 */
struct grid_column {
	const char *heading;
	bool right;             /* numbers */
	bool words;             /* the last one, a sentence: broken at blanks */
	unsigned bar;           /* as wide as what the others leave, at most so much; 0: no bar */
	unsigned spare;         /* 1 is left out first, then 2, ...; 0: never */
};

struct grid_cell {
	struct text text;       /* safe to print */
	enum ink ink;
};

struct grid {
	const struct grid_column *columns;
	size_t columns_count;
	size_t rows;
	/* Adds the cells of a row from left to right. */
	void (*put_row)(struct grid *grid, size_t row);
	const void *ctx;        /* for put_row() */
	bool bare;              /* no headings */
	unsigned bar;           /* for put_row(): width of a bar; 0: none, or not known yet */
	/* of the row that is being made */
	struct grid_cell *cells;
	size_t added;
};

/* The next cell of the row, empty. */
struct grid_cell *grid_add(struct grid *grid);

/* Writes headings and rows. */
void grid_print(struct grid *grid, const struct page *page);

#endif
