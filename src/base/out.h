/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Buffered output (64 KiB, then write(2)) that remembers errors: the first error is
 * kept, and bytes after it are dropped. out_flush() returns that error; a caller that
 * ends with status 0 has checked it.
 */
struct out {
	int    fd;
	int    err;             /* positive errno of the first failure, or 0 */
	size_t used;
	char   buffer[65536];
};

/* Makes @out an empty output to @fd. The caller keeps and closes @fd. */
void out_init(struct out *out, int fd);

void out_put(struct out *out, const char *bytes, size_t size);
void out_str(struct out *out, const char *str);
void out_char(struct out *out, char c);
void out_u64(struct out *out, uint64_t value);
void out_pad(struct out *out, char c, size_t count);
void out_f(struct out *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Returns room for @size bytes (at most OUT_SPACE) in the buffer. The caller writes them
 * there and calls out_took() before it puts anything else.
 */
#define OUT_SPACE 4096
char *out_space(struct out *out, size_t size);

static inline void out_took(struct out *out, const char *end)
{
	out->used = (size_t)(end - out->buffer);
}

/*
 * Writes what is left in the buffer. Returns 0, or -errno of the first failure since
 * out_init().
 */
int out_flush(struct out *out);

#endif
