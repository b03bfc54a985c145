/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ORDER_H
#define BASE_ORDER_H

#include <stdint.h>

/* What qsort() asks of two numbers, the smaller one first; `?:` goes on where they are equal. */
static inline int order_of(int64_t left, int64_t right)
{
	return (left > right) - (left < right);
}

#endif
