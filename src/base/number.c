/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/number.h"

#include <stddef.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

const char *number_read(const char *at, double *value, bool fraction)
{
	double digit = 1;
	const char *start = at;

	*value = 0;
	for (; is_digit(*at); at++)
		*value = *value * 10 + (*at - '0');
	if (at == start)
		return NULL;
	if (*at == '.' && fraction) {
		if (!is_digit(*++at))
			return NULL;
		for (; is_digit(*at); at++)
			*value += (*at - '0') * (digit /= 10);
	}
	return at;
}

bool number_decimal(const char *word, double *value)
{
	const char *end = number_read(word, value, true);

	return end && !*end;
}

bool number_whole(const char *word, uint64_t most, uint64_t *value)
{
	const char *at = word;

	*value = 0;
	for (; is_digit(*at); at++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*at - '0'), value) || *value > most)
			return false;
	return at != word && !*at;
}
