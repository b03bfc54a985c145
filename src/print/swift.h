/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_SWIFT_H
#define PRINT_SWIFT_H

#include "print/columns.h"
#include "print/listing.h"

/*
 * Rows of `list` into a pipe when there may be a million of them: the columns
 * that nearly everybody asks for, of TCP and UDP sockets, written straight into
 * the output. What is in a row is decided once. The bytes are those of table.c,
 * which does everything else, also a row that makes a column wider.
 */
#define COLUMN_SWIFT 48         /* bytes that a value may write over */
typedef char *swift_write(char *to, const struct column *column, const struct sock *sock,
			  unsigned *tail);
struct swift_column {
	swift_write  *write;
	const struct column *column;
	enum align    align;
	unsigned      width, tail;      /* as in table.c */
	size_t        start;            /* bytes of the row before it */
};

struct swift {
	bool     can;
	bool     has_details;
	size_t   count;
	size_t   width;                 /* of all cells */
	size_t   room;                  /* bytes that may be written for a row */
	struct swift_column at[16];
	/* the value at hand; here, because on the stack it would be cleared and guarded */
	char     cell[COLUMN_SWIFT];
	unsigned tail;
};

/* Whether this listing is one of those. @width and @tail have an entry for each column. */
void swift_begin(struct swift *swift, const struct listing *listing, const unsigned *width,
		 const unsigned *tail);

/* After somebody has widened a column. */
void swift_widened(struct swift *swift, const unsigned *width, const unsigned *tail);

/* False: this row is not for it, and nothing was written. */
bool swift_row(struct swift *swift, const struct listing *listing, const struct sock *sock,
	       struct text *details);

#endif
