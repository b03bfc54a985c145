/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files: preloaded into sockvet, which gets other files than those it opens, and no netlink.
 *
 *   FILES_INSTEAD  PATH=OTHER, more of them after a colon each
 *   FILES_ONLY     when set, sockets of netlink are refused
 *   FILES_NAMED    when set, a file without a name (O_TMPFILE) is refused
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef int open_file(int folder, const char *path, int flags, ...);
typedef int open_socket(int domain, int type, int protocol);

/* The other path; @path when there is none. */
static const char *instead(const char *path, char other[1024])
{
	const char *pair = getenv("FILES_INSTEAD");
	size_t size = strlen(path);

	while (pair && *pair) {
		const char *end = strchrnul(pair, ':');

		if (strncmp(pair, path, size) == 0 && pair[size] == '=' && end - pair < 1024) {
			size_t length = (size_t)(end - pair) - size - 1;

			memcpy(other, pair + size + 1, length);
			other[length] = '\0';
			return other;
		}
		pair = *end ? end + 1 : end;
	}
	return path;
}

static int really_open(int folder, const char *path, int flags, mode_t mode)
{
	open_file *really = (open_file *)dlsym(RTLD_NEXT, "openat");
	char other[1024];

	return really(folder, instead(path, other), flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
	va_end(more);
	if ((flags & O_TMPFILE) == O_TMPFILE && getenv("FILES_NAMED")) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return really_open(folder, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
	va_end(more);
	return really_open(AT_FDCWD, path, flags, mode);
}

/* What they are called by programs with large files, and hardened. */
int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int __open64_2(const char *path, int flags);

int __open64_2(const char *path, int flags)
{
	return really_open(AT_FDCWD, path, flags, 0);
}

int socket(int domain, int type, int protocol)
{
	open_socket *really = (open_socket *)dlsym(RTLD_NEXT, "socket");

	if (domain == AF_NETLINK && getenv("FILES_ONLY")) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return really(domain, type, protocol);
}
