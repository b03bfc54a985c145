/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

void (*fault_cleanup)(void);

int fault_set(struct fault *fault, int err, const char *fmt, ...)
{
	va_list args;

	if (!fault)
		return -err;
	fault->err = err;
	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return -err;
}
