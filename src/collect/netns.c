/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/netns.h"

#include "base/input.h"
#include "base/text.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

enum kind { BY_NAME, BY_PID, BY_PATH };

static enum kind kind_of(const char *name)
{
	if (strchr(name, '/'))
		return BY_PATH;
	return *name && name[strspn(name, "0123456789")] == '\0' ? BY_PID : BY_NAME;
}

static void path_of(struct text *path, const char *name)
{
	switch (kind_of(name)) {
	case BY_PATH:
		text_addf(path, "%s", name);
		return;
	case BY_PID:
		text_addf(path, "/proc/%s/ns/net", name);
		return;
	case BY_NAME:
		text_addf(path, "/run/netns/%s", name);
	}
}

static const char *what_to_do(const char *name, int err)
{
	if (err == EPERM || err == EACCES)
		return "run as root";
	switch (kind_of(name)) {
	case BY_PID:
		return err == ENOENT ? "no such process; name one that runs" : "name a process";
	case BY_PATH:
		return "name a file such as /proc/PID/ns/net";
	case BY_NAME:
		break;
	}
	return "`ip netns` lists the names; a PID or a path with a / will do too";
}

static int fail(const char *name, int err, struct fault *fault)
{
	return fault_set(fault, err, "cannot enter the network namespace %s: %s; %s",
			 QUOTE(name), strerror(err), what_to_do(name, err));
}

int netns_enter(const char *name, struct fault *fault)
{
	struct text path = { 0 };
	struct input input;
	const char *why;
	int err;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(name, EINVAL, fault);
	path_of(&path, name);
	err = input_open(&input, text_str(&path), &why);
	text_fini(&path);
	if (!err && setns(input.fd, CLONE_NEWNET) < 0)
		err = -errno;
	input_close(&input);
	return err ? fail(name, -err, fault) : 0;
}

uint64_t netns_inode(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? (uint64_t)st.st_ino : 0;
}
