/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CELL_H
#define PRINT_CELL_H

#include "base/grow.h"
#include "base/text.h"
#include "model/addr.h"

#include <string.h>

/*
 * Writers that append one value to a text. A listing may have a million rows, so none of
 * these normally calls printf.
 */
/* Returns room for @size bytes and a NUL; the caller writes them and adds to @count. */
static inline char *cell_space(struct text *cell, size_t size)
{
	if (cell->room - cell->count <= size)
		cell->at = grow_room(cell->at, &cell->room, cell->count + size + 1, 1);
	return cell->at + cell->count;
}

static inline void cell_put(struct text *cell, const char *bytes, size_t size)
{
	char *to = cell_space(cell, size);

	memcpy(to, bytes, size);
	to[size] = '\0';
	cell->count += size;
}

static inline void cell_str(struct text *cell, const char *str)
{
	cell_put(cell, str, strlen(str));
}

static inline void cell_char(struct text *cell, char c)
{
	char *to = cell_space(cell, 1);

	to[0] = c;
	to[1] = '\0';
	cell->count++;
}

static inline void cell_pad(struct text *cell, char c, size_t count)
{
	char *to = cell_space(cell, count);

	memset(to, c, count);
	to[count] = '\0';
	cell->count += count;
}

void cell_u64(struct text *cell, uint64_t value);
void cell_hex(struct text *cell, uint64_t value);

/* "1,234,567" */
void cell_thousands(struct text *cell, uint64_t value);

/* RFC 5952 without brackets, as inet_ntop() writes it. */
void cell_addr(struct text *cell, const struct addr *addr, enum family family);

/* The same, with brackets around IPv6. */
void cell_host(struct text *cell, const struct addr *addr, enum family family);

/* The same with ":PORT" behind it unless that is 0. */
void cell_end(struct text *cell, const struct addr *addr, enum family family, uint16_t port);

/* Foreign bytes made safe for any terminal: text_add_safe(), faster for most names. */
void cell_foreign(struct text *cell, const char *bytes, size_t size);

/* Foreign bytes as one word: text_add_word(). */
void cell_word(struct text *cell, const char *bytes, size_t size);

/* Microseconds as milliseconds, as "%g" writes them: 12.5 */
void cell_us_as_ms(struct text *cell, uint64_t us);

/*
 * A duration for a person: 850ms 12.3s 4m05s 2h03m 5d04h. It is rounded down, or with
 * @up rounded up: a lower bound stays a lower bound, and an upper bound an upper one.
 */
void cell_duration(struct text *cell, int64_t ms, bool up);

#endif
