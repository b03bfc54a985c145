/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The readers of collect/: messages and attributes whole, short, long, unknown
 * and against memory that must not be touched; recordings cut and mutated.
 */
#include "test.h"

#include "collect/attrs.h"
#include "collect/bytecode.h"
#include "collect/cgroups.h"
#include "collect/collect.h"
#include "collect/descriptors.h"
#include "collect/crew.h"
#include "collect/holders.h"
#include "collect/walk.h"
#include "collect/inet.h"
#include "collect/message.h"
#include "collect/knobs.h"
#include "collect/tape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/mptcp.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEED_ALL (NEED_FLOW | NEED_TCP_INFO | NEED_MEMORY | NEED_CONGESTION | NEED_TOS)

/* A message being built. */
struct mail { uint8_t at[8192]; size_t size; };

static void mail_header(struct mail *mail, uint8_t family, uint8_t state, uint64_t cookie)
{
	struct inet_diag_msg told = {
		.idiag_family = family, .idiag_state = state,
		.id = { .idiag_sport = htons(5000), .idiag_dport = htons(443),
			.idiag_src = { htonl(0x7f000001) }, .idiag_dst = { htonl(0x7f000002) },
			.idiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) } },
		.idiag_rqueue = 7, .idiag_wqueue = 9, .idiag_uid = 1234, .idiag_inode = 77,
	};

	memcpy(mail->at, &told, sizeof(told));
	mail->size = sizeof(told);
}

static void mail_attr(struct mail *mail, unsigned type, const void *bytes, size_t size)
{
	struct nlattr attr = { .nla_len = (uint16_t)(sizeof(attr) + size), .nla_type = (uint16_t)type };

	memcpy(mail->at + mail->size, &attr, sizeof(attr));
	if (size)
		memcpy(mail->at + mail->size + sizeof(attr), bytes, size);
	mail->size += (sizeof(attr) + size + 3) & ~(size_t)3;
}

/* Parses from the very end of a page behind which nothing may be read. */
static int parse_guarded(const void *bytes, size_t size, struct sock *sock, struct detail *detail)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (size / page + 1) * page;
	char *at = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int result;

	assert_ptr_not_equal(at, MAP_FAILED);
	assert_int_equal(mprotect(at + room, page, PROT_NONE), 0);
	memcpy(at + room - size, bytes, size);
	result = message_parse(at + room - size, size, PROTOCOL_TCP, NEED_ALL, sock, detail);
	munmap(at, room + page);
	return result;
}

static void fill_info(uint8_t *info, size_t size)
{
	for (size_t i = 0; i < size; i++)
		info[i] = (uint8_t)(i + 1);
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
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, 0, &sock, &detail), -EBADMSG);
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
		{ 232, 54, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT, 0 },
		{ 280, METRIC_COUNT, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT, 0 },
		{ 4096, METRIC_COUNT, HAVE_FLOW | HAVE_ACKED | HAVE_NOTSENT | HAVE_SENT, 0 },
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
		assert_int_equal(parse_guarded(mail.at, mail.size, &sock, &detail), rows[i].senseless);
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
	assert_int_equal(message_parse(mail.at, mail.size, PROTOCOL_TCP, NEED_TOS, &sock, &detail), 0);
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
	static uint8_t message[sizeof(struct inet_diag_msg) + 4 + sizeof(keys)];
	struct nlattr head = { .nla_len = 4 + sizeof(keys), .nla_type = INET_DIAG_MD5SIG };
	struct detail detail, *copy;
	struct sock sock;
	struct mail mail;

	(void)state;
	for (size_t i = 0; i < MANY_KEYS; i++) {
		keys[i].tcpm_family = AF_INET;
		keys[i].tcpm_prefixlen = (uint8_t)i;
		keys[i].tcpm_addr[0] = htonl(0x0a000001);
	}
	mail_header(&mail, AF_INET, STATE_LISTEN, 1);
	memcpy(message, mail.at, sizeof(struct inet_diag_msg));
	memcpy(message + sizeof(struct inet_diag_msg), &head, 4);
	memcpy(message + sizeof(struct inet_diag_msg) + 4, keys, sizeof(keys));
	assert_int_equal(parse_guarded(message, sizeof(message), &sock, &detail), 0);
	copy = detail_copy(&detail);
	detail_fini(&detail);
	assert_int_equal(copy->md5.count, MANY_KEYS);
	assert_int_equal(copy->md5.at[MANY_KEYS - 1].prefix, MANY_KEYS - 1);
	assert_int_equal(copy->md5.at[0].family, FAMILY_IPV4);
	detail_free(copy);
}

