/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_WHERE_H
#define PRINT_WHERE_H

#include "base/text.h"
#include "model/place.h"
#include "print/print.h"

/* A network namespace, for people and machines. */

/* The word that says which, for people. */
static inline void where_word(struct text *text, const struct place *place)
{
	place_word(text, place, TEXT_WORD);
}

/* The word with all that is known of it: "blue (redis.service, redis-server[812])". */
void where_title(struct text *text, const struct place *place);

/* An object; null without @place. */
void json_place(struct json *json, const char *name, const struct place *place);

#endif
