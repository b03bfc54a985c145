/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list --by in all its forms: what is known is there, what is not is not made up. */
#include "print/print.h"

#include "base/grow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"

#define NAMED_PID 812

static struct snapshot seen;

static void hold(uint32_t inode, int32_t pid, const char *comm)
{
	uint32_t index = snapshot_process(&seen, pid);

	snapshot_name_process(&seen, index, comm, strlen(comm));
	*grow_add(&seen.holders) = (struct holder){ inode, index, 4 };
	snapshot_sort_holders(&seen);
}

static int begin(void **state)
{
	(void)state;
	snapshot_init(&seen);
	seen.holders_known = seen.socks_complete = true;
	hold(71, NAMED_PID, "web \x1b[2J");
	snapshot_add_cgroup(&seen, 5, "/system.slice/web.service");
	return 0;
}

static int end(void **state)
{
	(void)state;
	snapshot_fini(&seen);
	return 0;
}

static struct sock make(enum state state, uint32_t inode, uint16_t port)
{
	struct sock sock = {
		.family = FAMILY_IPV4, .protocol = PROTOCOL_TCP, .state = state, .inode = inode,
		.local = addr_from_v4("\x7f\0\0\1"), .local_port = 8080,
		.remote = addr_from_v4("\x0a\0\0\x09"), .remote_port = port,
		.recv_queue = 1000, .send_queue = 5, .have = HAVE_UID, .uid = 33,
	};

	return sock;
}

static char *counted(enum format format, bool header, const char *keys, const struct sock *socks,
		     size_t count)
{
	struct style style = { .format = format, .header = header, .ascii = true };
	struct groups groups = { .keys_count = 0 };

	assert_int_equal(groups_choose(&groups, keys, NULL), 0);
	for (size_t i = 0; i < count; i++)
		groups_add(&groups, &seen, &socks[i]);
	groups_sort(&groups);
	begin_capture();
	assert_int_equal(print_groups(&out, &style, &seen, &groups, SIZE_MAX), 0);
	groups_fini(&groups);
	return end_capture();
}

static void tells(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
}

static void states_beyond_three_are_lost(void **state)
{
	struct sock socks[] = {
		make(STATE_ESTABLISHED, 71, 1), make(STATE_ESTABLISHED, 71, 1),
		make(STATE_CLOSE_WAIT, 71, 1), make(STATE_FIN_WAIT_1, 71, 1),
		make(STATE_LAST_ACK, 71, 1), make(STATE_CLOSING, 71, 1),
	};

	(void)state;
	is(counted(FORMAT_TEXT, false, "uid", socks, 6),
	   "  33  6  100%  ########################  6,000  30  "
	   "2 ESTAB, 1 FIN-WAIT-1, 1 CLOSE-WAIT, 2 others\n");
}

static void a_small_share_reads_as_none(void **state)
{
	struct sock socks[201];
	char *text;

	(void)state;
	for (size_t i = 0; i < 201; i++)
		socks[i] = make(STATE_ESTABLISHED, 71, i ? 1 : 2);
	text = counted(FORMAT_TEXT, false, "dport", socks, 201);
	tells(text, "<1%");
	tells(text, "100%");
	free(text);
}

static void an_owner_that_is_hidden_reads_as_none(void **state)
{
	struct sock socks[] = {
		make(STATE_ESTABLISHED, 71, 1), make(STATE_ESTABLISHED, 72, 1),
		make(STATE_TIME_WAIT, 0, 1), make(STATE_TIME_WAIT, 0, 1),
	};
	char *text;

	(void)state;
	text = counted(FORMAT_TEXT, false, "process", socks, 4);
	tells(text, "web\\x20\\x1b\\x5b2J[812]");
	tells(text, "not seen                1  25%");
	tells(text, "no process              2  50%");
	free(text);
	text = counted(FORMAT_JSONL, false, "comm", socks, 4);
	tells(text,
	    "{\"type\":\"group\",\"comm\":null,\"owner\":\"none\",\"count\":2,");
	tells(text,
	    "{\"type\":\"group\",\"comm\":null,"
	    "\"owner\":\"hidden\",\"count\":1,");
	tells(text, "\"comm\":\"web \\u001b[2J\",\"owner\":\"seen\"");
	free(text);
}

