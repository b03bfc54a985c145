/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unix, packet and netlink sockets: messages whole, cut at every byte and
 * with lying lengths, against memory that must not be touched.
 */
#include "test.h"

#include "collect/others.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mail.h"

/* Parses from the very end of a page behind which nothing may be read. */
static int parse_guarded(const struct other_table *table, const void *bytes, size_t size,
			 struct other_row *row)
{
	struct guarded g = guard(bytes, size);
	int result;

	other_fini(&row->other);
	memset(row, 0, sizeof(*row));
	row->sock.other = &row->other;
	row->sock.detail = &row->detail;
	result = others_parse(table, g.at, size, row);
	unguard(&g);
	return result;
}

/* Shorter than the head there is no socket, and no cut or length goes beyond the end. */
static void check_hostile(const struct other_table *table, const struct mail *mail, size_t head)
{
	struct other_row row = { 0 };
	struct mail lying;

	for (size_t size = 0; size < mail->size; size++) {
		int result = parse_guarded(table, mail->at, size, &row);

		if (size < head)
			assert_int_equal(result, -EBADMSG);
		else
			assert_true(result >= 0);
	}
	for (size_t at = head; at < mail->size; at++)
		for (unsigned byte = 0; byte < 256; byte += 51) {
			lying = *mail;
			lying.at[at] = (uint8_t)byte;
			assert_true(parse_guarded(table, lying.at, lying.size, &row) >= 0);
		}
	other_fini(&row.other);
}

static void unix_mail(struct mail *mail, uint8_t type, uint8_t state)
{
	struct unix_diag_msg told = {
		.udiag_family = AF_UNIX, .udiag_type = type, .udiag_state = state,
		.udiag_ino = 77, .udiag_cookie = { 5, 1 },
	};

	mail->size = 0;
	mail_add(mail, &told, sizeof(told));
}

static const uint32_t memory[9] = { 11, 12, 13, 14, 15, 16, 17, 18, 19 };

static void test_unix(void **state)
{
	struct unix_diag_vfs file = { .udiag_vfs_ino = 4, .udiag_vfs_dev = 0xfe00000 };
	struct unix_diag_rqlen queues = { 3, 9 };
	uint32_t peer = 88, uid = 1000, waiting[2] = { 91, 92 };
	struct other_row row = { 0 };
	struct mail mail;
	uint8_t shut = 2;

	(void)state;
	unix_mail(&mail, SOCK_STREAM, STATE_LISTEN);
	mail_attr(&mail, UNIX_DIAG_NAME, "/run/a.sock\0\0", 13);
	mail_attr(&mail, UNIX_DIAG_PEER, &peer, sizeof(peer));
	mail_attr(&mail, UNIX_DIAG_RQLEN, &queues, sizeof(queues));
	mail_attr(&mail, UNIX_DIAG_MEMINFO, memory, sizeof(memory));
	mail_attr(&mail, UNIX_DIAG_SHUTDOWN, &shut, 1);
	mail_attr(&mail, 7, &uid, sizeof(uid));
	mail_attr(&mail, UNIX_DIAG_VFS, &file, sizeof(file));
	mail_attr(&mail, UNIX_DIAG_ICONS, waiting, sizeof(waiting));
	mail_attr(&mail, 99, "unknown", 7);
	assert_int_equal(parse_guarded(&unix_socks, mail.at, mail.size, &row), 0);
	assert_true(row.other.have_vfs && row.other.vfs_inode == 4 && row.other.vfs_device == 0xfe00000);
	assert_true(row.other.have_waiting && row.other.waiting.count == 2);
	assert_int_equal(row.other.waiting.at[1], 92);
	assert_int_equal(row.sock.protocol, PROTOCOL_UNIX_STREAM);
	assert_int_equal(row.sock.state, STATE_LISTEN);
	assert_int_equal(row.sock.inode, 77);
	assert_true(row.sock.cookie == (UINT64_C(1) << 32 | 5));
	assert_int_equal(row.sock.recv_queue, 3);
	assert_int_equal(row.sock.send_queue, 9);
	assert_int_equal(row.sock.uid, 1000);
	assert_int_equal(row.sock.shutdown, 2);
	assert_true(row.detail.have_memory && row.detail.memory[8] == 19);
	assert_true(row.other.local_is_path);
	assert_int_equal(row.other.local_size, 11);
	assert_memory_equal(row.other.local, "/run/a.sock", 11);
	assert_string_equal(row.other.local_service, "77");
	assert_string_equal(row.other.remote_service, "88");
	assert_int_equal(row.other.peer_inode, 88);
	other_fini(&row.other);
	check_hostile(&unix_socks, &mail, sizeof(struct unix_diag_msg));
}

