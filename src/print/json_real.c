/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/json_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTS      1024u        /* of one: ten binary digits */
#define PARTS_MOST (1u << 20)

/*
 * What the kernel counts in 256ths or 1024ths has at most ten decimal places, so
 * it can be written exactly, and every digit is needed to read it back.
 */
static char *put_parts(char *at, unsigned parts)
{
	uint64_t places = UINT64_C(10000000000) / PARTS * (parts % PARTS);

	at = digits_u64(at, parts / PARTS);
	if (!places)
		return at;
	*at++ = '.';
	for (; places; places = places % UINT64_C(1000000000) * 10)
		*at++ = (char)('0' + places / UINT64_C(1000000000));
	return at;
}

char *json_put_real(char *at, double value)
{
	double parts = value * PARTS;
	char text[JSON_REAL];

	if (!isfinite(value))
		return PUT(at, "null");
	if (parts >= 0 && parts < PARTS_MOST && !signbit(value) && parts <= (unsigned)parts)
		return put_parts(at, (unsigned)parts);
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) < value || strtod(text, NULL) > value)
		snprintf(text, sizeof(text), "%.17g", value);
	return put_word(at, text);
}
