/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/swift.h"

#include "print/ss_text.h"

#include <string.h>

/*
 * Blanks are written in pieces of this size, which is faster than computing how many are
 * needed.
 */
#define PIECE 64

static bool has_details(const struct style *style)
{
	return style->with_timer || style->with_extended || style->with_tos ||
	       style->with_cgroup || style->with_sockopt || style->with_memory ||
	       style->with_info;
}

static size_t blank_behind(const struct swift_column *column)
{
	return column->align == ALIGN_LEFT ? column->width : column->tail;
}

static size_t blank_before(const struct swift_column *column)
{
	return column->align == ALIGN_LEFT ? 0 : column->width;
}

static size_t most(size_t left, size_t right)
{
	return left > right ? left : right;
}

/* At most one piece of blanks stands between two values. */
static void place(struct swift *swift)
{
	size_t start = 0, blank = 0, widest = 0;

	for (size_t i = 0; i < swift->count; i++) {
		struct swift_column *column = &swift->at[i];

		column->start = start;
		start += (size_t)column->width + column->tail + 1;
		widest = most(widest, blank + blank_before(column));
		blank = blank_behind(column) + 1;
	}
	widest = most(widest, blank);
	swift->width = start ? start - 1 : 0;
	swift->room = start + PIECE + COLUMN_SWIFT;
	swift->can = swift->count && widest <= PIECE && swift->room <= OUT_SPACE;
}

/* Values that this file does not write stand behind all others. */
void swift_widened(struct swift *swift, const unsigned *width, const unsigned *tail)
{
	for (size_t i = 0; i < swift->count; i++) {
		swift->at[i].width = width[i];
		swift->at[i].tail = tail[i];
	}
	place(swift);
}

/* True for ss's empty Process column, which takes no room where it is the last one. */
static bool is_empty(const struct columns *columns, size_t i)
{
	return !*columns->at[i]->name && i + 1 == columns->count;
}

/*
 * A writer for each kind. It writes the bytes of column_put(), for a socket for which
 * is_numbers() holds: never empty, no blank, ASCII only. It may write over COLUMN_SWIFT
 * bytes.
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

/* Returns NULL for a column whose cells table.c makes. */
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

static bool add(struct swift *swift, const struct column *column)
{
	swift_write *write = writer_of(column);

	if (!write || swift->count == sizeof(swift->at) / sizeof(*swift->at))
		return false;
	swift->at[swift->count++] = (struct swift_column){
		.write = write, .column = column, .align = column_align(column),
	};
	return true;
}

void swift_begin(struct swift *swift, const struct listing *listing, const unsigned *width,
		 const unsigned *tail)
{
	const struct columns *columns = &listing->columns;
	const struct style *style = &listing->style;
	bool can = !style->width && !style->colour && !listing->view.resolver;

	*swift = (struct swift){ .has_details = has_details(style) };
	for (size_t i = 0; i < columns->count && can; i++)
		can = is_empty(columns, i) || add(swift, columns->at[i]);
	if (!can)
		swift->count = 0;
	swift_widened(swift, width, tail);
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
static inline char *put_left(char *to, const struct swift_column *column, const struct sock *sock)
{
	char *end = column->write(to, column->column, sock, NULL);

	return end <= to + column->width ? end : NULL;
}

/*
 * In every row the left part ends, and the tail begins, at the same place. Where the
 * value begins is known only after it was written, so it is written elsewhere first.
 */
static inline char *put_aligned(char *to, struct swift *swift, const struct swift_column *column,
				const struct sock *sock)
{
	unsigned size, left;

	swift->tail = 0;
	size = (unsigned)(column->write(swift->cell, column->column, sock, &swift->tail) -
			  swift->cell);
	left = size - swift->tail;

	if (left > column->width || swift->tail > column->tail)
		return NULL;
	to += column->width - left;
	memcpy(to, swift->cell, sizeof(swift->cell));
	return to + size;
}

/* Writes each value behind a piece of blanks. Bytes behind the end are written over. */
static inline char *put_values(char *begin, struct swift *swift, const struct sock *sock)
{
	const struct swift_column *column = swift->at, *last = column + swift->count;
	char *end = begin;

	for (; column < last && end; column++) {
		memset(end, ' ', PIECE);
		end = column->align == ALIGN_LEFT ? put_left(begin + column->start, column, sock) :
		      put_aligned(begin + column->start, swift, column, sock);
	}
	return end;
}

/* Details that begin with a blank begin at the same column in every row. */
static void put_details(struct out *out, char *begin, size_t width, char *end,
			struct text *details)
{
	if (*details->at == ' ') {
		memset(end, ' ', PIECE);
		end = begin + width;
	}
	out_took(out, end);
	out_put(out, details->at, details->count);
	out_char(out, '\n');
	details->count = 0;
}

bool swift_row(struct swift *swift, const struct listing *listing, const struct sock *sock,
	       struct text *details)
{
	char *begin, *end;

	if (!swift->can || !is_numbers(sock))
		return false;
	begin = out_space(listing->out, swift->room);
	end = put_values(begin, swift, sock);
	if (!end)
		return false;
	if (swift->has_details)
		ss_details(details, &listing->view, sock);
	if (details->count) {
		put_details(listing->out, begin, swift->width, end, details);
	} else {
		*end++ = '\n';
		out_took(listing->out, end);
	}
	return true;
}
