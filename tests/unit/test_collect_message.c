/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages about TCP and UDP sockets and their attributes: whole, short, long, unknown
 * and against memory that must not be touched.
 */
#include "test.h"

#include "collect/attrs.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <sys/socket.h>

#include "mail.h"

static int parse_guarded(const void *bytes, size_t size, struct sock *sock, struct detail *detail)
{
	struct guarded g = guard(bytes, size);
	int result = message_parse(g.at, size, PROTOCOL_TCP, NEED_ALL, sock, detail);

	unguard(&g);
	return result;
}

static void test_header(void **state)
{
	struct mail mail;
	struct sock sock;
	struct detail detail;
	char text[ADDR_TEXT];

	(void)state;
	mail_header(&mail, AF_INET, STATE_CLOSE_WAIT, 0x1234567890);
	assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail), 0);
	assert_int_equal(sock.family, FAMILY_IPV4);
	assert_int_equal(sock.state, STATE_CLOSE_WAIT);
	assert_int_equal(sock.local_port, 5000);
	assert_int_equal(sock.remote_port, 443);
	assert_int_equal(sock.recv_queue, 7);
	assert_int_equal(sock.send_queue, 9);
	assert_int_equal(sock.inode, 77);
	assert_int_equal(sock.uid, 1234);
	assert_int_equal(sock.have, HAVE_UID);
	assert_true(sock.cookie == 0x1234567890);
	addr_format(text, &sock.remote, sock.family);
	assert_string_equal(text, "127.0.0.2");
	for (size_t size = 0; size < sizeof(struct inet_diag_msg); size++)
		assert_int_equal(parse_guarded(mail.at, size, &sock, &detail), -EBADMSG);
}

static void test_states(void **state)
{
	static const struct { uint8_t told; int state; } rows[] = {
		{ 0, -EBADMSG }, { 1, STATE_ESTABLISHED }, { 3, STATE_SYN_RECV },
		{ 7, STATE_BOUND }, { 11, STATE_CLOSING }, { 12, STATE_SYN_RECV },
		{ 13, -EBADMSG }, { 255, -EBADMSG },
	};
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int result;

		mail_header(&mail, AF_INET6, rows[i].told, i);
		result = message_parse(mail.at, mail.size, PROTOCOL_TCP, 0, &sock, &detail);
		if (rows[i].state < 0) {
			assert_int_equal(result, rows[i].state);
			continue;
		}
		assert_int_equal(result, 0);
		assert_int_equal(sock.state, rows[i].state);
		assert_null(sock.detail);
	}
	mail_header(&mail, AF_UNIX, STATE_LISTEN, 1);
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, 0, &sock, &detail),
			 -EBADMSG);
	/* to UDP it means: not connected */
	mail_header(&mail, AF_INET, STATE_CLOSE, 1);
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_UDP, 0, &sock, &detail), 0);
	assert_int_equal(sock.state, STATE_CLOSE);
	assert_int_equal(sock.protocol, PROTOCOL_UDP);
}

/* The kernel tells uid 0 for what has none, and may invent new timers. */
static void test_uid_and_timer(void **state)
{
	struct inet_diag_msg told;
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	mail_header(&mail, AF_INET, STATE_FIN_WAIT_2, 1);
	memcpy(&told, mail.at, sizeof(told));
	told.idiag_timer = 3;
	told.idiag_expires = 59000;
	memcpy(mail.at, &told, sizeof(told));
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, 0, &sock, &detail), 0);
	assert_true(sock_is_minisock(&sock));
	assert_int_equal(sock.timer_ms, 59000);
	assert_int_equal(sock.have & HAVE_UID, 0);
	/* of a kernel that is yet to come */
	told.idiag_timer = 6;
	memcpy(mail.at, &told, sizeof(told));
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, 0, &sock, &detail), 0);
	assert_int_equal(sock.timer, TIMER_NONE);
	assert_int_equal(sock.timer_ms, 0);
	/* a delayed ACK that is tried again is no retransmission */
	told.idiag_timer = 5;
	told.idiag_expires = 40;
	told.idiag_retrans = 3;
	memcpy(mail.at, &told, sizeof(told));
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, 0, &sock, &detail), 0);
	assert_int_equal(sock.timer, TIMER_DELAYED_ACK);
	assert_true(sock_timer_is_off(&sock));
	assert_string_equal(timer_name(sock.timer), "delack");
	assert_int_equal(sock.timer_ms, 40);
	assert_int_equal(sock.retransmits, 0);
	assert_int_equal(sock.have & HAVE_UID, HAVE_UID);
	told.idiag_state = STATE_SYN_RECV;
	told.idiag_inode = 0;
	memcpy(mail.at, &told, sizeof(told));
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, 0, &sock, &detail), 0);
	assert_int_equal(sock.have & HAVE_UID, 0);
}

