/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words and numbers in files of /proc: as they are, cut, and such as no kernel writes. */
#include "test.h"

#include "collect/cgroups.h"
#include "collect/descriptors.c"
#include "collect/inet.h"
#include "collect/proc.h"
#include "collect/sysctls.h"

static void test_proc_text(void **state)
{
	char mount[] = "31 23 0:26 / /sys/fs/c\\040g\\134 rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
	struct mount parsed;
	uint32_t inode;
	int64_t value;

	(void)state;
	assert_true(proc_link_inode("socket:[4026531]", 16, "socket:[", &inode));
	assert_int_equal(inode, 4026531);
	assert_false(proc_link_inode("socket:[]", 9, "socket:[", &inode));
	assert_false(proc_link_inode("socket:[12", 10, "socket:[", &inode));
	assert_false(proc_link_inode("socket:[4294967296]", 19, "socket:[", &inode));
	assert_false(proc_link_inode("socket:[1x]", 11, "socket:[", &inode));
	assert_false(proc_link_inode("pipe:[1]", 8, "socket:[", &inode));
	assert_true(holder_limit("Limit\nMax open files            1024      4096 files\n", &value));
	assert_int_equal(value, 1024);
	assert_true(holder_limit("Max open files   unlimited unlimited files\n", &value));
	assert_int_equal(value, -1);
	assert_false(holder_limit("Max open files\n", &value));
	assert_false(holder_limit("xMax open files 3\n", &value));
	assert_true(proc_is_bare("2 (kthreadd) S 0 0 0 0 -1 2129984 0"));
	assert_true(proc_is_bare("9 (x) S 1) Z 1 9 9 0 -1 4194316 0"));
	assert_true(proc_is_bare("9 (bash) R 1 9 9 0 -1 4194308 0"));        /* it ends */
	assert_false(proc_is_bare("9 (bash) S 1 9 9 0 -1 4194304 0"));
	assert_false(proc_is_bare("9 (bash"));
	assert_true(mount_parse(mount, &parsed));
	assert_string_equal(parsed.type, "cgroup2");
	assert_string_equal(parsed.point, "/sys/fs/c g\\");
}

static void a_cgroup_outside_of_the_tree_has_no_id(void **state)
{
	static const char *const outside[] = {
		"0::/..\n", "0::/../etc\n", "0::/a/../../etc\n", "1:x:/\n0::/../../proc/self\n", "0::etc\n",
	};
	char point[] = "/tmp", root[] = "";
	struct cgroup_mount mount = { point, root };
	struct cgroup_tree tree = { { &mount, 1, 1 } };

	(void)state;
	assert_true(cgroup_tree_id(&tree, "0::/\n"));
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		assert_int_equal(cgroup_tree_id(&tree, outside[i]), 0);
}

/* A mount from above or below the root that this process sees shows what is in it. */
static void an_id_is_found_through_each_mount(void **state)
{
	static const struct { const char *root, *cgroup; bool found; } rows[] = {
		{ "/..", "0::/../dev\n", true }, { "/../..", "0::/../../dev/fd\n", true },
		{ "/../..", "0::/../dev\n", false }, { "/..", "0::/dev\n", false },
		{ "/..", "0::/../../dev\n", false }, { "/..", "0::/..dev\n", false },
		{ "/docker/x", "0::/docker/x/dev\n", true },
		{ "/docker/x", "0::/docker/xdev\n", false }, { "/docker/x", "0::/dev\n", false },
		{ "/docker/x", "0::/docker/x/../dev\n", false }, { "", "0::/dev (deleted)\n", true },
	};
	char point[] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		OWN_MEM char *root = grow_strdup(rows[i].root);
		struct cgroup_mount mount = { point, root };
		struct cgroup_tree tree = { { &mount, 1, 1 } };

		assert_int_equal(cgroup_tree_id(&tree, rows[i].cgroup) != 0, rows[i].found);
	}
}

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define UID  "0b3a1f5c-4e0f-4d6b-9d0a-3c2b1a000001"

