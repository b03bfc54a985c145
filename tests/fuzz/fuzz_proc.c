/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of /proc: which parser, then what the file says. */
#include "fuzz.h"

#include "base/text.h"
#include "collect/cgroups.h"
#include "collect/descriptors.c"
#include "collect/proc.h"
#include "collect/proc_net.h"
#include "collect/sysctls.h"

#include <stdlib.h>
#include <string.h>

static void stat_of_process(char *text, size_t size)
{
	(void)size;
	proc_is_bare(text);
}

/* A link is no string: readlink() writes no NUL. */
static void link_of_descriptor(char *text, size_t size)
{
	uint32_t inode = 0;

	if (!proc_link_inode((const char *)fuzz_at_page_end((uint8_t *)text, size), size, "socket:[",
			     &inode))
		return;
	fuzz_require(size > 9 && memcmp(text, "socket:[", 8) == 0 && text[size - 1] == ']',
		     "'%s' passes for a socket", text);
	fuzz_require(strtoul(text + 8, NULL, 10) == inode, "inode %u of '%s'", inode, text);
}

static void limits_of_process(char *text, size_t size)
{
	int64_t limit = 0;

	(void)size;
	fuzz_require(!holder_limit(text, &limit) || limit >= -1, "a limit of %lld",
		     (long long)limit);
}

static void counters(char *text, size_t size)
{
	int64_t value;

	(void)size;
	counter_pairs(text, "TcpExt:", "ListenDrops", &value);
	counter_pairs(text, "Tcp:", "CurrEstab", &value);
	counter_inline(text, "TCP:", "tw", &value);
	counter_inline(text, "TCP6:", "inuse", &value);
}

static void mounts(char *text, size_t size)
{
	struct mount mount;

	if (mount_parse(text, &mount))
		fuzz_require(strlen(mount.root) + strlen(mount.point) + strlen(mount.type) <= size,
			     "more than stood there");
}

static void cgroup_of_process(char *text, size_t size)
{
	char point[] = "/nonexistent", root[] = "";
	struct cgroup_mount mount = { point, root };
	struct cgroup_tree nowhere = { { &mount, 1, 1 } };
	struct snapshot seen;
	uint64_t id;

	(void)size;
	snapshot_init(&seen);
	fuzz_require(cgroup_tree_id(&nowhere, text) == 0, "a cgroup of %s", text);
	id = cgroup_home(&nowhere, text, &seen);
	fuzz_require(!id == !snapshot_cgroup(&seen, id), "an id without its path: %s", text);
	snapshot_fini(&seen);
}

static void line_of_sockets(char *text, size_t size)
{
	struct proc_net_message message;

	for (int i = 0; i < 2; i++)
		if (proc_net_parse(text, size, i ? FAMILY_IPV6 : FAMILY_IPV4, &message))
			fuzz_require(message.told.idiag_state > 0 &&
				     message.told.idiag_state <= STATE_BOUND,
				     "a socket in state %d", message.told.idiag_state);
}

static void names_of_processes(char *text, size_t size)
{
	int32_t number = 0;

	(void)size;
	if (proc_number(text, &number))
		fuzz_require(number >= 0 && strtol(text, NULL, 10) == number, "pid %d of '%s'",
			     number, text);
}

static void reserved_ports(char *text, size_t size)
{
	struct limits limits = { 0 };

	(void)size;
	limits_reserve(&limits, text);
}

static void (*const parsers[])(char *text, size_t size) = {
	stat_of_process, link_of_descriptor, limits_of_process, counters, mounts,
	cgroup_of_process, line_of_sockets, names_of_processes, reserved_ports,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	size_t which = fuzz_byte(&input) % (sizeof(parsers) / sizeof(*parsers));
	char *text;

	if (input.left > FUZZ_PAGED)
		return 0;
	text = fuzz_string(input.at, input.left);
	parsers[which](text, strlen(text));
	free(text);
	return 0;
}
