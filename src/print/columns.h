/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_COLUMNS_H
#define PRINT_COLUMNS_H

#include "model/snapshot.h"
#include "print/cell.h"
#include "print/print.h"
#include "value/column.h"

/* What cells and details depend on besides the socket. */
struct resolver;
struct view {
	const struct snapshot *seen;
	const struct style    *style;
	struct resolver       *resolver;        /* NULL: numbers only */
	bool                   machine;         /* values as in JSON; unknown is empty */
};

/* Adds bytes that somebody else chose, for people as one word. */
static inline void view_foreign(struct text *cell, const struct view *view, const char *bytes,
				size_t size)
{
	if (view->machine)
		cell_foreign(cell, bytes, size);
	else
		cell_word(cell, bytes, size);
}

/* COLON aligns the last colons, as in "Local Address:Port". */
enum align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_COLON };

static inline enum align column_align(const struct column *column)
{
	if (column->kind == KIND_END)
		return ALIGN_COLON;
	return !column->left && (kind_is_number(column->kind) || column->kind == KIND_PORT) ?
	       ALIGN_RIGHT : ALIGN_LEFT;
}

/* Adds the value of a socket to @cell, or the placeholder for "no value". */
void column_put(struct text *cell, const struct view *view, const struct column *column,
		const struct sock *sock);

/* The same for a value that is known and is not an end of a socket. */
void value_put(struct text *cell, const struct view *view, enum kind kind,
	       const struct value *value);

/*
 * The columns that --csv has for these: one value in one form each, so that LOCAL
 * becomes address, port and device, and AGE both bounds.
 */
void columns_for_machines(struct columns *chosen, const struct columns *shown);

#endif
