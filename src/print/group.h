/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_GROUP_H
#define PRINT_GROUP_H

#include "print/page.h"

/* What the formats of `list --by` share. */
struct group_page {
	const struct page page;
	const struct groups *groups;
	size_t shown;
	bool machine;           /* an unknown value is empty, not a word */
};

/* The value of key number @i as a field; empty when it is not known. */
void group_cell(struct text *text, const struct group_page *view, const struct group *group,
		size_t i);

/* Of an end that is not of the internet: "NAME:SERVICE", or what there is of it. */
void group_name(struct text *text, const struct sock_end *end);

/* For the table of formats. */
void group_text(const struct group_page *view);
void group_lines(const struct group_page *view);        /* CSV and TSV */
void group_json(const struct group_page *view);

#endif
