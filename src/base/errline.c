/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/errline.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void errline(const char *fmt, ...)
{
	struct text safe = { 0 };
	va_list args;
	char *sentence;
	int size;

	va_start(args, fmt);
	size = vasprintf(&sentence, fmt, args);
	va_end(args);
	if (size < 0)
		return;
	text_add_sentence(&safe, sentence);
	dprintf(STDERR_FILENO, "sockvet: %s\n", text_str(&safe));
	text_fini(&safe);
	free(sentence);
}

void errlines(const char *lines)
{
	struct text safe = { 0 };

	while (*lines) {
		size_t size = strcspn(lines, "\n");
		char *line = strndup(lines, size);

		if (line)
			text_add_sentence(&safe, line);
		free(line);
		text_add(&safe, "\n", 1);
		lines += size + (lines[size] != '\0');
	}
	dprintf(STDERR_FILENO, "%s", text_str(&safe));
	text_fini(&safe);
}
