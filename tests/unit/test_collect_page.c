/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each attribute right before a page that cannot be read: whole, one byte short, with
 * junk behind, at any alignment. A reader that goes one byte too far ends the test.
 */
#include "test.h"

#include "collect/attrs.h"
#include "collect/others.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ROOM 16384

static uint8_t *guard;          /* the page behind ROOM bytes */

static int make_pages(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *pages = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	if (pages == MAP_FAILED || mprotect(pages + ROOM, page, PROT_NONE) < 0)
		return -1;
	guard = pages + ROOM;
	return 0;
}

/* A message being built. */
struct mail { uint8_t at[ROOM]; size_t size; };

static void add(struct mail *mail, const void *bytes, size_t size)
{
	assert_true(mail->size + size <= sizeof(mail->at));
	memcpy(mail->at + mail->size, bytes, size);
	mail->size += size;
}

/* An attribute that says @length of itself, and @size bytes of it. */
static void add_attr(struct mail *mail, unsigned type, size_t length, size_t size)
{
	static const uint8_t zeros[NLA_ALIGNTO];
	struct nlattr attr = {
		.nla_type = (uint16_t)type, .nla_len = (uint16_t)(sizeof(attr) + length),
	};
	uint8_t filling[8192];

	/* no NUL: what looks for one must stop by itself */
	memset(filling, 'x', sizeof(filling));
	add(mail, zeros, NLA_ALIGN(mail->size) - mail->size);
	add(mail, &attr, sizeof(attr));
	add(mail, filling, size);
}

/* ---- the four tables ---- */

struct told {
	struct sock   sock;
	struct detail detail;
	struct other_row row;
};

static int parse_inet(const void *bytes, size_t size, struct told *told)
{
	return message_parse(bytes, size, PROTOCOL_TCP, ~0u, &told->sock, &told->detail);
}

static int parse_mptcp(const void *bytes, size_t size, struct told *told)
{
	return message_parse(bytes, size, PROTOCOL_MPTCP, ~0u, &told->sock, &told->detail);
}

static int parse_unix(const void *bytes, size_t size, struct told *told)
{
	return others_parse(&unix_socks, bytes, size, &told->row);
}

static int parse_packet(const void *bytes, size_t size, struct told *told)
{
	return others_parse(&packet_socks, bytes, size, &told->row);
}

static int parse_netlink(const void *bytes, size_t size, struct told *told)
{
	return others_parse(&netlink_socks, bytes, size, &told->row);
}

static const struct inet_diag_msg inet_head = {
	.idiag_family = AF_INET, .idiag_state = STATE_ESTABLISHED, .idiag_inode = 5,
};
static const struct unix_diag_msg unix_head = {
	.udiag_family = AF_UNIX, .udiag_type = SOCK_STREAM, .udiag_state = STATE_LISTEN,
	.udiag_ino = 5,
};
static const struct packet_diag_msg packet_head = {
	.pdiag_family = AF_PACKET, .pdiag_type = SOCK_RAW, .pdiag_ino = 5,
};
static const struct netlink_diag_msg netlink_head = {
	.ndiag_family = AF_NETLINK, .ndiag_type = SOCK_RAW, .ndiag_state = 1, .ndiag_ino = 5,
};

static const struct table {
	int (*parse)(const void *bytes, size_t size, struct told *told);
	const void *head;
	size_t size;
	unsigned attrs;                 /* one more than the highest number to be tried */
} tables[] = {
	{ parse_inet, &inet_head, sizeof(inet_head), 32 },
	{ parse_mptcp, &inet_head, sizeof(inet_head), 32 },
	{ parse_unix, &unix_head, sizeof(unix_head), 12 },
	{ parse_packet, &packet_head, sizeof(packet_head), 12 },
	{ parse_netlink, &netlink_head, sizeof(netlink_head), 8 },
};

