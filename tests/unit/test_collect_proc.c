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
	char point[] = "/tmp";
	struct cgroup_tree tree = { .point = point };

	(void)state;
	assert_true(cgroup_tree_id(&tree, "0::/\n"));
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		assert_int_equal(cgroup_tree_id(&tree, outside[i]), 0);
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
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
