/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands under a name: files of any kind, network namespaces, nested attributes. */
#include "test.h"

#include "collect/attrs.h"
#include "collect/netns.h"
#include "collect/handle.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/netlink.h>
#include <linux/tls.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* ---- files ---- */

static char folder[] = "/tmp/sockvet-test-found.XXXXXX";

static void expect_file(const char *name, enum unix_file file, const char *kind, int parent_err)
{
	struct unix_ask ask = { .name = name, .size = strlen(name), .type = UNIX_STREAM };
	struct unix_context context = { 0 };
	struct collect handle = { .source.deadline_ms = 5000 };
	struct snapshot seen;

	snapshot_init(&seen);
	collect_unix(&handle, &ask, &context, &seen);
	assert_string_equal(context.file_kind, kind);
	assert_int_equal(context.file, file);
	assert_int_equal(context.parent_err, parent_err);
	unix_context_fini(&context);
	snapshot_fini(&seen);
}

static void test_file_at_the_path_is_called_its_kind(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(symlink("fifo", "link"), 0);
	assert_int_equal(symlink("fifo/x", "lost"), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	expect_file("/dev/null", UNIX_FILE_OTHER, "character device", 0);
	expect_file("fifo", UNIX_FILE_OTHER, "FIFO", 0);
	expect_file("fifo/", UNIX_FILE_OTHER, "FIFO", 0);
	expect_file("dir//", UNIX_FILE_OTHER, "directory", 0);
	expect_file("/", UNIX_FILE_OTHER, "directory", 0);
	expect_file("loop", UNIX_FILE_OTHER, "symbolic link", 0);
	expect_file("link", UNIX_FILE_OTHER, "symbolic link", 0);
	expect_file("lost", UNIX_FILE_OTHER, "symbolic link", 0);
	expect_file("/sockvet-is-not-here", UNIX_FILE_NONE, "", 0);
	expect_file("fifo/x", UNIX_FILE_NONE, "", ENOTDIR);
	expect_file("loop/x", UNIX_FILE_UNKNOWN, "", ELOOP);
	expect_file("dir/x/", UNIX_FILE_NONE, "", ENOENT);
	/* whether it takes socket files is not known */
	expect_file("/sys/x", UNIX_FILE_UNKNOWN, "", 0);
	unlink("fifo");
	unlink("loop");
	unlink("link");
	unlink("lost");
	rmdir("dir");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* ---- network namespaces ---- */

static void test_namespace_that_is_none_is_not_entered_and_named_well(void **state)
{
	static const struct { const char *name; int err; const char *advice; } rows[] = {
		{ "", EINVAL, "ip netns" }, { ".", EINVAL, "ip netns" }, { "..", EINVAL, "ip netns" },
		{ "sockvet\x1b[1m", ENOENT, "ip netns" }, { "4194999", ENOENT, "no such process" },
		{ "12x", ENOENT, "ip netns" }, { "/nowhere/x", ENOENT, "/proc/PID/ns/net" },
		{ "/proc/self/stat", EINVAL, "/proc/PID/ns/net" },
	};
	uint64_t before = netns_inode();

	(void)state;
	assert_true(before);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault fault;

		assert_int_equal(netns_enter(rows[i].name, &fault), -rows[i].err);
		assert_non_null(strstr(fault.text, rows[i].advice));
		assert_null(strchr(fault.text, '\x1b'));
	}
	assert_true(netns_inode() == before);
}

enum { DONE, NOT_PERMITTED = 77, WRONG };

/* The name is that of our own alone. */
static bool note_name(void *ctx, struct netns *netns)
{
	int *status = ctx;

	if (netns->is_own ? !netns->name || strcmp(netns->name, "shop") != 0 : netns->name != NULL)
		*status = WRONG;
	return true;
}

/* In a mount namespace of its own: links of every kind in /run/netns. */
static int look_at_names(void)
{
	int status = DONE;

	/* nothing of it may be seen by others */
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/netns", 0755) < 0)
		return NOT_PERMITTED;
	if (symlink("/nowhere", "/run/netns/lost") < 0 ||
	    symlink("/proc/version", "/run/netns/file") < 0 ||
	    symlink("/proc/self/ns/mnt", "/run/netns/mounts") < 0 ||
	    symlink("/proc/self/ns/net", "/run/netns/shop") < 0)
		return WRONG;
	(void)netns_tour(NETNS_OWN, note_name, &status, NULL, NULL);
	return status;
}

static void test_link_in_run_netns_is_a_name_of_its_namespace(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		exit(look_at_names());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_PERMITTED)
		skip();
	assert_int_equal(WEXITSTATUS(status), DONE);
}

/* ---- protocols above TCP ---- */

struct nest {
	uint8_t bytes[256];
	size_t  size;
};

