/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include <errno.h>
#include <unistd.h>

/* Options that ss has and this program does not serve, each with its reason. */
static const struct { size_t offset; const char *reason; } unserved[] = {
	{ offsetof(struct options, tipc_info),
	  "--tipcinfo: TIPC sockets are not listed by this program; 'ss --tipc --tipcinfo' does" },
};

static bool is_set(const struct options *options, size_t offset)
{
	return *(const bool *)((const char *)options + offset);
}

static int refuse_context(struct fault *fault)
{
	if (access("/sys/fs/selinux/enforce", F_OK) < 0)
		return fault_set(fault, EINVAL, "-Z, -z: there are no security contexts: "
				 "SELinux is not enabled on this machine");
	return fault_set(fault, EINVAL, "-Z, -z: security contexts are not read by this program; "
			 "'ss -Z' shows them");
}

int unserved_check(const struct options *options, struct fault *fault)
{
	for (size_t i = 0; i < sizeof(unserved) / sizeof(*unserved); i++)
		if (is_set(options, unserved[i].offset))
			return fault_set(fault, EINVAL, "%s", unserved[i].reason);
	if (options->diag)
		return fault_set(fault, EINVAL, "-D: this program saves with --record FILE, which "
				 "holds owners and limits too; --from reads it, and dumps of ss -D");
	if (options->context || options->contexts)
		return refuse_context(fault);
	return 0;
}