/* mptcp_info comes under the number of tcp_info, and is none. */
static void test_mptcp_info(void **state)
{
	uint32_t words[24] = { [2] = 2, [3] = 0xabcd, [23] = 76 };
	uint8_t info[96];
	struct nlattr head = { .nla_len = 4 + sizeof(info), .nla_type = INET_DIAG_INFO };
	uint8_t message[sizeof(struct inet_diag_msg) + 4 + sizeof(info)];
	struct detail detail;
	struct sock sock;
	struct mail mail;

	(void)state;
	memcpy(info, words, sizeof(info));
	info[0] = 1;
	info[80] = 2;
	mail_header(&mail, AF_INET, STATE_ESTABLISHED, 1);
	memcpy(message, mail.at, sizeof(struct inet_diag_msg));
	memcpy(message + sizeof(struct inet_diag_msg), &head, 4);
	memcpy(message + sizeof(struct inet_diag_msg) + 4, info, sizeof(info));
	assert_int_equal(message_parse(message, sizeof(message), PROTOCOL_MPTCP,
				       NEED_FLOW | NEED_TCP_INFO, &sock, &detail), 0);
	assert_false(metric_any(&detail.metrics));
	assert_int_equal(sock.have & HAVE_FLOW, 0);
	assert_int_equal(detail.mptcp.value[MPTCP_SUBFLOWS], 1);
	assert_int_equal(detail.mptcp.value[MPTCP_FLAGS], MPTCP_REMOTE_KEY);
	assert_int_equal(detail.mptcp.value[MPTCP_TOKEN], 0xabcd);
	assert_int_equal(detail.mptcp.value[MPTCP_LAST_ACK_RECV], 76);
	assert_int_equal(detail.mptcp.have, (1u << MPTCP_NUMBER_COUNT) - 1);
	/* before Linux 6.5 it ended with the checksum's byte, padded to 48 */
	head.nla_len = 4 + 44;
	memcpy(message + sizeof(struct inet_diag_msg), &head, 4);
	assert_int_equal(message_parse(message, sizeof(struct inet_diag_msg) + 4 + 44,
				       PROTOCOL_MPTCP, NEED_TCP_INFO, &sock, &detail), 0);
	assert_int_equal(detail.mptcp.have, (1u << MPTCP_RETRANSMITS) - 1);
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

/* What the kernel checks of a program: all "yes" arrive at the end, no jump goes too far. */
static bool is_sound(const struct bytecode *code, unsigned count)
{
	unsigned at = 0;

	while (at < count) {
		const struct inet_diag_bc_op *op = &code->op[at];
		unsigned least = op->code == INET_DIAG_BC_S_GE || op->code == INET_DIAG_BC_S_LE ? 2 : 1;

		if (op->no < least * 4 || op->no > (count - at) * 4 + 4 || op->no % 4 ||
		    op->yes < least * 4 || op->yes > (count - at) * 4 + 4 || op->yes % 4)
			return false;
		at += op->yes / 4u;
	}
	return at == count;
}

static bool passes(const struct bytecode *code, unsigned count, uint16_t port, bool is_auto)
{
	unsigned at = 0;

	while (at < count) {
		const struct inet_diag_bc_op *op = &code->op[at];
		bool yes = op->code == INET_DIAG_BC_S_GE ? port >= op[1].no :
			   op->code == INET_DIAG_BC_S_LE ? port <= op[1].no :
			   op->code == INET_DIAG_BC_AUTO && is_auto;

		at += (yes ? op->yes : op->no) / 4u;
	}
	return at == count;
}

static void test_bytecode(void **state)
{
	static const struct { uint16_t low, high; bool is_explicit; } rows[] = {
		{ 80, 80, false }, { 0, 1023, false }, { 32768, 65535, false },
		{ 0, 0, true }, { 80, 80, true }, { 1, 65535, true },
	};
	static const uint16_t ports[] = { 0, 1, 79, 80, 81, 1023, 1024, 32767, 32768, 65535 };
	struct bytecode code;

	(void)state;
	assert_int_equal(bytecode_compile(&code, &(struct collect_ask){ 0 }, 0), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct collect_ask ask = {
			.port_low = rows[i].low, .port_high = rows[i].high,
			.explicit_port = rows[i].is_explicit,
		};
		bool any = !rows[i].low && !rows[i].high;
		size_t size = bytecode_compile(&code, &ask, 0);
		unsigned count = (unsigned)((size - sizeof(code.attr)) / 4);

		assert_int_equal(size, code.attr.nla_len);
		assert_true(count && count <= BYTECODE_MAX && is_sound(&code, count));
		for (size_t j = 0; j < sizeof(ports) / sizeof(*ports); j++) {
			bool inside = any || (ports[j] >= rows[i].low && ports[j] <= rows[i].high);

			assert_int_equal(passes(&code, count, ports[j], false), inside);
			assert_int_equal(passes(&code, count, ports[j], true),
					 inside && !rows[i].is_explicit);
		}
	}
}

static void test_proc_text(void **state)
{
	char mount[] = "31 23 0:26 / /sys/fs/c\\040g\\134 rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
	char other[] = "31 23 0:26 / /sys rw - sysfs sysfs rw\n";
	uint32_t inode;
	int64_t value;

	(void)state;
	assert_true(holder_inode("socket:[4026531]", 16, &inode));
	assert_int_equal(inode, 4026531);
	assert_false(holder_inode("socket:[]", 9, &inode));
	assert_false(holder_inode("socket:[12", 10, &inode));
	assert_false(holder_inode("socket:[4294967296]", 19, &inode));
	assert_false(holder_inode("socket:[1x]", 11, &inode));
	assert_false(holder_inode("pipe:[1]", 8, &inode));
	assert_true(holder_limit("Limit\nMax open files            1024      4096 files\n", &value));
	assert_int_equal(value, 1024);
	assert_true(holder_limit("Max open files   unlimited unlimited files\n", &value));
	assert_int_equal(value, -1);
	assert_false(holder_limit("Max open files\n", &value));
	assert_false(holder_limit("xMax open files 3\n", &value));
	assert_true(holder_is_bare("2 (kthreadd) S 0 0 0 0 -1 2129984 0"));
	assert_true(holder_is_bare("9 (x) S 1) Z 1 9 9 0 -1 4194316 0"));
	assert_false(holder_is_bare("9 (bash) S 1 9 9 0 -1 4194304 0"));
	assert_false(holder_is_bare("9 (bash"));
	assert_string_equal(cgroup_mount(mount), "/sys/fs/c g\\");
	assert_null(cgroup_mount(other));
}

static void test_counters(void **state)
{
	static const char pairs[] = "TcpExt: A B\nTcpExt: 1 2\nIpExt: A\nIpExt: 7\n";
	static const char lines[] = "TCP6: inuse 9\nTCP: inuse 3 orphan 0 tw 5 alloc\n";
	int64_t value;

	(void)state;
	assert_true(knob_pairs(pairs, "TcpExt:", "B", &value));
	assert_int_equal(value, 2);
	assert_false(knob_pairs(pairs, "TcpExt:", "C", &value));
	assert_false(knob_pairs("TcpExt: A B\nTcpExt: 1", "TcpExt:", "B", &value));
	assert_false(knob_pairs("TcpExt: A", "TcpExt:", "A", &value));
	assert_false(knob_pairs("", "TcpExt:", "A", &value));
	assert_true(knob_inline(lines, "TCP:", "tw", &value));
	assert_int_equal(value, 5);
	assert_false(knob_inline(lines, "TCP:", "alloc", &value));
	assert_false(knob_inline(lines, "UDP:", "inuse", &value));
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

/* ---- recordings ---- */

static void put_port(struct save *save, uint8_t family, uint8_t state, uint64_t cookie, bool info,
		     uint16_t port)
{
	struct nlmsghdr header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY };
	size_t place = offsetof(struct inet_diag_msg, id.idiag_sport);
	uint16_t told = htons(port);
	struct mail mail;
	uint8_t both[9000], bytes[280];

	fill_info(bytes, sizeof(bytes));
	mail_header(&mail, family, state, cookie);
	memcpy(mail.at + place, &told, sizeof(told));
	mail_attr(&mail, INET_DIAG_SHUTDOWN, "", 1);
	if (info)
		mail_attr(&mail, INET_DIAG_INFO, bytes, sizeof(bytes));
	header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + mail.size);
	memcpy(both, &header, sizeof(header));
	memcpy(both + NLMSG_HDRLEN, mail.at, mail.size);
	save_put(save, FRAME_SOCK, NULL, both, header.nlmsg_len);
}

