/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_FILTER_READ_H
#define VALUE_FILTER_READ_H

/* Shared by the files that read a filter; nobody else needs it. */
#include "value/filter.h"

/* One word of the expression; its text is in filter->words, escapes taken off. */
struct filter_token {
	uint32_t offset;        /* in filter->source */
	uint32_t word;
	bool     escaped;       /* an escape occurred: no operator, no parenthesis */
};

struct filter_tokens { struct filter_token *at; size_t count, room; };

/* Joins the words to filter->source and cuts it. 0 or -errno. */
int filter_cut(struct filter *filter, const struct filter_source *source,
	       struct filter_tokens *tokens, struct filter_error *error, struct fault *fault);

/* Adds a string to filter->words. Its place, never 0. */
uint32_t filter_keep(struct filter *filter, const char *bytes, size_t size);

/* The word that is called @name; false: none is. */
bool filter_row_of(const char *name, size_t size, struct filter_row *row);

/*
 * Reads the value @text into @node, whose family and realm say what a value
 * without a prefix is about. False with what was expected in @error
 * (offset not set).
 */
bool filter_read_value(struct filter *filter, struct filter_node *node,
		       const struct filter_row *row, const char *text,
		       struct filter_error *error);

/* The highest number that a value of the column can be. */
uint64_t filter_most(const struct column *column);

/* Writes what was expected. Always returns false. */
bool filter_expect(struct filter_error *error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The sentence for @error, which is complete. Returns -@err. */
int filter_refuse(const struct filter *filter, const struct filter_error *error, int err,
		  struct fault *fault);

#endif
