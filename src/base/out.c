/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/out.h"

#include "base/digits.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

void out_init(struct out *out, int fd)
{
	out->fd = fd;
	out->err = 0;
	out->used = 0;
}

/* The deadline's timer is stopped while write() waits, because a reader may take its time. */
static ssize_t write_to_reader(int fd, const char *bytes, size_t size)
{
	static const struct itimerval never;
	struct itimerval left = never;
	ssize_t done;
	int err;

	setitimer(ITIMER_REAL, &never, &left);
	done = write(fd, bytes, size);
	err = errno;
	setitimer(ITIMER_REAL, &left, NULL);
	errno = err;
	return done;
}

static void drain(struct out *out, const char *bytes, size_t size)
{
	while (size && !out->err) {
		ssize_t done = out->fd == STDOUT_FILENO ? write_to_reader(out->fd, bytes, size) :
							  write(out->fd, bytes, size);

		if (done < 0) {
			if (errno != EINTR)
				out->err = errno;
			continue;
		}
		bytes += done;
		size -= (size_t)done;
	}
}

void out_put(struct out *out, const char *bytes, size_t size)
{
	if (!size)
		return;
	if (out->used + size > sizeof(out->buffer)) {
		drain(out, out->buffer, out->used);
		out->used = 0;
	}
	if (size > sizeof(out->buffer)) {
		drain(out, bytes, size);
		return;
	}
	memcpy(out->buffer + out->used, bytes, size);
	out->used += size;
}

char *out_space(struct out *out, size_t size)
{
	if (out->used + size > sizeof(out->buffer)) {
		drain(out, out->buffer, out->used);
		out->used = 0;
	}
	return out->buffer + out->used;
}

void out_str(struct out *out, const char *str)
{
	out_put(out, str, strlen(str));
}

void out_char(struct out *out, char c)
{
	out_put(out, &c, 1);
}

void out_u64(struct out *out, uint64_t value)
{
	out_took(out, digits_u64(out_space(out, DIGITS_U64), value));
}

void out_pad(struct out *out, char c, size_t count)
{
	while (count) {
		size_t part = count < OUT_SPACE ? count : OUT_SPACE;
		char *at = out_space(out, part);

		memset(at, c, part);
		out_took(out, at + part);
		count -= part;
	}
}

void out_f(struct out *out, const char *fmt, ...)
{
	char small[512];
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (size < (int)sizeof(small)) {
		out_put(out, small, size > 0 ? (size_t)size : 0);
		return;
	}
	char *large;

	va_start(args, fmt);
	size = vasprintf(&large, fmt, args);
	va_end(args);
	if (size < 0) {
		out->err = ENOMEM;
		return;
	}
	out_put(out, large, (size_t)size);
	free(large);
}

int out_flush(struct out *out)
{
	drain(out, out->buffer, out->used);
	out->used = 0;
	return -out->err;
}
