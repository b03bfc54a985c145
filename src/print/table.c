/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of `list` as text. The first rows are kept until there are enough to choose
 * widths; then each row is written at once, and widths only grow. Nothing is ever cut
 * off: on a terminal, what does not fit goes on to a further line; into a pipe, a row is
 * a line.
 */
#include "print/listing.h"

#include "base/grow.h"
#include "print/cell.h"
#include "print/columns.h"
#include "print/page.h"
#include "print/ss_text.h"
#include "print/swift.h"

#include <stdlib.h>

#define KEEP_ROWS  256
#define KEEP_BYTES (64 * 1024)
#define TAB        8

/* A cell: where its bytes end and how wide it is on the screen. */
struct span {
	uint32_t end;
	uint16_t width;         /* columns; with ALIGN_COLON those left of the last colon */
	uint16_t tail;          /* ALIGN_COLON: bytes from the last colon on */
};

/* Row r has the spans from r * (columns + 1) on; the last of these is for the details. */
struct table {
	struct text bytes, line;
	struct { struct span *at; size_t count, room; } spans;
	struct { uint8_t *at; size_t count, room; } states;
	unsigned width[64], tail[64];   /* of each column */
	unsigned column;                /* column on the screen where the next byte goes */
	bool     breaks;                /* a new line must be written before it */
	bool     settled;
	struct swift swift;
};

static bool is_ascii(const char *at, size_t size)
{
	uint64_t word, all = 0;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		all |= word;
	}
	for (; size; at++, size--)
		all |= (unsigned char)*at;
	return !(all & 0x8080808080808080u);
}

static unsigned width_of(const char *at, size_t size)
{
	struct text copy = { 0 };
	unsigned width;

	if (is_ascii(at, size))
		return (unsigned)size;
	cell_put(&copy, at, size);
	width = (unsigned)utf8_width(copy.at);
	text_fini(&copy);
	return width;
}

static struct span measure(const struct column *column, const char *at, size_t size, size_t end)
{
	size_t left = size;

	if (column_align(column) == ALIGN_COLON) {
		/* for unix sockets a blank stands in place of the colon */
		while (left && at[left - 1] != ':' && at[left - 1] != ' ')
			left--;
		left = left ? left - 1 : size;
	}
	return (struct span){
		.end = (uint32_t)end, .tail = (uint16_t)(size - left),
		.width = (uint16_t)(kind_is_foreign(column->kind) ? width_of(at, left) : left),
	};
}

static void widen(struct table *table, size_t i, struct span span)
{
	if (span.width > table->width[i])
		table->width[i] = span.width;
	if (span.tail > table->tail[i])
		table->tail[i] = span.tail;
}

/*
 * Blanks and new lines are remembered and written only before something visible, so no
 * line ends with blanks.
 */
static void break_line(struct table *table, unsigned *owed)
{
	table->breaks = true;
	table->column = TAB;
	*owed = 0;
}

static void pay(struct table *table, unsigned *owed)
{
	if (table->breaks)
		cell_str(&table->line, "\n\t");
	table->breaks = false;
	if (*owed)
		cell_pad(&table->line, ' ', *owed);
	table->column += *owed;
	*owed = 0;
}

static void put_piece(struct table *table, const char *at, size_t size, unsigned width,
		      unsigned *owed)
{
	pay(table, owed);
	cell_put(&table->line, at, size);
	table->column += width;
}

/* The last column is not padded, because details follow it directly. */
static bool is_last(const struct listing *listing, size_t i)
{
	return i + 1 == listing->columns.count && column_align(listing->columns.at[i]) == ALIGN_LEFT;
}

/*
 * Writes what stands before every cell but the first: a blank or a new line. Lines break
 * at the same cells in every row, because that depends on the widths of columns, not of
 * cells.
 */
static void separate(struct listing *listing, size_t i, unsigned width, unsigned *owed)
{
	struct table *table = listing->table;
	unsigned limit = listing->style.width;

	if (!is_last(listing, i))
		width = table->width[i] + table->tail[i];
	if (i && limit && table->column + *owed + 1 + width > limit)
		break_line(table, owed);
	else if (i)
		*owed += 1;
}

static void put_cell(struct listing *listing, size_t i, const char *at, size_t size,
		     struct span span, unsigned *owed, const char *ink)
{
	struct table *table = listing->table;
	enum align align = column_align(listing->columns.at[i]);
	unsigned gap = table->width[i] - span.width;

