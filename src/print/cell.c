/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/cell.h"

void cell_u64(struct text *cell, uint64_t value)
{
	char *to = cell_space(cell, 20);
	size_t size = 1;

	for (uint64_t limit = 10; value >= limit && size < 20; limit *= 10)
		size++;
	to[size] = '\0';
	cell->count += size;
	for (to += size; size; size--, value /= 10)
		*--to = (char)('0' + value % 10);
}

void cell_hex(struct text *cell, uint64_t value)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	cell_put(cell, digits + at, sizeof(digits) - at);
}

void cell_thousands(struct text *cell, uint64_t value)
{
	char digits[27];
	size_t at = sizeof(digits);
	unsigned count = 0;

	do {
		if (count && count % 3 == 0)
			digits[--at] = ',';
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
		count++;
	} while (value);
	cell_put(cell, digits + at, sizeof(digits) - at);
}

static char *put_byte(char *at, unsigned value)
{
	if (value >= 100)
		*at++ = (char)('0' + value / 100);
	if (value >= 10)
		*at++ = (char)('0' + value / 10 % 10);
	*at++ = (char)('0' + value % 10);
	return at;
}

static char *put_v4(char *at, const uint8_t *b)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = put_byte(at, b[i]);
	}
	return at;
}

static char *put_word(char *at, unsigned word)
{
	bool started = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = word >> shift & 15;

		started = started || digit || shift == 0;
		if (started)
			*at++ = "0123456789abcdef"[digit];
	}
	return at;
}

/* The longest run of at least two zero words, the first of equals. */
static int find_zeros(const unsigned *words, int *length)
{
	int best = -1, run = 0;

	*length = 1;
	for (int i = 0; i < 8; i++) {
		run = words[i] ? 0 : run + 1;
		if (run > *length) {
			*length = run;
			best = i - run + 1;
		}
	}
	return best;
}

static char *put_v6(char *at, const uint8_t *b)
{
	unsigned words[8];
	int zeros, length;

	for (int i = 0; i < 8; i++)
		words[i] = (unsigned)b[2 * i] << 8 | b[2 * i + 1];
	zeros = find_zeros(words, &length);
	for (int i = 0; i < 8; i++) {
		if (zeros >= 0 && i >= zeros && i < zeros + length) {
			if (i == zeros)
				*at++ = ':';
			continue;
		}
		if (i)
			*at++ = ':';
		/* ::1.2.3.4 and ::ffff:1.2.3.4 end as IPv4 does. */
		if (i == 6 && zeros == 0 &&
		    (length == 6 || (length == 5 && words[5] == 0xffff)))
			return put_v4(at, b + 12);
		at = put_word(at, words[i]);
	}
	if (zeros >= 0 && zeros + length == 8)
		*at++ = ':';
	return at;
}

void cell_addr(struct text *cell, const struct addr *addr, enum family family)
{
	char *at = cell_space(cell, ADDR_TEXT), *end;

	end = family == FAMILY_IPV4 ? put_v4(at, addr->b + 12) : put_v6(at, addr->b);
	*end = '\0';
	cell->count += (size_t)(end - at);
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

void cell_foreign(struct text *cell, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] < 0x20 || bytes[i] >= 0x7f || bytes[i] == '\\') {
			text_add_safe(cell, bytes, size);
			return;
		}
	cell_put(cell, bytes, size);
}

void cell_us_as_ms(struct text *cell, uint64_t us)
{
	unsigned part = (unsigned)(us % 1000);
	char digits[4] = { '.', (char)('0' + part / 100), (char)('0' + part / 10 % 10),
			   (char)('0' + part % 10) };
	size_t size = 4;

	/* Beyond six significant digits %g rounds. */
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

static uint64_t divide(uint64_t value, uint64_t by, bool up)
{
	return (value + (up ? by - 1 : 0)) / by;
}

static void two_units(struct text *cell, uint64_t value, uint64_t in_big,
		      char big, char small)
{
	cell_u64(cell, value / in_big);
	cell_char(cell, big);
	if (value % in_big < 10)
		cell_char(cell, '0');
	cell_u64(cell, value % in_big);
	cell_char(cell, small);
}

void cell_duration(struct text *cell, int64_t ms, bool up)
{
	uint64_t value = ms > 0 ? (uint64_t)ms : 0;
	uint64_t tenths = divide(value, 100, up);

	if (value < 1000) {
		cell_u64(cell, value);
		cell_str(cell, "ms");
	} else if (tenths < 600) {
		cell_u64(cell, tenths / 10);
		if (tenths % 10) {
			cell_char(cell, '.');
			cell_u64(cell, tenths % 10);
		}
		cell_char(cell, 's');
	} else if (divide(value, 1000, up) < 3600) {
		two_units(cell, divide(value, 1000, up), 60, 'm', 's');
	} else if (divide(value, 60000, up) < 1440) {
		two_units(cell, divide(value, 60000, up), 60, 'h', 'm');
	} else {
		two_units(cell, divide(value, 3600000, up), 24, 'd', 'h');
	}
}
