/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudonyms in redacted recordings: of addresses by their kind, of cgroup paths in their shape. */
#include "test.h"

#include "collect/recorder.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NONE64 "0000000000000000000000000000000000000000000000000000000000000001"
#define UID36 "12345678-1234-1234-1234-123456789abc"

/* ---- addresses ---- */

static void expect_address(struct redact *by, const char *from, const char *to)
{
	int family = strchr(from, ':') ? AF_INET6 : AF_INET;
	struct frame_local local = { .addr = { [10] = 0xff, [11] = 0xff } };
	uint8_t *at = local.addr + (family == AF_INET ? 12 : 0);
	char shown[INET6_ADDRSTRLEN];
	struct text none = { 0 };

	assert_int_equal(inet_pton(family, from, at), 1);
	assert_true(redact_frame(by, FRAME_LOCAL, &local, NULL, 0, &none));
	assert_string_equal(inet_ntop(family, at, shown, sizeof(shown)), to);
	text_fini(&none);
}

static void test_address_keeps_its_kind_and_is_replaced(void **state)
{
	struct redact *by = redact_new();

	(void)state;
	expect_address(by, "0.0.0.0", "0.0.0.0");
	expect_address(by, "255.255.255.255", "255.255.255.255");
	expect_address(by, "127.8.8.8", "127.8.8.8");
	expect_address(by, "169.254.7.7", "169.254.0.1");
	expect_address(by, "169.253.7.7", "240.0.0.1");
	expect_address(by, "224.0.0.251", "239.0.0.1");
	expect_address(by, "239.1.1.1", "239.0.0.2");
	expect_address(by, "192.0.2.1", "240.0.0.2");
	expect_address(by, "169.253.7.7", "240.0.0.1");

	expect_address(by, "::", "::");
	expect_address(by, "::1", "::1");
	expect_address(by, "::ffff:192.0.2.1", "::ffff:240.0.0.2");
	expect_address(by, "fe80::abcd", "fe80::1");
	expect_address(by, "fec0::abcd", "2001:db8::1");
	expect_address(by, "ff02::fb", "ff02::1");
	expect_address(by, "2a00::7", "2001:db8::2");
	expect_address(by, "2a00::8", "2001:db8::3");
	expect_address(by, "2a00::7", "2001:db8::2");
	redact_free(by);
}

/* ---- cgroup paths ---- */

/* In this order, with one set of pseudonyms. */
static const struct { const char *from, *to; } paths[] = {
	{ "", "" }, { "/", "/" }, { "//", "//" },
	{ "/system.slice/shop.service", "/system.slice/group-1.service" },
	{ "/system.slice/shop.socket", "/system.slice/group-1.socket" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.scope",
	  "/user.slice/user-1000.slice/user@1000.service/app.slice/group-2.scope" },
	{ "/user.slice/user-1000.slice/session-3.scope",
	  "/user.slice/user-1000.slice/session-3.scope" },
	{ "/user.slice/user-eve.slice", "/user.slice/user-group-3.slice" },
	/* a uid is told only by what stands before it */
	{ "/1000", "/group-4" },
	{ "/docker/" HEX64, "/docker/" NONE64 },
	{ "/system.slice/docker-" HEX64 ".scope", "/system.slice/docker-" NONE64 ".scope" },
	{ "/machine.slice/libpod-conmon-" HEX64 ".scope",
	  "/machine.slice/libpod-conmon-" NONE64 ".scope" },
	{ "/shop-" HEX64, "/group-5-" NONE64 },
	{ "/shop_" HEX64, "/group-6" },
	{ "/docker-xyz" HEX64, "/docker-group-7" },
	{ "/docker-g" "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "/docker-group-8" },
	{ "/kubepods/besteffort/pod" UID36,
	  "/kubepods/besteffort/pod00000000_0000_0000_0000_000000000001" },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID36 ".slice",
	  "/kubepods.slice/kubepods-burstable.slice/"
	  "kubepods-burstable-pod00000000_0000_0000_0000_000000000001.slice" },
	{ "/kubepods/podshort", "/kubepods/podgroup-9" },
	/* the head alone is a name, and the tail alone has none */
	{ "/docker-", "/group-10" }, { "/pod", "/group-11" }, { "/.service", "/group-12" },
	{ "/docker-.scope", "/group-10.scope" },
	{ "system.slice/x/", "system.slice/group-13/" },
	{ "/lxc/web/docker/" HEX64, "/lxc/group-14/docker/" NONE64 },
	{ "/../lxc.payload.web", "/../lxc.payload.group-14" },
	{ "/machine.slice/systemd-nspawn@web.service/payload",
	  "/machine.slice/systemd-nspawn@group-14.service/payload" },
	{ "/machine.slice/machine-qemu\\x2dweb.scope",
	  "/machine.slice/machine-qemu\\x2dgroup-14.scope" },
	{ "/machine.slice/machine-web.scope", "/machine.slice/machine-group-14.scope" },
	{ "/kubepods-pod" UID36 ".slice:cri-containerd:" HEX64,
	  "/kubepods-pod00000000_0000_0000_0000_000000000001.slice:cri-containerd:" NONE64 },
};

static void test_cgroup_path_keeps_its_shape_and_tells_no_name(void **state)
{
	struct redact *by = redact_new();

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct frame_cgroup cgroup = { .id = i ? i : CGROUP_TOLD | 1234 };
		struct text out = { 0 };

		assert_true(redact_frame(by, FRAME_CGROUP, &cgroup, paths[i].from,
					 strlen(paths[i].from), &out));
		assert_string_equal(text_str(&out), paths[i].to);
		/* an id of the kernel stays, and one made from the path does not */
		assert_int_equal(cgroup.id, i ? i : CGROUP_TOLD | 1);
		text_fini(&out);
	}
	redact_free(by);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_keeps_its_kind_and_is_replaced),
		cmocka_unit_test(test_cgroup_path_keeps_its_shape_and_tells_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
