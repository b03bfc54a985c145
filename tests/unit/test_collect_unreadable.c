/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files, folders and namespaces that cannot be opened: the functions below stand
 * before those of the C library. What could not be read is a gap, never nothing.
 */
#include "test.h"

#include "collect/cgroups.h"
#include "collect/handle.h"
#include "collect/netns.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* The call that fails, @times times after @skip good ones. */
static struct refusal {
	const char *call;
	int         err;
	unsigned    times;
	unsigned    skip;       /* good ones before */
} now;

static bool fails(const char *call)
{
	if (!now.call || strcmp(call, now.call) != 0 || !now.times)
		return false;
	if (now.skip) {
		now.skip--;
		return false;
	}
	now.times--;
	errno = now.err;
	return true;
}

/* Opened instead of mountinfo, unless it is NULL. */
static const char *mountinfo;

/* None of these opens makes a file. */
int openat(int folder, const char *name, int flags, ...)
{
	bool is_mountinfo = strstr(name, "mountinfo") != NULL;

	if (fails(is_mountinfo ? "mountinfo" : "openat"))
		return -1;
	return (int)syscall(SYS_openat, folder, is_mountinfo && mountinfo ? mountinfo : name, flags, 0);
}

DIR *fdopendir(int fd)
{
	static DIR *(*real)(int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fdopendir");
	return fails("fdopendir") ? NULL : real(fd);
}

int setns(int fd, int type)
{
	return fails("setns") ? -1 : (int)syscall(SYS_setns, fd, type);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
		   void *(*run)(void *), void *restrict arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return fails("pthread_create") ? now.err : real(thread, attr, run, arg);
}

static int forget(void **state)
{
	(void)state;
	now = (struct refusal){ 0 };
	return 0;
}

/* ---- cgroups ---- */

static struct snapshot walk_cgroups(void)
{
	struct collect handle = { 0 };
	struct snapshot seen;

	snapshot_init(&seen);
	collect_cgroups(&handle, &seen, NULL);
	return seen;
}

static void test_cgroup_that_cannot_be_read_is_no_gap(void **state)
{
	static const struct { struct refusal refusal; unsigned gaps; } rows[] = {
		{ { "openat", EACCES, 1, 0 }, 1 }, { { "openat", ENOENT, 1, 0 }, 0 },
		{ { "openat", ENODEV, 1, 0 }, 0 }, { { "fdopendir", ENOMEM, 1, 0 }, 1 },
		{ { "mountinfo", EMFILE, 1, 0 }, 1 },
	};
	struct cgroup_tree tree = { 0 };
	struct snapshot seen;
	char folder[200];

	(void)state;
	(void)cgroup_tree_find(&tree);
	snprintf(folder, sizeof(folder), "%s/sockvet-test.%d",
		 tree.mounts.count ? tree.mounts.at[0].point : "", getpid());
	/* there has to be one to be refused */
	if (!tree.mounts.count || mkdir(folder, 0755) < 0) {
		cgroup_tree_fini(&tree);
		skip();
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		now = rows[i].refusal;
		seen = walk_cgroups();
		assert_int_equal(now.times, 0);
		assert_int_equal(seen.gaps.count, rows[i].gaps);
		if (rows[i].gaps) {
			assert_int_equal(seen.gaps.at[0].kind, GAP_CGROUPS);
			assert_non_null(strstr(seen.gaps.at[0].text, strerror(rows[i].refusal.err)));
		}
		snapshot_fini(&seen);
	}
	rmdir(folder);
	cgroup_tree_fini(&tree);
}

/* The folder of a mount, with @depth folders below it, each in the one before. */
static void make_folders(char *path, size_t room, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++) {
		size_t size = strlen(path);

		snprintf(path + size, room - size, "/d");
		assert_int_equal(mkdir(path, 0755), 0);
	}
}

static void drop_folders(char *path, unsigned depth)
{
	for (unsigned i = 0; i <= depth; i++) {
		assert_int_equal(rmdir(path), 0);
		*strrchr(path, '/') = '\0';
	}
}

