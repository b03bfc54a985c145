/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a redacted recording holds of messages of the kernel, also of such as no kernel sends. */
#include "test.h"

#include "collect/others.h"
#include "collect/recorder.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

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

static void test_message_that_is_cut_or_of_no_known_family_is_dropped(void **state)
{
	struct inet_diag_msg told = connection(AF_INET);
	struct redact *by = redact_new();
	struct text out = { 0 };
	struct message message;

	(void)state;
	begin_message(&message, &told, sizeof(told));
	for (size_t size = 0; size < message.size; size++)
		assert_false(redact_frame(by, FRAME_SOCK, NULL, message.bytes, size, &out));
	told.idiag_family = AF_BLUETOOTH;
	begin_message(&message, &told, sizeof(told));
	assert_false(redact_frame(by, FRAME_SOCK, NULL, message.bytes, message.size, &out));
	assert_false(redact_keys(message.bytes, message.size, &out));
	assert_int_equal(out.count, 0);
	redact_free(by);
}

static void test_ends_of_a_connection_are_replaced(void **state)
{
	static const uint8_t v4[16] = { 240, 0, 0, 1 }, v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct inet_diag_msg told = connection(i ? AF_INET6 : AF_INET), after;
		struct redact *by = redact_new();
		struct text out = { 0 };
		struct message message;

		begin_message(&message, &told, sizeof(told));
		assert_true(redact_frame(by, FRAME_SOCK, NULL, message.bytes, message.size, &out));
		assert_int_equal(out.count, message.size);
		memcpy(&after, out.at + NLMSG_HDRLEN, sizeof(after));
		assert_memory_equal(after.id.idiag_src, i ? v6 : v4, 16);
		assert_memory_not_equal(after.id.idiag_dst, told.id.idiag_dst, 16);
		assert_int_equal(after.idiag_state, 1);
		text_fini(&out);
		redact_free(by);
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

static void test_key_of_a_signature_is_blanked(void **state)
{
	struct redact *by = redact_new();
	struct text out = { 0 };
	struct tcp_diag_md5sig two[2];
	struct message message;
	const uint8_t *at;
	size_t size = 0;

	(void)state;
	begin_signed(&message);
	assert_true(redact_frame(by, FRAME_SOCK, NULL, message.bytes, message.size, &out));
	assert_non_null(find_attr(&out, sizeof(struct inet_diag_msg), INET_DIAG_TOS, &size));
	at = find_attr(&out, sizeof(struct inet_diag_msg), INET_DIAG_MD5SIG, &size);
	assert_int_equal(size, sizeof(two) + 3);
	memcpy(two, at, sizeof(two));
	assert_int_equal(two[0].tcpm_keylen + two[1].tcpm_keylen, 0);
	assert_null(memmem(out.at, out.count, "secret", 6));
	assert_null(memmem(out.at, out.count, "key", 3));
	assert_null(memmem(out.at, out.count, "\x2b\x2b\x2b\x2b", 4));
	assert_int_equal(two[0].tcpm_prefixlen, 24);
	text_fini(&out);
	redact_free(by);
}

/* Also in recordings that are not redacted; everything else of them is as it was. */
static void test_key_is_not_recorded(void **state)
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

static void test_attribute_without_a_row_is_not_recorded(void **state)
{
	struct inet_diag_msg told = connection(AF_INET);
	struct nlmsghdr header;
	struct redact *by = redact_new();
	struct text out = { 0 };
	struct message message;
	size_t size = 0;

	(void)state;
	begin_message(&message, &told, sizeof(told));
	add_attr(&message, 31, "leak", 4);
	add_attr(&message, 32, "leak", 4);
	add_attr(&message, 500, "leak", 4);
	add_attr(&message, INET_DIAG_CONG, "cubic", 6);
	assert_true(redact_frame(by, FRAME_SOCK, NULL, message.bytes, message.size, &out));
	assert_null(memmem(out.at, out.count, "leak", 4));
	assert_memory_equal(find_attr(&out, sizeof(told), INET_DIAG_CONG, &size), "cubic", 6);
	memcpy(&header, out.at, sizeof(header));
	assert_int_equal(header.nlmsg_len, out.count);
	text_fini(&out);
	redact_free(by);
}

static void expect_unix(const void *name, size_t size, const char *to, size_t to_size)
{
	struct unix_diag_msg told = { .udiag_family = AF_UNIX, .udiag_ino = 5 };
	struct redact *by = redact_new();
	struct text out = { 0 };
	struct message message;
	const uint8_t *at;
	size_t got = 99;

	begin_message(&message, &told, sizeof(told));
	add_attr(&message, UNIX_DIAG_NAME, name, size);
	add_attr(&message, 20, "leak", 4);
	assert_true(redact_frame(by, FRAME_SOCK, NULL, message.bytes, message.size, &out));
	at = find_attr(&out, sizeof(told), UNIX_DIAG_NAME, &got);
	assert_non_null(at);
	assert_int_equal(got, to_size);
	assert_memory_equal(at, to, to_size);
	assert_null(memmem(out.at, out.count, "leak", 4));
	text_fini(&out);
	redact_free(by);
}

static void test_name_of_a_unix_socket_is_replaced_and_keeps_its_kind(void **state)
{
	(void)state;
	expect_unix("/run/shop", 9, "/sock-1", 7);
	expect_unix("\0shop", 5, "\0sock-1", 7);
	expect_unix("", 0, "", 0);
}

static void test_filter_of_a_packet_socket_is_dropped(void **state)
{
	struct packet_diag_msg told = { .pdiag_family = AF_PACKET };
	struct redact *by = redact_new();
	struct text out = { 0 };
	struct message message;
	size_t size = 99;

	(void)state;
	begin_message(&message, &told, sizeof(told));
	add_attr(&message, PACKET_DIAG_FILTER, "\x15\0\0\1\x0a\0\0\1", 8);
	add_attr(&message, PACKET_DIAG_MCLIST, "leak", 4);
	assert_true(redact_frame(by, FRAME_SOCK, NULL, message.bytes, message.size, &out));
	assert_non_null(find_attr(&out, sizeof(told), PACKET_DIAG_FILTER, &size));
	assert_int_equal(size, 0);
	assert_null(find_attr(&out, sizeof(told), PACKET_DIAG_MCLIST, &size));
	text_fini(&out);
	redact_free(by);
}

/* Whoever adds an attribute has to say what becomes of it, or its value is lost. */
static void an_attribute_that_is_read_is_in_a_redacted_recording(void **state)
{
	static const struct attr_table *const tables[] = {
		&inet_attrs, &unix_socks.attrs, &packet_socks.attrs, &netlink_socks.attrs,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (size_t type = 0; type < tables[i]->count; type++)
			if (tables[i]->attrs[type].take)
				assert_int_not_equal(tables[i]->attrs[type].redaction, REDACT_DROP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_that_is_cut_or_of_no_known_family_is_dropped),
		cmocka_unit_test(test_ends_of_a_connection_are_replaced),
		cmocka_unit_test(test_key_of_a_signature_is_blanked),
		cmocka_unit_test(test_key_is_not_recorded),
		cmocka_unit_test(test_attribute_without_a_row_is_not_recorded),
		cmocka_unit_test(test_name_of_a_unix_socket_is_replaced_and_keeps_its_kind),
		cmocka_unit_test(test_filter_of_a_packet_socket_is_dropped),
		cmocka_unit_test(an_attribute_that_is_read_is_in_a_redacted_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
