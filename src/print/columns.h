/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_COLUMNS_H
#define PRINT_COLUMNS_H

#include "base/text.h"
#include "print/view.h"

/* COLON: the last colons stand below each other, as in "Local Address:Port". */
enum align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_COLON };

/* What --sort compares: numbers, bytes, or the address and port of an end. */
enum column_order { ORDER_TEXT, ORDER_NUMBER, ORDER_LOCAL, ORDER_PEER };

/*
 * Writes the value of a TCP or UDP socket in numbers at @to, where COLUMN_SWIFT
 * bytes may be written over. With ALIGN_COLON, @tail is what there is from the
 * last colon on, else it is NULL. Returns the end. Never empty, no blank, ASCII only.
 */
#define COLUMN_SWIFT 48
typedef char *column_swift(char *to, const struct sock *sock, unsigned *tail);

/* Adds the value of a socket to @cell, or what stands for none. */
typedef void column_put(struct text *cell, const struct view *view, const struct sock *sock);

struct column {
	const char *name;       /* what -C takes */
	const char *heading;
	enum align  align;
	unsigned    need;       /* enum need: what has to be collected for it */
	bool        usual;      /* shown without -C */
	bool        foreign;    /* may hold characters beyond ASCII */
	const char *member;     /* what machines call it, as in JSON with its unit */
	const char *parts;      /* machines get these columns for it */
	enum column_order order;
	const char *help;
	column_put   *put;
	column_swift *swift;    /* the same as put(), or NULL: see swift.h */
};

/* ss's Process without -p: a heading, and nothing below it. */
extern const struct column column_empty_process;

/* By number, from 0 to columns_count() - 1. */
const struct column *column_at(size_t i);

/* The column of that name in any case, or NULL. */
const struct column *column_find(const char *name, size_t size);

/* -EINVAL with a sentence that lists the valid names. */
int column_unknown(const char *name, size_t size, struct fault *fault);

/*
 * What --csv has for these columns: one value in one form each, so that LOCAL is
 * address, port and device, and AGE is both bounds.
 */
void columns_for_machines(struct columns *chosen, const struct columns *shown);

#endif
