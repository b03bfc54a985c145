/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_WHERE_H
#define PRINT_WHERE_H

#include "base/text.h"
#include "model/netns.h"
#include "print/print.h"

/* A network namespace, for people. */

/* The one word that names the namespace, for people. */
static inline void where_word(struct text *text, const struct netns *netns)
{
	netns_word(text, netns, TEXT_WORD);
}

/* The word with all that is known of it: "blue (redis.service, redis-server[812])". */
void where_title(struct text *text, const struct netns *netns);

#endif