static void put_sock(struct save *save, uint8_t family, uint8_t state, uint64_t cookie, bool info)
{
	put_port(save, family, state, cookie, info, 5000);
}

static void put_file(struct save *save, const char *name, int err, const char *content)
{
	struct frame_file file = { .err = err };
	struct text both = { 0 };

	text_add(&both, name, strlen(name) + 1);
	text_add(&both, content, strlen(content));
	save_put(save, FRAME_FILE, &file, both.at, both.count);
	text_fini(&both);
}

static void put_everything(struct save *save)
{
	struct frame_clock clock = { .time_ms = 1700000000123 };
	struct frame_netns netns = { .inode = 4026531840 };
	struct frame_flag yes = { .is = 1 };
	struct frame_link link = { .index = 3 };
	struct frame_local local = { .family = FAMILY_IPV6, .ifindex = 3 };
	struct frame_ask ask = { .states = STATE_ALL, .families = 3, .ext = 2 };
	struct frame_ask coarse = { .states = STATE_BIT(STATE_LISTEN), .families = 1 };
	struct frame_gap gap = { .kind = GAP_OWNERS, .count = 4 };
	struct frame_process process = { .pid = 42, .cgroup_id = 1 };
	struct frame_holder holder = { .fd = 3, .inode = 77 };
	struct frame_limit limit = { .descriptors = 5, .limit = 1024, .have = 3 };
	struct frame_cgroup cgroup = { .id = 1 };

	put_file(save, "/proc/sys/net/ipv4/tcp_mem", 0, "1\t2\t3\n");
	save_put(save, FRAME_BASICS, NULL, NULL, 0);
	save_put(save, FRAME_CLOCK, &clock, NULL, 0);
	save_put(save, FRAME_KERNEL, NULL, "6.18.0", 6);
	save_put(save, FRAME_NETNS, &netns, "blue", 4);
	save_put(save, FRAME_LINKS, &yes, NULL, 0);
	save_put(save, FRAME_LINK, &link, "eth0", 4);
	save_put(save, FRAME_LOCAL, &local, NULL, 0);
	put_file(save, "/proc/sys/net/ipv4/ip_local_port_range", 0, "32768\t60999\n");
	put_file(save, "/proc/sys/net/ipv4/tcp_tw_reuse_delay", ENOENT, "");
	save_put(save, FRAME_ASK, &coarse, NULL, 0);
	put_sock(save, AF_INET, STATE_LISTEN, 10, false);
	save_put(save, FRAME_ASK, &ask, NULL, 0);
	put_sock(save, AF_INET, STATE_LISTEN, 10, true);
	put_sock(save, AF_INET, STATE_CLOSE_WAIT, 11, true);
	put_sock(save, AF_INET, STATE_CLOSE_WAIT, 11, true);
	put_sock(save, AF_INET6, STATE_TIME_WAIT, 12, false);
	save_put(save, FRAME_HOLDERS, &yes, NULL, 0);
	save_put(save, FRAME_PROCESS, &process, "leaker", 6);
	save_put(save, FRAME_HOLDER, &holder, NULL, 0);
	save_put(save, FRAME_GAP, &gap, "four \33[31mprocesses", 19);
	save_put(save, FRAME_DESCRIPTORS, &yes, NULL, 0);
	save_put(save, FRAME_PROCESS, &process, "leaker", 6);
	save_put(save, FRAME_LIMIT, &limit, NULL, 0);
	save_put(save, FRAME_CGROUPS, &yes, NULL, 0);
	save_put(save, FRAME_CGROUP, &cgroup, "/a.service", 10);
}

/* One recording for all tests: its bytes, and a file to change them in. */
static struct { char folder[64], path[80]; uint8_t *bytes; size_t size; } tape;

