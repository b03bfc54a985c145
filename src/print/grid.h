/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_GRID_H
#define PRINT_GRID_H

#include "base/text.h"
#include "print/page.h"

/*
 * Writes the cells of a line. Blanks and new lines are remembered and written only before
 * something visible, so no line ends with blanks.
 */
struct pen {
	struct out *out;
	const struct style *style;
	unsigned gap;           /* between two cells */
	const char *further;    /* a new line and what further lines begin with: @indent columns */
	unsigned indent;
	unsigned column;        /* on the screen, where the next byte goes */
	unsigned owed;          /* blanks before it */
	bool breaks;            /* @further before it */
};

/* What comes next stands on a further line. */
void pen_break(struct pen *pen);

/* Before every cell but the first: a gap, or a break where @width more do not fit. */
void pen_gap(struct pen *pen, unsigned width);

/* Writes @size bytes, @width columns, with what is owed before them; @ink may be NULL. */
void pen_put(struct pen *pen, const char *at, size_t size, unsigned width, const char *ink);

/*
 * A table whose rows are made twice, to be measured and to be written, and never kept,
 * because there may be as many rows as sockets. Where a row is wider than the terminal,
 * columns that can be spared are left out. No cell is cut off: columns that still do not
 * fit go on to a further line, the same ones in every row.
 */
struct grid_column {
	const char *heading;
	bool right;             /* numbers */
	bool words;             /* a sentence, broken at blanks; the last column only */
	unsigned bar;           /* a bar as wide as others allow, at most this; 0: none */
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
	size_t rows_most;       /* shown on a terminal; 0: all */
	const char *rest;       /* end of the line about the others, behind "and 5 more" */
	/* Adds the cells of a row from left to right. */
	void (*put_row)(struct grid *grid, size_t row);
	const void *ctx;        /* for put_row() */
	const struct page *page;        /* set by grid_print() */
	bool bare;              /* no headings */
	unsigned bar;           /* for put_row(): width of a bar; 0: none, or not known yet */
	/* the row that is being made */
	struct grid_cell *cells;
	size_t added;
};

/* Returns the next cell of the row, empty. */
struct grid_cell *grid_add(struct grid *grid);

/* Writes the headings and all rows. */
void grid_print(struct grid *grid, const struct page *page);

#endif
