/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/host.h"

#include "base/grow.h"
#include "base/own.h"
#include "base/text.h"
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/*
 * What stands before "/proc", and what stands in its place, both as the kernel spells
 * them in mountinfo; NULL: nothing else.
 */
static char *host_root, *host_proc;

static bool is_below(const char *path, const char *folder, const char **rest)
{
	size_t size = strlen(folder);

	*rest = path + size;
	return strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size]);
}

/* The path on this side; NULL when it is the same. */
static char *moved(const char *path)
{
	struct text there = { 0 };
	const char *rest;

	if (host_root && *path == '/')
		text_addf(&there, "%s%s", host_root, path);
	else if (host_proc && is_below(path, "/proc", &rest))
		text_addf(&there, "%s/%s", host_proc, rest + strspn(rest, "/"));
	return there.at;
}

/* True when our own /proc tells the same, and that one does not have it. */
static bool is_here(const char *path)
{
	const char *rest;

	return (errno == ENOENT || errno == ENOTDIR) &&
	       (is_below(path, "/proc/self", &rest) || is_below(path, "/proc/sys", &rest) ||
		is_below(path, "/proc/thread-self", &rest));
}

/* What --root names may be no /proc, and have a FIFO there that nobody writes to. */
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

int host_open(const char *path)
{
	OWN_MEM char *there = moved(path);
	int fd = openat(AT_FDCWD, there ?: path, FLAGS);

	return fd < 0 && there && is_here(path) ? openat(AT_FDCWD, path, FLAGS) : fd;
}

FILE *host_fopen(const char *path)
{
	int fd = host_open(path);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

DIR *host_opendir(const char *path)
{
	OWN_MEM char *there = moved(path);

	return opendir(there ?: path);
}

int host_stat(const char *path, struct stat *st)
{
	OWN_MEM char *there = moved(path);
	int err = stat(there ?: path, st);

	return err < 0 && there && is_here(path) ? stat(path, st) : err;
}

char *host_path(const char *path)
{
	return moved(path) ?: grow_strdup(path);
}

/* Processes are asked for, because the folder is there where nothing is mounted, too. */
static int check_proc(const char *root, struct fault *fault)
{
	struct proc proc;
	int32_t pid;
	int err = proc_open(&proc);
	bool is = !err && proc_next(&proc, &pid);

	proc_close(&proc);
	if (is)
		return 0;
	if (err)
		return fault_set(fault, -err, "--root '%s' has no /proc: %s", QUOTE(root),
				 strerror(-err));
	return fault_set(fault, ENOENT, "--root '%s' has no process in its /proc: mount the root of "
			 "the host with all that is mounted below it", QUOTE(root));
}

int host_set(const char *root, struct fault *fault)
{
	const char *proc = root ? NULL : getenv("PROC_ROOT");
	struct stat st;
	int err;

	free(host_root);
	free(host_proc);
	host_root = root ? realpath(root, NULL) : NULL;
	host_proc = proc ? realpath(proc, NULL) ?: grow_strdup(proc) : NULL;
	if (!root)
		return 0;
	err = !host_root || stat(host_root, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
	if (err)
		return fault_set(fault, err, "--root '%s': %s", QUOTE(root), strerror(err));
	if (host_root[1])
		return check_proc(root, fault);
	free(host_root);
	host_root = NULL;
	return 0;
}

bool host_pids_are_ours(void)
{
	struct stat first, own;

	if (!host_root && !host_proc)
		return true;
	return host_stat("/proc/1/ns/pid", &first) == 0 && host_stat("/proc/self/ns/pid", &own) == 0 &&
	       first.st_ino == own.st_ino && first.st_dev == own.st_dev;
}