static int make_recording(void **state)
{
	struct save *save;
	struct stat st;
	int fd;

	(void)state;
	strcpy(tape.folder, "/tmp/test_collect.XXXXXX");
	if (!mkdtemp(tape.folder))
		return -1;
	snprintf(tape.path, sizeof(tape.path), "%s/tape", tape.folder);
	if (save_open(&save, tape.path, NULL))
		return -1;
	put_everything(save);
	if (access(tape.path, F_OK) == 0 || save_close(save, true, NULL))
		return -1;
	fd = open(tape.path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0 || (st.st_mode & 07777) != 0600)
		return -1;
	tape.size = (size_t)st.st_size;
	tape.bytes = malloc(tape.size);
	if (!tape.bytes || read(fd, tape.bytes, tape.size) != (ssize_t)tape.size)
		return -1;
	return close(fd);
}

static int drop_recording(void **state)
{
	(void)state;
	free(tape.bytes);
	unlink(tape.path);
	return rmdir(tape.folder);
}

/* Everything that a command could ask of that recording. */
static int replay(const char *path, struct snapshot *seen, uint32_t states, unsigned need,
		  struct fault *fault)
{
	struct collect_source source = { .from = path };
	struct collect_ask ask = { .states = states, .need = need, .ipv4 = true, .ipv6 = true };
	struct collect *collect;
	int err = collect_open(&collect, &source, fault);

	if (err)
		return err;
	collect_basics(collect, seen, fault);
	err = collect_socks(collect, &ask, snapshot_sink(seen), seen, fault);
	collect_holders(collect, seen, NULL, fault);
	collect_descriptors(collect, seen, fault);
	collect_cgroups(collect, seen, NULL, fault);
	collect_close(collect, true, fault);
	return err;
}

static bool has_gap(const struct snapshot *seen, enum gap_kind kind, const char *part)
{
	for (size_t i = 0; i < seen->gaps.count; i++)
		if (seen->gaps.at[i].kind == kind && strstr(seen->gaps.at[i].text, part))
			return true;
	return false;
}

static void test_replay(void **state)
{
	struct snapshot seen;
	struct fault fault = { 0 };
	size_t count;

	(void)state;
	snapshot_init(&seen);
	assert_int_equal(replay(tape.path, &seen, STATE_ALL, NEED_FLOW, &fault), 0);
	assert_true(seen.time_ms == 1700000000123);
	assert_string_equal(seen.version, "6.18.0");
	assert_string_equal(seen.netns_name, "blue");
	assert_int_equal(seen.limits.limit[LIMIT_PORT_HIGH].value, 60999);
	assert_int_equal(seen.limits.limit[LIMIT_TCP_MEM_HIGH].value, 3);
	assert_false(seen.limits.limit[LIMIT_TW_REUSE_DELAY_MS].is);
	assert_true(has_gap(&seen, GAP_LIMITS, "limits"));
	assert_int_equal(seen.socks.count, 3);
	assert_true(seen.socks_complete);
	assert_true(seen.socks.at[1].have & HAVE_FLOW);
	assert_non_null(snapshot_holders(&seen, 77, &count));
	assert_int_equal(count, 1);
	assert_string_equal(seen.processes.at[0].comm, "leaker");
	assert_int_equal(seen.processes.at[0].descriptor_limit.value, 1024);
	assert_string_equal(snapshot_cgroup(&seen, 1)->path, "/a.service");
	assert_string_equal(snapshot_link(&seen, 3), "eth0");
	assert_true(seen.locals_known);
	assert_true(seen.holders_known);
	assert_false(seen.holders_complete);
	assert_true(has_gap(&seen, GAP_OWNERS, "four ?[31mprocesses"));
	assert_false(has_gap(&seen, GAP_RECORDING, ""));
	snapshot_fini(&seen);
}

/* Another question than the recorded ones is answered as far as it goes. */
static void test_replay_other_question(void **state)
{
	struct snapshot seen;
	struct fault fault = { 0 };

	(void)state;
	snapshot_init(&seen);
	assert_int_equal(replay(tape.path, &seen, STATE_BIT(STATE_CLOSE_WAIT), NEED_MEMORY, &fault), 0);
	assert_int_equal(seen.socks.count, 1);
	assert_false(seen.socks.at[0].have & HAVE_FLOW);
	assert_true(has_gap(&seen, GAP_RECORDING, "detail"));
	assert_true(seen.socks_complete);
	snapshot_fini(&seen);
}

static void write_tape(int fd, const uint8_t *bytes, size_t size)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, bytes, size, 0), (ssize_t)size);
}

static int replay_fd(int fd, struct fault *fault)
{
	struct snapshot seen;
	char path[40];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snapshot_init(&seen);
	err = replay(path, &seen, STATE_ALL, NEED_ALL, fault);
	snapshot_fini(&seen);
	return err;
}

static void test_cut_everywhere(void **state)
{
	int fd = memfd_create("tape", MFD_CLOEXEC);

	(void)state;
	for (size_t size = 0; size < tape.size; size++) {
		struct fault fault = { 0 };

		write_tape(fd, tape.bytes, size);
		assert_int_equal(replay_fd(fd, &fault), -EBADMSG);
		assert_non_null(strstr(fault.text, "byte"));
	}
	close(fd);
}

/* Makes the checksum fit again, so that what stands before it is looked at. */
static void reseal(uint8_t *bytes, size_t size)
{
	size_t end = size - sizeof(struct frame_header) - sizeof(struct frame_end);
	uint64_t sum = frame_sum(FRAME_SUM_START, bytes, end);

	memcpy(bytes + size - sizeof(sum), &sum, sizeof(sum));
}

static void test_mutated_everywhere(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	int fd = memfd_create("tape", MFD_CLOEXEC);
	uint8_t *bytes = malloc(tape.size);

	(void)state;
	assert_non_null(bytes);
	for (size_t at = 0; at < tape.size; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			struct fault fault = { 0 };

			memcpy(bytes, tape.bytes, tape.size);
			bytes[at] = values[i];
			reseal(bytes, tape.size);
			write_tape(fd, bytes, tape.size);
			if (replay_fd(fd, &fault) < 0)
				assert_true(fault.text[0]);
		}
	}
	free(bytes);
	close(fd);
}

