/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_VIEW_H
#define PRINT_VIEW_H

#include "model/snapshot.h"
#include "print/cell.h"
#include "print/print.h"

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

#endif
