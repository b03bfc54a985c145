/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a redacted recording holds: stand-ins of addresses and names, frames, and
 * messages of the kernel, also such as no kernel sends.
 */
#include "test.h"

#include "collect/alias.h"
#include "collect/redact.h"
#include "collect/redact_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NONE64 "0000000000000000000000000000000000000000000000000000000000000001"
#define UID36 "12345678-1234-1234-1234-123456789abc"

/* ---- addresses ---- */

static void expect_v4(struct alias *alias, const char *from, const char *to)
{
	char shown[INET_ADDRSTRLEN];
	uint8_t at[4];

	assert_int_equal(inet_pton(AF_INET, from, at), 1);
	alias_v4(alias, at);
	assert_string_equal(inet_ntop(AF_INET, at, shown, sizeof(shown)), to);
}

static void expect_v6(struct alias *alias, const char *from, const char *to)
{
	char shown[INET6_ADDRSTRLEN];
	uint8_t at[16];

	assert_int_equal(inet_pton(AF_INET6, from, at), 1);
	alias_v6(alias, at);
	assert_string_equal(inet_ntop(AF_INET6, at, shown, sizeof(shown)), to);
}

static void test_address_loses_its_kind_or_is_kept(void **state)
{
	struct alias alias = { 0 };

	(void)state;
	expect_v4(&alias, "0.0.0.0", "0.0.0.0");
	expect_v4(&alias, "255.255.255.255", "255.255.255.255");
	expect_v4(&alias, "127.8.8.8", "127.8.8.8");
	expect_v4(&alias, "169.254.7.7", "169.254.0.1");
	expect_v4(&alias, "169.253.7.7", "240.0.0.1");
	expect_v4(&alias, "224.0.0.251", "239.0.0.1");
	expect_v4(&alias, "239.1.1.1", "239.0.0.2");
	expect_v4(&alias, "192.0.2.1", "240.0.0.2");
	expect_v4(&alias, "169.253.7.7", "240.0.0.1");

	expect_v6(&alias, "::", "::");
	expect_v6(&alias, "::1", "::1");
	expect_v6(&alias, "::ffff:192.0.2.1", "::ffff:240.0.0.2");
	expect_v6(&alias, "fe80::abcd", "fe80::1");
	expect_v6(&alias, "fec0::abcd", "2001:db8::1");
	expect_v6(&alias, "ff02::fb", "ff02::1");
	expect_v6(&alias, "2a00::7", "2001:db8::2");
	expect_v6(&alias, "2a00::8", "2001:db8::3");
	expect_v6(&alias, "2a00::7", "2001:db8::2");
	alias_fini(&alias);
}

/* ---- cgroup paths ---- */

/* In this order, with one set of stand-ins. */
static const struct { const char *from, *to; } paths[] = {
	{ "", "" }, { "/", "/" }, { "//", "//" },
	{ "/system.slice/shop.service", "/system.slice/group-1.service" },
	{ "/system.slice/shop.socket", "/system.slice/group-1.socket" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.scope",
	  "/user.slice/user-1000.slice/user@1000.service/app.slice/group-2.scope" },
	{ "/user.slice/user-1000.slice/session-3.scope", "/user.slice/user-1000.slice/session-3.scope" },
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
	{ "/kubepods/besteffort/pod" UID36, "/kubepods/besteffort/pod00000000_0000_0000_0000_000000000001" },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID36 ".slice",
	  "/kubepods.slice/kubepods-burstable.slice/"
	  "kubepods-burstable-pod00000000_0000_0000_0000_000000000001.slice" },
	{ "/kubepods/podshort", "/kubepods/podgroup-9" },
	/* the head alone is a name, and the tail alone has none */
	{ "/docker-", "/group-10" }, { "/pod", "/group-11" }, { "/.service", "/group-12" },
	{ "/docker-.scope", "/group-10.scope" },
	{ "system.slice/x/", "system.slice/group-13/" },
};

static void test_cgroup_path_loses_its_shape_or_tells_a_name(void **state)
{
	struct alias alias = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct text out = { 0 };

		alias_path(&alias, paths[i].from, strlen(paths[i].from), &out);
		assert_string_equal(text_str(&out), paths[i].to);
		text_fini(&out);
	}
	alias_fini(&alias);
}

/* ---- messages ---- */

struct message {
	uint8_t bytes[600];
	size_t  size;
};

