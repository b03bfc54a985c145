/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdint.h>

/*
 * Numbers written straight into their place. The caller has made the room; what
 * is returned is the end, and no NUL stands there.
 */
#define DIGITS_U64 20   /* bytes that the longest one takes */
#define DIGITS_HEX 16

/* 10 and more; see digits_u64(). */
char *digits_many(char *to, uint64_t value);

/* Most numbers of a socket have one digit. */
static inline char *digits_u64(char *to, uint64_t value)
{
	if (value > 9)
		return digits_many(to, value);
	*to = (char)('0' + value);
	return to + 1;
}

/* Lower case, without "0x". */
char *digits_hex(char *to, uint64_t value);

/* "192.0.2.1"; @to has room for 16 bytes, all of which may be written. */
char *digits_v4(char *to, const uint8_t *bytes);

/* RFC 5952; @to has room for 45 bytes. */
char *digits_v6(char *to, const uint8_t *bytes);

#endif
