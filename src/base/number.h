/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Readers for numbers on the command line: decimal digits and nothing else, in every
 * locale. strtod() and strtoul() would also accept signs, blanks, 0x10, 1e3 and "inf".
 * Filters read numbers as ss does and do not use these.
 */

/*
 * Reads a number at @at, with a decimal point if @fraction. Returns the end of the
 * number, NULL when there is none.
 */
const char *number_read(const char *at, double *value, bool fraction);

/* True when all of @word is a number, such as 5 or 0.5. */
bool number_decimal(const char *word, double *value);

/* True when all of @word is a whole number of at most @most. */
bool number_whole(const char *word, uint64_t most, uint64_t *value);

#endif