static void add_bytes(struct message *message, const void *bytes, size_t size)
{
	uint32_t length = (uint32_t)(message->size + size);

	assert_true(length <= sizeof(message->bytes));
	memcpy(message->bytes + message->size, bytes, size);
	message->size = length;
	memcpy(message->bytes + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
}

static void begin_message(struct message *message, const void *fixed, size_t size)
{
	struct nlmsghdr header = { .nlmsg_type = 20 };

	*message = (struct message){ 0 };
	add_bytes(message, &header, sizeof(header));
	add_bytes(message, fixed, size);
}

static void add_attr(struct message *message, uint16_t type, const void *bytes, size_t size)
{
	struct nlattr head = { .nla_len = (uint16_t)(sizeof(head) + size), .nla_type = type };
	static const uint8_t padding[4];

	add_bytes(message, &head, sizeof(head));
	add_bytes(message, bytes, size);
	add_bytes(message, padding, (4 - size % 4) % 4);
}

/* Of an attribute in what came out; NULL: not there. */
static const uint8_t *find_attr(const struct text *out, size_t fixed, uint16_t type, size_t *size)
{
	size_t at = NLMSG_HDRLEN + fixed;

	while (at + sizeof(struct nlattr) <= out->count) {
		struct nlattr head;

		memcpy(&head, out->at + at, sizeof(head));
		if (head.nla_type == type) {
			*size = head.nla_len - sizeof(head);
			return (const uint8_t *)out->at + at + sizeof(head);
		}
		at += (size_t)NLA_ALIGN(head.nla_len);
	}
	return NULL;
}

static struct inet_diag_msg connection(uint8_t family)
{
	struct inet_diag_msg told = { .idiag_family = family, .idiag_state = 1 };

	memset(told.id.idiag_src, 0x20, 16);
	memset(told.id.idiag_dst, 0x30, 16);
	return told;
}

static void test_message_is_cut_or_of_no_known_family(void **state)
{
	struct inet_diag_msg told = connection(AF_INET);
	struct alias alias = { 0 };
	struct text out = { 0 };
	struct message message;

	(void)state;
	begin_message(&message, &told, sizeof(told));
	for (size_t size = 0; size < message.size; size++)
		assert_false(redact_message(&alias, message.bytes, size, &out));
	told.idiag_family = AF_BLUETOOTH;
	begin_message(&message, &told, sizeof(told));
	assert_false(redact_message(&alias, message.bytes, message.size, &out));
	assert_false(redact_keys(message.bytes, message.size, &out));
	assert_int_equal(out.count, 0);
	alias_fini(&alias);
}

static void test_ends_of_a_connection_stay(void **state)
{
	static const uint8_t v4[16] = { 240, 0, 0, 1 }, v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct inet_diag_msg told = connection(i ? AF_INET6 : AF_INET), after;
		struct alias alias = { 0 };
		struct text out = { 0 };
		struct message message;

		begin_message(&message, &told, sizeof(told));
		assert_true(redact_message(&alias, message.bytes, message.size, &out));
		assert_int_equal(out.count, message.size);
		memcpy(&after, out.at + NLMSG_HDRLEN, sizeof(after));
		assert_memory_equal(after.id.idiag_src, i ? v6 : v4, 16);
		assert_memory_not_equal(after.id.idiag_dst, told.id.idiag_dst, 16);
		assert_int_equal(after.idiag_state, 1);
		text_fini(&out);
		alias_fini(&alias);
	}
}

static struct tcp_diag_md5sig signature(uint8_t family)
{
	struct tcp_diag_md5sig one = { .tcpm_family = family, .tcpm_prefixlen = 24, .tcpm_keylen = 6 };

	memset(one.tcpm_addr, 0x2b, sizeof(one.tcpm_addr));
	memcpy(one.tcpm_key, "secret", 6);
	return one;
}

/* Two signatures and some bytes that are none. */
static void begin_signed(struct message *message)
{
	struct inet_diag_msg told = connection(AF_INET);
	struct tcp_diag_md5sig two[2] = { signature(AF_INET), signature(AF_INET6) };
	uint8_t bytes[sizeof(two) + 3] = { 0 };

	memcpy(bytes, two, sizeof(two));
	memcpy(bytes + sizeof(two), "key", 3);
	begin_message(message, &told, sizeof(told));
	add_attr(message, INET_DIAG_TOS, "\x10", 1);
	add_attr(message, INET_DIAG_MD5SIG, bytes, sizeof(bytes));
}

