/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_SWAR_H
#define BASE_SWAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * SIMD within a register: tests of eight bytes at a time, in any order. A test sets the
 * highest bit of each byte that it finds.
 */
#define EVERY_BYTE    UINT64_C(0x0101010101010101)
#define HIGHEST_BITS  (EVERY_BYTE << 7)

/* Marks bytes that are equal to @byte. A byte above such a byte may be marked by mistake. */
static inline uint64_t swar_byte(uint64_t word, char byte)
{
	uint64_t same = word ^ EVERY_BYTE * (uint8_t)byte;

	return (same - EVERY_BYTE) & ~same;
}

static inline uint64_t swar_load(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* A word for fewer than eight bytes: it holds each of them at least once, and blanks. */
static inline uint64_t swar_load_short(const char *bytes, size_t size)
{
	uint64_t word = EVERY_BYTE * ' ';
	char *to = (char *)&word;

	if (size >= 4) {
		memcpy(to, bytes, 4);
		memcpy(to + 4, bytes + size - 4, 4);
	} else if (size) {
		to[0] = bytes[0];
		to[1] = bytes[size / 2];
		to[2] = bytes[size - 1];
	}
	return word;
}

/*
 * True when @test finds some byte; it must not find blanks. The last bytes may be tested
 * twice.
 */
static inline __attribute__((always_inline)) bool
swar_any(const char *bytes, size_t size, uint64_t (*test)(uint64_t))
{
	const size_t word = sizeof(uint64_t);
	uint64_t found;

	if (size < word)
		return test(swar_load_short(bytes, size)) & HIGHEST_BITS;
	found = test(swar_load(bytes + (size - word)));
	for (size_t i = 0; i + word < size; i += word)
		found |= test(swar_load(bytes + i));
	return found & HIGHEST_BITS;
}

#endif
