/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOCALE_H
#define BASE_LOCALE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the environment says of characters. The C library's locale takes longer
 * to set up than many a whole run and is left until a character needs it.
 */

/* True when output is read as UTF-8; by the name of the locale, if that tells. */
bool locale_is_utf8(void);

/* Columns of a character on a terminal, below 1 when it cannot be shown. */
int locale_width(uint32_t code);

#endif