static void test_key_of_a_signature_stays(void **state)
{
	struct alias alias = { 0 };
	struct text out = { 0 };
	struct tcp_diag_md5sig two[2];
	struct message message;
	const uint8_t *at;
	size_t size = 0;

	(void)state;
	begin_signed(&message);
	assert_true(redact_message(&alias, message.bytes, message.size, &out));
	assert_non_null(find_attr(&out, sizeof(struct inet_diag_msg), INET_DIAG_TOS, &size));
	at = find_attr(&out, sizeof(struct inet_diag_msg), INET_DIAG_MD5SIG, &size);
	assert_int_equal(size, sizeof(two));
	memcpy(two, at, sizeof(two));
	assert_int_equal(two[0].tcpm_keylen + two[1].tcpm_keylen, 0);
	assert_null(memmem(out.at, out.count, "secret", 6));
	assert_null(memmem(out.at, out.count, "key", 3));
	assert_null(memmem(out.at, out.count, "\x2b\x2b\x2b\x2b", 4));
	assert_int_equal(two[0].tcpm_prefixlen, 24);
	text_fini(&out);
	alias_fini(&alias);
}

/* Also in recordings that are not redacted; everything else of them is as it was. */
static void test_key_is_recorded(void **state)
{
	struct inet_diag_msg told = connection(AF_INET);
	struct text out = { 0 };
	struct message message;

	(void)state;
	begin_message(&message, &told, sizeof(told));
	add_attr(&message, INET_DIAG_TOS, "\x10", 1);
	assert_false(redact_keys(message.bytes, message.size, &out));
	assert_int_equal(out.count, 0);

	begin_signed(&message);
	assert_true(redact_keys(message.bytes, message.size, &out));
	assert_int_equal(out.count, message.size);
	assert_null(memmem(out.at, out.count, "secret", 6));
	assert_null(memmem(out.at, out.count, "key", 3));
	assert_non_null(memmem(out.at, out.count, "\x2b\x2b\x2b\x2b", 4));
	text_fini(&out);
	assert_false(redact_keys(message.bytes, NLMSG_HDRLEN + sizeof(told) - 1, &out));
}

static void test_attribute_without_a_row_is_recorded(void **state)
{
	struct inet_diag_msg told = connection(AF_INET);
	struct nlmsghdr header;
	struct alias alias = { 0 };
	struct text out = { 0 };
	struct message message;
	size_t size = 0;

	(void)state;
	begin_message(&message, &told, sizeof(told));
	add_attr(&message, 31, "leak", 4);
	add_attr(&message, 32, "leak", 4);
	add_attr(&message, 500, "leak", 4);
	add_attr(&message, INET_DIAG_CONG, "cubic", 6);
	assert_true(redact_message(&alias, message.bytes, message.size, &out));
	assert_null(memmem(out.at, out.count, "leak", 4));
	assert_memory_equal(find_attr(&out, sizeof(told), INET_DIAG_CONG, &size), "cubic", 6);
	memcpy(&header, out.at, sizeof(header));
	assert_int_equal(header.nlmsg_len, out.count);
	text_fini(&out);
	alias_fini(&alias);
}

static void expect_unix(const void *name, size_t size, const char *to, size_t to_size)
{
	struct unix_diag_msg told = { .udiag_family = AF_UNIX, .udiag_ino = 5 };
	struct alias alias = { 0 };
	struct text out = { 0 };
	struct message message;
	const uint8_t *at;
	size_t got = 99;

	begin_message(&message, &told, sizeof(told));
	add_attr(&message, UNIX_DIAG_NAME, name, size);
	add_attr(&message, 20, "leak", 4);
	assert_true(redact_message(&alias, message.bytes, message.size, &out));
	at = find_attr(&out, sizeof(told), UNIX_DIAG_NAME, &got);
	assert_non_null(at);
	assert_int_equal(got, to_size);
	assert_memory_equal(at, to, to_size);
	assert_null(memmem(out.at, out.count, "leak", 4));
	text_fini(&out);
	alias_fini(&alias);
}

static void test_name_of_a_unix_socket_stays_or_loses_its_kind(void **state)
{
	(void)state;
	expect_unix("/run/shop", 9, "/sock-1", 7);
	expect_unix("\0shop", 5, "\0sock-1", 7);
	expect_unix("", 0, "", 0);
}

static void test_filter_of_a_packet_socket_stays(void **state)
{
	struct packet_diag_msg told = { .pdiag_family = AF_PACKET };
	struct alias alias = { 0 };
	struct text out = { 0 };
	struct message message;
	size_t size = 99;

	(void)state;
	begin_message(&message, &told, sizeof(told));
	add_attr(&message, PACKET_DIAG_FILTER, "\x15\0\0\1\x0a\0\0\1", 8);
	add_attr(&message, PACKET_DIAG_MCLIST, "leak", 4);
	assert_true(redact_message(&alias, message.bytes, message.size, &out));
	assert_non_null(find_attr(&out, sizeof(told), PACKET_DIAG_FILTER, &size));
	assert_int_equal(size, 0);
	assert_null(find_attr(&out, sizeof(told), PACKET_DIAG_MCLIST, &size));
	text_fini(&out);
	alias_fini(&alias);
}

