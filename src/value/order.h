/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_ORDER_H
#define VALUE_ORDER_H

#include "value/column.h"

/* The columns of --sort, most significant first. */
struct order {
	struct { const struct column *column; bool descending; } at[16];
	size_t count;
};

/**
 * order_choose - read "COLUMN,-COLUMN,..."; a leading "-" means descending
 *
 * Returns 0, or -EINVAL with a sentence that lists the valid names.
 */
int order_choose(struct order *order, const char *spec, struct fault *fault);

/* What must be collected before rows can be compared (enum need). */
unsigned order_need(const struct order *order);

/*
 * Adds bytes to @key so that memcmp() of two keys orders their rows. Numbers compare as
 * numbers, ends by address and port, AGE by its lower bound, processes by name, pid and
 * descriptor. Unknown values come last, also in descending order.
 */
void order_key(struct text *key, const struct order *order, const struct snapshot *seen,
	       const struct sock *sock);

#endif