#define ALL_OF_FLOW (HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT | HAVE_PEER_WINDOW)

static void test_info_lengths(void **state)
{
	static const struct { size_t size; int metrics; uint32_t have; int senseless; } rows[] = {
		{ 0, 0, 0, 1 }, { 7, 0, 0, 1 }, { 8, 7, 0, 0 }, { 59, 18, 0, 0 },
		{ 60, 19, HAVE_FLOW, 0 }, { 104, 30, HAVE_FLOW, 0 },
		{ 148, 37, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT, 0 },
		/* app_limited came with the delivery rate, what failed of fast open after snd_wnd */
		{ 167, 40, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT, 0 },
		{ 168, 42, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT, 0 },
		{ 231, 52, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT, 0 },
		{ 232, 54, ALL_OF_FLOW, 0 },
		{ 280, METRIC_COUNT, ALL_OF_FLOW, 0 },
		{ 4096, METRIC_COUNT, ALL_OF_FLOW, 0 },
	};
	uint8_t info[4096];
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	fill_info(info, sizeof(info));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
		mail_attr(&mail, INET_DIAG_INFO, info, rows[i].size);
		assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail),
				 rows[i].senseless);
		assert_int_equal(__builtin_popcountll(detail.metrics.have[0]) +
				 __builtin_popcountll(detail.metrics.have[1]), rows[i].metrics);
		assert_int_equal(detail.metrics.unknown_bytes,
				 rows[i].size > 280 ? rows[i].size - 280 : 0);
		assert_int_equal(sock.have & ~(uint32_t)HAVE_UID, rows[i].have);
	}
}

static void test_info_values(void **state)
{
	uint8_t info[280] = { 0 };
	uint32_t four = 4242;
	uint64_t eight = 0x123456789a;
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	info[4] = 3;
	info[6] = 0x97;
	info[7] = 1 | 2 << 1;
	memcpy(info + 56, &four, 4);
	memcpy(info + 200, &eight, 8);
	memcpy(info + 244, &four, 4);
	mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
	mail_attr(&mail, INET_DIAG_INFO, info, sizeof(info));
	assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail), 0);
	assert_int_equal(sock.flow.backoff, 3);
	assert_int_equal(sock.flow.last_ack_recv_ms, 4242);
	assert_true(sock.flow.bytes_sent == eight);
	assert_int_equal(detail.metrics.value[METRIC_SND_WSCALE],
			 __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 7 : 9);
	assert_int_equal(detail.metrics.value[METRIC_TOTAL_RTO_TIME], 4242);
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		assert_int_equal(detail.metrics.value[METRIC_APP_LIMITED], 1);
		assert_int_equal(detail.metrics.value[METRIC_FASTOPEN_FAIL], 2);
	}
}

/* Each fixed-size attribute: whole, one byte short, and with more behind it. */
static void test_attr_lengths(void **state)
{
	static const struct { unsigned type; size_t size; } rows[] = {
		{ INET_DIAG_CONG, 1 }, { INET_DIAG_TOS, 1 }, { INET_DIAG_TCLASS, 1 },
		{ INET_DIAG_VEGASINFO, 16 }, { INET_DIAG_DCTCPINFO, 16 }, { INET_DIAG_BBRINFO, 20 },
		{ INET_DIAG_CLASS_ID, 4 },
		{ INET_DIAG_SKMEMINFO, 28 }, { INET_DIAG_SHUTDOWN, 1 },
		{ INET_DIAG_SKV6ONLY, 1 }, { INET_DIAG_MARK, 4 },
		{ INET_DIAG_CGROUP_ID, 8 }, { INET_DIAG_SOCKOPT, 2 },
	};
	uint8_t bytes[64];
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int extra = -1; extra < 20; extra++) {
			size_t size = (size_t)((int)rows[i].size + extra);

			mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
			mail_attr(&mail, rows[i].type, bytes, size);
			assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail),
					 extra < 0);
			/* without the padding of the last one */
			mail.size = sizeof(struct inet_diag_msg) + sizeof(struct nlattr) + size;
			assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail),
					 extra < 0);
		}
	}
	/* bits fill a byte from its other end on a big-endian machine */
	assert_int_equal(sock.sockopt, htonl(1) == 1 ? 0x61e : 0x7ff & ('x' | 'x' << 8));
}