/* Reads the message where the guard page begins behind it. */
static int read_at_guard(const struct table *table, const struct mail *mail, struct told *told)
{
	uint8_t *place = guard - mail->size;
	int senseless;

	memcpy(place, mail->at, mail->size);
	memset(told, 0, sizeof(*told));
	told->row.sock.other = &told->row.other;
	told->row.sock.detail = &told->row.detail;
	senseless = table->parse(place, mail->size, told);
	detail_fini(&told->detail);
	detail_fini(&told->row.detail);
	other_fini(&told->row.other);
	return senseless;
}

static int read_one(const struct table *table, unsigned type, size_t length, size_t size)
{
	struct mail mail = { .size = 0 };
	struct told told;

	add(&mail, table->head, table->size);
	add_attr(&mail, type, length, size);
	return read_at_guard(table, &mail, &told);
}

/* 64 is more than any fixed attribute has; 104 to 4096 are tcp_infos of all ages. */
static void an_attribute_of_any_length_ends_at_its_page(void **state)
{
	static const size_t large[] = { 104, 192, 232, 248, 280, 281, 4096 };

	(void)state;
	for (size_t t = 0; t < COUNT(tables); t++)
		for (unsigned type = 0; type < tables[t].attrs; type++) {
			for (size_t size = 0; size <= 64; size++)
				assert_true(read_one(&tables[t], type, size, size) >= 0);
			for (size_t i = 0; i < COUNT(large); i++)
				assert_true(read_one(&tables[t], type, large[i], large[i]) >= 0);
		}
}

static void an_attribute_one_byte_short_is_told_and_not_read(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(tables); t++)
		for (unsigned type = 0; type < tables[t].attrs; type++)
			for (size_t size = 1; size <= 300; size += size < 64 ? 1 : 59)
				assert_int_equal(read_one(&tables[t], type, size, size - 1), 1);
}

static void junk_behind_the_last_attribute_is_told(void **state)
{
	static const uint8_t junk[] = { 1, 0, 2, 0, 3, 0, 4 };

	(void)state;
	for (size_t t = 0; t < COUNT(tables); t++)
		for (size_t size = 1; size <= sizeof(junk); size++) {
			struct mail mail = { .size = 0 };
			struct told told;

			add(&mail, tables[t].head, tables[t].size);
			add(&mail, junk, size);
			assert_int_equal(read_at_guard(&tables[t], &mail, &told), 1);
		}
}

/* The last attribute may come without the bytes that align it. */
static void a_last_attribute_without_padding_is_whole(void **state)
{
	struct mail mail = { .size = 0 };
	struct told told;

	(void)state;
	add(&mail, &inet_head, sizeof(inet_head));
	add_attr(&mail, INET_DIAG_TOS, 1, 1);
	assert_int_equal(read_at_guard(&tables[0], &mail, &told), 0);
	assert_true(told.detail.have_tos);
	assert_int_equal(told.detail.tos, 'x');
}

static void a_head_that_is_cut_is_no_socket(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(tables); t++)
		for (size_t size = 0; size < tables[t].size; size++) {
			struct mail mail = { .size = 0 };
			struct told told;

			add(&mail, tables[t].head, size);
			assert_int_equal(read_at_guard(&tables[t], &mail, &told), -EBADMSG);
		}
}

static void the_same_attribute_again_stays_inside_its_bytes(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(tables); t++)
		for (unsigned type = 0; type < tables[t].attrs; type++) {
			struct mail mail = { .size = 0 };
			struct told told;

			add(&mail, tables[t].head, tables[t].size);
			for (int i = 0; i < 3; i++)
				add_attr(&mail, type, i * 100, i * 100);
			assert_true(read_at_guard(&tables[t], &mail, &told) >= 0);
		}
}

static void add_name(struct mail *mail, unsigned type, const char *name)
{
	struct nlattr attr = { .nla_type = (uint16_t)type,
			       .nla_len = (uint16_t)(sizeof(attr) + strlen(name)) };

	add(mail, "\0\0\0", NLA_ALIGN(mail->size) - mail->size);
	add(mail, &attr, sizeof(attr));
	add(mail, name, strlen(name));
}

