/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_DELIMITED_H
#define PRINT_DELIMITED_H

#include "print/print.h"

/*
 * Adds a value of FORMAT_CSV (quoted as RFC 4180 says) or FORMAT_TSV (\t \n \\).
 * @foreign: it may begin with bytes that somebody else chose; in CSV, a value that a
 * spreadsheet would take for a formula gets an apostrophe in front.
 */
void delimited_put(struct text *line, enum format format, const struct text *value, bool foreign);
void delimited_between(struct text *line, enum format format);

#endif
