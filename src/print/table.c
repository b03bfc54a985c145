/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of `list` as text. The first rows are kept until there are enough to choose
 * widths; then each row is written at once, and widths only grow. Nothing is ever cut
 * off: on a terminal, what does not fit goes on to a further line; into a pipe, a row is
 * a line.
 */
#include "print/listing.h"

#include "base/digits.h"
#include "base/grow.h"
#include "print/cell.h"
#include "print/columns.h"
#include "print/grid.h"
#include "print/ss_text.h"

#include <stdlib.h>

#define KEEP_ROWS  256
#define KEEP_BYTES (64 * 1024)
#define TAB        8
#define PIECE      64   /* blanks written at once: faster than computing how many are needed */
#define VALUE_MOST 48   /* bytes that a swift_write may overwrite */

/* A cell: where its bytes end and how wide it is on the screen. */
struct span {
	uint32_t end;
	uint16_t width;         /* columns; with ALIGN_COLON those left of the last colon */
	uint16_t tail;          /* ALIGN_COLON: bytes from the last colon on */
};

typedef char *swift_write(char *to, const struct column *column, const struct sock *sock,
			  unsigned *tail);

struct slot {
	const struct column *column;
	swift_write *write;     /* NULL: only column_put() writes its values */
	enum align   align;
	unsigned     width, tail;
	size_t       start;     /* bytes of a row in front of it */
};

/* Row r has the spans from r * (count + 1) on; the last of these is for the details. */
struct table {
	struct text bytes, line;        /* of the kept rows; of a value made aside */
	struct { struct span *at; size_t count, room; } spans;
	struct { uint8_t *at; size_t count, room; } states;
	struct slot slots[sizeof(((struct columns *)0)->at) / sizeof(void *)];
	size_t   count;
	bool     settled;
	/* for rows that are written straight into the output */
	bool     straight, has_details;
	size_t   straight_count, swift_count;
	size_t   width, filled;         /* of all cells, and of those of the row at hand */
	/* the value at hand; on the stack it would be cleared and guarded */
	char     cell[VALUE_MOST];
	unsigned tail;
	struct pen pen;
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

static struct span measure(const struct slot *slot, const char *at, size_t size, size_t end)
{
	size_t left = size;