static void test_unix_names(void **state)
{
	char longest[129] = { 0 };
	struct other_row row = { 0 };
	struct mail mail;

	(void)state;
	unix_mail(&mail, SOCK_SEQPACKET, STATE_CLOSE);
	mail_attr(&mail, UNIX_DIAG_NAME, "\0a\0b", 4);
	assert_int_equal(parse_guarded(&unix_socks, mail.at, mail.size, &row), 0);
	assert_int_equal(row.sock.protocol, PROTOCOL_UNIX_SEQPACKET);
	assert_false(row.other.local_is_path);
	assert_int_equal(row.other.local_size, 4);
	assert_memory_equal(row.other.local, "@a@b", 4);
	/* no name at all, and one that no kernel can have */
	unix_mail(&mail, SOCK_DGRAM, STATE_ESTABLISHED);
	assert_int_equal(parse_guarded(&unix_socks, mail.at, mail.size, &row), 0);
	assert_int_equal(row.other.local_size, 0);
	assert_int_equal(row.sock.protocol, PROTOCOL_UNIX_DGRAM);
	mail_attr(&mail, UNIX_DIAG_NAME, longest, sizeof(longest));
	assert_int_equal(parse_guarded(&unix_socks, mail.at, mail.size, &row), 1);
	assert_int_equal(row.other.local_size, 0);
}

static void test_unix_states(void **state)
{
	struct other_row row = { 0 };
	struct mail mail;

	(void)state;
	for (unsigned told = 0; told < 256; told++) {
		bool sane = told >= STATE_ESTABLISHED && told <= STATE_CLOSING;

		unix_mail(&mail, SOCK_STREAM, (uint8_t)told);
		assert_int_equal(parse_guarded(&unix_socks, mail.at, mail.size, &row),
				 sane ? 0 : -EBADMSG);
	}
	unix_mail(&mail, SOCK_STREAM, STATE_LISTEN);
	mail.at[0] = AF_INET;
	assert_int_equal(parse_guarded(&unix_socks, mail.at, mail.size, &row), -EBADMSG);
}

static void packet_mail(struct mail *mail, uint8_t type, uint16_t number)
{
	struct packet_diag_msg told = {
		.pdiag_family = AF_PACKET, .pdiag_type = type, .pdiag_num = number,
		.pdiag_ino = 78, .pdiag_cookie = { 6, 0 },
	};
	struct packet_diag_info info = { .pdi_index = 3 };
	uint32_t uid = 7;

	mail->size = 0;
	mail_add(mail, &told, sizeof(told));
	mail_attr(mail, PACKET_DIAG_INFO, &info, sizeof(info));
	mail_attr(mail, PACKET_DIAG_UID, &uid, sizeof(uid));
	mail_attr(mail, PACKET_DIAG_MEMINFO, memory, sizeof(memory));
}

static void test_packet(void **state)
{
	static const struct { uint16_t number; const char *name; } rows[] = {
		{ 3, "*" }, { 0x800, "ip" }, { 0x86dd, "ipv6" }, { 0x806, "arp" },
		{ 0x1234, "[4660]" }, { 0, "[0]" },
	};
	struct snapshot seen;
	struct other_row row = { 0 };
	struct mail mail;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		packet_mail(&mail, i ? SOCK_DGRAM : SOCK_RAW, rows[i].number);
		assert_int_equal(parse_guarded(&packet_socks, mail.at, mail.size, &row), 0);
		assert_int_equal(row.sock.protocol, i ? PROTOCOL_PACKET_DGRAM : PROTOCOL_PACKET_RAW);
		assert_string_equal(row.other.local, rows[i].name);
		assert_int_equal(row.other.number, rows[i].number);
	}
	assert_int_equal(row.sock.state, STATE_CLOSE);
	assert_int_equal(row.sock.recv_queue, 11);
	assert_int_equal(row.sock.send_queue, 13);
	assert_int_equal(row.sock.uid, 7);
	snapshot_init(&seen);
	packet_socks.complete(NULL, &seen, &row);
	assert_string_equal(row.other.local_service, "if3");
	snapshot_fini(&seen);
	check_hostile(&packet_socks, &mail, sizeof(struct packet_diag_msg));
}

