/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTF8_H
#define UTF8_H

#include "base/text.h"

/* True when @bytes are valid UTF-8 throughout. */
static inline bool utf8_valid(const char *bytes, size_t size)
{
	uint32_t code;
	size_t used;

	for (size_t i = 0; i < size; i += used) {
		used = utf8_decode(bytes + i, size - i, &code);
		if (!used)
			return false;
	}
	return true;
}

#endif
