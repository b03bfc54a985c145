/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A set of small numbers, such as ports, as a bit array: `uint8_t ports[65536 / 8]`. */
static inline bool bits_has(const uint8_t *bits, unsigned number)
{
	return bits[number / 8] >> (number % 8) & 1;
}

static inline void bits_add(uint8_t *bits, unsigned number)
{
	bits[number / 8] |= (uint8_t)(1u << (number % 8));
}

static inline void bits_put(uint8_t *bits, unsigned number, bool is_in)
{
	uint8_t others = (uint8_t)(bits[number / 8] & ~(1u << (number % 8)));

	bits[number / 8] = (uint8_t)(others | (unsigned)is_in << (number % 8));
}

/* How many of the numbers from @low to @high are in the set. */
static inline unsigned bits_count(const uint8_t *bits, unsigned low, unsigned high)
{
	unsigned count = 0, number = low;
	uint64_t word;

	for (; number <= high && number % 64; number++)
		count += bits_has(bits, number);
	for (; number + 63 <= high; number += 64) {
		memcpy(&word, bits + number / 8, sizeof(word));
		count += (unsigned)__builtin_popcountll(word);
	}
	for (; number <= high; number++)
		count += bits_has(bits, number);
	return count;
}

#endif
