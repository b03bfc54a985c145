/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages about freed sockets, whole and broken; what an answer to SOCK_DESTROY means. */
#include "collect/destroy.c"
#include "collect/events.c"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "test.h"

struct told {
	struct nlmsghdr      head;
	struct inet_diag_msg sock;
	struct nlattr        attr;
	uint8_t              protocol, pad[3];
};

static struct told freed(uint8_t protocol)
{
	struct told told = {
		.head = { .nlmsg_len = sizeof(told), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.sock = {
			.idiag_family = AF_INET, .idiag_state = STATE_CLOSE, .idiag_timer = 2,
			.idiag_rqueue = 7, .idiag_wqueue = UINT32_MAX,
			.id = { .idiag_sport = htons(7070), .idiag_dport = htons(80),
				.idiag_cookie = { 5, 1 } },
		},
		.attr = { .nla_len = NLA_HDRLEN + 1, .nla_type = INET_DIAG_PROTOCOL },
		.protocol = protocol,
	};

	return told;
}

static int parse(const struct told *told, size_t size, struct sock *sock)
{
	struct detail detail;
	/* On the heap and no longer than it is, so that a sanitizer sees a step beyond. */
	void *bytes = malloc(size ? size : 1);
	int err;

	memcpy(bytes, told, size);
	err = parse_event(bytes, size, 0, sock, &detail);
	free(bytes);
	return err;
}

static void test_whole(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct told told = freed(protocols[i]);
		struct sock sock;

		assert_int_equal(parse(&told, sizeof(told), &sock), 0);
		assert_int_equal(sock.protocol, protocols[i]);
		assert_int_equal(sock.state, STATE_NONE);
		assert_int_equal(sock.timer, TIMER_NONE);
		assert_int_equal(sock.recv_queue + sock.send_queue, 0);
		assert_false(sock.have & HAVE_UID);
		assert_int_equal(sock.local_port, 7070);
		assert_true(sock.cookie == (UINT64_C(1) << 32 | 5));
	}
}

static void test_cut_anywhere(void **state)
{
	struct told told = freed(IPPROTO_TCP);
	struct sock sock;

	(void)state;
	for (size_t size = 0; size < sizeof(told); size++)
		assert_int_equal(parse(&told, size, &sock), -EBADMSG);
	for (size_t size = 0; size < sizeof(told) - 3; size++) {
		told.head.nlmsg_len = (uint32_t)size;
		assert_int_equal(parse(&told, sizeof(told), &sock), -EBADMSG);
	}
}

static void test_other_messages(void **state)
{
	struct told told = freed(IPPROTO_SCTP);
	struct sock sock;

	(void)state;
	assert_int_equal(parse(&told, sizeof(told), &sock), -EBADMSG);
	told = freed(IPPROTO_TCP);
	told.head.nlmsg_type = NLMSG_ERROR;
	assert_int_equal(parse(&told, sizeof(told), &sock), -EBADMSG);
	told = freed(IPPROTO_TCP);
	told.sock.idiag_family = AF_UNIX;
	assert_int_equal(parse(&told, sizeof(told), &sock), -EBADMSG);
	told = freed(IPPROTO_TCP);
	told.attr.nla_len = 0;
	assert_int_equal(parse(&told, sizeof(told), &sock), -EBADMSG);
	told.attr.nla_len = UINT16_MAX;
	assert_int_equal(parse(&told, sizeof(told), &sock), -EBADMSG);
}

static void test_outcomes(void **state)
{
	static const struct { int err; enum outcome outcome; } rows[] = {
		{ 0, OUTCOME_DESTROYED }, { ENOENT, OUTCOME_GONE }, { ESTALE, OUTCOME_GONE },
		{ EPERM, OUTCOME_DENIED }, { EACCES, OUTCOME_DENIED },
		{ EOPNOTSUPP, OUTCOME_UNSUPPORTED }, { ENOMEM, OUTCOME_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(outcome_of(rows[i].err), rows[i].outcome);
}

/* All ones would mean "any socket there" to the kernel. */
static void test_without_cookie(void **state)
{
	struct sock sock = { .protocol = PROTOCOL_TCP, .family = FAMILY_IPV4,
			     .state = STATE_ESTABLISHED, .cookie = UINT64_MAX };
	struct destroy_ask ask = { .need = 0 };
	struct collect handle = { .source.deadline_ms = 1000 };
	struct fault fault = { 0 };
	struct kill_result result;

	(void)state;
	assert_int_equal(collect_destroy(&handle, &sock, &ask, &result, &fault), 0);
	assert_int_equal(result.outcome, OUTCOME_UNSUPPORTED);
	assert_int_equal(result.err, ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole), cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_other_messages), cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_without_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
