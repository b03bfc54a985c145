/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of list and of -K whose values are rare: in each form the same is known of them. */
#include "print/print.h"

#include "base/grow.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "seen.h"

static struct sock make(enum state state)
{
	struct sock sock = {
		.family = FAMILY_IPV4, .protocol = PROTOCOL_TCP, .state = state,
		.local = addr_from_v4("\x7f\0\0\1"), .local_port = 8080, .cookie = 9,
		.remote = addr_from_v4("\x0a\0\0\x09"), .remote_port = 443,
	};

	return sock;
}

static char *listed(const struct style style, const char *spec, const struct sock *sock)
{
	struct columns columns;
	struct listing *listing;

	assert_int_equal(columns_choose(&columns, spec, &style, STATE_ALL, NULL), 0);
	begin_capture();
	listing = listing_begin(&out, &style, &columns, &seen);
	assert_int_equal(listing_row(listing, sock), 0);
	assert_int_equal(listing_end(listing), 0);
	return end_capture();
}

#define TEXT ((struct style){ .oneline = true })
#define CSV  ((struct style){ .format = FORMAT_CSV })

static void a_queue_that_was_not_told_is_zero(void **state)
{
	struct sock sock = make(STATE_LISTEN);

	(void)state;
	sock.have = LACKS_BACKLOG;
	is(listed(TEXT, "RECVQ,SENDQ", &sock), "0 -\n");
	has(listed(TEXT, NULL, &sock), "LISTEN 0 - ");
	is(listed(CSV, "RECVQ,SENDQ", &sock), "0,\n");
	has(listed((struct style){ .format = FORMAT_JSONL }, NULL, &sock), "\"send_queue\":null");
}

static void ends_of_other_families_are_addresses(void **state)
{
	struct other other = {
		.local_size = 6, .local = "/run/x", .local_service_size = 2, .local_service = "71",
		.remote_size = 1, .remote = "*", .remote_service_size = 2, .remote_service = "72",
	};
	struct sock sock = make(STATE_ESTABLISHED), none = make(STATE_LISTEN);

	(void)state;
	sock.protocol = PROTOCOL_UNIX_STREAM;
	sock.other = &other;
	is(listed(CSV, "LADDR,LPORT,PADDR,PPORT", &sock), "/run/x,71,*,72\n");
	is(listed(TEXT, "LADDR,LPORT,PADDR,PPORT", &sock), "/run/x 71 \\x2a 72\n");
	memset(&none.remote, 0, sizeof(none.remote));
	none.remote_port = none.local_port = 0;
	is(listed(CSV, "LADDR,LPORT,PADDR,PPORT", &none), "127.0.0.1,,,\n");
}

static void a_netlink_port_is_that_of_a_signed_number(void **state)
{
	struct other other = { .local_size = 4, .local = "rtnl", .number = 0,
	    .port_id = 0xfffffff0 };
	struct sock sock = make(STATE_CLOSE);
	struct style style = TEXT;

	(void)state;
	style.numeric = true;
	sock.protocol = PROTOCOL_NETLINK;
	sock.other = &other;
	is(listed(style, "LADDR,LPORT", &sock), "0 -16\n");
	sock.protocol = PROTOCOL_PACKET_RAW;
	other.number = 3;
	is(listed(style, "LADDR", &sock), "[3]\n");
	sock = make(STATE_CLOSE);
	sock.protocol = PROTOCOL_RAW;
	sock.local_port = 254;
	is(listed(style, "LPORT", &sock), "254\n");
	style.numeric = false;
	is(listed(style, "LPORT", &sock), "ipproto-254\n");
}

static void socket_options_are_those_of_another(void **state)
{
	struct style style = TEXT;
	struct sock sock = make(STATE_ESTABLISHED);

	(void)state;
	style.with_sockopt = true;
	is(listed(style, "STATE", &sock), "ESTAB\n");
	sock.have = HAVE_SOCKOPT;
	has(listed(style, "STATE", &sock), " inet-sockopt: ()");
	sock.sockopt = SOCKOPT_IS_ICSK | SOCKOPT_DEFER_CONNECT;
	has(listed(style, "STATE", &sock), " inet-sockopt: ( is_icsk defer_connect)");
	style.oneline = false;
	has(listed(style, "STATE", &sock), "\n\tinet-sockopt: (");
}

