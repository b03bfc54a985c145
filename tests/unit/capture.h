/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_CAPTURE_H
#define TESTS_UNIT_CAPTURE_H

/* What print writes, as a string; to be included behind cmocka's header. */

#include "base/grow.h"
#include "base/out.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct out out;

static inline void begin_capture(void)
{
	out_init(&out, memfd_create("print", MFD_CLOEXEC));
	assert_true(out.fd >= 0);
}

/* The caller frees. */
static inline char *end_capture(void)
{
	off_t size;
	char *text;

	assert_int_equal(out_flush(&out), 0);
	size = lseek(out.fd, 0, SEEK_END);
	text = grow_alloc((size_t)size + 1);
	assert_int_equal(pread(out.fd, text, (size_t)size, 0), size);
	close(out.fd);
	return text;
}

/* Both free what was captured. */
static inline void is(char *text, const char *wanted)
{
	assert_string_equal(text, wanted);
	free(text);
}

static inline void has(char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
	free(text);
}

#endif
