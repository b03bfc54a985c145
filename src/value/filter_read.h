/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_FILTER_READ_H
#define VALUE_FILTER_READ_H

/* Private to the files that read a filter. */
#include "value/filter.h"

/* A word of the expression; filter->words holds its text without escapes. */
struct filter_token {
	uint32_t offset;        /* in filter->source */
	uint32_t word;
	bool     escaped;       /* it had an escape, so it is not an operator or parenthesis */
};

struct filter_tokens { struct filter_token *at; size_t count, room; };

/* Joins the words into filter->source and cuts that into tokens. Returns 0 or -errno. */
int filter_cut(struct filter *filter, const struct filter_source *source,
	       struct filter_tokens *tokens, struct filter_error *error, struct fault *fault);

/* Adds a string to filter->words. Returns its position, never 0. */
uint32_t filter_keep(struct filter *filter, const char *bytes, size_t size);

/* Looks up the word @name; false when there is none. */
bool filter_row_of(const char *name, size_t size, struct filter_row *row);

/*
 * Reads the value @text into @node. The node's family and realm apply to a value without
 * a prefix. On failure returns false with what was expected in @error, whose offset it
 * leaves to the caller.
 */
bool filter_read_value(struct filter *filter, struct filter_node *node,
		       const struct filter_row *row, const char *text,
		       struct filter_error *error);

/* The highest value that the column can have. */
uint64_t filter_most(const struct column *column);

/* Writes what was expected. Always returns false. */
bool filter_expect(struct filter_error *error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes the sentence for @error, which is complete. Returns -@err. */
int filter_refuse(const struct filter *filter, const struct filter_error *error, int err,
		  struct fault *fault);

#endif