static void what_is_extended_is_left_out(void **state)
{
	struct style style = TEXT;
	struct sock sock = make(STATE_ESTABLISHED);

	(void)state;
	style.with_extended = true;
	sock.have = HAVE_UID | HAVE_MARK | HAVE_CGROUP | HAVE_V6ONLY;
	sock.family = FAMILY_IPV6;
	sock.uid = 33;
	sock.mark = 0x2a;
	sock.cgroup_id = 5;
	sock.inode = 71;
	has(listed(style, NULL, &sock),
	    " uid:33 ino:71 sk:9 fwmark:0x2a cgroup:unreachable:5 v6only:0");
	snapshot_add_cgroup(&seen, 5, "/system.slice/web.service");
	has(listed(style, NULL, &sock), " cgroup:/system.slice/web.service ");
	sock.cookie = UINT64_MAX;
	sock.have = 0;
	has(listed(style, NULL, &sock), " ino:71");
}

static void a_pod_is_left_out(void **state)
{
	struct style style = { .format = FORMAT_JSONL };
	struct sock sock = make(STATE_ESTABLISHED);

	(void)state;
	sock.have = HAVE_CGROUP;
	sock.cgroup_id = 6;
	snapshot_add_cgroup(&seen, 6,
	    "/kubepods.slice/kubepods-pod01234567_89ab_cdef_0123_456789abcdef.slice/"
			    "cri-containerd-0123456789abcdef0123456789abcdef"
			    "0123456789abcdef0123456789abcdef.scope");
	has(listed(style, NULL, &sock), "\"pod\":\"01234567-89ab-cdef-0123-456789abcdef\"");
}

static void the_namespace_of_a_row_is_not_told(void **state)
{
	struct netns netns = { .inode = 9, .name = (char *)"blue sky",
			       .visited = true };
	struct sock sock = make(STATE_ESTABLISHED);

	(void)state;
	is(listed(TEXT, "NETNS", &sock), "-\n");
	snapshot_set_netns(&seen, 7, "", 0);
	is(listed(TEXT, "NETNS", &sock), "7\n");
	snapshot_set_netns(&seen, 7, "red", 3);
	is(listed(CSV, "NETNS", &sock), "red\n");
	seen.netns = &netns;
	is(listed(CSV, "NETNS", &sock), "blue sky\n");
	is(listed(TEXT, "NETNS", &sock), "blue\\x20sky\n");
}

/* One value as a person and as a machine sees it. */
static void both(const char *column, const struct sock *sock, const char *text, const char *csv)
{
	char wanted[80];

	snprintf(wanted, sizeof(wanted), "%s\n", text);
	is(listed(TEXT, column, sock), wanted);
	snprintf(wanted, sizeof(wanted), "%s\n", csv);
	is(listed(CSV, column, sock), wanted);
}

static void a_figure_has_the_unit_of_the_other_form(void **state)
{
	struct sock sock = make(STATE_ESTABLISHED);
	struct detail detail = { .have_memory = false };

	(void)state;
	both("MARK", &sock, "-", "");
	both("RTT", &sock, "-", "");
	both("CWND", &sock, "-", "");
	both("IDLE", &sock, "-", "");
	both("SENT", &sock, "-", "");
	sock.have = HAVE_MARK | HAVE_FLOW | HAVE_SENT | HAVE_ACKED;
	sock.mark = 255;
	sock.flow.last_data_sent_ms = 1500;
	sock.flow.last_data_recv_ms = 2500;
	sock.flow.bytes_sent = 10;
	metric_set(&detail.metrics, METRIC_RTT, 1500);
	metric_set(&detail.metrics, METRIC_SND_CWND, 10);
	sock.detail = &detail;
	both("MARK", &sock, "0xff", "255");
	both("RTT", &sock, "1.5", "1500");
	both("CWND", &sock, "10", "10");
	both("IDLE", &sock, "1.5s", "1500");
	both("SENT", &sock, "10", "10");
	/* sent again 500 ms ago, and unacknowledged for 400 + 800 - 300 ms */
	sock.timer = TIMER_RETRANSMIT;
	sock.retransmits = 1;
	sock.timer_ms = 300;
	sock.flow.last_data_sent_ms = 500;
	sock.flow.rto_us = 800000;
	sock.flow.backoff = 1;
	both("IDLE", &sock, "900ms", "900");
	sock.state = STATE_SYN_SENT;
	both("IDLE", &sock, "-", "");
	sock.state = STATE_LISTEN;
	both("IDLE", &sock, "-", "");
}