	if (!size && is_last(listing, i))
		return;
	separate(listing, i, (unsigned)span.width + span.tail, owed);
	if (align != ALIGN_LEFT)
		*owed += gap;
	if (size) {
		if (ink) {
			pay(table, owed);
			cell_str(&table->line, ink);
		}
		put_piece(table, at, size, (unsigned)span.width + span.tail, owed);
		if (ink)
			cell_str(&table->line, screen_plain(&listing->style));
	}
	*owed += align == ALIGN_LEFT ? gap : table->tail[i] - span.tail;
}

/*
 * The length of the next word of the details: up to a blank, or between two entries of
 * users:((),()).
 */
static size_t word_size(const char *at, size_t size)
{
	size_t end = 1;

	while (end < size && at[end] != ' ' && at[end] != '\n' &&
	       !(at[end - 1] == ',' && at[end] == '('))
		end++;
	return end;
}

/* On a terminal: breaks at blanks; further lines begin with a tab. */
static void put_wrapped(struct listing *listing, const char *at, size_t size, unsigned owed)
{
	struct table *table = listing->table;
	size_t part;

	for (; size; at += part, size -= part) {
		bool blank = *at == ' ';
		unsigned width;

		part = word_size(at, size);
		if (*at == '\n') {
			break_line(table, &owed);
			part = size > 1 && at[1] == '\t' ? 2 : 1;
			continue;
		}
		width = width_of(at, part);
		if (table->column > TAB && table->column + owed + width > listing->style.width)
			break_line(table, &owed);
		else
			blank = false;
		put_piece(table, at + blank, part - blank, width - blank, &owed);
	}
}

/* Details begin with a blank of their own. */
static void put_details(struct listing *listing, const char *at, size_t size, unsigned owed)
{
	struct table *table = listing->table;

	if (size && !table->column && *at == ' ')
		at++, size--;
	if (listing->style.width)
		put_wrapped(listing, at, size, owed);
	else if (size)
		put_piece(table, at, size, (unsigned)size, *at == ' ' ? &owed : &(unsigned){ 0 });
}

/* PROCESS is as long as a socket has holders; as the last column it may be broken, too. */
static bool is_long(const struct listing *listing, size_t i, size_t size, unsigned owed)
{
	return size && i && listing->style.width && is_last(listing, i) &&
	       listing->table->column + owed + 1 + size > listing->style.width;
}

static const char *state_ink(const struct listing *listing, size_t i, size_t row)
{
	if (!listing->style.colour || strcmp(listing->columns.at[i]->name, "STATE") != 0)
		return NULL;
	return screen_ink(&listing->style,
			  screen_state_ink((enum state)listing->table->states.at[row]));
}

static void end_line(struct listing *listing)
{
	struct text *line = &listing->table->line;

	cell_char(line, '\n');
	out_put(listing->out, line->at, line->count);
	line->count = 0;
	listing->table->column = 0;
	listing->table->breaks = false;
}

/* The most bytes that the cells of a line take, with all blanks between them. */
static size_t most_bytes(const struct listing *listing, size_t bytes)
{
	const struct table *table = listing->table;

	for (size_t i = 0; i < listing->columns.count; i++)
		bytes += 1 + table->width[i] + table->tail[i];
	return bytes;
}

static char *put_owed(char *to, unsigned *owed)
{
	memset(to, ' ', *owed);
	to += *owed;
	*owed = 0;
	return to;
}

/* put_row() without a terminal: a row is one line, and there may be a million rows. */
static void put_plain_row(struct listing *listing, const struct span *spans, size_t start)
{
	struct table *table = listing->table;
	size_t count = listing->columns.count;
	const char *at = table->bytes.at;
	char *to = cell_space(&table->line, most_bytes(listing, spans[count].end - start));
	const char *begin = to;
	unsigned owed = 0;

	for (size_t i = 0; i < count; start = spans[i].end, i++) {
		size_t size = spans[i].end - start;
		bool is_left = column_align(listing->columns.at[i]) == ALIGN_LEFT;
		unsigned gap = table->width[i] - spans[i].width;

		if (!size && is_last(listing, i))
			continue;
		owed += (i > 0) + (is_left ? 0 : gap);
		if (size)
			to = mempcpy(put_owed(to, &owed), at + start, size);
		owed += is_left ? gap : table->tail[i] - spans[i].tail;
	}
	table->line.count = (size_t)(to - begin);
	table->column = (unsigned)table->line.count;
	put_details(listing, at + start, spans[count].end - start, owed);
	end_line(listing);
}

