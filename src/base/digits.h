/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Writers of numbers into a buffer that the caller has made large enough. Each returns
 * the end of what it wrote; none adds a NUL.
 */
#define DIGITS_U64 20   /* bytes that the longest one takes */
#define DIGITS_HEX 16
#define DIGITS_THOUSANDS 26
#define DIGITS_DURATION 26

/* The part of digits_u64() for numbers of 10 and more. */
char *digits_many(char *to, uint64_t value);

/* Inline, because most numbers of a socket have one digit. */
static inline char *digits_u64(char *to, uint64_t value)
{
	if (value > 9)
		return digits_many(to, value);
	*to = (char)('0' + value);
	return to + 1;
}

/* "1,234,567" */
char *digits_thousands(char *to, uint64_t value);

/**
 * digits_duration - the one spelling of a duration: 850 ms, 5.8 s, 1m06s, 3h20m, 5d04h
 * @up: rounded up; else cut off, so that a lower bound stays one
 * @gap: between a number and the unit behind it: " " in a sentence, "" in a table, whose
 *       fields a blank would split; one character at most
 */
char *digits_duration(char *to, uint64_t ms, bool up, const char *gap);

/* Lower case, without "0x". */
char *digits_hex(char *to, uint64_t value);

/* "192.0.2.1"; @to has room for 16 bytes, all of which may be written. */
char *digits_v4(char *to, const uint8_t *bytes);

/* RFC 5952; @to has room for 45 bytes. */
char *digits_v6(char *to, const uint8_t *bytes);

#endif