/* ---- frames ---- */

static bool redact(struct redact *redact, enum frame_type type, void *fixed, const void *bytes,
		   size_t size, struct text *out)
{
	text_fini(out);
	return redact_frame(redact, type, fixed, bytes, size, out);
}

/*
 * A line of /proc/net as the kernel of this machine writes it: the words of addresses
 * in its own byte order. @line is of a little-endian one.
 */
static void add_line(struct text *out, const char *line)
{
	while (*line) {
		size_t digits = strspn(line, "0123456789ABCDEF");

		if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || !digits || digits % 8) {
			digits = digits ? digits : 1;
			text_add(out, line, digits);
		} else {
			for (size_t i = 0; i < digits; i += 2)
				text_add(out, line + (i & ~(size_t)7) + 6 - (i & 7), 2);
		}
		line += digits;
	}
}

/* A file as it is after its name; NULL: told as not there. */
static void expect_file(struct redact *by, const char *name, const char *content, const char *to)
{
	struct text bytes = { 0 }, out = { 0 }, wanted = { 0 };
	struct frame_file file = { 0 };

	text_add(&bytes, name, strlen(name) + 1);
	add_line(&bytes, content);
	add_line(&wanted, to ? to : "");
	assert_true(redact(by, FRAME_FILE, &file, bytes.at, bytes.count, &out));
	assert_string_equal(out.at, name);
	assert_string_equal(out.at + strlen(name) + 1, text_str(&wanted));
	assert_int_equal(file.err, to ? 0 : ENOENT);
	text_fini(&wanted);
	text_fini(&bytes);
	text_fini(&out);
}

static void test_file_is_kept_that_tells_whose_machine_it_is(void **state)
{
	struct redact *by = redact_new();
	struct frame_file file = { 0 };
	struct text out = { 0 };

	(void)state;
	expect_file(by, "/proc/sys/net/ipv4/tcp_fin_timeout", "60\n", "60\n");
	expect_file(by, "/etc/hosts", "192.0.2.1 shop\n", NULL);
	expect_file(by, "/proc/77/comm", "shop\n", "proc-1\n");
	expect_file(by, "/proc/78/comm", "shop", "proc-1\n");
	expect_file(by, "/proc/79/comm", "", "\n");
	expect_file(by, "/proc/sys/kernel/random/boot_id", "", "");
	/* a name without its end */
	assert_false(redact(by, FRAME_FILE, &file, "/proc/sys/net/", 14, &out));
	assert_int_equal(out.count, 0);
	redact_free(by);
	redact_free(NULL);
}

static void test_table_of_sockets_keeps_an_address(void **state)
{
	struct redact *by = redact_new();

	(void)state;
	expect_file(by, "/proc/net/tcp", " 0: 0100007F:1F90 00000000:0000 0A 11",
		    " 0: 0100007F:1F90 00000000:0000 0A 11");
	expect_file(by, "/proc/net/tcp", "080000C0:0016 090000C0:0016",
		    "010000F0:0016 020000F0:0016");
	expect_file(by, "/proc/net/tcp6", " 0000000000000000FFFF0000080000C0:0016",
		    " 0000000000000000FFFF0000010000F0:0016");
	expect_file(by, "/proc/net/udp6", " 000000200000000000000000000000AB:0016",
		    " B80D0120000000000000000001000000:0016");
	/* none of these is an address */
	expect_file(by, "/proc/net/udp", " 080000C0 080000C0:001 080000C0:00161 0800C0:0016 x080000C0:0016",
		    " 080000C0 080000C0:001 080000C0:00161 0800C0:0016 x080000C0:0016");
	expect_file(by, "/proc/net/udp", " 080000C0", " 080000C0");
	redact_free(by);
}

static void test_boot_is_told_from_a_redacted_recording(void **state)
{
	static const char id[] = "/proc/sys/kernel/random/boot_id\0"
				 "01234567-89ab-cdef-0123-456789abcdef\n";
	struct text once = { 0 }, twice = { 0 };
	struct redact *one = redact_new(), *other = redact_new();
	struct frame_file file = { 0 };

	(void)state;
	assert_true(redact(one, FRAME_FILE, &file, id, sizeof(id) - 1, &once));
	assert_true(redact(other, FRAME_FILE, &file, id, sizeof(id) - 1, &twice));
	assert_int_equal(once.count, sizeof(id) - 1);
	assert_int_equal(twice.count, sizeof(id) - 1);
	assert_memory_not_equal(once.at, id, sizeof(id) - 1);
	assert_memory_not_equal(once.at, twice.at, sizeof(id) - 1);
	text_fini(&once);
	text_fini(&twice);
	redact_free(one);
	redact_free(other);
}

