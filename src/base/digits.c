/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digits.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

/* "00" to "99": writing two digits at a time takes half as many divisions. */
static const char pairs[201] =
	"00010203040506070809" "10111213141516171819" "20212223242526272829"
	"30313233343536373839" "40414243444546474849" "50515253545556575859"
	"60616263646566676869" "70717273747576777879" "80818283848586878889"
	"90919293949596979899";

static const char hex_digits[] = "0123456789abcdef";

static inline char *put_pair(char *to, size_t value)
{
	memcpy(to, pairs + value * 2, 2);
	return to + 2;
}

static inline char *put_four(char *to, unsigned value)
{
	return put_pair(put_pair(to, value / 100), value % 100);
}

/* Writes from the front, so that the digits need not be counted first. */
char *digits_many(char *to, uint64_t value)
{
	unsigned front = (unsigned)value / 100;

	if (value >= 10000)
		return put_four(digits_u64(to, value / 10000), (unsigned)(value % 10000));
	if (front > 9)
		return put_four(to, (unsigned)value);
	if (front)
		*to++ = (char)('0' + front);
	return put_pair(to, (unsigned)value % 100);
}

char *digits_thousands(char *to, uint64_t value)
{
	if (value < 1000)
		return digits_u64(to, value);
	to = digits_thousands(to, value / 1000);
	*to++ = ',';
	*to++ = (char)('0' + value / 100 % 10);
	return put_pair(to, value % 100);
}

static char *put_unit(char *to, const char *gap, const char *unit)
{
	return stpcpy(stpcpy(to, gap), unit);
}

static char *put_units(char *to, uint64_t value, unsigned in_big, char big, char small)
{
	to = digits_u64(to, value / in_big);
	*to++ = big;
	to = put_pair(to, value % in_big);
	*to++ = small;
	return to;
}

static uint64_t divide(uint64_t value, uint64_t by, bool up)
{
	return value / by + (up && value % by);
}

char *digits_duration(char *to, uint64_t ms, bool up, const char *gap)
{
	uint64_t tenths = divide(ms, 100, up);

	if (ms < 1000)
		return put_unit(digits_u64(to, ms), gap, "ms");
	if (tenths < 600) {
		to = digits_u64(to, tenths / 10);
		if (tenths % 10) {
			*to++ = '.';
			to = digits_u64(to, tenths % 10);
		}
		return put_unit(to, gap, "s");
	}
	if (divide(ms, 1000, up) < 3600)
		return put_units(to, divide(ms, 1000, up), 60, 'm', 's');
	if (divide(ms, 60000, up) < 1440)
		return put_units(to, divide(ms, 60000, up), 60, 'h', 'm');
	return put_units(to, divide(ms, 3600000, up), 24, 'd', 'h');
}

char *digits_hex(char *to, uint64_t value)
{
	int shift = value ? (63 - __builtin_clzll(value)) / 4 * 4 : 0;

	for (; shift >= 0; shift -= 4)
		*to++ = hex_digits[value >> shift & 15];
	return to;
}

/* A byte in decimal with a dot behind it, and the length of both. */
struct byte_text {
	char text[4];
	uint8_t size;
};

#define BYTE(h, t, o) \
	{ { (h) ? '0' + (h) : (t) ? '0' + (t) : '0' + (o), \
	    (h) ? '0' + (t) : (t) ? '0' + (o) : '.', \
	    (h) ? '0' + (o) : (t) ? '.' : 0, '.' }, 2 + ((h) || (t)) + ((h) > 0) }
#define TEN(h, t) \
	BYTE(h, t, 0), BYTE(h, t, 1), BYTE(h, t, 2), BYTE(h, t, 3), BYTE(h, t, 4), \
	BYTE(h, t, 5), BYTE(h, t, 6), BYTE(h, t, 7), BYTE(h, t, 8), BYTE(h, t, 9)
