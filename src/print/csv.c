/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values for spreadsheets and scripts: the numbers and words of JSON; where JSON has
 * null the field is empty. Foreign bytes are escaped, so no field holds a control
 * character.
 */
#include "print/delimited.h"
#include "print/listing.h"

#include "base/swar.h"
#include "print/cell.h"
#include "print/columns.h"

/*
 * A spreadsheet takes a cell that begins with such a character for a formula, and would
 * run what somebody chose as a process name. An apostrophe in front makes it text.
 */
static bool is_formula(const char *at, size_t size)
{
	return size > 1 && (*at == '=' || *at == '+' || *at == '-' || *at == '@');
}

static void put_csv(struct text *line, const char *at, size_t size, bool foreign)
{
	bool guard = foreign && is_formula(at, size);

	if (!size || (!memchr(at, ',', size) && !memchr(at, '"', size) && *at != ' ' &&
		      at[size - 1] != ' ')) {
		cell_str(line, guard ? "'" : "");
		cell_put(line, at, size);
		return;
	}
	cell_str(line, guard ? "\"'" : "\"");
	for (size_t i = 0; i < size; i++) {
		if (at[i] == '"')
			cell_char(line, '"');
		cell_char(line, at[i]);
	}
	cell_char(line, '"');
}

static void put_tsv(struct text *line, const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] == '\\')
			cell_str(line, "\\\\");
		else if (at[i] == '\t' || at[i] == '\n')
			cell_str(line, at[i] == '\t' ? "\\t" : "\\n");
		else
			cell_char(line, at[i]);
}

void delimited_put(struct text *line, enum format format, const struct text *value, bool foreign)
{
	if (format == FORMAT_CSV)
		put_csv(line, text_str(value), value->count, foreign);
	else
		put_tsv(line, text_str(value), value->count);
}

void delimited_between(struct text *line, enum format format)
{
	cell_char(line, format == FORMAT_CSV ? ',' : '\t');
}

static void begin_values(struct listing *listing)
{
	struct columns machines;
	struct text *line = &listing->line;

	columns_for_machines(&machines, &listing->columns);
	listing->columns = machines;
	listing->view.machine = true;
	if (!listing->style.header)
		return;
	for (size_t i = 0; i < machines.count; i++) {
		if (i)
			delimited_between(line, listing->style.format);
		cell_str(line, machines.at[i]->member);
	}
	cell_char(line, '\n');
	out_put(listing->out, line->at, line->count);
}

static inline uint64_t csv_marks(uint64_t word)
{
	return swar_byte(word, ',') | swar_byte(word, '"');
}

static inline uint64_t tsv_marks(uint64_t word)
{
	return swar_byte(word, '\\') | swar_byte(word, '\t') | swar_byte(word, '\n');
}

/* True for values that need no quotes: digits, or one of our words. */
static bool is_ours(const struct column *column, const struct sock *sock)
{
	return column->kind <= KIND_PROTOCOL ||
	       ((column->kind == KIND_HOST || column->kind == KIND_PORT) && !sock->other);
}

/* True for nearly every value: delimited_put() would write it unchanged. */
static bool is_simple(enum format format, const char *at, size_t size, bool foreign)
{
	if (!size)
		return true;
	if (format == FORMAT_TSV)
		return !swar_any(at, size, tsv_marks);
	if (*at == ' ' || at[size - 1] == ' ' || (foreign && is_formula(at, size)))
		return false;
	return !swar_any(at, size, csv_marks);
}

/* Writes the value into the line at once, and takes it back when it must be quoted. */
static void put_value(struct listing *listing, const struct column *column,
		      const struct sock *sock)
{
	struct text *line = &listing->line, *cell = &listing->cell;
	size_t start = line->count;

	column_put(line, &listing->view, column, sock);
	if (is_ours(column, sock) ||
	    is_simple(listing->style.format, line->at + start, line->count - start,
		      kind_is_foreign(column->kind)))
		return;
	cell->count = 0;
	cell_put(cell, line->at + start, line->count - start);
	line->count = start;
	delimited_put(line, listing->style.format, cell, kind_is_foreign(column->kind));
}

static void put_values(struct listing *listing, const struct sock *sock)
{
	struct text *line = &listing->line;

	line->count = 0;
	cell_space(line, 1);
	for (size_t i = 0; i < listing->columns.count; i++) {
		if (i)
			delimited_between(line, listing->style.format);
		put_value(listing, listing->columns.at[i], sock);
	}
	cell_char(line, '\n');
	out_put(listing->out, line->at, line->count);
}

static void end_values(struct listing *listing)
{
	text_fini(&listing->cell);
	text_fini(&listing->line);
}

const struct listing_format delimited_format = {
	.begin = begin_values, .row = put_values, .end = end_values,
};
