/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/lender.h"

#include "base/own.h"
#include "collect/host.h"
#include "collect/proc.h"
#include "collect/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- the old hierarchies ---- */

/* True when the list "a,b,c" up to @end has that word. */
static bool has_word(const char *at, const char *end, const char *word)
{
	size_t size = strlen(word);

	while (at < end) {
		size_t length = strcspn(at, ",:");

		if (length == size && memcmp(at, word, size) == 0)
			return true;
		at += length + 1;
	}
	return false;
}

/*
 * The cgroup in the v1 hierarchy with that controller; NULL, with size 0, when there is
 * none.
 */
static const char *group_of(const char *groups, const char *controller, size_t *size)
{
	for (const char *line = groups, *next; line; line = next ? next + 1 : NULL) {
		const char *words = strchr(line, ':');
		const char *path = words ? strchr(words + 1, ':') : NULL;

		next = strchr(line, '\n');
		if (!path || (next && path > next) || !has_word(words + 1, path, controller))
			continue;
		*size = strcspn(path, "\n");
		return path;
	}
	*size = 0;
	return NULL;
}

static bool same_group(const char *ours, const char *theirs, const char *controller)
{
	size_t our_size, their_size;
	const char *our_group = group_of(ours, controller, &our_size);
	const char *their_group = group_of(theirs, controller, &their_size);

	return our_size == their_size &&
	       (!our_size || memcmp(our_group, their_group, our_size) == 0);
}

/*
 * True when two /proc/PID/cgroup texts name the same cgroups of the v1 controllers
 * net_cls and net_prio, or none. Trusts nothing in either text.
 */
static bool has_same_class(const char *ours, const char *theirs)
{
	return same_group(ours, theirs, "net_cls") && same_group(ours, theirs, "net_prio");
}

/* ---- borrowed descriptors ---- */

/* Returns false when it is not known. A kernel without cgroups has no such file. */
static bool read_groups(const char *path, struct text *groups)
{
	int err = file_read(AT_FDCWD, path, groups);

	return !err || err == -ENOENT;
}

/*
 * A socket that is handed over takes the traffic class and priority of the receiver's
 * cgroup, and keeps them (__receive_sock() in the kernel). This program changes nothing,
 * so only descriptors of processes in equal cgroups are duplicated. The unified
 * hierarchy (v2) has neither.
 */
static bool would_change(const struct lender *lender, int32_t pid)
{
	struct text theirs = { 0 };
	char path[32];
	bool would;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	would = !lender->knows_ours || !read_groups(path, &theirs) ||
		!has_same_class(text_str(&lender->our_groups), text_str(&theirs));
	text_fini(&theirs);
	return would;
}

void lender_init(struct lender *lender)
{
	*lender = (struct lender){ .pidfd = -1, .pids_are_ours = host_pids_are_ours() };
	lender->knows_ours = read_groups("/proc/self/cgroup", &lender->our_groups);
}

void lender_fini(struct lender *lender)
{
	own_close_(&lender->pidfd);
	text_fini(&lender->our_groups);
}

/* The sockets of one process come one after the other, so its pidfd is opened once. */
static int pidfd_of(struct lender *lender, int32_t pid)
{
	if (lender->pid == pid)
		return lender->pidfd;
	own_close_(&lender->pidfd);
	lender->pid = pid;
	lender->pidfd = -1;
	lender->err = !lender->pids_are_ours ? EXDEV : would_change(lender, pid) ? EBUSY : 0;
	if (!lender->err) {
		lender->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		lender->err = errno;
	}
	return lender->pidfd;
}

int lender_borrow(struct lender *lender, int32_t pid, int32_t fd)
{
	int pidfd = pidfd_of(lender, pid);

	if (pidfd >= 0)
		return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	errno = lender->err;
	return -1;
}
