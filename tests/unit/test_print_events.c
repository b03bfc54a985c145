/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list -E: of a freed socket is said what was known of it, and of what was lost how much. */
#include "print/print.h"

#include "base/grow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "capture.h"

static struct snapshot seen;

static int begin(void **state)
{
	uint32_t index;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	snapshot_init(&seen);
	seen.holders_known = seen.socks_complete = true;
	index = snapshot_process(&seen, 812);
	snapshot_name_process(&seen, index, "w\x1b", 2);
	*grow_add(&seen.holders) = (struct holder){ 71, index, 4 };
	snapshot_sort_holders(&seen);
	snapshot_add_cgroup(&seen, 5, "/system.slice/web.service");
	*grow_add(&seen.links) = (struct link){ 2, "eth0" };
	return 0;
}

static int end(void **state)
{
	(void)state;
	snapshot_fini(&seen);
	return 0;
}

static struct sock make(void)
{
	struct sock sock = {
		.family = FAMILY_IPV4, .protocol = PROTOCOL_TCP, .state = STATE_CLOSE_WAIT,
		.local = addr_from_v4("\x7f\0\0\1"), .local_port = 8080, .inode = 71,
		.remote = addr_from_v4("\x0a\0\0\x09"), .remote_port = 443, .cookie = 9,
	};

	return sock;
}

static char *row(enum format format, const struct sock *sock, bool known, int64_t time_ms)
{
	struct style style = { .format = format };
	struct event_row event = { .time_ms = time_ms, .sock = sock, .owners = &seen,
	    .known = known };

	begin_capture();
	events_row(&out, &style, &event);
	return end_capture();
}

static void a_socket_without_a_file_has_an_unknown_owner(void **state)
{
	struct sock sock = make();

	(void)state;
	is(row(FORMAT_TEXT, &sock, true, 3723004), "01:02:03.004 tcp   CLOSE-WAIT  127.0.0.1:8080"
	   "           10.0.0.9:443             users:((\"w\\x1b\",pid=812,fd=4))\n");
	sock.inode = 0;
	is(row(FORMAT_TEXT, &sock, true, 0), "00:00:00.000 tcp   CLOSE-WAIT  127.0.0.1:8080"
	   "           10.0.0.9:443             nobody\n");
	has(row(FORMAT_JSON, &sock, true, 0), "\"inode\":null,");
	has(row(FORMAT_JSON, &sock, true, 0), "\"processes\":[]");
}

static void what_nobody_saw_before_has_an_owner(void **state)
{
	struct sock sock = make();

	(void)state;
	sock.protocol = PROTOCOL_UDP;
	sock.state = STATE_NONE;
	is(row(FORMAT_TEXT, &sock, false, 0), "00:00:00.000 udp   unknown     127.0.0.1:8080"
	   "           10.0.0.9:443             unknown\n");
	has(row(FORMAT_JSONL, &sock, false, 0), "\"protocol\":\"udp\",\"last_state\":null");
	has(row(FORMAT_JSONL, &sock, false, 0), "\"processes\":null");
	sock.inode = 72;
	has(row(FORMAT_TEXT, &sock, true, 0), " unknown\n");
}

static void ends_that_are_long_run_together(void **state)
{
	struct sock sock = make();

	(void)state;
	sock.family = FAMILY_IPV6;
	memset(sock.local.b, 0xfd, sizeof(sock.local.b));
	has(row(FORMAT_TEXT, &sock, false, 0), "[fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd]:8080 [");
	has(row(FORMAT_JSON, &sock, false, 0), "\"family\":\"ipv6\"");
}

static void a_clock_before_1970_is_printed(void **state)
{
	struct sock sock = make();

	(void)state;
	has(row(FORMAT_JSON, &sock, true, -1), "\"time\":");
	is(row(FORMAT_TEXT, &sock, true, -1), "tcp   CLOSE-WAIT  127.0.0.1:8080           "
	   "10.0.0.9:443             users:((\"w\\x1b\",pid=812,fd=4))\n");
}

static void what_the_kernel_told_is_left_out(void **state)
{
	struct sock sock = make();
	char *text;

	(void)state;
	sock.have = HAVE_UID | HAVE_CGROUP | HAVE_ACKED;
	sock.uid = 33;
	sock.cgroup_id = 5;
	sock.ifindex = 2;
	sock.flow.bytes_acked = 700;
	sock.flow.bytes_received = 40;
	text = row(FORMAT_JSONL, &sock, true, 0);
	assert_non_null(strstr(text, "\"interface\":\"eth0\""));
	assert_non_null(strstr(text, "\"uid\":33,\"inode\":71,\"cookie\":\"9\""));
	assert_non_null(strstr(text, "\"cgroup\":\"/system.slice/web.service\""));
	has(text, "\"sent_acked_bytes\":700,\"received_bytes\":40");
	sock.have = 0;
	sock.ifindex = 0;
	text = row(FORMAT_JSONL, &sock, true, 0);
	assert_non_null(strstr(text, "\"interface\":null"));
	assert_non_null(strstr(text, "\"uid\":null"));
	assert_non_null(strstr(text, "\"cgroup\":null"));
	has(text, "\"sent_acked_bytes\":null,\"received_bytes\":null");
}

static char *lost(enum format format, uint64_t count)
{
	struct style style = { .format = format };

	begin_capture();
	events_lost(&out, &style, 5, count);
	return end_capture();
}

static void lost_events_are_not_counted(void **state)
{
	(void)state;
	is(lost(FORMAT_TEXT, 1), "00:00:00.005 1 event may be missing\n");
	is(lost(FORMAT_TEXT, 7), "00:00:00.005 7 events may be missing\n");
	is(lost(FORMAT_JSON, 7),
	   "{\"type\":\"gap\",\"time\":\"1970-01-01T00:00:00.005Z\",\"lost\":7}\n");
}

static char *frame(enum format format, bool header, uint64_t count)
{
	struct style style = { .format = format, .header = header };

	begin_capture();
	events_begin(&out, &style, &seen);
	events_end(&out, &style, &seen, count);
	return end_capture();
}

static void a_stream_has_no_beginning_or_no_end(void **state)
{
	char *text = frame(FORMAT_JSON, true, 3);

	(void)state;
	assert_int_equal(strncmp(text, "{\"type\":\"header\"", 16), 0);
	has(text, "{\"type\":\"trailer\",\"end\":{\"complete\":true,\"sockets\":3");
	is(frame(FORMAT_TEXT, false, 3), "");
	has(frame(FORMAT_TEXT, true, 3), "Time         Netid Last State");
	snapshot_gap(&seen, GAP_DUMP, 2, "two are missing");
	has(frame(FORMAT_JSONL, true, 3), "{\"complete\":false,\"sockets\":3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_without_a_file_has_an_unknown_owner),
		TEST(what_nobody_saw_before_has_an_owner),
		TEST(ends_that_are_long_run_together),
		TEST(a_clock_before_1970_is_printed),
		TEST(what_the_kernel_told_is_left_out),
		TEST(lost_events_are_not_counted),
		TEST(a_stream_has_no_beginning_or_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
