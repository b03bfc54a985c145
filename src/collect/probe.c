/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/probe.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static_assert(sizeof(((struct bind_probe *)0)->refusal) == PROBE_REFUSAL, "one size");
static_assert(sizeof(((struct port_probe *)0)->refusal) == PROBE_REFUSAL, "one size");

void probe_refuse(char refusal[PROBE_REFUSAL], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(refusal, PROBE_REFUSAL, fmt, args);
	va_end(args);
}

void probe_recall_refusal(char refusal[PROBE_REFUSAL], const char *recorded)
{
	struct text safe = { 0 };

	text_add_safe(&safe, recorded, strnlen(recorded, PROBE_REFUSAL - 1));
	probe_refuse(refusal, "%s", text_str(&safe));
	text_fini(&safe);
}