/* Linux before 4.7 tells no drops, before 3.5 no backlog; a later one may tell more. */
static void test_memory_lengths(void **state)
{
	static const struct { size_t size; int lacks; } rows[] = {
		{ 28, 2 }, { 31, 2 }, { 32, 1 }, { 36, 0 }, { 44, 0 },
	};
	uint32_t memory[11] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
		mail_attr(&mail, INET_DIAG_SKMEMINFO, memory, rows[i].size);
		assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail), 0);
		assert_true(detail.have_memory);
		assert_int_equal(detail.memory_lacks, rows[i].lacks);
		for (int n = 0; n < 9; n++)
			assert_int_equal(detail.memory[n], n < 9 - rows[i].lacks ? n + 1 : 0);
	}
}

static void test_attr_values(void **state)
{
	struct detail detail;
	struct sock sock;
	struct mail mail;
	uint32_t mark = 99, memory[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	uint64_t cgroup = 0x1122334455;

	(void)state;
	mail_header(&mail, AF_INET6, STATE_LISTEN, 1);
	mail_attr(&mail, 500, "unknown", 7);
	mail_attr(&mail, INET_DIAG_CONG, "averylongcongestionname", 23);
	mail_attr(&mail, INET_DIAG_SKMEMINFO, memory, sizeof(memory));
	mail_attr(&mail, INET_DIAG_MARK, &mark, 4);
	mail_attr(&mail, INET_DIAG_CGROUP_ID | 0x8000, &cgroup, 8);
	mail_attr(&mail, INET_DIAG_SHUTDOWN, "\3", 1);
	assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail), 0);
	assert_string_equal(detail.congestion, "averylongconges");
	assert_int_equal(detail.memory[8], 9);
	assert_int_equal(detail.memory_lacks, 0);
	assert_int_equal(sock.mark, 99);
	assert_true(sock.cgroup_id == cgroup);
	assert_int_equal(sock.shutdown, 3);
	/* what is not needed is not read, though it is there */
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, NEED_TOS, &sock, &detail),
			 0);
	assert_false(detail.have_memory);
	assert_false(detail.have_congestion);
}

/* Attributes within attributes: whole, and cut at every byte. */
static void test_nested_attrs(void **state)
{
	struct detail detail;
	struct sock sock;
	struct mail mail, ulp = { 0 }, tls = { 0 }, flow = { 0 };
	uint16_t version = 0x0304, cipher = 52, conf = 2, length = 700;
	uint32_t token = 0xabcdef, flags = 0x81;
	uint64_t seq = 0x1122334455667788;

	(void)state;
	mail_attr(&tls, TLS_INFO_VERSION, &version, 2);
	mail_attr(&tls, TLS_INFO_CIPHER, &cipher, 2);
	mail_attr(&tls, TLS_INFO_TXCONF, &conf, 2);
	mail_attr(&flow, MPTCP_SUBFLOW_ATTR_TOKEN_REM, &token, 4);
	mail_attr(&flow, MPTCP_SUBFLOW_ATTR_FLAGS, &flags, 4);
	mail_attr(&flow, MPTCP_SUBFLOW_ATTR_MAP_SEQ, &seq, 8);
	mail_attr(&flow, MPTCP_SUBFLOW_ATTR_MAP_DATALEN, &length, 2);
	mail_attr(&ulp, INET_ULP_INFO_NAME, "tls", 4);
	mail_attr(&ulp, INET_ULP_INFO_TLS, tls.at, tls.size);
	mail_attr(&ulp, INET_ULP_INFO_MPTCP, flow.at, flow.size);
	for (size_t size = 0; size <= ulp.size; size++) {
		mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
		mail_attr(&mail, INET_DIAG_ULP_INFO, ulp.at, size);
		assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail), 0);
	}
	assert_string_equal(detail.ulp.name, "tls");
	assert_true(detail.ulp.tls.have_version && detail.ulp.tls.version == 0x0304);
	assert_true(detail.ulp.tls.have_tx && !detail.ulp.tls.have_rx);
	assert_int_equal(detail.ulp.subflow.flags, 0x81);
	assert_true(detail.ulp.subflow.have_seq && detail.ulp.subflow.seq == seq);
	assert_int_equal(detail.ulp.subflow.length_bytes, 700);
	/* a token without the other three says nothing */
	assert_false(detail.ulp.subflow.have_tokens);
}

enum { MANY_KEYS = 35 };

