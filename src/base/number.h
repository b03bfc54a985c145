/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Numbers of the command line: decimal digits and nothing else, whatever the locale. strtod()
 * and strtoul() would take signs, blanks, 0x10, 1e3 and "inf". (Filters read numbers as ss.)
 */

/* Reads as far as a number goes, @fraction: with a point and digits behind it. Returns its
 * end, NULL when there is none at @at. */
const char *number_read(const char *at, double *value, bool fraction);

/* True when @word is a number as a whole, like 5 or 0.5. */
bool number_decimal(const char *word, double *value);

/* True when @word is a whole number, at most @most. */
bool number_whole(const char *word, uint64_t most, uint64_t *value);

#endif
