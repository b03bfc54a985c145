/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_LISTING_H
#define PRINT_LISTING_H

#include "print/columns.h"
#include "print/json.h"
#include "print/page.h"

/* The functions of a format of `list`; one of these for each enum format. */
struct listing_format {
	void (*begin)(struct listing *listing);
	void (*row)(struct listing *listing, const struct sock *sock);
	void (*end)(struct listing *listing);
};
extern const struct listing_format table_format;        /* table.c */

struct listing {
	struct out           *out;
	struct style          style;
	struct columns        columns;
	struct view           view;
	uint64_t              rows, matched;
	bool                  is_cut;   /* @matched tells how many there are without --top */
	const struct listing_format *format;
	struct table         *table;    /* text only */
	struct json           json;     /* JSON only */
	struct text           cell, line;       /* CSV and TSV only */
	struct map            known;    /* PIDS only */
	struct { int32_t *at; size_t count, room; } pids;
};

/*
 * Adds a value of FORMAT_CSV (quoted as RFC 4180 says) or FORMAT_TSV (\t \n \\).
 * @foreign: it may begin with bytes that somebody else chose; in CSV, a value that a
 * spreadsheet would take for a formula gets an apostrophe in front.
 */
void delimited_put(struct text *line, enum format format, const struct text *value, bool foreign);

/* Stands in front of every value of a line, also of the first one: see delimited_end(). */
static inline char delimiter(enum format format)
{
	return format == FORMAT_CSV ? ',' : '\t';
}

/* Writes the line without its first delimiter, and empties it. */
void delimited_end(struct text *line, struct out *out);

/* What the formats of `list --by` share. */
struct group_page {
	const struct page page;
	const struct groups *groups;
	size_t shown;
	bool machine;           /* an unknown value is empty, not a word */
};

/* For the table of formats. */
void group_text(const struct group_page *view);
void group_lines(const struct group_page *view);        /* CSV and TSV */
void group_json(const struct group_page *view);

#endif