static void put_row(struct listing *listing, size_t row)
{
	struct table *table = listing->table;
	size_t count = listing->columns.count;
	const struct span *spans = table->spans.at + row * (count + 1);
	size_t start = row ? spans[-1].end : 0;
	unsigned owed = 0;

	if (!listing->style.width && !listing->style.colour) {
		put_plain_row(listing, spans, start);
		return;
	}
	for (size_t i = 0; i < count; start = spans[i].end, i++) {
		const char *at = table->bytes.at + start;
		size_t size = spans[i].end - start;

		if (is_long(listing, i, size, owed)) {
			put_wrapped(listing, at, size, owed + 1);
			owed = 0;
		} else {
			put_cell(listing, i, at, size, spans[i], &owed,
				 state_ink(listing, i, row));
		}
	}
	put_details(listing, table->bytes.at + start, spans[count].end - start, owed);
	end_line(listing);
}

static struct span measure_heading(const struct column *column)
{
	return measure(column, column->heading, strlen(column->heading), 0);
}

static void put_headings(struct listing *listing)
{
	unsigned owed = 0;

	cell_str(&listing->table->line, screen_ink(&listing->style, INK_BOLD));
	for (size_t i = 0; i < listing->columns.count; i++) {
		const struct column *column = listing->columns.at[i];
		size_t size = strlen(column->heading);

		/* a heading with nothing below it is left out rather than broken */
		if (!*column->name && is_long(listing, i, size, owed))
			continue;
		put_cell(listing, i, column->heading, size, measure_heading(column),
			 &owed, NULL);
	}
	cell_str(&listing->table->line, screen_plain(&listing->style));
	end_line(listing);
}

/* Writes the rows that were kept, and drops them. */
static void put_kept(struct listing *listing)
{
	struct table *table = listing->table;

	if (!table->settled && listing->style.header)
		put_headings(listing);
	if (!table->settled)
		swift_begin(&table->swift, listing, table->width, table->tail);
	table->settled = true;
	for (size_t row = 0; row < table->states.count; row++)
		put_row(listing, row);
	table->bytes.count = 0;
	table->spans.count = 0;
	table->states.count = 0;
}

static void begin_table(struct listing *listing)
{
	struct table *table = listing->table = grow_alloc(sizeof(*table));

	if (!listing->style.header)
		return;
	for (size_t i = 0; i < listing->columns.count; i++)
		widen(table, i, measure_heading(listing->columns.at[i]));
}

static struct span *add_spans(struct table *table, size_t count)
{
	table->spans.at = grow_room(table->spans.at, &table->spans.room,
				    table->spans.count + count, sizeof(*table->spans.at));
	memset(table->spans.at + table->spans.count, 0, count * sizeof(*table->spans.at));
	table->spans.count += count;
	return table->spans.at + table->spans.count - count;
}

/*
 * Formats the row at once, because the details of the socket are valid only during this
 * call. Not inlined, because most rows of a long listing do not need it.
 */
static __attribute__((noinline)) void keep_row(struct listing *listing, const struct sock *sock)
{
	struct table *table = listing->table;
	struct text *bytes = &table->bytes;
	size_t count = listing->columns.count;
	struct span *spans = add_spans(table, count + 1);

	for (size_t i = 0; i < count; i++) {
		const struct column *column = listing->columns.at[i];
		size_t start = bytes->count;

		column_put(bytes, &listing->view, column, sock);
		spans[i] = measure(column, bytes->at + start, bytes->count - start,
				   bytes->count);
		widen(table, i, spans[i]);
	}
	ss_details(bytes, &listing->view, sock);
	spans[count] = (struct span){ .end = (uint32_t)bytes->count };
	*grow_add(&table->states) = (uint8_t)sock->state;
	if (table->settled || table->states.count >= KEEP_ROWS || bytes->count >= KEEP_BYTES)
		put_kept(listing);
	if (table->settled)
		swift_widened(&table->swift, table->width, table->tail);
}

static void take_row(struct listing *listing, const struct sock *sock)
{
	struct table *table = listing->table;

	if (!swift_row(&table->swift, listing, sock, &table->bytes))
		keep_row(listing, sock);
}

static void end_table(struct listing *listing)
{
	struct table *table = listing->table;

	put_kept(listing);
	text_fini(&table->bytes);
	text_fini(&table->line);
	grow_fini(&table->spans);
	grow_fini(&table->states);
	free(table);
}

const struct listing_format table_format = {
	.begin = begin_table, .row = take_row, .end = end_table,
};
