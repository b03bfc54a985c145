/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/errline.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Writes it in one piece where the descriptor takes it, so that lines of others do not mix
 * with it. Not by dprintf(), which loses its buffer when writing fails (glibc 2.36). There
 * is nobody to tell of a failure.
 */
static void put(const struct text *text)
{
	size_t done = 0;
	ssize_t wrote;

	while (done < text->count) {
		wrote = write(STDERR_FILENO, text->at + done, text->count - done);
		if (wrote < 0 && errno != EINTR)
			return;
		done += wrote < 0 ? 0 : (size_t)wrote;
	}
}

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
	text_addf(&safe, "sockvet: ");
	text_add_sentence(&safe, sentence);
	text_add(&safe, "\n", 1);
	put(&safe);
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
	put(&safe);
	text_fini(&safe);
}
