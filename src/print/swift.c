/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/swift.h"

#include "print/ss_text.h"

#include <string.h>

/* Blanks and cells are copied in pieces of this size: faster than to look how long. */
#define PIECE COLUMN_SWIFT

static bool has_details(const struct style *style)
{
	return style->with_timer || style->with_extended || style->with_tos ||
	       style->with_cgroup || style->with_sockopt || style->with_memory ||
	       style->with_info;
}

/* A row at its longest, and what pieces write behind its end. */
static size_t most_bytes(const struct swift *swift)
{
	size_t most = 4 * PIECE;

	for (size_t i = 0; i < swift->count; i++)
		most += 1 + *swift->at[i].width + *swift->at[i].tail + 2 * PIECE;
	return most;
}

void swift_widened(struct swift *swift)
{
	swift->room = most_bytes(swift);
	swift->can = swift->count && swift->room <= OUT_SPACE;
}

/* ss's empty Process column, the last one, takes no room. */
static bool is_empty(const struct column *column)
{
	return !*column->name;
}

static bool add(struct swift *swift, const struct column *column, unsigned *width, unsigned *tail)
{
	if (!column->swift || swift->count == sizeof(swift->at) / sizeof(*swift->at))
		return false;
	swift->at[swift->count++] = (struct swift_column){
		column->swift, column->align, width, tail,
	};
	return true;
}

void swift_begin(struct swift *swift, const struct listing *listing, unsigned *width,
		 unsigned *tail)
{
	const struct columns *columns = &listing->columns;
	const struct style *style = &listing->style;
	bool can = !style->width && !style->colour && !listing->view.resolver;

	*swift = (struct swift){ .has_details = has_details(style) };
	for (size_t i = 0; i < columns->count && can; i++)
		can = is_empty(columns->at[i]) ||
		      add(swift, columns->at[i], &width[i], &tail[i]);
	if (!can)
		swift->count = 0;
	swift_widened(swift);
}

/* Devices have names, and raw sockets protocols for ports. */
static bool is_numbers(const struct sock *sock)
{
	return !sock->other && !sock->ifindex &&
	       (sock->protocol == PROTOCOL_TCP || sock->protocol == PROTOCOL_UDP);
}

/* What is written behind the end is written over, or not taken. */
static inline char *put_blanks(char *to, unsigned count)
{
	for (; count > PIECE; count -= PIECE, to += PIECE)
		memset(to, ' ', PIECE);
	memset(to, ' ', PIECE);
	return to + count;
}

static char *put_left(char *to, struct swift_column *column, const struct sock *sock)
{
	unsigned tail, size = (unsigned)(column->write(to, sock, &tail) - to);

	if (size > *column->width)
		*column->width = size;
	return put_blanks(to + size, *column->width - size);
}

/* The left part ends, and the tail begins, in the same place in every row. */
static char *put_aligned(char *to, char *cell, struct swift_column *column,
			 const struct sock *sock)
{
	unsigned tail = 0, size = (unsigned)(column->write(cell, sock, &tail) - cell);
	unsigned left = size - tail;

	if (left > *column->width)
		*column->width = left;
	if (tail > *column->tail)
		*column->tail = tail;
	to = put_blanks(to, *column->width - left);
	memcpy(to, cell, PIECE);
	return put_blanks(to + size, *column->tail - tail);
}

/* Blanks at the end stay out, but for details, which begin with one of their own. */
static char *put_end(char *begin, char *to, const struct text *details)
{
	if (!details->count || *details->at != ' ')
		while (to > begin && to[-1] == ' ')
			to--;
	return to;
}

bool swift_row(struct swift *swift, const struct listing *listing, const struct sock *sock,
	       struct text *details)
{
	char *begin, *to;

	if (!swift->can || !is_numbers(sock))
		return false;
	begin = to = out_space(listing->out, swift->room);
	for (size_t i = 0; i < swift->count; i++) {
		struct swift_column *column = &swift->at[i];

		if (i)
			*to++ = ' ';
		to = column->align == ALIGN_LEFT ? put_left(to, column, sock) :
		     put_aligned(to, swift->cell, column, sock);
	}
	if (swift->has_details)
		ss_details(details, &listing->view, sock);
	to = put_end(begin, to, details);
	if (!details->count)
		*to++ = '\n';
	out_took(listing->out, to);
	if (details->count) {
		out_put(listing->out, details->at, details->count);
		out_char(listing->out, '\n');
		details->count = 0;
	}
	return true;
}
