/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_SWIFT_H
#define PRINT_SWIFT_H

#include "print/columns.h"
#include "print/listing.h"

/*
 * The fast writer for rows of `list` into a pipe, when there may be a million of them:
 * it writes the columns that nearly everybody asks for, of TCP and UDP sockets, straight
 * into the output buffer. What a row consists of is decided once. It writes the same
 * bytes as table.c, which does everything else, including a row that makes a column
 * wider.
 */
#define COLUMN_SWIFT 48         /* bytes that a value may write over */
typedef char *swift_write(char *to, const struct column *column, const struct sock *sock,
			  unsigned *tail);
struct swift_column {
	swift_write  *write;
	const struct column *column;
	enum align    align;
	unsigned      width, tail;      /* as in table.c */
	size_t        start;            /* bytes of a row in front of it */
};

struct swift {
	bool     can;
	bool     has_details;
	size_t   count;
	size_t   width;                 /* of all cells */
	size_t   room;                  /* bytes that may be written for a row */
	struct swift_column at[16];
	/* the value at hand; on the stack it would be cleared and guarded */
	char     cell[COLUMN_SWIFT];
	unsigned tail;
};

/* Decides whether this listing can use it. @width and @tail have an entry for each column. */
void swift_begin(struct swift *swift, const struct listing *listing, const unsigned *width,
		 const unsigned *tail);

/* Must be called after a column became wider. */
void swift_widened(struct swift *swift, const unsigned *width, const unsigned *tail);

/* Returns false, with nothing written, when table.c must write the row. */
bool swift_row(struct swift *swift, const struct listing *listing, const struct sock *sock,
	       struct text *details);

#endif