static void a_process_is_not_two_values_in_a_table(void **state)
{
	struct sock socks[] = { make(STATE_ESTABLISHED, 71, 1), make(STATE_TIME_WAIT, 0, 1),
				make(STATE_TIME_WAIT, 0, 1) };

	(void)state;
	is(counted(FORMAT_CSV, true, "process,state", socks, 3),
	   "pid,comm,state,count,recv_queue_bytes,send_queue_bytes\n"
	   ",,TIME_WAIT,2,2000,10\n"
	   "812,web \\x1b[2J,ESTABLISHED,1,1000,5\n");
	is(counted(FORMAT_TSV, false, "process,uid", socks, 1),
	   "812\tweb \\\\x1b[2J\t33\t1\t1000\t5\n");
}

static void what_the_kernel_did_not_tell_is_a_number(void **state)
{
	struct sock known = make(STATE_ESTABLISHED, 71, 1), not = make(STATE_TIME_WAIT, 0, 1);

	(void)state;
	known.have |= HAVE_CGROUP;
	known.cgroup_id = 5;
	not.have = 0;
	is(counted(FORMAT_CSV, false, "uid,unit,cgroup", &not, 1), ",,,1,1000,5\n");
	is(counted(FORMAT_CSV, false, "uid,unit,cgroup", &known, 1),
	   "33,web.service,/system.slice/web.service,1,1000,5\n");
	is(counted(FORMAT_TEXT, false, "uid,unit", &not, 1),
	   "  -  -  1  100%  ########################  1,000  5  1 TIME-WAIT\n");
	has(counted(FORMAT_JSONL, false, "uid,unit,cgroup", &not, 1), "\"uid\":null,\"unit\":null,\"cgroup\":null");
	has(counted(FORMAT_JSONL, false, "uid,unit,cgroup", &known, 1), "\"uid\":33,\"unit\":\"web.service\"");
}

static void an_end_that_is_not_there_has_an_address(void **state)
{
	struct sock listener = make(STATE_LISTEN, 71, 0);
	char *text;

	(void)state;
	memset(&listener.remote, 0, sizeof(listener.remote));
	is(counted(FORMAT_CSV, false,
	    "local:port,remote:port,local,remote,sport,dport", &listener, 1),
	    "127.0.0.1:8080,,127.0.0.1,,8080,,1,0,0\n");
	listener.local_port = 0;
	is(counted(FORMAT_CSV, false, "local:port", &listener, 1), "127.0.0.1:*,1,0,0\n");
	text = counted(FORMAT_JSONL, false, "local:port,remote:port", &listener, 1);
	tells(text, "\"local\":{\"address\":\"127.0.0.1\",\"port\":null}");
	tells(text, "\"remote\":{\"address\":null,\"port\":null}");
	free(text);
	has(counted(FORMAT_JSONL, false, "sport,dport,remote", &listener, 1), "\"local_port\":null,\"remote_port\":null");
}

