/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pause: preloaded into sockvet, which stops before it opens a file until it is told to go on.
 *
 *   PAUSE_AT    the path as it is given to openat(), its beginning will do
 *   PAUSE_COUNT the how many-th time, from 1
 *   PAUSE_TELL  a fifo: gets a byte when the file is about to be opened
 *   PAUSE_GO    a fifo: the file is opened when somebody has opened this one, too
 *
 * What a race needs luck for happens here each time.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int open_file(int folder, const char *path, int flags, ...);

static open_file *really;

static void wait_for_word(void)
{
	int tell = really(AT_FDCWD, getenv("PAUSE_TELL"), O_WRONLY | O_CLOEXEC);
	ssize_t done = write(tell, "x", 1);
	int go;

	(void)done;
	close(tell);
	go = really(AT_FDCWD, getenv("PAUSE_GO"), O_RDONLY | O_CLOEXEC);
	close(go);
}

int openat(int folder, const char *path, int flags, ...)
{
	static atomic_int count;
	const char *at = getenv("PAUSE_AT"), *which = getenv("PAUSE_COUNT");
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
	va_end(more);
	if (!really)
		really = (open_file *)dlsym(RTLD_NEXT, "openat");
	if (at && which && strncmp(path, at, strlen(at)) == 0 &&
	    atomic_fetch_add(&count, 1) + 1 == atoi(which))
		wait_for_word();
	return really(folder, path, flags, mode);
}

/* What it is called by programs with large files. */
int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));