/* All of them, and a copy has its own. */
static void test_md5_keys(void **state)
{
	static struct tcp_diag_md5sig keys[MANY_KEYS];
	struct detail detail;
	const struct detail *copy;
	struct text packed = { 0 };
	struct sock_row kept;
	struct sock sock;
	struct mail mail;

	(void)state;
	for (size_t i = 0; i < MANY_KEYS; i++) {
		keys[i].tcpm_family = AF_INET;
		keys[i].tcpm_prefixlen = (uint8_t)i;
		keys[i].tcpm_addr[0] = htonl(0x0a000001);
	}
	mail_header(&mail, AF_INET, STATE_LISTEN, 1);
	mail_attr(&mail, INET_DIAG_MD5SIG, keys, sizeof(keys));
	assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail), 0);
	sock_pack(&packed, &sock);
	detail_fini(&detail);
	sock_unpack(&kept, packed.at);
	copy = kept.sock.detail;
	assert_int_equal(copy->md5.count, MANY_KEYS);
	assert_int_equal(copy->md5.at[MANY_KEYS - 1].prefix, MANY_KEYS - 1);
	assert_int_equal(copy->md5.at[0].family, FAMILY_IPV4);
	sock_row_fini(&kept);
	text_fini(&packed);
}

/* mptcp_info comes under the number of tcp_info, and of that it has the times. */
static void test_mptcp_info(void **state)
{
	uint32_t words[24] = { [2] = 2, [3] = 0xabcd, [21] = 74, [22] = 75, [23] = 76 };
	uint8_t info[96];
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	memcpy(info, words, sizeof(info));
	info[0] = 1;
	info[80] = 2;
	mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
	mail_attr(&mail, INET_DIAG_INFO, info, sizeof(info));
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_MPTCP,
				       NEED_FLOW | NEED_TCP_INFO, &sock, &detail), 0);
	assert_false(metric_any(&detail.metrics));
	assert_int_equal(sock.have & HAVE_FLOW, HAVE_FLOW);
	assert_int_equal(sock.flow.last_data_sent_ms, 74);
	assert_int_equal(sock.flow.last_data_recv_ms, 75);
	assert_int_equal(sock.flow.last_ack_recv_ms, 76);
	assert_int_equal(sock.flow.bytes_acked, 0);
	assert_int_equal(detail.mptcp.value[MPTCP_SUBFLOWS], 1);
	assert_int_equal(detail.mptcp.value[MPTCP_FLAGS], MPTCP_REMOTE_KEY);
	assert_int_equal(detail.mptcp.value[MPTCP_TOKEN], 0xabcd);
	assert_int_equal(detail.mptcp.value[MPTCP_LAST_ACK_RECV], 76);
	assert_int_equal(detail.mptcp.have, (1u << MPTCP_NUMBER_COUNT) - 1);
	/* before Linux 6.5 it ended with the checksum's byte, padded to 48 */
	mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
	mail_attr(&mail, INET_DIAG_INFO, info, 44);
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_MPTCP, NEED_TCP_INFO, &sock,
				       &detail), 0);
	assert_int_equal(detail.mptcp.have, (1u << MPTCP_RETRANSMITS) - 1);
	assert_int_equal(sock.have & HAVE_FLOW, 0);
}

static void test_broken_attrs(void **state)
{
	static const uint8_t tails[][8] = {
		{ 0, 0, 0, 0 }, { 3, 0, 8, 0 }, { 255, 255, 8, 0 }, { 9, 0, 8, 0, 1, 2, 3, 4 },
		{ 5 },
	};
	static const size_t sizes[] = { 4, 4, 4, 8, 1 };
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		mail_header(&mail, AF_INET, STATE_LISTEN, 1);
		memcpy(mail.at + mail.size, tails[i], sizes[i]);
		assert_int_equal(parse_guarded(mail.at, mail.size + sizes[i], &sock, &detail), 1);
	}
}

static void test_ext(void **state)
{
	(void)state;
	assert_int_equal(attrs_ext(0), 0);
	assert_int_equal(attrs_ext(NEED_HOLDERS | NEED_CGROUP | NEED_LINKS), 0);
	assert_int_equal(attrs_ext(NEED_FLOW), 1 << (INET_DIAG_INFO - 1));
	assert_int_equal(attrs_ext(NEED_TCP_INFO),
			 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_VEGASINFO - 1));
	/* recordings from before congestion controls were asked stay whole */
	assert_int_equal(attrs_recorded(NEED_TCP_INFO), 1 << (INET_DIAG_INFO - 1));
	assert_int_equal(attrs_ext(NEED_TOS), 1 << (INET_DIAG_TOS - 1) | 1 << (INET_DIAG_TCLASS - 1));
	assert_int_equal(attrs_ext(NEED_ALL), 0x7e);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header), cmocka_unit_test(test_states),
		cmocka_unit_test(test_uid_and_timer), cmocka_unit_test(test_info_lengths),
		cmocka_unit_test(test_info_values), cmocka_unit_test(test_attr_lengths),
		cmocka_unit_test(test_memory_lengths), cmocka_unit_test(test_attr_values),
		cmocka_unit_test(test_broken_attrs), cmocka_unit_test(test_ext),
		cmocka_unit_test(test_nested_attrs), cmocka_unit_test(test_md5_keys),
		cmocka_unit_test(test_mptcp_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
