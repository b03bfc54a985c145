/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_STRICT_SORT_H
#define TESTS_UNIT_STRICT_SORT_H

/*
 * qsort() for the program that includes this, and for nobody's luck: C promises no order of
 * two that are called equal, so none may be, and the answer to "b, a" is that to "a, b" turned
 * round. To be included behind cmocka's header.
 */

#include <stdlib.h>
#include <string.h>

static size_t strict_sorts;     /* calls with more than one thing to sort */

static inline void strict_pair(const char *a, const char *b,
			       int (*compare)(const void *, const void *))
{
	int there = compare(a, b), back = compare(b, a);

	if (!there || (there < 0) == (back < 0) || !back)
		fail_msg("a comparison gives %d, and %d the other way round", there, back);
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	char *at = base, held[4096];

	assert_true(size <= sizeof(held));
	strict_sorts += count > 1;
	for (size_t i = 1; i < count; i++) {
		size_t j = i;

		for (size_t k = 0; k < i; k++)
			strict_pair(at + k * size, at + i * size, compare);
		memcpy(held, at + i * size, size);
		for (; j && compare(at + (j - 1) * size, held) > 0; j--)
			memcpy(at + j * size, at + (j - 1) * size, size);
		memcpy(at + j * size, held, size);
	}
}

#endif
