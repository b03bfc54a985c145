/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ORDER_H
#define BASE_ORDER_H

#include <stdint.h>

/*
 * Returns <0, 0 or >0. Chain keys with GNU `?:`: `order_of(a->x, b->x) ?: order_of(a->y,
 * b->y)`.
 */
static inline int order_of(int64_t left, int64_t right)
{
	return (left > right) - (left < right);
}

#endif