#define HUNDRED(h) \
	TEN(h, 0), TEN(h, 1), TEN(h, 2), TEN(h, 3), TEN(h, 4), \
	TEN(h, 5), TEN(h, 6), TEN(h, 7), TEN(h, 8), TEN(h, 9)

/* Bytes end at 255; entries 256 to 299 only fill up the macro's pattern. */
static const struct byte_text byte_texts[300] = { HUNDRED(0), HUNDRED(1), HUNDRED(2) };

char *digits_v4(char *to, const uint8_t *bytes)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		const struct byte_text *byte = &byte_texts[bytes[i]];

		memcpy(to, byte->text, sizeof(byte->text));
		to += byte->size;
	}
	return to - 1;
}

#define HEX(d) \
	#d "0" #d "1" #d "2" #d "3" #d "4" #d "5" #d "6" #d "7" \
	#d "8" #d "9" #d "a" #d "b" #d "c" #d "d" #d "e" #d "f"

/* Both hexadecimal digits of every byte. */
static const char hex_pairs[513] =
	HEX(0) HEX(1) HEX(2) HEX(3) HEX(4) HEX(5) HEX(6) HEX(7)
	HEX(8) HEX(9) HEX(a) HEX(b) HEX(c) HEX(d) HEX(e) HEX(f);

static inline char *put_hex_pair(char *to, size_t byte)
{
	memcpy(to, hex_pairs + byte * 2, 2);
	return to + 2;
}

/* Writes one or two digits, with no leading zero; 0 becomes "0". */
static inline char *put_byte(char *to, unsigned byte)
{
	if (byte > 15)
		return put_hex_pair(to, byte);
	*to = hex_digits[byte];
	return to + 1;
}

static inline char *put_word(char *to, unsigned word)
{
	return word > 255 ? put_hex_pair(put_byte(to, word >> 8), word & 255) : put_byte(to, word);
}

/* The eight 16-bit words of an address lie in two 64-bit numbers, the first word on top. */
static unsigned word_of(const uint64_t *half, int i)
{
	return half[i / 4] >> (48 - i % 4 * 16) & 0xffff;
}

/* Bit i is set where word i is 0. No carry crosses from one word into the next. */
static unsigned zero_lanes(uint64_t half)
{
	const uint64_t low = UINT64_C(0x7fff7fff7fff7fff);
	uint64_t zero = ~(((half & low) + low) | half | low) >> 15;

	return (zero >> 48 | zero >> 31 | zero >> 14 | zero << 3) & 15;
}

/*
 * Finds the longest run of at least two zero words, the first one of equally long runs.
 * Returns its length, or 0. Bit i of @zeros stands for word i; after n rounds the bits
 * that remain begin a run of more than n words.
 */
static int find_zeros(unsigned zeros, int *first)
{
	unsigned starts = 0;
	int length = 0;

	for (; zeros; zeros &= zeros >> 1, length++)
		starts = zeros;
	*first = length > 1 ? __builtin_ctz(starts) : -1;
	return length > 1 ? length : 0;
}

char *digits_v6(char *to, const uint8_t *bytes)
{
	uint64_t half[2];
	int first, length;

	memcpy(half, bytes, sizeof(half));
	half[0] = be64toh(half[0]);
	half[1] = be64toh(half[1]);
	length = find_zeros(zero_lanes(half[0]) | zero_lanes(half[1]) << 4, &first);
	for (int i = 0; i < 8; i++) {
		if (i == first) {
			*to++ = ':';
			i += length;
			if (i == 8)
				*to++ = ':';
			if (i == 8)
				break;
		}
		if (i)
			*to++ = ':';
		/*
		 * IPv4-compatible (::1.2.3.4) and IPv4-mapped (::ffff:1.2.3.4) addresses
		 * end in dotted form.
		 */
		if (i == 6 && first == 0 &&
		    (length == 6 || (length == 5 && word_of(half, 5) == 0xffff)))
			return digits_v4(to, bytes + 12);
		to = put_word(to, word_of(half, i));
	}
	return to;
}