/* What files of real processes look like, and the path that is taken of each. */
static const struct { const char *file, *path; } told[] = {
	/* v2 alone, and nothing at all */
	{ "0::/system.slice/nginx.service\n", "/system.slice/nginx.service" },
	{ "0::/\n", NULL }, { "", NULL }, { "\n", NULL }, { "0:\n", NULL }, { "0::\n", NULL },
	/* v1 of docker on RHEL 7: every line has it, and that of v2 is the root */
	{ "11:pids:/docker/" ID_A "\n1:name=systemd:/docker/" ID_A "\n0::/\n", "/docker/" ID_A },
	/* the same without cgroup2 in the kernel */
	{ "2:cpu,cpuacct:/docker/" ID_A "\n1:name=systemd:/docker/" ID_A "\n", "/docker/" ID_A },
	/* hybrid: containerd's own cgroup in v2 */
	{ "4:memory:/kubepods/burstable/pod" UID "/" ID_A "\n0::/system.slice/containerd.service\n",
	  "/kubepods/burstable/pod" UID "/" ID_A },
	/* only cpuset tells, whatever stands before and behind it */
	{ "5:memory:/\n4:cpuset:/docker/" ID_A "\n3:cpu:/\n1:name=systemd:/\n0::/\n",
	  "/docker/" ID_A },
	{ "9:pids:/user.slice\n5:cpuset:/\n1:name=systemd:/user.slice/user-1.slice/session-3.scope\n",
	  "/user.slice/user-1.slice/session-3.scope" },
	/* a unit in systemd's own line, and none in the others */
	{ "9:cpu:/system.slice\n1:name=systemd:/system.slice/nginx.service\n0::/\n",
	  "/system.slice/nginx.service" },
	/* of two lines that tell as much, that of v2 and then that of systemd */
	{ "9:cpu:/docker/" ID_A "\n0::/system.slice/docker-" ID_A ".scope\n",
	  "/system.slice/docker-" ID_A ".scope" },
	{ "9:cpu:/b\n1:name=systemd:/a\n", "/a" }, { "9:cpu:/b\n0::/a\n", "/a" },
	/* docker in a pod: one line has the outer container only */
	{ "9:cpuset:/kubepods/pod" UID "/" ID_A "\n8:pids:/kubepods/pod" UID "/" ID_A "/docker/" ID_B "\n",
	  "/kubepods/pod" UID "/" ID_A "/docker/" ID_B },
	/* from within a cgroup namespace */
	{ "0::/../docker-" ID_A ".scope\n", "/../docker-" ID_A ".scope" },
	{ "0::/..\n", NULL }, { "3:pids:/../..\n0::/\n", NULL },
	{ "3:pids:/../../docker/" ID_A "\n0::/\n", "/../../docker/" ID_A },
	/* a cgroup that was removed below its last process */
	{ "0::/system.slice/a.service (deleted)\n", "/system.slice/a.service" },
	/* cut short, and without the last newline */
	{ "9:pids", NULL }, { "9:pids:/docker/" ID_A, "/docker/" ID_A },
};

static void the_path_is_the_one_that_tells_most(void **state)
{
	struct cgroup_tree none = { { NULL, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		const char *path = "untouched";
		size_t size = cgroup_path(told[i].file, &path);
		struct snapshot seen;
		uint64_t id;

		snapshot_init(&seen);
		id = cgroup_home(&none, told[i].file, &seen);
		assert_int_equal(size, told[i].path ? strlen(told[i].path) : 0);
		assert_memory_equal(path, told[i].path ? told[i].path : "untouched", size);
		assert_int_equal(id >> 63, told[i].path != NULL);
		if (told[i].path)
			assert_string_equal(snapshot_cgroup(&seen, id)->path, told[i].path);
		snapshot_fini(&seen);
	}
}

/* The kernel's id is kept when the path behind it tells as much. */
static void a_line_of_v1_counts_only_when_it_tells_more(void **state)
{
	static const struct { const char *file; bool told; } rows[] = {
		{ "0::/\n", false }, { "1:name=systemd:/a\n0::/\n", false },
		{ "1:name=systemd:/a.service\n0::/\n", true },
		{ "3:pids:/docker/" ID_A "\n0::/\n", true },
		{ "3:pids:/docker/" ID_A "\n0::/nowhere\n", true },
		{ "0::/nowhere\n", true },
	};
	char point[] = "/tmp", root[] = "";
	struct cgroup_mount mount = { point, root };
	struct cgroup_tree tree = { { &mount, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct snapshot seen;
		uint64_t id;

		snapshot_init(&seen);
		id = cgroup_home(&tree, rows[i].file, &seen);
		assert_true(id);
		assert_int_equal(id >> 63, rows[i].told);
		assert_int_equal(seen.cgroups.count, rows[i].told);
		snapshot_fini(&seen);
	}
}

static void test_counters(void **state)
{
	static const char pairs[] = "TcpExt: A B\nTcpExt: 1 2\nIpExt: A\nIpExt: 7\n";
	static const char lines[] = "TCP6: inuse 9\nTCP: inuse 3 orphan 0 tw 5 alloc\n";
	int64_t value;

	(void)state;
	assert_true(counter_pairs(pairs, "TcpExt:", "B", &value));
	assert_int_equal(value, 2);
	assert_false(counter_pairs(pairs, "TcpExt:", "C", &value));
	assert_false(counter_pairs("TcpExt: A B\nTcpExt: 1", "TcpExt:", "B", &value));
	assert_false(counter_pairs("TcpExt: A", "TcpExt:", "A", &value));
	assert_false(counter_pairs("", "TcpExt:", "A", &value));
	assert_true(counter_inline(lines, "TCP:", "tw", &value));
	assert_int_equal(value, 5);
	assert_false(counter_inline(lines, "TCP:", "alloc", &value));
	assert_false(counter_inline(lines, "UDP:", "inuse", &value));
}

static void test_release(void **state)
{
	(void)state;
	assert_true(release_at_least("6.8.0-rc1", 6, 8));
	assert_true(release_at_least("7.0", 6, 8));
	assert_false(release_at_least("6.7.12", 6, 8));
	assert_false(release_at_least("6", 6, 8));
	assert_false(release_at_least("", 6, 8));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proc_text),
		cmocka_unit_test(a_cgroup_outside_of_the_tree_has_no_id),
		cmocka_unit_test(an_id_is_found_through_each_mount),
		cmocka_unit_test(the_path_is_the_one_that_tells_most),
		cmocka_unit_test(a_line_of_v1_counts_only_when_it_tells_more),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
