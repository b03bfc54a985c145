/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_LISTING_H
#define PRINT_LISTING_H

#include "print/columns.h"

/* The functions of a format of `list`; one of these for each enum format. */
struct listing_format {
	void (*begin)(struct listing *listing);
	void (*row)(struct listing *listing, const struct sock *sock);
	void (*end)(struct listing *listing);
};
extern const struct listing_format table_format;        /* table.c */
extern const struct listing_format delimited_format;    /* csv.c */

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

#endif