static void add_attr(struct nest *nest, uint16_t type, const void *bytes, size_t size)
{
	struct nlattr head = { .nla_len = (uint16_t)(sizeof(head) + size), .nla_type = type };

	memcpy(nest->bytes + nest->size, &head, sizeof(head));
	memcpy(nest->bytes + nest->size + sizeof(head), bytes, size);
	nest->size += (size_t)NLA_ALIGN(head.nla_len);
}

static struct ulp take(uint16_t type, const struct nest *inner)
{
	struct nest outer = { .size = 0 };
	struct detail detail = { .have_memory = false };
	struct parsed parsed = { .detail = &detail };

	add_attr(&outer, INET_ULP_INFO_NAME, "above", 6);
	add_attr(&outer, type, inner->bytes, inner->size);
	inet_attrs.attrs[INET_DIAG_ULP_INFO].take(&parsed, outer.bytes, outer.size);
	return detail.ulp;
}

static void test_tls_number_that_was_cut_is_not_told(void **state)
{
	static const uint16_t types[] = {
		TLS_INFO_VERSION, TLS_INFO_CIPHER, TLS_INFO_RXCONF, TLS_INFO_TXCONF,
	};

	(void)state;
	for (size_t size = 1; size <= 2; size++) {
		struct nest inner = { .size = 0 };
		struct ulp ulp;

		for (size_t i = 0; i < COUNT(types); i++)
			add_attr(&inner, types[i], "\x03\x03", size);
		add_attr(&inner, 200, "\1", 1);
		if (size == 2)
			add_attr(&inner, TLS_INFO_ZC_RO_TX, "", 0);
		ulp = take(INET_ULP_INFO_TLS, &inner);
		assert_true(ulp.has_tls);
		assert_false(ulp.has_subflow);
		assert_int_equal(ulp.tls.have_version + ulp.tls.have_cipher + ulp.tls.have_rx +
				 ulp.tls.have_tx, size == 2 ? 4 : 0);
		assert_int_equal(ulp.tls.rx, size == 2 ? 0x303 : 0);
		assert_int_equal(ulp.tls.zero_copy, size == 2);
	}
}

/* Each of them one byte short in turn; the tokens and ids count together only. */
static void test_subflow_number_that_was_cut_is_not_told(void **state)
{
	static const struct { uint16_t type; size_t size; } attrs[] = {
		{ MPTCP_SUBFLOW_ATTR_TOKEN_REM, 4 }, { MPTCP_SUBFLOW_ATTR_TOKEN_LOC, 4 },
		{ MPTCP_SUBFLOW_ATTR_ID_REM, 1 }, { MPTCP_SUBFLOW_ATTR_ID_LOC, 1 },
		{ MPTCP_SUBFLOW_ATTR_MAP_SEQ, 8 }, { MPTCP_SUBFLOW_ATTR_MAP_SFSEQ, 4 },
		{ MPTCP_SUBFLOW_ATTR_SSN_OFFSET, 4 }, { MPTCP_SUBFLOW_ATTR_MAP_DATALEN, 2 },
		{ MPTCP_SUBFLOW_ATTR_FLAGS, 4 },
	};

	(void)state;
	for (size_t cut = 0; cut <= COUNT(attrs); cut++) {
		struct nest inner = { .size = 0 };
		struct ulp ulp;

		for (size_t i = 0; i < COUNT(attrs); i++)
			add_attr(&inner, attrs[i].type, "\1\1\1\1\1\1\1\1", attrs[i].size - (i == cut));
		ulp = take(INET_ULP_INFO_MPTCP, &inner);
		assert_string_equal(ulp.name, "above");
		assert_true(ulp.has_subflow);
		assert_int_equal(ulp.subflow.have_tokens, cut > 3);
		assert_int_equal(ulp.subflow.have_seq, cut != 4);
		assert_int_equal(ulp.subflow.have_subflow_seq, cut != 5);
		assert_int_equal(ulp.subflow.have_offset, cut != 6);
		assert_int_equal(ulp.subflow.have_length, cut != 7);
		assert_int_equal(ulp.subflow.length_bytes, cut != 7 ? 0x101 : 0);
		assert_int_equal(ulp.subflow.flags, cut != 8 ? 0x1010101 : 0);
	}
}

static void test_length_of_a_mapping_of_32_bits_is_read_as_32(void **state)
{
	const uint32_t length = 0x12345;
	struct nest inner = { .size = 0 };

	(void)state;
	add_attr(&inner, MPTCP_SUBFLOW_ATTR_MAP_DATALEN, &length, sizeof(length));
	assert_int_equal(take(INET_ULP_INFO_MPTCP, &inner).subflow.length_bytes, length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_at_the_path_is_called_its_kind),
		cmocka_unit_test(test_namespace_that_is_none_is_not_entered_and_named_well),
		cmocka_unit_test(test_link_in_run_netns_is_a_name_of_its_namespace),
		cmocka_unit_test(test_tls_number_that_was_cut_is_not_told),
		cmocka_unit_test(test_subflow_number_that_was_cut_is_not_told),
		cmocka_unit_test(test_length_of_a_mapping_of_32_bits_is_read_as_32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