static void test_answer_is_kept_whose_names_cannot_be_replaced(void **state)
{
	struct frame_answer unknown = { .kind = ANSWER_UNIX, .key_size = 4 };
	struct frame_answer longer = { .kind = ANSWER_FLAGS, .key_size = 9 };
	struct frame_answer empty = { .kind = ANSWER_FLAGS };
	struct redact *by = redact_new();
	struct text out = { 0 };

	(void)state;
	assert_true(redact(by, FRAME_ANSWER, &unknown, "/run/shop", 9, &out));
	assert_int_equal(out.count + unknown.kind + unknown.key_size, 0);
	assert_true(redact(by, FRAME_ANSWER, &longer, "12345678", 8, &out));
	assert_int_equal(out.count + longer.kind + longer.key_size, 0);
	/* an empty one keeps its kind */
	assert_true(redact(by, FRAME_ANSWER, &empty, "", 0, &out));
	assert_int_equal(out.count, 0);
	assert_int_equal(empty.kind, ANSWER_FLAGS);
	text_fini(&out);
	redact_free(by);
}

/* Rows of 32 bytes with a name of 16 at 16; what is behind the last row is no row. */
static void test_name_of_a_thread_stays(void **state)
{
	struct frame_answer frame = { .kind = ANSWER_THREADS, .key_size = 4 };
	char bytes[4 + 2 * 32 + 7] = "key";
	struct redact *by = redact_new();
	struct text out = { 0 };

	(void)state;
	memcpy(bytes + 4, "numbers", 7);
	memcpy(bytes + 4 + 16, "shop-worker-long", 16);
	memcpy(bytes + 4 + 32 + 16, "eve", 3);
	assert_true(redact(by, FRAME_ANSWER, &frame, bytes, sizeof(bytes), &out));
	assert_int_equal(out.count, sizeof(bytes));
	assert_memory_equal(out.at, bytes, 4 + 16);
	assert_string_equal(out.at + 4 + 16, "proc-1");
	assert_string_equal(out.at + 4 + 32 + 16, "proc-2");
	assert_null(memmem(out.at, out.count, "worker", 6));
	text_fini(&out);
	redact_free(by);
}

static void test_frame_of_no_known_type_is_kept(void **state)
{
	struct redact *by = redact_new();
	struct frame_link link = { .index = 7 };
	struct text out = { 0 };

	(void)state;
	assert_false(redact(by, 0, NULL, "leak", 4, &out));
	assert_false(redact(by, FRAME_TYPE_COUNT, NULL, "leak", 4, &out));
	assert_int_equal(out.count, 0);
	assert_true(redact(by, FRAME_LINK, &link, "lo", 2, &out));
	assert_string_equal(text_str(&out), "lo");
	assert_true(redact(by, FRAME_LINK, &link, "wan0", 4, &out));
	assert_string_equal(text_str(&out), "if7");
	assert_true(redact(by, FRAME_NETNS, NULL, "shop", 4, &out));
	assert_string_equal(text_str(&out), "netns-1");
	assert_true(redact(by, FRAME_PROCESS, NULL, "shop", 4, &out));
	assert_string_equal(text_str(&out), "proc-1");
	text_fini(&out);
	redact_free(by);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_loses_its_kind_or_is_kept),
		cmocka_unit_test(test_cgroup_path_loses_its_shape_or_tells_a_name),
		cmocka_unit_test(test_message_is_cut_or_of_no_known_family),
		cmocka_unit_test(test_ends_of_a_connection_stay),
		cmocka_unit_test(test_key_of_a_signature_stays),
		cmocka_unit_test(test_key_is_recorded),
		cmocka_unit_test(test_attribute_without_a_row_is_recorded),
		cmocka_unit_test(test_name_of_a_unix_socket_stays_or_loses_its_kind),
		cmocka_unit_test(test_filter_of_a_packet_socket_stays),
		cmocka_unit_test(test_file_is_kept_that_tells_whose_machine_it_is),
		cmocka_unit_test(test_table_of_sockets_keeps_an_address),
		cmocka_unit_test(test_boot_is_told_from_a_redacted_recording),
		cmocka_unit_test(test_answer_is_kept_whose_names_cannot_be_replaced),
		cmocka_unit_test(test_name_of_a_thread_stays),
		cmocka_unit_test(test_frame_of_no_known_type_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
