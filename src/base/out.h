/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Output that remembers whether it was written: one 64 KiB buffer and
 * write(2). The first error sticks, later bytes are dropped, and out_flush()
 * tells; a caller that ends with status 0 has asked it.
 */
struct out {
	int    fd;
	int    err;             /* positive errno of the first failure, or 0 */
	size_t used;
	char   buffer[65536];
};

/* An empty output on @fd, which stays the caller's. */
void out_init(struct out *out, int fd);

void out_put(struct out *out, const char *bytes, size_t size);
void out_str(struct out *out, const char *str);
void out_char(struct out *out, char c);
void out_u64(struct out *out, uint64_t value);
void out_pad(struct out *out, char c, size_t count);
void out_f(struct out *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Room for @size bytes, at most OUT_SPACE, to write them in their place; what was
 * written is told by out_took() before anything else is put.
 */
#define OUT_SPACE 4096
char *out_space(struct out *out, size_t size);

static inline void out_took(struct out *out, const char *end)
{
	out->used = (size_t)(end - out->buffer);
}

/* Writes what is left. Returns 0 or -errno of the first failure since init. */
int out_flush(struct out *out);

#endif