/* Rings, fanout and filter; and a filter that is not for us to see. */
static void test_packet_state(void **state)
{
	struct packet_diag_ring ring = { .pdr_block_size = 4096, .pdr_frame_nr = 8 };
	struct sock_filter steps[2] = { { 0x28, 0, 0, 12 }, { 6, 1, 2, 65535 } };
	uint32_t fanout = 1u << 16 | 7;
	struct other_row row = { 0 };
	const struct other *copy;
	struct text packed = { 0 };
	struct sock_row kept;
	struct mail mail;

	(void)state;
	packet_mail(&mail, SOCK_RAW, 3);
	mail_attr(&mail, PACKET_DIAG_RX_RING, &ring, sizeof(ring));
	mail_attr(&mail, PACKET_DIAG_FANOUT, &fanout, sizeof(fanout));
	mail_attr(&mail, PACKET_DIAG_FILTER, steps, sizeof(steps));
	assert_int_equal(parse_guarded(&packet_socks, mail.at, mail.size, &row), 0);
	row.sock.other = &row.other;
	sock_pack(&packed, &row.sock);
	other_fini(&row.other);
	sock_unpack(&kept, packed.at);
	copy = kept.sock.other;
	assert_true(copy->packet.rx.told && copy->packet.rx.block_bytes == 4096);
	assert_false(copy->packet.tx.told);
	assert_int_equal(copy->packet.fanout_id, 7);
	assert_int_equal(copy->packet.fanout_type, 1);
	assert_int_equal(copy->packet.filter.count, 2);
	assert_int_equal(copy->packet.filter.at[1].jump_false, 2);
	assert_false(copy->packet.filter_hidden);
	sock_row_fini(&kept);
	text_fini(&packed);
	check_hostile(&packet_socks, &mail, sizeof(struct packet_diag_msg));
	packet_mail(&mail, SOCK_RAW, 3);
	mail_attr(&mail, PACKET_DIAG_FILTER, steps, 0);
	assert_int_equal(parse_guarded(&packet_socks, mail.at, mail.size, &row), 0);
	assert_true(row.other.packet.filter_hidden);
}

static void netlink_mail(struct mail *mail, uint8_t protocol, uint32_t port_id)
{
	struct netlink_diag_msg told = {
		.ndiag_family = AF_NETLINK, .ndiag_protocol = protocol, .ndiag_portid = port_id,
		.ndiag_ino = 79, .ndiag_cookie = { 7, 0 },
	};
	uint32_t groups[2] = { 0x41, 1 };

	mail->size = 0;
	mail_add(mail, &told, sizeof(told));
	mail_attr(mail, NETLINK_DIAG_GROUPS, groups, sizeof(groups));
	mail_attr(mail, NETLINK_DIAG_MEMINFO, memory, sizeof(memory));
}

static void test_netlink(void **state)
{
	static const struct {
		uint8_t protocol; uint32_t port_id; const char *name, *port;
	} rows[] = {
		{ 0, 1, "rtnl", "1" }, { 15, UINT32_MAX, "uevent", "*" },
		{ 17, 0x80000001, "17", "-2147483647" }, { 250, 5, "250", "5" },
	};
	struct recorder recorder = { 0 };
	struct other_row row = { 0 };
	struct mail mail;
	char comm[17] = "";

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, comm), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		netlink_mail(&mail, rows[i].protocol, rows[i].port_id);
		assert_int_equal(parse_guarded(&netlink_socks, mail.at, mail.size, &row), 0);
		assert_string_equal(row.other.local, rows[i].name);
		assert_string_equal(row.other.local_service, rows[i].port);
		assert_int_equal(row.other.remote_size, 0);
		assert_int_equal(row.other.groups, 0x41);
	}
	netlink_mail(&mail, 0, 0);
	assert_int_equal(parse_guarded(&netlink_socks, mail.at, mail.size, &row), 0);
	netlink_socks.complete(&recorder, NULL, &row);
	assert_string_equal(row.other.local_service, "kernel");
	/* our own process */
	netlink_mail(&mail, 0, (uint32_t)getpid());
	assert_int_equal(parse_guarded(&netlink_socks, mail.at, mail.size, &row), 0);
	netlink_socks.complete(&recorder, NULL, &row);
	assert_memory_equal(row.other.local_service, comm, strlen(comm));
	assert_int_equal(row.other.local_service[strlen(comm)], '/');
	check_hostile(&netlink_socks, &mail, sizeof(struct netlink_diag_msg));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix), cmocka_unit_test(test_unix_names),
		cmocka_unit_test(test_unix_states), cmocka_unit_test(test_packet),
		cmocka_unit_test(test_packet_state),
		cmocka_unit_test(test_netlink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
