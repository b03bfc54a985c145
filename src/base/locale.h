/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOCALE_H
#define BASE_LOCALE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The character set that the environment asks for. Setting up the C library's locale
 * takes longer than many a whole run, so that waits until the width of a character is
 * needed.
 */

/*
 * True when the output is read as UTF-8. The name of the locale decides where it has a
 * charset.
 */
bool locale_is_utf8(void);

/* Columns that a character takes on a terminal; below 1 when it cannot be shown. */
int locale_width(uint32_t code);

#endif