/* A bit that turned over, wherever it stands, is never another verdict. */
static void test_flipped_bits(void **state)
{
	size_t end = tape.size - sizeof(struct frame_header) - sizeof(struct frame_end);
	uint8_t *bytes = malloc(tape.size);

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, tape.bytes, tape.size);
	for (size_t bit = 0; bit < tape.size * 8; bit++) {
		struct fault fault = { 0 };
		struct load *load;

		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(load_bytes(&load, bytes, tape.size, "x", &fault), -EBADMSG);
		if (bit / 8 >= sizeof(struct recording_header) && bit / 8 < end)
			assert_non_null(strstr(fault.text, "it was changed or damaged"));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(bytes);
}

/* The same recording as version 1 wrote it: shorter FRAME_ASKs, no checksum. */
static size_t write_first_version(uint8_t *to, const uint8_t *from, size_t size)
{
	size_t at = sizeof(struct recording_header), out = at;
	uint32_t version = 1;

	memcpy(to, from, at);
	memcpy(to + offsetof(struct recording_header, version), &version, sizeof(version));
	while (at < size) {
		struct frame_header header;
		size_t length;

		memcpy(&header, from + at, sizeof(header));
		length = header.length;
		if (header.type == FRAME_ASK || header.type == FRAME_END)
			header.length = frame_fixed_in(1, header.type);
		memcpy(to + out, &header, sizeof(header));
		memcpy(to + out + sizeof(header), from + at + sizeof(header), header.length);
		out += sizeof(header) + header.length;
		at += sizeof(header) + length;
	}
	return out;
}

static void test_first_version(void **state)
{
	uint8_t *bytes = malloc(tape.size);
	struct fault fault = { 0 };
	struct load *load;
	int fd = memfd_create("tape", MFD_CLOEXEC);
	size_t size;

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(frame_fixed_in(1, FRAME_ASK), 12);
	assert_int_equal(frame_fixed_in(1, FRAME_END), 8);
	assert_int_equal(frame_fixed_in(1, 12345), 0);
	size = write_first_version(bytes, tape.bytes, tape.size);
	assert_true(size < tape.size);
	write_tape(fd, bytes, size);
	assert_int_equal(replay_fd(fd, &fault), 0);
	/* one is not read as the other */
	bytes[offsetof(struct recording_header, version)] = 2;
	assert_int_equal(load_bytes(&load, bytes, size, "x", &fault), -EBADMSG);
	memcpy(bytes, tape.bytes, tape.size);
	bytes[offsetof(struct recording_header, version)] = 1;
	assert_int_equal(load_bytes(&load, bytes, tape.size, "x", &fault), -EBADMSG);
	free(bytes);
	close(fd);
}

static void expect_refusal(const uint8_t *bytes, size_t size, const char *part)
{
	struct fault fault = { 0 };
	struct load *load;

	assert_int_equal(load_bytes(&load, bytes, size, "x", &fault), -EBADMSG);
	assert_non_null(strstr(fault.text, part));
}

static void test_refused(void **state)
{
	uint8_t *bytes = malloc(tape.size + 1);
	uint32_t order = __builtin_bswap32(RECORDING_ORDER), version = RECORDING_VERSION + 1;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, tape.bytes, tape.size);
	bytes[tape.size] = 0;
	expect_refusal(bytes, tape.size + 1, "behind the end");
	expect_refusal(bytes, 0, "empty");
	expect_refusal(bytes, tape.size - 1, "cut short");
	memcpy(bytes + 8, &version, 4);
	expect_refusal(bytes, tape.size, "newer");
	memcpy(bytes + 12, &order, 4);
	expect_refusal(bytes, tape.size, "byte order");
	bytes[0] = 'S';
	expect_refusal(bytes, tape.size, "no known start");
	free(bytes);
}

/* ---- questions with a filter ---- */

static void put_question(struct save *save, enum protocol protocol, uint16_t low, uint16_t high,
			 enum ask_how how)
{
	struct frame_ask ask = {
		.states = STATE_ALL, .families = 3, .protocol = protocol,
		.port_low = low, .port_high = high, .how = how,
	};

	save_put(save, FRAME_ASK, &ask, NULL, 0);
}

static void put_questions(struct save *save)
{
	put_question(save, PROTOCOL_TCP, 80, 80, ASK_LISTING);
	put_port(save, AF_INET, STATE_LISTEN, 1, false, 80);
	put_question(save, PROTOCOL_TCP, 80, 80, ASK_EXPLICIT);
	put_port(save, AF_INET, STATE_LISTEN, 1, false, 80);
	put_question(save, PROTOCOL_UDP, 0, 0, ASK_CHAIN);
	put_port(save, AF_INET6, STATE_CLOSE, 7, false, 53);
	put_port(save, AF_INET, STATE_CLOSE, 8, false, 80);
	put_port(save, AF_INET, STATE_ESTABLISHED, 6, false, 53);
}

/* A listing without a window beside those. */
static void put_wide(struct save *save)
{
	put_question(save, PROTOCOL_TCP, 0, 0, ASK_LISTING);
	put_port(save, AF_INET, STATE_LISTEN, 1, false, 80);
	put_port(save, AF_INET, STATE_LISTEN, 2, false, 81);
	put_port(save, AF_INET6, STATE_BOUND, 3, false, 82);
	put_port(save, AF_INET, STATE_BOUND, UINT64_MAX, false, 83);
}

static struct collect *open_questions(bool wide)
{
	struct collect_source source = { .from = tape.path };
	struct fault fault = { 0 };
	struct collect *collect;
	struct save *save;