	if (slot->align == ALIGN_COLON) {
		/* for unix sockets a blank stands in place of the colon */
		while (left && at[left - 1] != ':' && at[left - 1] != ' ')
			left--;
		left = left ? left - 1 : size;
	}
	return (struct span){
		.end = (uint32_t)end, .tail = (uint16_t)(size - left),
		.width = (uint16_t)(kind_is_foreign(slot->column->kind) ? width_of(at, left) : left),
	};
}

static void widen(struct slot *slot, struct span span)
{
	if (span.width > slot->width)
		slot->width = span.width;
	if (span.tail > slot->tail)
		slot->tail = span.tail;
}

/* The last column is not padded, because details follow it directly. */
static bool is_last(const struct table *table, const struct slot *slot)
{
	return slot + 1 == table->slots + table->count && slot->align == ALIGN_LEFT;
}

/* -- any row, for a terminal and to begin with -- */

static void put_cell(struct listing *listing, const struct slot *slot, const char *at,
		     size_t size, struct span span, const char *ink)
{
	struct table *table = listing->table;
	struct pen *pen = &table->pen;
	unsigned gap = slot->width - span.width, width = (unsigned)span.width + span.tail;
	bool is_left = slot->align == ALIGN_LEFT;

	if (!size && is_last(table, slot))
		return;
	/* by the width of the column, so that lines break at the same cells in every row */
	if (slot != table->slots)
		pen_gap(pen, is_last(table, slot) ? width : slot->width + slot->tail);
	pen->owed += is_left ? 0 : gap;
	if (size)
		pen_put(pen, at, size, width, ink);
	pen->owed += is_left ? gap : slot->tail - span.tail;
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
static void put_wrapped(struct pen *pen, const char *at, size_t size)
{
	size_t part;

	for (; size; at += part, size -= part) {
		bool blank = *at == ' ';
		unsigned width;

		part = word_size(at, size);
		if (*at == '\n') {
			pen_break(pen);
			part = size > 1 && at[1] == '\t' ? 2 : 1;
			continue;
		}
		width = width_of(at, part);
		if (pen->column > TAB && pen->column + pen->owed + width > pen->style->width)
			pen_break(pen);
		else
			blank = false;
		pen_put(pen, at + blank, part - blank, width - blank, NULL);
	}
}

/* Details begin with a blank of their own. */
static void put_details(struct pen *pen, const char *at, size_t size)
{
	if (size && !pen->column && *at == ' ')
		at++, size--;
	if (pen->style->width) {
		put_wrapped(pen, at, size);
	} else if (size) {
		pen->owed = *at == ' ' ? pen->owed : 0;
		pen_put(pen, at, size, (unsigned)size, NULL);
	}
}

/* PROCESS is as long as a socket has holders; as the last column it may be broken, too. */
static bool is_long(const struct table *table, const struct slot *slot, size_t size)
{
	const struct pen *pen = &table->pen;

	return size && slot > table->slots && pen->style->width && is_last(table, slot) &&
	       pen->column + pen->owed + 1 + size > pen->style->width;
}

static const char *state_ink(const struct listing *listing, const struct slot *slot, size_t row)
{
	if (!listing->style.colour || slot->column->kind != KIND_STATE)
		return NULL;
	return screen_ink(&listing->style,
			  screen_state_ink((enum state)listing->table->states.at[row]));
}

static void end_line(struct pen *pen)
{
	out_char(pen->out, '\n');
	pen->column = pen->owed = 0;
	pen->breaks = false;
}

static void put_row(struct listing *listing, size_t row)
{
	struct table *table = listing->table;
	const struct span *spans = table->spans.at + row * (table->count + 1);
	size_t start = row ? spans[-1].end : 0;

	for (size_t i = 0; i < table->count; start = spans[i].end, i++) {
		const struct slot *slot = &table->slots[i];
		const char *at = table->bytes.at + start;
		size_t size = spans[i].end - start;

		if (is_long(table, slot, size)) {
			table->pen.owed++;
			put_wrapped(&table->pen, at, size);
		} else {
			put_cell(listing, slot, at, size, spans[i], state_ink(listing, slot, row));
		}
	}
	put_details(&table->pen, table->bytes.at + start, spans[table->count].end - start);
	end_line(&table->pen);
}

static void put_headings(struct listing *listing)
{
	struct table *table = listing->table;

	out_str(listing->out, screen_ink(&listing->style, INK_BOLD));
	for (size_t i = 0; i < table->count; i++) {
		const struct slot *slot = &table->slots[i];
		const char *heading = slot->column->heading;
		size_t size = strlen(heading);

		/* a heading with nothing below it is left out rather than broken */
		if (!*slot->column->name && is_long(table, slot, size))
			continue;
		put_cell(listing, slot, heading, size, measure(slot, heading, size, 0), NULL);
	}
	out_str(listing->out, screen_plain(&listing->style));
	end_line(&table->pen);
}

/*
 * -- rows into a pipe --
 *
 * There may be a million of them, so they are written straight into the output buffer.
 * Columns that nearly everybody asks for have writers of their own. From the first other
 * column on, and for sockets that are not TCP or UDP, values are made by column_put() and
 * copied. The bytes are those of put_row(), which writes what is left: rows that make a
 * column wider, and values that are not ASCII.
 *
 * A writer never writes nothing, a blank, or bytes beyond ASCII.
 */

static char *write_number(char *to, const struct column *column, const struct sock *sock,
			  unsigned *tail)
{
	uint32_t value;

	(void)tail;
	if (!column_is_told(column, sock)) {
		*to++ = '-';
		return to;
	}
	memcpy(&value, (const char *)sock + column->offset, sizeof(value));
	return digits_u64(to, value);
}

/* Copied in full length, with unused bytes, which is faster than looking for its end. */
struct state_word {
	char     text[16];
	unsigned size;
};

static char *write_state(char *to, const struct column *column, const struct sock *sock,
			 unsigned *tail)
{
	static struct state_word words[STATE_COUNT];
	struct state_word *word = &words[sock->state];

	(void)column, (void)tail;
	if (!word->size) {
		word->size = (unsigned)strnlen(state_table[sock->state].ss, sizeof(word->text));
		memcpy(word->text, state_table[sock->state].ss, word->size);
	}
	memcpy(to, word->text, sizeof(word->text));
	return to + word->size;
}

static inline char *write_host(char *to, const struct sock *sock, const struct addr *addr)
{
	if (sock->family != FAMILY_IPV6)
		return digits_v4(to, addr->b + 12);
	if (!sock->v6only && addr_is_zero(addr)) {
		*to++ = '*';
		return to;
	}
	*to = '[';
	to = digits_v6(to + 1, addr->b);
	*to++ = ']';
	return to;
}

/* @tail gets what stands behind the last colon, colon included. */
static inline char *write_end(char *to, const struct sock *sock, const struct addr *addr,
			      uint16_t port, unsigned *tail)
{
	char *colon = write_host(to, sock, addr);

	*colon = ':';
	to = colon + 1;
	if (port)
		to = digits_u64(to, port);
	else
		*to++ = '*';
	*tail = (unsigned)(to - colon);
	return to;
}

static char *write_local(char *to, const struct column *column, const struct sock *sock,
			 unsigned *tail)
{
	(void)column;
	return write_end(to, sock, &sock->local, sock->local_port, tail);
}

static char *write_peer(char *to, const struct column *column, const struct sock *sock,
			unsigned *tail)
{
	(void)column;
	return write_end(to, sock, &sock->remote, sock->remote_port, tail);
}

static swift_write *writer_of(const struct column *column)
{
	bool is_member = column_is_member(column) && column->size == sizeof(uint32_t);

	switch (column->kind) {
	case KIND_END:
		return column->peer ? write_peer : write_local;
	case KIND_STATE:
		return write_state;
	case KIND_NUMBER:
		return is_member ? write_number : NULL;
	default:
		return NULL;
	}
}

/* A last column may have any width when nothing stands behind it. */
static bool is_loose(const struct table *table, const struct slot *slot)
{
	return is_last(table, slot) && !table->has_details;
}

/*
 * Computes where the columns begin, and how many of the first ones have writers. In front
 * of the value of a writer there is at most one piece of blanks.
 */
static void lay_out(struct listing *listing)
{
	struct table *table = listing->table;
	size_t start = 0, blank = 0, i;

	table->swift_count = 0;
	/* ss's empty Process column is the last one and has no values */
	for (i = 0; i < table->count && *table->slots[i].column->name; i++) {
		struct slot *slot = &table->slots[i];
		bool is_left = slot->align == ALIGN_LEFT;

		if (slot->write && blank + (is_left ? 0 : slot->width) <= PIECE &&
		    table->swift_count == i)
			table->swift_count++;
		blank = (is_left ? slot->width : slot->tail) + 1;
		slot->start = start;
		start += is_loose(table, slot) ? 0 : (size_t)slot->width + slot->tail + 1;
	}
	table->straight_count = i;
	table->filled = table->width = start ? start - 1 : 0;
	table->straight = !listing->style.width && !listing->style.colour &&
			  start + PIECE + VALUE_MOST <= OUT_SPACE;
	/* a row whose only cell is empty has details without a blank in front */
	if (table->count == 1 && table->has_details)
		table->straight = false;
}

/*
 * True unless a name is needed: devices have names, and raw sockets protocols in place
 * of ports.
 */
static bool is_numbers(const struct sock *sock)
{
	return !sock->other && !sock->ifindex &&
	       (sock->protocol == PROTOCOL_TCP || sock->protocol == PROTOCOL_UDP);
}

/* Returns the end of the value, or NULL when the column is too narrow. */
static inline char *put_left(char *to, const struct slot *slot, const struct sock *sock)
{
	char *end = slot->write(to, slot->column, sock, NULL);

	return end <= to + slot->width ? end : NULL;
}

/*
 * In every row the left part ends, and the tail begins, at the same place. Where the
 * value begins is known only after it was written, so it is written elsewhere first.
 */
static inline char *put_aligned(char *to, struct table *table, const struct slot *slot,
				const struct sock *sock)
{
	unsigned size, left;

	table->tail = 0;
	size = (unsigned)(slot->write(table->cell, slot->column, sock, &table->tail) -
			  table->cell);
	left = size - table->tail;

	if (left > slot->width || table->tail > slot->tail)
		return NULL;
	to += slot->width - left;
	memcpy(to, table->cell, sizeof(table->cell));
	return to + size;
}

/*
 * Writes the value of column_put() with all blanks in front of it and behind it. Returns
 * the end of the value, or NULL when the column is too narrow or the value not ASCII.
 */
static __attribute__((noinline)) char *put_aside(struct listing *listing, const struct slot *slot,
						 const struct sock *sock, char *begin, char *end)
{
	struct table *table = listing->table;
	struct text *cell = &table->line;
	char *to = begin + slot->start;
	struct span span;

	cell->count = 0;
	column_put(cell, &listing->view, slot->column, sock);
	if (is_loose(table, slot)) {
		if (cell->count > OUT_SPACE - PIECE - slot->start)
			return NULL;
		memset(end, ' ', (size_t)(to - end));
		return cell->count ? mempcpy(to, cell->at, cell->count) : end;
	}
	span = measure(slot, cell->at, cell->count, 0);
	if (span.width > slot->width || span.tail > slot->tail ||
	    cell->count != (size_t)span.width + span.tail)
		return NULL;
	if (!cell->count && is_last(table, slot)) {
		table->filled = slot->start ? slot->start - 1 : 0;
		return end;
	}
	if (cell->count) {
		to += slot->align == ALIGN_LEFT ? 0 : slot->width - span.width;
		memset(end, ' ', (size_t)(to - end));
		end = mempcpy(to, cell->at, cell->count);
	}
	memset(end, ' ', (size_t)(begin + slot->start + slot->width + slot->tail + PIECE - end));
	return end;
}

/* Writes each value behind a piece of blanks. Bytes behind the end are written over. */
static inline char *put_values(struct listing *listing, const struct sock *sock, char *begin)
{
	struct table *table = listing->table;
	const struct slot *slot = table->slots, *last = slot + table->straight_count;
	const struct slot *swift = slot + (is_numbers(sock) ? table->swift_count : 0);
	char *end = begin;

	for (; slot < swift && end; slot++) {
		memset(end, ' ', PIECE);
		end = slot->align == ALIGN_LEFT ? put_left(begin + slot->start, slot, sock) :
		      put_aligned(begin + slot->start, table, slot, sock);
	}
	for (; slot < last && end; slot++)
		end = put_aside(listing, slot, sock, begin, end);
	return end;
}

/* Details that begin with a blank begin at the same column in every row. Returns the end. */
static char *add_details(struct listing *listing, const struct sock *sock, char *begin, char *end)
{
	struct table *table = listing->table;
	struct text *details = &table->bytes;
	char *start = begin + table->filled;

	table->filled = table->width;
	ss_details(details, &listing->view, sock);
	if (!details->count)
		return end;
	if (*details->at == ' ') {
		memset(end, ' ', PIECE);
		if (start > end + PIECE)
			memset(end, ' ', (size_t)(start - end));
		end = start;
	}
	out_took(listing->out, end);
	out_put(listing->out, details->at, details->count);
	details->count = 0;
	return out_space(listing->out, 1);
}

/* Returns false, with nothing written, when put_row() must write the row. */
static bool put_straight(struct listing *listing, const struct sock *sock)
{
	struct table *table = listing->table;
	char *begin, *end;

	if (!table->straight)
		return false;
	begin = out_space(listing->out, OUT_SPACE);
	end = put_values(listing, sock, begin);
	if (!end)
		return false;
	if (table->has_details)
		end = add_details(listing, sock, begin, end);
	*end++ = '\n';
	out_took(listing->out, end);
	return true;
}

/* -- the listing -- */

/* Writes the rows that were kept, and drops them. */
static void put_kept(struct listing *listing)
{
	struct table *table = listing->table;

	if (!table->settled && listing->style.header)
		put_headings(listing);
	table->settled = true;
	for (size_t row = 0; row < table->states.count; row++)
		put_row(listing, row);
	table->bytes.count = 0;
	table->spans.count = 0;
	table->states.count = 0;
	lay_out(listing);
}

static void begin_table(struct listing *listing)
{
	struct table *table = listing->table = grow_alloc(sizeof(*table));
	const struct style *style = &listing->style;

	table->count = listing->columns.count;
	table->pen = (struct pen){
		.out = listing->out, .style = style, .gap = 1, .further = "\n\t", .indent = TAB,
	};
	table->has_details = style->with_timer || style->with_extended || style->with_tos ||
			     style->with_cgroup || style->with_sockopt || style->with_memory ||
			     style->with_info || style->with_bpf;
	for (size_t i = 0; i < table->count; i++) {
		const struct column *column = listing->columns.at[i];
		struct slot *slot = &table->slots[i];

		*slot = (struct slot){ .column = column, .align = column_align(column) };
		if (!listing->view.resolver)
			slot->write = writer_of(column);
		if (style->header)
			widen(slot, measure(slot, column->heading, strlen(column->heading), 0));
	}
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
	struct span *spans = add_spans(table, table->count + 1);

	table->line.count = 0;  /* put_aside() may have left a value there */
	for (size_t i = 0; i < table->count; i++) {
		struct slot *slot = &table->slots[i];
		size_t start = bytes->count;

		column_put(bytes, &listing->view, slot->column, sock);
		spans[i] = measure(slot, bytes->at + start, bytes->count - start, bytes->count);
		widen(slot, spans[i]);
	}
	ss_details(bytes, &listing->view, sock);
	spans[table->count] = (struct span){ .end = (uint32_t)bytes->count };
	*grow_add(&table->states) = (uint8_t)sock->state;
	if (table->settled || table->states.count >= KEEP_ROWS || bytes->count >= KEEP_BYTES)
		put_kept(listing);
}

static void take_row(struct listing *listing, const struct sock *sock)
{
	if (!put_straight(listing, sock))
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
