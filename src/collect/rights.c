/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/rights.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The kernel nests user namespaces 32 deep. */
#define NESTED_MAX 33

/* How the owner of this network namespace is related to our user namespace. */
struct realm {
	bool     known;
	bool     below;         /* ours, or one inside ours */
	bool     has_maker;     /* one inside ours: who made the outermost of those */
	uint32_t maker;
};

static bool is_same(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	       one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* From the owner up to the one whose parent we are; its maker has all rights. */
static void climb(int owner, int ours, struct realm *realm)
{
	OWN_FD int at = fcntl(owner, F_DUPFD_CLOEXEC, 0);

	for (unsigned i = 0; at >= 0 && i < NESTED_MAX; i++) {
		OWN_FD int parent = ioctl(at, NS_GET_PARENT);
		int child = at;

		if (parent < 0)
			return;
		if (is_same(parent, ours)) {
			realm->known = realm->below = true;
			realm->has_maker = ioctl(at, NS_GET_OWNER_UID, &realm->maker) == 0;
			return;
		}
		at = own_give_fd(&parent);
		close(child);
	}
}

static struct realm find_realm(void)
{
	OWN_FD int netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	OWN_FD int ours = open("/proc/thread-self/ns/user", O_RDONLY | O_CLOEXEC);
	OWN_FD int owner = netns < 0 ? -1 : ioctl(netns, NS_GET_USERNS);
	struct realm realm = { 0 };

	/* EPERM: its owner is outside of what we can see, so above us */
	if (netns >= 0 && owner < 0 && errno == EPERM)
		realm.known = true;
	else if (owner >= 0 && ours >= 0 && is_same(owner, ours))
		realm.known = realm.below = true;
	else if (owner >= 0 && ours >= 0)
		climb(owner, ours, &realm);
	return realm;
}

static struct known own_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) < 0)
		return (struct known){ 0 };
	return (struct known){ true, sets[0].effective >> CAP_NET_BIND_SERVICE & 1 };
}

static struct known root_capability(void)
{
	int bounded = prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE, 0, 0, 0);

	return (struct known){ bounded >= 0, bounded > 0 };
}

struct known rights_bind_low(uint32_t uid)
{
	struct realm realm = find_realm();

	if (!realm.known)
		return (struct known){ 0 };
	if (!realm.below)
		return (struct known){ true, 0 };
	if (realm.has_maker && realm.maker == uid)
		return (struct known){ true, 1 };
	if (uid == geteuid())
		return own_capability();
	return uid == 0 ? root_capability() : (struct known){ true, 0 };
}