	unlink(tape.path);      /* what is no recording is not replaced */
	assert_int_equal(save_open(&save, tape.path, &fault), 0);
	if (wide)
		put_wide(save);
	put_questions(save);
	assert_int_equal(save_close(save, true, &fault), 0);
	assert_int_equal(collect_open(&collect, &source, &fault), 0);
	return collect;
}

static void ask_recording(struct collect *collect, const struct collect_ask *ask, struct snapshot *seen)
{
	struct fault fault = { 0 };

	snapshot_init(seen);
	assert_int_equal(collect_socks(collect, ask, snapshot_sink(seen), seen, &fault), 0);
}

/* Number of sockets, and whether that is all. */
static void expect_answer(struct collect *collect, struct collect_ask ask, size_t count, bool whole)
{
	struct snapshot seen;

	ask.states = STATE_ALL;
	ask.ipv4 = ask.ipv6 = true;
	ask_recording(collect, &ask, &seen);
	assert_int_equal(seen.socks.count, count);
	assert_int_equal(seen.socks_complete, whole);
	assert_int_equal(has_gap(&seen, GAP_RECORDING, "does not hold"), !whole);
	snapshot_fini(&seen);
}

static void test_sections_by_window(void **state)
{
	struct collect *collect = open_questions(false);

	(void)state;
	expect_answer(collect, (struct collect_ask){ .port_low = 80, .port_high = 80 }, 1, true);
	/* again, and then what it does not hold */
	expect_answer(collect, (struct collect_ask){ .port_low = 80, .port_high = 80 }, 1, true);
	expect_answer(collect, (struct collect_ask){ .port_low = 81, .port_high = 81 }, 0, false);
	expect_answer(collect, (struct collect_ask){ .port_low = 80, .port_high = 81 }, 1, false);
	expect_answer(collect, (struct collect_ask){ 0 }, 1, false);
	collect_close(collect, true, NULL);
	collect = open_questions(true);
	expect_answer(collect, (struct collect_ask){ .port_low = 81, .port_high = 82 }, 2, true);
	expect_answer(collect, (struct collect_ask){ .port_low = 5000, .port_high = 5001 }, 0, true);
	expect_answer(collect, (struct collect_ask){ 0 }, 4, true);
	collect_close(collect, true, NULL);
}

/* Protocols and ways of asking do not mix. */
static void test_sections_by_kind(void **state)
{
	struct collect *collect = open_questions(true);
	struct fault fault = { 0 };
	struct snapshot seen;

	(void)state;
	expect_answer(collect, (struct collect_ask){ .protocol = PROTOCOL_UDP }, 3, true);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true }, 1, false);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true, .port_low = 80,
						     .port_high = 80 }, 1, true);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true, .port_low = 81,
						     .port_high = 81 }, 0, false);
	snapshot_init(&seen);
	assert_int_equal(collect_chain(collect, 53, &seen, &fault), 0);
	assert_int_equal(seen.socks.count, 2);
	assert_int_equal(seen.socks.at[0].cookie, 7);
	assert_int_equal(seen.socks.at[0].state, STATE_CLOSE);
	assert_int_equal(seen.socks.at[1].cookie, 6);
	assert_int_equal(seen.socks.at[1].protocol, PROTOCOL_UDP);
	assert_true(seen.socks_complete);
	snapshot_fini(&seen);
	collect_close(collect, true, NULL);
}

static void test_origin_from_recording(void **state)
{
	struct collect_ask ask = { .states = STATE_ALL, .ipv4 = true, .ipv6 = true };
	struct collect *collect = open_questions(true);
	struct fault fault = { 0 };
	struct snapshot seen;

	(void)state;
	/* only port 80 was asked for: what is explicit there is, nothing else is known */
	ask_recording(collect, &ask, &seen);
	assert_int_equal(collect_explicit(collect, &ask, &seen, &fault), 0);
	assert_int_equal(seen.socks.count, 4);
	assert_true(seen.socks.at[0].have & HAVE_PORT_ORIGIN && seen.socks.at[0].port_explicit);
	for (size_t i = 1; i < 4; i++)
		assert_false(seen.socks.at[i].have & HAVE_PORT_ORIGIN);
	assert_int_equal(seen.gaps.count, 0);
	assert_true(seen.socks_complete);
	snapshot_fini(&seen);
	collect_close(collect, true, NULL);
}

/* ---- the live kernel ---- */

/* The emulator of another kind of machine hands these messages to nobody. */
static void need_kernel(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0 && (errno == EPFNOSUPPORT || errno == EPROTONOSUPPORT))
		skip();
	close(fd);
}

static int bound_socket(int family, int type, uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(family, type | SOCK_CLOEXEC, 0), one = 1;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, family == AF_INET ? (void *)&four : (void *)&six,
			      family == AF_INET ? sizeof(four) : sizeof(six)), 0);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, (void *)&address, &size), 0);
	return ntohs(address.sin6_port);
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
	return cookie;
}

static const struct sock *find_sock(const struct snapshot *seen, int fd)
{
	for (size_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].cookie == cookie_of(fd))
			return &seen->socks.at[i];
	return NULL;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (void *)&address, sizeof(address)), 0);
	return fd;
}

/* Explicit, chosen by the kernel, connected, accepted; all on this machine. */
struct origins { int given, chosen, client, child; };

static void make_origins(struct origins *origins)
{
	uint16_t port;

	origins->chosen = bound_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(listen(origins->chosen, 5), 0);
	/* a port that was free a moment ago */
	origins->given = bound_socket(AF_INET, SOCK_STREAM, 0);
	port = port_of(origins->given);
	close(origins->given);
	origins->given = bound_socket(AF_INET, SOCK_STREAM, port);
	origins->client = connect_to(port_of(origins->chosen));
	origins->child = accept4(origins->chosen, NULL, NULL, SOCK_CLOEXEC);
	assert_true(origins->child >= 0);
}