static void ipv4_over_ipv6_is_another_address(void **state)
{
	struct sock socks[2] = { make(STATE_ESTABLISHED, 71, 1), make(STATE_ESTABLISHED, 71, 1) };

	(void)state;
	socks[1].family = FAMILY_IPV6;
	is(counted(FORMAT_CSV, false, "remote:port", socks, 2), "10.0.0.9:1,2,2000,10\n");
	memcpy(socks[0].remote.b, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	socks[0].family = FAMILY_IPV6;
	is(counted(FORMAT_CSV, false, "remote:port", socks, 1), "[2001:db8::1]:1,1,1000,5\n");
	is(counted(FORMAT_CSV, false, "remote", socks, 1), "2001:db8::1,1,1000,5\n");
}

static void names_of_other_families_are_addresses(void **state)
{
	struct other other = { .local_size = 5, .local = "/a,\x1b" "b" };
	struct sock sock = make(STATE_ESTABLISHED, 71, 0);
	char *text;

	(void)state;
	sock.protocol = PROTOCOL_UNIX_STREAM;
	sock.other = &other;
	memset(&sock.local, 0, sizeof(sock.local));
	memset(&sock.remote, 0, sizeof(sock.remote));
	sock.local_port = sock.remote_port = 0;
	has(counted(FORMAT_CSV, false, "local", &sock, 1), "\"/a,\\x1bb\"");
	text = counted(FORMAT_JSON, false, "local:port,remote:port", &sock, 1);
	tells(text, "\\u001b");
	tells(text, "\"port\": null");
	free(text);
}

static void an_end_without_a_name_has_one(void **state)
{
	struct other any = { .local_size = 1, .local = "*", .local_service_size = 4,
			     .local_service = "eth0" };
	struct other unnamed = { .local_service_size = 3, .local_service = "139" };
	struct sock sock = make(STATE_CLOSE, 71, 0);
	char *text;

	(void)state;
	sock.protocol = PROTOCOL_PACKET_RAW;
	sock.other = &any;
	is(counted(FORMAT_CSV, false, "local,local:port", &sock, 1), "*,*:eth0,1,1000,5\n");
	has(counted(FORMAT_JSONL, false, "local", &sock, 1), "\"local_address\":\"*\"");
	has(counted(FORMAT_TEXT, false, "local", &sock, 1), "  *  1");
	sock.protocol = PROTOCOL_UNIX_STREAM;
	sock.other = &unnamed;
	is(counted(FORMAT_CSV, false, "local,sport,local:port", &sock, 1), ",139,:139,1,1000,5\n");
	text = counted(FORMAT_JSONL, false, "local,local:port", &sock, 1);
	tells(text, "\"local_address\":null");
	tells(text, "\"local\":{\"address\":\":139\"");
	free(text);
	has(counted(FORMAT_TEXT, false, "local", &sock, 1), "  -  1");
}

static void which_namespace_is_not_told(void **state)
{
	struct netns netns = { .inode = 4026531840, .name = (char *)"blue sky",
			       .visited = true };
	struct sock sock = make(STATE_ESTABLISHED, 71, 1);

	(void)state;
	is(counted(FORMAT_CSV, false, "netns", &sock, 1), ",1,1000,5\n");
	snapshot_set_netns(&seen, 4026532000, "", 0);
	is(counted(FORMAT_CSV, false, "netns", &sock, 1), "net:[4026532000],1,1000,5\n");
	snapshot_set_netns(&seen, 4026532000, "red", 3);
	is(counted(FORMAT_CSV, false, "netns", &sock, 1), "red,1,1000,5\n");
	has(counted(FORMAT_JSONL, false, "netns", &sock, 1), "\"netns\":{\"name\":\"red\",\"inode\":4026532000}");
	seen.netns = &netns;
	is(counted(FORMAT_CSV, false, "netns", &sock, 1), "blue sky,1,1000,5\n");
	is(counted(FORMAT_TEXT, false, "netns", &sock, 1),
	   "  blue\\x20sky  1  100%  ########################  1,000  5  1 ESTAB\n");
	has(counted(FORMAT_JSON, false, "netns", &sock, 1), "\"name\": \"blue sky\"");
}

static void only_the_shown_groups_are_counted_as_found(void **state)
{
	struct sock socks[] = { make(STATE_ESTABLISHED, 71, 1), make(STATE_ESTABLISHED, 71, 2),
				make(STATE_ESTABLISHED, 71, 2) };
	struct style style = { .format = FORMAT_JSONL };
	struct groups groups = { .keys_count = 0 };
	char *text;

	(void)state;
	assert_int_equal(groups_choose(&groups, "dport", NULL), 0);
	for (size_t i = 0; i < 3; i++)
		groups_add(&groups, &seen, &socks[i]);
	groups_sort(&groups);
	begin_capture();
	assert_int_equal(print_groups(&out, &style, &seen, &groups, 1), 0);
	text = end_capture();
	tells(text, "\"groups_found\":2");
	tells(text, "\"remote_port\":2,\"count\":2");
	assert_null(strstr(text, "\"remote_port\":1,"));
	tells(text, "\"sockets\":3");
	free(text);
	groups_fini(&groups);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(states_beyond_three_are_lost),
		TEST(a_small_share_reads_as_none),
		TEST(an_owner_that_is_hidden_reads_as_none),
		TEST(a_process_is_not_two_values_in_a_table),
		TEST(what_the_kernel_did_not_tell_is_a_number),
		TEST(an_end_that_is_not_there_has_an_address),
		TEST(ipv4_over_ipv6_is_another_address),
		TEST(names_of_other_families_are_addresses),
		TEST(an_end_without_a_name_has_one),
		TEST(which_namespace_is_not_told),
		TEST(only_the_shown_groups_are_counted_as_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
