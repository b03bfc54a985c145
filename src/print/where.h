/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_WHERE_H
#define PRINT_WHERE_H

#include "base/text.h"
#include "model/place.h"
#include "print/print.h"

/* A network namespace, for people and machines. */

/*
 * One word (text_add_word()) that says which: "here", its name, "container:ID",
 * "pod:UID", "SERVICE:PID", "init", "PID:COMM", or the number of the inode. A
 * namespace that is named "here" or "init" is "netns:here" or "netns:init".
 */
void where_word(struct text *text, const struct place *place);

/* The same for programs, as it is but for what steers a terminal. */
void where_value(struct text *text, const struct place *place);

/* The word with all that is known of it: "blue (redis.service, redis-server[812])". */
void where_title(struct text *text, const struct place *place);

/* An object; null without @place. */
void json_place(struct json *json, const char *name, const struct place *place);

#endif