static void check_origins(const struct snapshot *seen, const struct origins *origins)
{
	const struct sock *given = find_sock(seen, origins->given);
	const struct sock *chosen = find_sock(seen, origins->chosen);
	const struct sock *client = find_sock(seen, origins->client);
	const struct sock *child = find_sock(seen, origins->child);

	assert_true(given && chosen && client && child);
	assert_true(given->have & HAVE_PORT_ORIGIN && given->port_explicit);
	assert_true(chosen->have & HAVE_PORT_ORIGIN && !chosen->port_explicit);
	assert_true(client->have & HAVE_PORT_ORIGIN && !client->port_explicit);
	assert_false(child->have & HAVE_PORT_ORIGIN);
}

static void see_origins(const struct collect_source *source, struct snapshot *seen)
{
	struct collect_ask ask = { .states = STATE_ALL, .need = NEED_FLOW, .ipv4 = true, .ipv6 = true };
	struct fault fault = { 0 };
	struct collect *collect;

	snapshot_init(seen);
	assert_int_equal(collect_open(&collect, source, &fault), 0);
	ask_recording(collect, &ask, seen);
	assert_int_equal(collect_explicit(collect, &ask, seen, &fault), 0);
	assert_int_equal(collect_close(collect, true, &fault), 0);
}

static void test_origin_live(void **state)
{
	struct collect_source record = { .record = tape.path }, from = { .from = tape.path };
	struct origins origins;
	struct snapshot seen;

	(void)state;
	need_kernel();
	make_origins(&origins);
	see_origins(&record, &seen);
	check_origins(&seen, &origins);
	snapshot_fini(&seen);
	see_origins(&from, &seen);
	check_origins(&seen, &origins);
	snapshot_fini(&seen);
	close(origins.given);
	close(origins.chosen);
	close(origins.client);
	close(origins.child);
}

/* Only the one port is looked at, bound and idle or not. */
static void test_window_live(void **state)
{
	int fds[] = { bound_socket(AF_INET, SOCK_STREAM, 0), bound_socket(AF_INET6, SOCK_STREAM, 0) };
	struct collect_ask ask = { .states = STATE_ALL, .ipv4 = true, .ipv6 = true };
	struct collect_source source = { 0 };
	struct fault fault = { 0 };
	struct collect *collect;
	struct snapshot seen;

	(void)state;
	need_kernel();
	assert_int_equal(collect_open(&collect, &source, &fault), 0);
	for (unsigned i = 0; i < 2; i++) {
		ask.port_low = ask.port_high = port_of(fds[i]);
		ask_recording(collect, &ask, &seen);
		assert_non_null(find_sock(&seen, fds[i]));
		for (size_t at = 0; at < seen.socks.count; at++)
			assert_int_equal(seen.socks.at[at].local_port, ask.port_low);
		snapshot_fini(&seen);
	}
	collect_close(collect, true, NULL);
	close(fds[0]);
	close(fds[1]);
}

static void see_chain(const struct collect_source *source, const int fds[3])
{
	struct fault fault = { 0 };
	struct collect *collect;
	struct snapshot seen;

	snapshot_init(&seen);
	assert_int_equal(collect_open(&collect, source, &fault), 0);
	assert_int_equal(collect_chain(collect, port_of(fds[0]), &seen, &fault), 0);
	assert_int_equal(collect_close(collect, true, &fault), 0);
	assert_int_equal(seen.socks.count, 3);
	/* what was bound last is met first */
	for (unsigned i = 0; i < 3; i++)
		assert_true(seen.socks.at[i].cookie == cookie_of(fds[2 - i]));
	assert_int_equal(seen.socks.at[1].family, FAMILY_IPV6);
	snapshot_fini(&seen);
}

static void test_chain_live(void **state)
{
	struct collect_source record = { .record = tape.path }, from = { .from = tape.path };
	int fds[3];

	(void)state;
	need_kernel();
	fds[0] = bound_socket(AF_INET, SOCK_DGRAM, 0);
	fds[1] = bound_socket(AF_INET6, SOCK_DGRAM, port_of(fds[0]));
	fds[2] = bound_socket(AF_INET, SOCK_DGRAM, port_of(fds[0]));
	see_chain(&record, fds);
	see_chain(&from, fds);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
}

/* It does not tell what was asked: no answer about UDP or about origins. */
static void expect_nothing_else(void)
{
	struct collect_source source = { .from = tape.path };
	struct collect *collect;

	assert_int_equal(collect_open(&collect, &source, NULL), 0);
	expect_answer(collect, (struct collect_ask){ .protocol = PROTOCOL_UDP }, 0, false);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true }, 0, false);
	collect_close(collect, true, NULL);
}

/* ss -D: messages back to back, then the end of the dump. */
static void test_foreign(void **state)
{
	struct nlmsghdr header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY };
	struct nlmsghdr done = { .nlmsg_type = NLMSG_DONE, .nlmsg_len = sizeof(done) };
	struct fault fault = { 0 };
	struct snapshot seen;
	struct mail mail;
	FILE *file;

	(void)state;
	mail_header(&mail, AF_INET, STATE_ESTABLISHED, 5);
	mail_attr(&mail, INET_DIAG_SHUTDOWN, "", 1);
	header.nlmsg_len = (uint32_t)(sizeof(header) + mail.size);
	file = fopen(tape.path, "we");
	assert_non_null(file);
	for (unsigned i = 0; i < 2; i++) {
		fwrite(&header, sizeof(header), 1, file);
		fwrite(mail.at, mail.size, 1, file);
	}
	fwrite(&done, sizeof(done), 1, file);
	assert_int_equal(fclose(file), 0);
	snapshot_init(&seen);
	assert_int_equal(replay(tape.path, &seen, STATE_ALL, NEED_FLOW, &fault), 0);
	assert_int_equal(seen.socks.count, 1);
	assert_false(seen.holders_known);
	assert_true(has_gap(&seen, GAP_RECORDING, "ss"));
	snapshot_fini(&seen);
	expect_nothing_else();
}

