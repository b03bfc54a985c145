/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/cell.h"

#include "base/digits.h"

static void took(struct text *cell, char *end)
{
	*end = '\0';
	cell->count = (size_t)(end - cell->at);
}

void cell_u64(struct text *cell, uint64_t value)
{
	took(cell, digits_u64(cell_space(cell, DIGITS_U64), value));
}

void cell_hex(struct text *cell, uint64_t value)
{
	took(cell, digits_hex(cell_space(cell, DIGITS_HEX), value));
}

void cell_thousands(struct text *cell, uint64_t value)
{
	took(cell, digits_thousands(cell_space(cell, DIGITS_THOUSANDS), value));
}

void cell_addr(struct text *cell, const struct addr *addr, enum family family)
{
	took(cell, addr_write(cell_space(cell, ADDR_TEXT), addr, family));
}

void cell_host(struct text *cell, const struct addr *addr, enum family family)
{
	if (family != FAMILY_IPV6) {
		cell_addr(cell, addr, family);
		return;
	}
	cell_char(cell, '[');
	cell_addr(cell, addr, family);
	cell_char(cell, ']');
}

void cell_end(struct text *cell, const struct addr *addr, enum family family, uint16_t port)
{
	cell_host(cell, addr, family);
	if (port) {
		cell_char(cell, ':');
		cell_u64(cell, port);
	}
}

void cell_foreign(struct text *cell, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] < 0x20 || bytes[i] >= 0x7f || bytes[i] == '\\') {
			text_add_safe(cell, bytes, size);
			return;
		}
	cell_put(cell, bytes, size);
}

/* True for letters, digits and a few common characters, without asking the locale. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '-' && c <= ':') || (c >= '@' && c <= 'Z') ||
	       c == '_';
}

void cell_word(struct text *cell, const char *bytes, size_t size)
{
	size_t plain = 0;

	while (plain < size && is_plain(bytes[plain]))
		plain++;
	/* a single character may be a placeholder */
	if (plain == size && size > 1)
		cell_put(cell, bytes, size);
	else
		text_add_word(cell, bytes, size);
}

void cell_us_as_ms(struct text *cell, uint64_t us)
{
	unsigned part = (unsigned)(us % 1000);
	char digits[4] = { '.', (char)('0' + part / 100), (char)('0' + part / 10 % 10),
			   (char)('0' + part % 10) };
	size_t size = 4;

	/* %g rounds beyond six significant digits */
	if (us >= 1000000) {
		text_addf(cell, "%g", (double)us / 1000);
		return;
	}
	while (size > 1 && digits[size - 1] == '0')
		size--;
	cell_u64(cell, us / 1000);
	if (size > 1)
		cell_put(cell, digits, size);
}

void cell_duration(struct text *cell, int64_t ms, bool up)
{
	uint64_t value = ms > 0 ? (uint64_t)ms : 0;

	took(cell, digits_duration(cell_space(cell, DIGITS_DURATION), value, up, ""));
}