static void test_cgroups_that_are_too_deep_are_a_gap(void **state)
{
	char mounts[] = "/tmp/sockvet-test-mounts.XXXXXX", path[400] = "/tmp/sockvet-test-tree.XXXXXX";
	struct snapshot seen;
	int fd = mkstemp(mounts);

	(void)state;
	assert_non_null(mkdtemp(path));
	dprintf(fd, "30 1 0:26 / %s rw - cgroup2 cgroup2 rw\n", path);
	close(fd);
	make_folders(path, sizeof(path), 66);
	mountinfo = mounts;
	seen = walk_cgroups();
	mountinfo = NULL;
	assert_int_equal(seen.cgroups.count, 65);
	assert_int_equal(seen.gaps.count, 1);
	assert_non_null(strstr(seen.gaps.at[0].text, "1 cgroup could not be read (more than 64 folders deep)"));
	snapshot_fini(&seen);
	drop_folders(path, 66);
	unlink(mounts);
}

/* A folder is opened, and cannot be read. */
static void test_mounts_that_cannot_be_read_are_told_with_their_error(void **state)
{
	struct snapshot seen;

	(void)state;
	mountinfo = "/";
	seen = walk_cgroups();
	mountinfo = NULL;
	assert_int_equal(seen.gaps.count, 1);
	assert_non_null(strstr(seen.gaps.at[0].text, strerror(EISDIR)));
	snapshot_fini(&seen);
}

/* ---- namespaces ---- */

static pid_t other;     /* a process in a namespace of its own */
static uint64_t other_inode;

static int make_other(void **state)
{
	int ends[2];
	char path[64], byte = 0;
	struct stat st;

	(void)state;
	if (pipe(ends) < 0)
		return -1;
	other = fork();
	if (other == 0) {
		byte = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
		if (write(ends[1], &byte, 1) == 1)
			pause();
		exit(0);
	}
	if (read(ends[0], &byte, 1) != 1)
		return -1;
	close(ends[0]);
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", other);
	if (byte && stat(path, &st) == 0)
		other_inode = st.st_ino;
	return 0;
}

static int drop_other(void **state)
{
	(void)state;
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	return 0;
}

struct visits {
	bool     good;          /* what look() answers */
	unsigned looked;        /* times in the other namespace */
};

static bool look(void *ctx, struct netns *netns)
{
	struct visits *visits = ctx;

	visits->looked += netns->inode == other_inode;
	return visits->good;
}

static void test_namespace_that_cannot_be_entered_is_called_read(void **state)
{
	struct visits visits = { .good = true };

	(void)state;
	if (!other_inode)
		skip();
	assert_true(netns_tour(0, look, &visits, NULL, NULL) >= 0);
	assert_int_equal(visits.looked, 1);

	visits = (struct visits){ .good = true };
	now = (struct refusal){ "setns", EPERM, 1000, 0 };
	assert_int_equal(netns_tour(0, look, &visits, NULL, NULL), 1);
	assert_int_equal(visits.looked, 0);
	forget(NULL);

	visits = (struct visits){ .good = false };
	assert_int_equal(netns_tour(0, look, &visits, NULL, NULL), 1);

	now = (struct refusal){ "pthread_create", EAGAIN, 1, 0 };
	visits = (struct visits){ .good = true };
	assert_int_equal(netns_tour(0, look, &visits, NULL, NULL), -EAGAIN);
	assert_int_equal(visits.looked, 0);
	now = (struct refusal){ "mountinfo", EMFILE, 1000, 0 };
	assert_int_equal(netns_tour(0, look, &visits, NULL, NULL), 1);
}

static int take_netns(void *ctx, const struct netns *netns)
{
	*(unsigned *)ctx += netns->inode == other_inode;
	return 0;
}

/* Visits all; a gap says @gap. */
static int visit_all(unsigned *visited, const char *gap, struct fault *fault)
{
	struct collect *collect = NULL;
	struct collect_source source = { .netns = NULL };
	struct snapshot seen;
	bool told = false;
	int err;

	snapshot_init(&seen);
	assert_int_equal(collect_open(&collect, &source, fault), 0);
	err = collect_everywhere(collect, take_netns, visited, &seen, fault);
	for (size_t i = 0; i < seen.gaps.count; i++)
		told |= seen.gaps.at[i].kind == GAP_NETNS && strstr(seen.gaps.at[i].text, gap);
	assert_true(told || err);
	snapshot_fini(&seen);
	collect_close(collect, true, NULL);
	return err;
}