/* Nothing but a regular file is replaced, and a dropped one leaves no trace. */
static void test_save(void **state)
{
	char path[96];
	struct fault fault = { 0 };
	struct save *save;

	(void)state;
	snprintf(path, sizeof(path), "%s/link", tape.folder);
	assert_int_equal(symlink("tape", path), 0);
	assert_int_equal(save_open(&save, path, &fault), -EEXIST);
	unlink(path);
	assert_int_equal(save_open(&save, "/dev/null", &fault), -EEXIST);
	assert_int_equal(save_open(&save, tape.folder, &fault), -EEXIST);
	assert_int_equal(save_open(&save, "/nowhere/x", &fault), -ENOENT);
	assert_int_equal(save_open(&save, "", &fault), -EISDIR);
	assert_int_equal(save_open(&save, path, &fault), 0);
	assert_int_equal(save_close(save, false, &fault), 0);
	assert_int_equal(access(path, F_OK), -1);
}

/* A live run and its replay see the same. */
static int take_hash(void *ctx, const struct sock *sock)
{
	struct sock plain = *sock;
	uint64_t *hash = ctx;

	plain.detail = NULL;
	*hash = *hash * 31 + map_hash(&plain.cookie, sizeof(plain.cookie)) +
		map_hash(&plain.flow, sizeof(plain.flow));
	return 0;
}

static void look(const struct collect_source *source, struct snapshot *seen, uint64_t *hash)
{
	struct collect_ask ask = { .states = STATE_ALL, .need = NEED_ALL, .ipv4 = true, .ipv6 = true };
	struct sink sink = { take_hash, hash };
	struct fault fault = { 0 };
	struct collect *collect;

	if (source->record)
		unlink(source->record);
	snapshot_init(seen);
	assert_int_equal(collect_open(&collect, source, &fault), 0);
	assert_int_equal(collect_basics(collect, seen, &fault), 0);
	assert_int_equal(collect_socks(collect, &ask, sink, seen, &fault), 0);
	assert_int_equal(collect_holders(collect, seen, NULL, &fault), 0);
	assert_int_equal(collect_descriptors(collect, seen, &fault), 0);
	assert_int_equal(collect_cgroups(collect, seen, NULL, &fault), 0);
	assert_int_equal(collect_close(collect, true, &fault), 0);
}

static void test_live_and_replay(void **state)
{
	struct collect_source record = { .record = tape.path }, from = { .from = tape.path };
	struct snapshot live, again;
	uint64_t a = 0, b = 0;

	(void)state;
	look(&record, &live, &a);
	look(&from, &again, &b);
	assert_true(a == b);
	assert_true(live.time_ms == again.time_ms);
	assert_true(live.netns_inode == again.netns_inode);
	assert_memory_equal(&live.limits, &again.limits, sizeof(live.limits));
	assert_int_equal(live.holders.count, again.holders.count);
	assert_int_equal(live.processes.count, again.processes.count);
	assert_memory_equal(live.processes.at, again.processes.at,
			    live.processes.count * sizeof(*live.processes.at));
	assert_int_equal(live.cgroups.count, again.cgroups.count);
	assert_int_equal(live.links.count, again.links.count);
	assert_int_equal(live.locals.count, again.locals.count);
	assert_int_equal(live.gaps.count, again.gaps.count);
	for (size_t i = 0; i < live.gaps.count; i++)
		assert_string_equal(live.gaps.at[i].text, again.gaps.at[i].text);
	snapshot_fini(&live);
	snapshot_fini(&again);
}

static void test_sources(void **state)
{
	struct collect_source both = { .from = "x", .record = "y" }, inside = { .from = "x", .netns = "y" };
	struct collect_source nowhere = { .netns = "no\33such" };
	struct collect *collect;
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(collect_open(&collect, &both, &fault), -EINVAL);
	assert_int_equal(collect_open(&collect, &inside, &fault), -EINVAL);
	assert_int_equal(collect_open(&collect, &nowhere, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "no\\x1bsuch"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header), cmocka_unit_test(test_states),
		cmocka_unit_test(test_uid_and_timer), cmocka_unit_test(test_info_lengths),
		cmocka_unit_test(test_info_values), cmocka_unit_test(test_attr_lengths),
		cmocka_unit_test(test_memory_lengths), cmocka_unit_test(test_attr_values), cmocka_unit_test(test_broken_attrs),
		cmocka_unit_test(test_ext), cmocka_unit_test(test_nested_attrs),
		cmocka_unit_test(test_md5_keys), cmocka_unit_test(test_mptcp_info), cmocka_unit_test(test_proc_text),
		cmocka_unit_test(test_counters), cmocka_unit_test(test_release),
		cmocka_unit_test(test_replay), cmocka_unit_test(test_replay_other_question),
		cmocka_unit_test(test_cut_everywhere), cmocka_unit_test(test_mutated_everywhere),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_save),
		cmocka_unit_test(test_sources), cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_live_and_replay), cmocka_unit_test(test_bytecode),
		cmocka_unit_test(test_flipped_bits), cmocka_unit_test(test_first_version),
		cmocka_unit_test(test_sections_by_window), cmocka_unit_test(test_sections_by_kind),
		cmocka_unit_test(test_origin_from_recording), cmocka_unit_test(test_origin_live),
		cmocka_unit_test(test_window_live), cmocka_unit_test(test_chain_live),
	};

	return cmocka_run_group_tests(tests, make_recording, drop_recording);
}