static void a_terminal_breaks_a_word(void **state)
{
	struct style style = { .with_info = true, .with_memory = true, .width = 50 };
	struct detail detail = { .have_memory = true };
	struct sock sock = make(STATE_ESTABLISHED);
	char *text;

	(void)state;
	metric_set(&detail.metrics, METRIC_RTT, 1500);
	metric_set(&detail.metrics, METRIC_SND_CWND, 10);
	metric_set(&detail.metrics, METRIC_SND_MSS, 1448);
	sock.detail = &detail;
	text = listed(style, NULL, &sock);
	assert_non_null(strstr(text, "skmem:(r0,rb0,t0,tb0,f0,w0,o0,bl0,d0)"));
	has(text, "cwnd:10");
	style.oneline = true;
	has(listed(style, "STATE", &sock), "ESTAB skmem:(r0");
}

/* -- what -K did ----------------------------------------------------------- */

static char *told(const struct kill_results *results, const struct style style)
{
	begin_capture();
	assert_int_equal(print_kill_results(&out, &style, &seen, results), 0);
	return end_capture();
}

static void what_became_of_a_socket_is_told_of_another(void **state)
{
	struct kill_results results = { .confirmed = true };
	struct kill_target *target = grow_add(&results.list);

	(void)state;
	*target = (struct kill_target){ make(STATE_CLOSE_WAIT), { OUTCOME_DESTROYED, STATE_NONE, 0 } };
	target = grow_add(&results.list);
	*target = (struct kill_target){ make(STATE_CLOSE), { OUTCOME_DENIED, STATE_NONE, EPERM } };
	target->sock.protocol = PROTOCOL_UDP;
	has(told(&results, TEXT), "destroyed   tcp CLOSE-WAIT 127.0.0.1:8080 10.0.0.9:443");
	has(told(&results, TEXT), "denied      udp UNCONN 127.0.0.1:8080 10.0.0.9:443: ");
	has(told(&results, TEXT), "2 sockets matched: 1 destroyed, 1 denied\n");
	has(told(&results, (struct style){ .with_process = true }), "10.0.0.9:443\n");
	has(told(&results, (struct style){ .format = FORMAT_JSON }), "\"denied\": 1");
	has(told(&results, (struct style){ .format = FORMAT_JSONL }),
	    "{\"type\":\"socket\",\"outcome\":\"denied\",");
	has(told(&results, (struct style){ .format = FORMAT_JSONL }), "\"kill\":{\"confirmed\":true,"
	    "\"matched\":2,\"destroyed\":1,");
	is(told(&results, CSV), "");
	kill_results_fini(&results);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_queue_that_was_not_told_is_zero),
		TEST(ends_of_other_families_are_addresses),
		TEST(a_netlink_port_is_that_of_a_signed_number),
		TEST(socket_options_are_those_of_another),
		TEST(what_is_extended_is_left_out),
		TEST(a_pod_is_left_out),
		TEST(the_namespace_of_a_row_is_not_told),
		TEST(a_figure_has_the_unit_of_the_other_form),
		TEST(a_terminal_breaks_a_word),
		TEST(what_became_of_a_socket_is_told_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
