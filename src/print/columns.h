/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_COLUMNS_H
#define PRINT_COLUMNS_H

#include "print/view.h"
#include "value/column.h"

/* COLON: the last colons stand below each other, as in "Local Address:Port". */
enum align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_COLON };

static inline enum align column_align(const struct column *column)
{
	if (column->kind == KIND_END)
		return ALIGN_COLON;
	return !column->left && (kind_is_number(column->kind) || column->kind == KIND_PORT) ?
	       ALIGN_RIGHT : ALIGN_LEFT;
}

/* Adds the value of a socket to @cell, or what stands for none. */
void column_put(struct text *cell, const struct view *view, const struct column *column,
		const struct sock *sock);

/* The same of a value that is known, and of no end of a socket. */
void value_put(struct text *cell, const struct view *view, enum kind kind,
	       const struct value *value);

/*
 * What --csv has for these columns: one value in one form each, so that LOCAL is
 * address, port and device, and AGE is both bounds.
 */
void columns_for_machines(struct columns *chosen, const struct columns *shown);

#endif
