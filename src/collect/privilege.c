/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP(name) (UINT64_C(1) << (name))

#ifdef SOCKVET_BPF      /* such a build finds owners by a pass in the kernel */
#define BPF_CAPABILITIES (CAP(CAP_BPF) | CAP(CAP_PERFMON))
#else
#define BPF_CAPABILITIES UINT64_C(0)
#endif

/* THE table of the capabilities behind each privilege, in the order of its bits. */
static const uint64_t made_of[] = {
	CAP(CAP_DAC_READ_SEARCH),
	/* the folder of descriptors needs the first, their links the second */
	CAP(CAP_DAC_READ_SEARCH) | CAP(CAP_SYS_PTRACE) | BPF_CAPABILITIES,
	CAP(CAP_NET_ADMIN),
	CAP(CAP_SYS_ADMIN),
	/* the second to replace a recording of somebody else in a sticky folder */
	CAP(CAP_DAC_OVERRIDE) | CAP(CAP_FOWNER),
	CAP(CAP_NET_BIND_SERVICE),
	CAP(CAP_SETUID) | CAP(CAP_CHOWN),
};

/* What privilege_settle() leaves; a process has one set of rights. */
static unsigned later;
static bool is_waiting;

bool privilege_is_borrowed(void)
{
	return getauxval(AT_SECURE) || geteuid() != getuid() || getegid() != getgid();
}

void privilege_forget_environment(void)
{
	clearenv();
}

int privilege_has(unsigned capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	return (sets[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}

/* The kernel numbers the first namespaces: PROC_USER_INIT_INO. */
#define FIRST_USER_NAMESPACE UINT64_C(0xeffffffd)

static bool is_in_first_users(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) < 0 || (uint64_t)st.st_ino == FIRST_USER_NAMESPACE;
}

static bool lacks(unsigned capability)
{
	return privilege_has(capability) == 0;
}

const char *privilege_lacked(void)
{
	bool trace = lacks(CAP_SYS_PTRACE), read = lacks(CAP_DAC_READ_SEARCH);

	if (!is_in_first_users())
		return geteuid() || trace || read ?
		       "run as root outside of this user namespace to see all owners" :
		       "they are outside of this user namespace: run as root outside of it";
	if (!trace && !read)
		return "a security module guards them";
	if (geteuid())
		return "run as root to see all owners";
	return trace ? "this root lacks CAP_SYS_PTRACE" : "this root lacks CAP_DAC_READ_SEARCH";
}

bool privilege_sees_all(void)
{
	return is_in_first_users() && !lacks(CAP_SYS_PTRACE) && !lacks(CAP_DAC_READ_SEARCH);
}

static uint64_t capabilities_of(unsigned privileges)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < sizeof(made_of) / sizeof(*made_of); i++)
		if (privileges >> i & 1)
			all |= made_of[i];
	return all;
}

/* Returns true when one of the two words had more than @kept. */
static bool limit(struct __user_cap_data_struct *set, uint32_t kept)
{
	bool more = set->permitted & ~kept || set->inheritable & ~kept;

	set->effective &= kept;
	set->permitted &= kept;
	set->inheritable &= kept;
	return more;
}

static int keep(uint64_t capabilities, struct fault *fault)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
	bool more;

	/* a kernel built without capabilities has none to give up */
	if (syscall(SYS_capget, &header, sets) < 0)
		return 0;
	more = limit(&sets[0], (uint32_t)capabilities);
	more |= limit(&sets[1], (uint32_t)(capabilities >> 32));
	if (!more || syscall(SYS_capset, &header, sets) == 0)
		return 0;
	return fault_set(fault, errno, "cannot give up capabilities that are not needed: %s",
			 strerror(errno));
}

int privilege_keep(unsigned now, unsigned then, struct fault *fault)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	later = then;
	is_waiting = now != then;
	return keep(capabilities_of(now), fault);
}

int privilege_settle(struct fault *fault)
{
	if (!is_waiting)
		return 0;
	is_waiting = false;
	return keep(capabilities_of(later), fault);
}