static void test_namespace_that_cannot_be_entered_is_no_gap(void **state)
{
	struct fault fault;
	unsigned visited = 0;

	(void)state;
	if (!other_inode)
		skip();
	now = (struct refusal){ "setns", EPERM, 1000, 0 };
	assert_int_equal(visit_all(&visited, "cannot be entered", &fault), 0);
	assert_int_equal(visited, 0);
	now = (struct refusal){ "mountinfo", EMFILE, 1000, 0 };
	assert_int_equal(visit_all(&visited, "may be missing", &fault), 0);
	assert_int_equal(visited, 1);
	now = (struct refusal){ "pthread_create", EAGAIN, 1, 0 };
	assert_int_equal(visit_all(&visited, "", &fault), -EAGAIN);
	assert_non_null(strstr(fault.text, "cannot be visited"));
}

/* ---- counters ---- */

static int unbound(int family, int type, bool listens)
{
	struct sockaddr_in6 any = { .sin6_family = (sa_family_t)family };
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 && listens)
		(void)listen(fd, 1);
	return fd;
}

/* What would be listed of a protocol here. */
static uint32_t states_of(enum protocol protocol)
{
	struct collect handle = { .release = "" };
	struct collect_ask ask = { .protocol = protocol, .states = STATE_ALL };

	(void)arrival_can_have(&handle, &ask);
	return ask.states;
}

/* In a namespace without a socket. Returns the line of what is not so. */
static int count_states(void)
{
	int fd;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return 77;
	if (states_of(PROTOCOL_TCP) || states_of(PROTOCOL_UDP) ||
	    states_of(PROTOCOL_RAW) != STATE_ALL)
		return 1;
	now = (struct refusal){ "openat", EMFILE, 1, 0 };
	if (states_of(PROTOCOL_TCP) != STATE_ALL)
		return 2;
	now.times = 1;
	if (states_of(PROTOCOL_UDP) != STATE_ALL)
		return 3;
	fd = unbound(AF_INET6, SOCK_DGRAM, false);
	if (states_of(PROTOCOL_UDP) != STATE_ALL)
		return 4;
	close(fd);
	fd = unbound(AF_INET6, SOCK_STREAM, false);
	if (states_of(PROTOCOL_TCP) != STATE_BIT(STATE_BOUND))
		return 5;
	close(fd);
	for (int i = 0; i < 2; i++) {
		fd = unbound(i ? AF_INET6 : AF_INET, SOCK_STREAM, true);
		if (states_of(PROTOCOL_TCP) != STATE_ALL)
			return 6 + i;
		/* the counters of IPv6 are in a file of their own */
		now = (struct refusal){ "openat", EMFILE, 1, 1 };
		if (states_of(PROTOCOL_TCP) != STATE_ALL)
			return 8 + i;
		close(fd);
	}
	now = (struct refusal){ "openat", EMFILE, 1, 1 };
	if (states_of(PROTOCOL_UDP) != STATE_ALL)
		return 10;
	now = (struct refusal){ "openat", ENOENT, 1, 1 };
	if (states_of(PROTOCOL_UDP))
		return 11;
	now = (struct refusal){ "openat", EMFILE, 1, 2 };
	return states_of(PROTOCOL_TCP) == STATE_BIT(STATE_SYN_RECV) ? 0 : 12;
}

static void test_table_is_skipped_that_is_not_surely_empty(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		exit(count_states());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- what a probe has to know before ---- */

static void test_ports_are_asked_about_without_their_range(void **state)
{
	static const uint8_t ports[8192] = { [5000] = 1 };
	static struct port_probe probe;
	struct collect handle = { 0 };

	(void)state;
	now = (struct refusal){ "openat", EACCES, 1, 0 };
	collect_probe_ports(&handle, ports, &probe);
	assert_int_equal(probe.made + probe.asked, 0);
	assert_non_null(strstr(probe.refusal, "ip_local_port_range could not be read"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, forget, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cgroup_that_cannot_be_read_is_no_gap),
		TEST(test_cgroups_that_are_too_deep_are_a_gap),
		TEST(test_mounts_that_cannot_be_read_are_told_with_their_error),
		TEST(test_namespace_that_cannot_be_entered_is_called_read),
		TEST(test_namespace_that_cannot_be_entered_is_no_gap),
		TEST(test_table_is_skipped_that_is_not_surely_empty),
		TEST(test_ports_are_asked_about_without_their_range),
	};

	return cmocka_run_group_tests(tests, make_other, drop_other);
}
