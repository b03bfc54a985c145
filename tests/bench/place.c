/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <mntent.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char cgroup[256];        /* the folder of ours, or empty */

void die(const char *format, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, ap);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(ap);
	exit(125);
}

static bool write_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	if (fd >= 0)
		close(fd);
	return written;
}

void place_sysctl(const char *name, long low, long high)
{
	char path[128], value[64];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	snprintf(value, sizeof(value), high ? "%ld %ld" : "%ld", low, high);
	if (!write_file(path, value))
		die("%s = %s", name, value);
}

static long number_in(const char *path)
{
	FILE *f = fopen(path, "re");
	long value = 0;

	if (!f || fscanf(f, "%ld", &value) != 1)
		value = 0;
	if (f)
		fclose(f);
	return value;
}

/* As an ordinary user: root of an own user namespace. */
static void become_root(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (!uid)
		return;
	if (unshare(CLONE_NEWUSER))
		die("user namespace");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (!write_file("/proc/self/uid_map", map) || !write_file("/proc/self/setgroups", "deny"))
		die("uid_map");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	if (!write_file("/proc/self/gid_map", map))
		die("gid_map");
}

/* The hash of a namespace is sized by the namespace that made it: one between the machine's and ours. */
void place_enter(void)
{
	long buckets = number_in("/proc/sys/net/ipv4/tcp_ehash_entries");

	become_root();
	if (unshare(CLONE_NEWNET))
		die("network namespace");
	place_sysctl("tcp_child_ehash_entries", labs(buckets), 0);
	if (unshare(CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS))
		die("namespaces");
}

static void address_ipv6(int fd, int ifindex)
{
	struct {
		struct in6_addr address;
		uint32_t prefix;
		int ifindex;
	} request = { .prefix = 128, .ifindex = ifindex };

	for (int i = 1; i <= PLACE_IPV6_ADDRESSES; i++) {
		inet_pton(AF_INET6, "fd5c::", &request.address);
		request.address.s6_addr[15] = (uint8_t)i;
		if (ioctl(fd, SIOCSIFADDR, &request))
			die("address fd5c::%x", i);
	}
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) || ioctl(fd, SIOCGIFINDEX, &request))
		die("loopback");
	address_ipv6(fd, request.ifr_ifindex);
	close(fd);
}

void place_prepare(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("proc", "/proc", "proc", 0, NULL))
		die("/proc");
	loopback_up();
	place_sysctl("tcp_max_tw_buckets", 1000000, 0);
	place_sysctl("ip_unprivileged_port_start", 0, 0);
}

/* ---- the control group of the leak --------------------------------------- */

void place_make_cgroup(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			snprintf(cgroup, sizeof(cgroup), "%s/sockvet-load-%d", mount->mnt_dir, getpid());
	if (mounts)
		endmntent(mounts);
	if (!*cgroup || mkdir(cgroup, 0755)) {
		fputs("load: no control group can be made: the leak has none of its own\n", stderr);
		cgroup[0] = 0;
	}
}

void place_enter_cgroup(void)
{
	char path[sizeof(cgroup) + 16];

	if (!*cgroup)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	if (!write_file(path, "0"))
		die("%s", path);
}

/* Who was killed leaves it a moment later. */
void place_remove_cgroup(void)
{
	for (int tries = 0; *cgroup && rmdir(cgroup) && errno == EBUSY && tries < 500; tries++)
		usleep(10000);
}