/* Of names that come twice the last one counts, whole and alone. */
static void a_second_name_has_nothing_of_the_first(void **state)
{
	struct mail mail = { .size = 0 }, nest = { .size = 0 };
	struct nlattr attr = { .nla_type = INET_DIAG_ULP_INFO | NLA_F_NESTED };
	struct told told;

	(void)state;
	add_name(&nest, INET_ULP_INFO_NAME, "longer-name");
	add_name(&nest, INET_ULP_INFO_NAME, "tls");
	add_name(&nest, INET_ULP_INFO_NAME, "much-too-long-a-name");
	attr.nla_len = (uint16_t)(sizeof(attr) + nest.size);
	add(&mail, &inet_head, sizeof(inet_head));
	add_name(&mail, INET_DIAG_CONG, "much-too-long-a-name");
	add_name(&mail, INET_DIAG_CONG, "bbr");
	add(&mail, "\0\0\0", NLA_ALIGN(mail.size) - mail.size);
	add(&mail, &attr, sizeof(attr));
	add(&mail, nest.at, nest.size);
	assert_int_equal(read_at_guard(&tables[0], &mail, &told), 0);
	assert_string_equal(told.detail.congestion, "bbr");
	assert_string_equal(told.detail.ulp.name, "tls");
}

/* An attribute of attributes whose inner lengths are anything. */
static void nested_junk_stays_inside_its_attribute(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(tables); t++)
		for (unsigned type = 0; type < tables[t].attrs; type++)
			for (uint32_t length = 0; length < 4000; length += length < 40 ? 1 : 499) {
				struct mail mail = { .size = 0 };
				struct nlattr inner = {
					.nla_len = (uint16_t)length,
					.nla_type = (uint16_t)(length % 16),
				};
				struct told told;

				add(&mail, tables[t].head, tables[t].size);
				add_attr(&mail, type | NLA_F_NESTED, sizeof(inner) + 5, 0);
				add(&mail, &inner, sizeof(inner));
				add(&mail, "abcde", 5);
				assert_true(read_at_guard(&tables[t], &mail, &told) >= 0);
			}
}

/* What an older kernel's tcp_info lacks is not there, and is not 0. */
static void a_short_tcp_info_tells_only_what_it_has(void **state)
{
	static const struct { size_t size; uint32_t have; } infos[] = {
		{ 8, 0 }, { 104, HAVE_FLOW },
		{ 232, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT },
		{ 280, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT },
		{ 4096, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT },
	};
	const uint32_t any = HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT;

	(void)state;
	for (size_t i = 0; i < COUNT(infos); i++) {
		struct mail mail = { .size = 0 };
		struct told told;

		add(&mail, &inet_head, sizeof(inet_head));
		add_attr(&mail, INET_DIAG_INFO, infos[i].size, infos[i].size);
		assert_int_equal(read_at_guard(&tables[0], &mail, &told), 0);
		assert_int_equal(told.sock.have & any, infos[i].have);
		assert_int_equal(told.detail.metrics.unknown_bytes,
				 infos[i].size > 280 ? infos[i].size - 280 : 0);
	}
	assert_int_equal(read_one(&tables[0], INET_DIAG_INFO, 0, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attribute_of_any_length_ends_at_its_page),
		cmocka_unit_test(an_attribute_one_byte_short_is_told_and_not_read),
		cmocka_unit_test(junk_behind_the_last_attribute_is_told),
		cmocka_unit_test(a_last_attribute_without_padding_is_whole),
		cmocka_unit_test(a_head_that_is_cut_is_no_socket),
		cmocka_unit_test(the_same_attribute_again_stays_inside_its_bytes),
		cmocka_unit_test(a_second_name_has_nothing_of_the_first),
		cmocka_unit_test(nested_junk_stays_inside_its_attribute),
		cmocka_unit_test(a_short_tcp_info_tells_only_what_it_has),
	};

	return cmocka_run_group_tests(tests, make_pages, NULL);
}
