/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/grow.h"
#include "model/addr.h"
#include "model/finding.h"
#include "model/limits.h"
#include "model/once.h"
#include "model/snapshot.h"
#include "model/state.h"
#include "model/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void a_state_is_found_in_every_spelling(void **state)
{
	static const struct { const char *word; uint32_t mask; } words[] = {
		{ "CLOSE_WAIT", STATE_BIT(STATE_CLOSE_WAIT) },
		{ "close-wait", STATE_BIT(STATE_CLOSE_WAIT) },
		{ "CloseWait", STATE_BIT(STATE_CLOSE_WAIT) },
		{ "estab", STATE_BIT(STATE_ESTABLISHED) },
		{ "ESTABLISHED", STATE_BIT(STATE_ESTABLISHED) },
		{ "FIN_WAIT2", STATE_BIT(STATE_FIN_WAIT_2) },
		{ "fin-wait-2", STATE_BIT(STATE_FIN_WAIT_2) },
		{ "syn-rcv", STATE_BIT(STATE_SYN_RECV) },
		{ "listening", STATE_BIT(STATE_LISTEN) },
		{ "closed", STATE_BIT(STATE_CLOSE) },
		{ "bound-inactive", STATE_BIT(STATE_BOUND) },
		{ "all", STATE_ALL },
		{ "nonsense", 0 }, { "", 0 }, { "close-wai", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_int_equal(state_mask_by_name(words[i].word), words[i].mask);
}

static void every_state_says_what_it_is(void **state)
{
	(void)state;
	for (int i = 0; i < STATE_COUNT; i++) {
		assert_non_null(state_table[i].name);
		assert_true(strlen(state_table[i].meaning) > 10);
		assert_non_null(turn_name(state_table[i].turn));
	}
	assert_int_equal(state_mask_by_name("big") & state_mask_by_name("bucket"), 0);
}

static void addresses_survive_the_round_trip(void **state)
{
	static const struct { const char *text; enum family family; } addresses[] = {
		{ "127.0.0.1", FAMILY_IPV4 }, { "255.255.255.255", FAMILY_IPV4 },
		{ "10.20.3.100", FAMILY_IPV4 }, { "::1", FAMILY_IPV6 }, { "::", FAMILY_IPV6 },
		{ "fe80::1", FAMILY_IPV6 }, { "::ffff:1.2.3.4", FAMILY_IPV6 },
		{ "2001:db8::ff00:42:8329", FAMILY_IPV6 },
	};
	char text[ADDR_TEXT];
	struct addr addr;
	enum family family;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		assert_true(addr_parse(addresses[i].text, &addr, &family));
		assert_int_equal(family, addresses[i].family);
		assert_int_equal(addr_format(text, &addr, family), strlen(addresses[i].text));
		assert_string_equal(text, addresses[i].text);
	}
	assert_true(addr_parse("[::1]", &addr, &family));
	assert_false(addr_parse("1.2.3", &addr, &family));
	assert_false(addr_parse("[::1", &addr, &family));
	assert_false(addr_parse("host", &addr, &family));
}

static void mapped_and_plain_ipv4_are_the_same_address(void **state)
{
	struct addr plain, mapped;
	enum family family;

	(void)state;
	addr_parse("127.0.0.1", &plain, &family);
	addr_parse("::ffff:127.0.0.1", &mapped, &family);
	assert_true(addr_equal(&plain, &mapped));
	assert_true(addr_is_loopback(&mapped));
	assert_false(addr_is_any(&mapped));
	addr_parse("0.0.0.0", &plain, &family);
	assert_true(addr_is_any(&plain));
}

static void reserved_ports_are_counted_inside_the_range(void **state)
{
	static struct limits limits;

	(void)state;
	assert_true(limits_reserve(&limits, "22,40010-40012,40099\n"));
	assert_int_equal(bits_count(limits.reserved, 0, UINT16_MAX), 5);
	assert_int_equal(bits_count(limits.reserved, 40000, 40099), 4);
	assert_int_equal(bits_count(limits.reserved, 40000, 40098), 3);
	assert_int_equal(bits_count(limits.reserved, 40011, 40011), 1);
	assert_int_equal(bits_count(limits.reserved, 40013, 40098), 0);
	assert_true(limits_is_reserved(&limits, 40011));
	assert_false(limits_is_reserved(&limits, 40013));
	assert_true(limits_reserve(&limits, "\n"));
	assert_false(limits_reserve(&limits, "70000"));
	assert_false(limits_reserve(&limits, "5-"));
	assert_false(limits_reserve(&limits, "9-5"));
	assert_true(limits_reserve(&limits, "1-5,6,8-9"));
	/* never of the kernel, and work for each time that it is repeated */
	assert_false(limits_reserve(&limits, "1-5,5"));
	assert_false(limits_reserve(&limits, "1-65535,1-65535"));
}

static void expect_path(const char *path, const char *unit, const char *container, const char *pod)
{
	char *got[] = { unit_of_path(path), container_of_path(path), pod_of_path(path) };
	const char *want[] = { unit, container, pod };

	for (int i = 0; i < 3; i++) {
		if (want[i])
			assert_string_equal(got[i], want[i]);
		else
			assert_null(got[i]);
		free(got[i]);
	}
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void cgroup_paths_name_unit_container_and_pod(void **state)
{
	(void)state;
	expect_path("/", NULL, NULL, NULL);
	expect_path("/system.slice/nginx.service", "nginx.service", NULL, NULL);
	expect_path("/user.slice/user-0.slice/session-3.scope", "session-3.scope", NULL, NULL);
	expect_path("/system.slice/docker-" HEX64 ".scope", "docker-" HEX64 ".scope", HEX64, NULL);
	expect_path("/docker/" HEX64, NULL, HEX64, NULL);
	expect_path("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
		    "pod0b3a1f5c_4e0f_4d6b_9d0a_3c2b1a000001.slice/cri-containerd-" HEX64 ".scope",
		    "cri-containerd-" HEX64 ".scope", HEX64, "0b3a1f5c-4e0f-4d6b-9d0a-3c2b1a000001");
	expect_path("/kubepods/besteffort/pod0b3a1f5c-4e0f-4d6b-9d0a-3c2b1a000001/" HEX64,
		    NULL, HEX64, "0b3a1f5c-4e0f-4d6b-9d0a-3c2b1a000001");
	expect_path("/lxc.payload.web", NULL, "web", NULL);
}

#define OTHER64 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD_UID "0b3a1f5c-4e0f-4d6b-9d0a-3c2b1a000001"

static void every_manager_has_its_own_paths(void **state)
{
	(void)state;
	expect_path("/machine.slice/libpod-" HEX64 ".scope/container", "libpod-" HEX64 ".scope",
		    HEX64, NULL);
	expect_path("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" HEX64 ".scope",
		    "libpod-" HEX64 ".scope", HEX64, NULL);
	expect_path("/libpod_parent/libpod-" HEX64, NULL, HEX64, NULL);
	expect_path("/kubepods-burstable-pod0b3a1f5c_4e0f_4d6b_9d0a_3c2b1a000001.slice:cri-containerd:"
		    HEX64, NULL, HEX64, POD_UID);
	expect_path("/kubepods.slice/kubepods-pod0b3a1f5c_4e0f_4d6b_9d0a_3c2b1a000001.slice/crio-"
		    HEX64 ".scope", "crio-" HEX64 ".scope", HEX64, POD_UID);
	expect_path("/lxc/web", NULL, "web", NULL);
	expect_path("/lxc/web/docker/" HEX64, NULL, HEX64, NULL);
	expect_path("/lxc.payload/web/system.slice/nginx.service", "nginx.service", "web", NULL);
	expect_path("/lxc.monitor.web", NULL, NULL, NULL);
	expect_path("/lxc", NULL, NULL, NULL);
	expect_path("/machine.slice/systemd-nspawn@web-1.service/payload/system.slice/nginx.service",
		    "nginx.service", "web-1", NULL);
	expect_path("/machine.slice/machine-web\\x2d1.scope", "machine-web\\x2d1.scope", "web-1", NULL);
	expect_path("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
		    "machine-qemu\\x2d1\\x2dvm.scope", NULL, NULL);
	expect_path("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service", "x.service",
		    NULL, NULL);
	/* outside of the cgroup namespace of who looks */
	expect_path("/../../docker/" HEX64, NULL, HEX64, NULL);
	expect_path("/../..", NULL, NULL, NULL);
	/* docker in a pod: the innermost container, the outermost pod */
	expect_path("/kubepods/burstable/pod" POD_UID "/" HEX64 "/docker/" OTHER64, NULL, OTHER64,
		    POD_UID);
}

static void a_path_tells_more_with_each_name(void **state)
{
	static const char *const paths[] = {
		"/a", "/a.service", "/kubepods/pod" POD_UID, "/kubepods/pod" POD_UID "/a.scope",
		"/docker/" HEX64, "/docker-" HEX64 ".scope", "/kubepods/pod" POD_UID "/" HEX64,
		"/docker/" HEX64 "/docker/" OTHER64,
	};

	(void)state;
	assert_int_equal(path_tells("/"), 0);
	for (size_t i = 1; i < sizeof(paths) / sizeof(*paths); i++)
		assert_true(path_tells(paths[i]) > path_tells(paths[i - 1]));
}

/* The holder's cgroup is named where that of the socket does not lead as far. */
static void a_socket_has_the_home_that_is_known(void **state)
{
	static const struct { uint64_t own, process, home; } rows[] = {
		{ 1, 2, 1 }, { 0, 2, 2 }, { 9, 2, 2 }, { 9, 0, 9 }, { 9, 8, 9 }, { 0, 0, 0 },
		{ 1, CGROUP_TOLD | 3, CGROUP_TOLD | 3 }, { 0, CGROUP_TOLD | 3, CGROUP_TOLD | 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct snapshot seen;
		struct sock sock = { .inode = 5, .cgroup_id = rows[i].own,
				     .have = rows[i].own ? HAVE_CGROUP : 0 };

		snapshot_init(&seen);
		(void)snapshot_process(&seen, 7);
		seen.processes.at[0].cgroup_id = rows[i].process;
		*grow_add(&seen.holders) = (struct holder){ .inode = 5 };
		snapshot_sort_holders(&seen);
		snapshot_add_cgroup(&seen, 1, "/one");
		snapshot_add_cgroup(&seen, 2, "/two");
		if (rows[i].process & CGROUP_TOLD)
			snapshot_add_cgroup(&seen, CGROUP_TOLD | 3, "/three");
		assert_int_equal(snapshot_home(&seen, rows[i].own, 0), rows[i].home);
		assert_ptr_equal(snapshot_home_of(&seen, &sock), snapshot_cgroup(&seen, rows[i].home));
		assert_int_equal(snapshot_home(&seen, rows[i].own, -1), rows[i].own);
		snapshot_fini(&seen);
	}
}

static void every_holder_of_an_inode_is_found(void **state)
{
	struct snapshot seen;
	size_t count;

	(void)state;
	snapshot_init(&seen);
	for (uint32_t i = 0; i < 100; i++)
		*grow_add(&seen.holders) = (struct holder){
			.inode = 50 - i / 2, .process = snapshot_process(&seen, (int32_t)(i % 3)),
			.fd = (int32_t)i };
	snapshot_sort_holders(&seen);
	for (uint32_t inode = 1; inode <= 50; inode++) {
		const struct holder *at = snapshot_holders(&seen, inode, &count);

		assert_int_equal(count, 2);
		assert_int_equal(at[0].inode, inode);
		assert_int_equal(at[1].inode, inode);
	}
	assert_null(snapshot_holders(&seen, 51, &count));
	assert_null(snapshot_holders(&seen, 0, &count));
	assert_int_equal(seen.processes.count, 3);
	snapshot_fini(&seen);
}

static void gaps_add_up_and_tell_what_matters(void **state)
{
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	assert_true(snapshot_is_complete(&seen));
	snapshot_gap(&seen, GAP_CGROUPS, 2, "hidden");
	snapshot_gap(&seen, GAP_CGROUPS, 3, "hidden");
	assert_int_equal(seen.gaps.count, 1);
	assert_int_equal(seen.gaps.at[0].count, 5);
	/* the same processes, looked at twice; some had ended before the first look, or have since */
	snapshot_gap(&seen, GAP_OWNERS, 9, "9 of them");
	snapshot_gap(&seen, GAP_OWNERS, 12, "12 of them");
	snapshot_gap(&seen, GAP_OWNERS, 7, "7 of them");
	snapshot_gap(&seen, GAP_OWNERS, 7, "7 of them all");
	assert_int_equal(seen.gaps.count, 3);
	assert_int_equal(seen.gaps.at[1].count, 12);
	assert_string_equal(seen.gaps.at[1].text, "12 of them");
	assert_true(snapshot_is_complete(&seen));
	assert_null(snapshot_worst_gap(&seen));
	snapshot_gap(&seen, GAP_LIMITS, 1, "no limits");
	assert_false(snapshot_is_complete(&seen));
	assert_string_equal(snapshot_worst_gap(&seen)->text, "no limits");
	snapshot_gap(&seen, GAP_NETNS, 1, "no way in");
	assert_string_equal(snapshot_worst_gap(&seen)->text, "no way in");
	snapshot_fini(&seen);
}

static void with_many_namespaces_a_gap_says_which(void **state)
{
	const struct netns blue = { .inode = 7, .name = (char *)"blue", .visited = true };
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	snapshot_set_netns(&seen, 6, "green", 5);
	snapshot_gap(&seen, GAP_DUMP, 1, "cut");
	snapshot_enter(&seen, &blue);
	snapshot_gap(&seen, GAP_DUMP, 1, "cut");
	snapshot_gap(&seen, GAP_OWNERS, 1, "hidden");
	snapshot_return(&seen);
	snapshot_gap(&seen, GAP_DUMP, 1, "cut");
	assert_int_equal(seen.gaps.count, 3);
	assert_string_equal(seen.gaps.at[0].text, "cut");
	assert_int_equal(seen.gaps.at[0].count, 2);
	assert_string_equal(seen.gaps.at[1].text, "network namespace blue: cut");
	assert_string_equal(seen.gaps.at[2].text, "hidden");
	snapshot_fini(&seen);
}

/* A recording is foreign: its name may be long and begin with a NUL. */
static void a_namespace_name_ends_at_its_nul(void **state)
{
	char name[300];
	struct snapshot seen;

	(void)state;
	memset(name, 'x', sizeof(name));
	snapshot_init(&seen);
	snapshot_set_netns(&seen, 6, name, sizeof(name));
	assert_int_equal(strlen(seen.netns->name), 255);
	name[3] = '\0';
	snapshot_set_netns(&seen, 6, name, sizeof(name));
	assert_string_equal(seen.netns->name, "xxx");
	name[0] = '\0';
	snapshot_set_netns(&seen, 6, name, sizeof(name));
	assert_null(seen.netns->name);
	snapshot_fini(&seen);
}

static void a_dropped_finding_lowers_the_worst(void **state)
{
	const bool keep[] = { false, true };
	struct report report;

	(void)state;
	report_init(&report);
	report_add(&report, "a")->severity = SEVERITY_CRITICAL;
	report_add(&report, "b")->severity = SEVERITY_WARNING;
	facts_number(&report.findings.at[0].facts, "n", FACT_COUNT, 1)->group = "g";
	facts_number(&report.findings.at[1].facts, "n", FACT_COUNT, 7)->group = "g";
	report.worst = SEVERITY_CRITICAL;
	report_keep(&report, keep);
	assert_int_equal(report.findings.count, 1);
	assert_int_equal(report.worst, SEVERITY_WARNING);
	assert_non_null(facts_find(&report.findings.at[0].facts, "g.n"));
	assert_null(facts_find(&report.findings.at[0].facts, "n"));
	report_fini(&report);
}

static void sentences_about_gaps_are_bounded(void **state)
{
	struct snapshot seen;
	uint64_t count = 0;

	(void)state;
	snapshot_init(&seen);
	for (int i = 0; i < 5000; i++)
		snapshot_gap(&seen, GAP_NETNS, 1, "number %d", i);
	snapshot_gap(&seen, GAP_DUMP, 1, "another kind");
	assert_in_range(seen.gaps.count, 100, 1000);
	assert_true(snapshot_has_gap(&seen, GAP_DUMP));
	for (size_t i = 0; i < seen.gaps.count; i++)
		count += seen.gaps.at[i].count;
	assert_int_equal(count, 5001);
	snapshot_fini(&seen);
}

static void few_rows_share_an_inode(void **state)
{
	struct inodes inodes = { 0 };
	unsigned believed = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		believed += inodes_add(&inodes, 7);
		assert_true(inodes_add(&inodes, i + 8));
		assert_true(inodes_add(&inodes, 0));
	}
	/* an MPTCP connection and its subflows, at the least */
	assert_in_range(believed, 9, 100);
	inodes_fini(&inodes);
}

static void links_are_found_by_index(void **state)
{
	static const uint32_t indices[] = { 7, 2, UINT32_MAX, 1, 9 };
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	assert_null(snapshot_link(&seen, 1));
	for (size_t i = 0; i < 5; i++) {
		struct link *link = grow_add(&seen.links);

		link->index = indices[i];
		snprintf(link->name, sizeof(link->name), "eth%u", indices[i]);
	}
	snapshot_sort_links(&seen);
	assert_string_equal(snapshot_link(&seen, 1), "eth1");
	assert_string_equal(snapshot_link(&seen, 9), "eth9");
	assert_string_equal(snapshot_link(&seen, UINT32_MAX), "eth4294967295");
	assert_null(snapshot_link(&seen, 0));
	assert_null(snapshot_link(&seen, 3));
	assert_null(snapshot_link(&seen, 10));
	snapshot_fini(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_is_found_in_every_spelling),
		cmocka_unit_test(every_state_says_what_it_is),
		cmocka_unit_test(addresses_survive_the_round_trip),
		cmocka_unit_test(mapped_and_plain_ipv4_are_the_same_address),
		cmocka_unit_test(reserved_ports_are_counted_inside_the_range),
		cmocka_unit_test(cgroup_paths_name_unit_container_and_pod),
		cmocka_unit_test(every_manager_has_its_own_paths),
		cmocka_unit_test(a_path_tells_more_with_each_name),
		cmocka_unit_test(a_socket_has_the_home_that_is_known),
		cmocka_unit_test(every_holder_of_an_inode_is_found),
		cmocka_unit_test(gaps_add_up_and_tell_what_matters),
		cmocka_unit_test(with_many_namespaces_a_gap_says_which),
		cmocka_unit_test(a_namespace_name_ends_at_its_nul),
		cmocka_unit_test(a_dropped_finding_lowers_the_worst),
		cmocka_unit_test(sentences_about_gaps_are_bounded),
		cmocka_unit_test(few_rows_share_an_inode),
		cmocka_unit_test(links_are_found_by_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
