/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* Where a verdict turns: at the value, one below it and one above it. */

static void a_queue_is_judged_by_its_number(void **state)
{
	static const struct told_row cases[] = {
		{ "a connection that has not waited yet",
		  "warn accept-stalled=0\nsock listen 10.0.0.1:80 0.0.0.0:0 rq=1 sq=16\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 peer\ncheck",
		  { "accept-stalled, 1\n", "!oldest_waiting_ms 1 " } },
		{ "of which nobody told how long",
		  "warn accept-stalled=1ms\nsock listen 10.0.0.1:80 0.0.0.0:0 rq=1 sq=16\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0\ncheck", { "nothing" } },
		{ "data moved in one direction, the wait is the older",
		  "sock listen 10.0.0.1:80 0.0.0.0:0 rq=2 sq=16\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 peer sent=11000 recv=12000\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5001 inode=0 peer sent=13000 recv=12000\n"
		  "check",
		  { "oldest_waiting_ms 13000 ms" } },
		{ "one that is too young is not counted with the others",
		  "sock listen 10.0.0.1:80 0.0.0.0:0 rq=2 sq=16\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 peer ms=9999\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5001 inode=0 peer ms=10000\ncheck",
		  { "accept-stalled, 1\n" } },
		{ "the first socket has waited",
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 peer ms=1000\n"
		  "sock listen 10.0.0.1:80 0.0.0.0:0 rq=1 sq=0\ncheck",
		  { "critical accept-queue-full, 1\n" } },
		{ "it has not, for a ms",
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 peer ms=999\n"
		  "sock listen 10.0.0.1:80 0.0.0.0:0 rq=1 sq=0\ncheck", { "nothing" } },
		{ "a queue for none is empty, though another one of the port is not",
		  "warn accept-queue-full=1,count=0\nsock listen 10.0.0.1:80 0.0.0.0:0 rq=0 sq=0\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 peer ms=1000\ncheck",
		  { "nothing" } },
		{ "the fullest of a group stands for it, the first of equal ones",
		  "sock listen 0.0.0.0:80 0.0.0.0:0 rq=5 sq=16\n"
		  "sock listen 0.0.0.0:80 0.0.0.0:0 rq=3 sq=17\n"
		  "sock listen 0.0.0.0:80 0.0.0.0:0 rq=0 sq=18\n"
		  "sock listen 0.0.0.0:80 0.0.0.0:0 rq=5 sq=19\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 peer ms=20000\ncheck",
		  { "queue 5, limit 16" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

#define ORPHANS(share, of) "counter machine_orphans " share "\nlimit max_orphans " of "\n"
#define MEMORY(share) "counter machine_tcp_memory_pages " share "\nlimit tcp_mem_high_pages 100\n"

static void pressure_is_felt_at_its_share(void **state)
{
	static const struct told_row cases[] = {
		{ "fewer orphans than asked for", "warn orphan-pressure=1,count=101\n"
		  ORPHANS("100", "100") "check", { "nothing" } },
		{ "as many", "warn orphan-pressure=1,count=100\n" ORPHANS("100", "100") "check",
		  { "critical orphan-pressure, 100\n" } },
		{ "the number of orphans says nothing of memory", "warn orphan-pressure=80,count=101\n"
		  ORPHANS("100", "100") MEMORY("80") "check", { "warning orphan-pressure, 100\n" } },
		{ "the worse of the two, orphans", ORPHANS("95", "100") MEMORY("80") "check",
		  { "critical orphan-pressure, 95\n" } },
		{ "the worse of the two, memory", ORPHANS("80", "100") MEMORY("95") "check",
		  { "critical orphan-pressure, 80\n" } },
		{ "nearly", ORPHANS("79", "100") MEMORY("79") "check", { "nothing" } },
		{ "a limit of one", ORPHANS("1", "1") "check", { "critical orphan-pressure, 1\n" } },
		{ "no limit", ORPHANS("1", "0") "check", { "nothing" } },
		{ "an unknown limit", ORPHANS("100", "?") "check", { "nothing" } },
		{ "orphans unknown", ORPHANS("?", "100") "warn orphan-pressure=1,count=0\ncheck",
		  { "nothing" } },
		{ "orphans unknown, memory not", ORPHANS("?", "100") MEMORY("80") "check",
		  { "warning orphan-pressure, ?\n", "!orphans 0" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

#define HELD "sock established 10.0.0.1:40000 10.0.0.9:443 ms=1 here\nhold 77\n"

static void descriptors_are_counted_as_documented(void **state)
{
	static const struct told_row cases[] = {
		{ "two descriptors of one socket are two sockets",
		  "process 77 x fds=99 limit=100\n" HELD "hold 77\ncheck", { "sockets 1\n" } },
		{ "one descriptor each", "process 77 x fds=99 limit=100\n" HELD HELD "check",
		  { "sockets 2\n" } },
		{ "of two processes at their limits each holds its own",
		  "process 77 x fds=99 limit=100\nprocess 78 y fds=98 limit=100\n" HELD
		  "sock established 10.0.0.1:41000 10.0.0.9:443 x=3 ms=1 here\nhold 78\ncheck",
		  { "descriptors 98, limit 100, dead ?, sockets 3\n" } },
		{ "no holder was looked for", "process 77 x fds=99 limit=100\ncheck",
		  { "sockets ?\n" } },
		{ "its control group", "process 77 x fds=99 limit=100 cgroup=7\ncheck",
		  { "about a process pid 77 cgroup 7\n" } },
		{ "nothing of something, asked for", "warn fd-exhaustion=0,count=0\n"
		  "process 77 x fds=0 limit=100\ncheck", { "warning fd-exhaustion, 0\n" } },
		{ "a limit for few", "process 77 x fds=65 limit=20\ncheck",
		  { "critical fd-exhaustion, 65\n" } },
		{ "a limit of a sandbox", "process 77 x fds=65 limit=19\ncheck", { "nothing" } },
		{ "a limit of none", "process 77 x fds=65 limit=0\ncheck", { "nothing" } },
		{ "an unknown limit",
		  "warn fd-exhaustion=0,count=0\nprocess 77 x fds=65 limit=?\ncheck",
		  { "nothing" } },
		{ "an unknown number",
		  "warn fd-exhaustion=0,count=0\nprocess 77 x fds=? limit=65\ncheck",
		  { "nothing" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

static void an_unknown_age_is_older_than_none(void **state)
{
	static const struct told_row cases[] = {
		{ "1 ms", "warn close-wait-leak=1ms,count=1\n"
		  "sock close-wait 10.0.0.1:80 10.0.0.9:5000 ms=1 peer\ncheck",
		  { "close-wait-leak, 1\n" } },
		{ "0 ms", "warn close-wait-leak=1ms,count=1\n"
		  "sock close-wait 10.0.0.1:80 10.0.0.9:5000 ms=0 peer\ncheck", { "nothing" } },
		{ "unknown", "warn close-wait-leak=1ms,count=1\n"
		  "sock close-wait 10.0.0.1:80 10.0.0.9:5000\ncheck", { "nothing" } },
		{ "unknown, any age asked for", "warn close-wait-leak=0,count=1\n"
		  "sock close-wait 10.0.0.1:80 10.0.0.9:5000\ncheck", { "close-wait-leak, 1\n" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

/* Idle for 15 min, and answered a keepalive probe @ack ms ago. */
#define PROBED(ack) "sock close-wait 10.0.0.1:80 10.0.0.9:5000 rx=5 ms=900000 ack=" ack \
		    " keepalive=9 peer\n"

static void an_age_that_is_enough_is_not_counted_as_hidden(void **state)
{
	static const struct told_row cases[] = {
		{ "the answer is older than the threshold", PROBED("60000") "check",
		  { "age_hidden_by_keepalive 0," } },
		{ "it is younger", PROBED("59999") "check", { "age_hidden_by_keepalive 5," } },
		{ "five are not counted twice", "warn close-wait-leak=60,count=6\n"
		  PROBED("60000") "check",
		  { "nothing" } },
		{ "five and five are ten", "warn close-wait-leak=60,count=10\n" PROBED("60000")
		  PROBED("59999") "check", { "close-wait-leak, 10\n" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

#define LOST(port, host, pid) "sock close-wait 10.0.0.1:" port " " host ":443 ms=100000 here " \
			      "cgroup=9\nhold " pid "\n"
#define LOST2(port, pid) LOST("4" port, "10.0.0.8", pid) LOST("5" port, "10.0.0.9", pid)

static void a_leak_is_blamed_on_those_that_share_it(void **state)
{
	static const struct told_row cases[] = {
		{ "one process, two hosts: two findings",
		  "sock close-wait 10.0.0.1:40000 10.0.0.8:443 x=5 ms=100000 here\nhold 77\n"
		  "sock close-wait 10.0.0.1:40000 10.0.0.9:443 x=6 ms=100000 here\nhold 77\ncheck",
		  { "pid 77 to 10.0.0.8 port 443\n", "!several" } },
		{ "one process, many hosts: one finding that names it",
		  LOST("4001", "10.0.1.1", "77") LOST("4002", "10.0.1.2", "77")
		  LOST("4003", "10.0.1.3", "77") LOST("4004", "10.0.1.4", "77")
		  LOST("4005", "10.0.1.5", "77") "check",
		  { "process pid 77 cgroup 9 port 443\n" } },
		{ "the workers of a unit, two hosts: two findings",
		  LOST2("001", "71") LOST2("002", "72") LOST2("003", "73") LOST2("004", "74")
		  LOST2("005", "75") "check",
		  { "process cgroup 9 to 10.0.0.8 port 443\n", "!several" } },
		{ "the workers of a unit, many hosts: one finding",
		  LOST("4001", "10.0.1.1", "71") LOST("4002", "10.0.1.2", "72")
		  LOST("4003", "10.0.1.3", "73") LOST("4004", "10.0.1.4", "74")
		  LOST("4005", "10.0.1.5", "75") "check",
		  { "close-wait-leak, 5\n  about a process cgroup 9 port 443\n" } },
		{ "ports are equal and nobody told who called: the service is the remote one",
		  "warn close-wait-leak=60,count=2\n"
		  "sock close-wait 10.0.0.1:500 10.0.0.8:500 ms=100000\n"
		  "sock close-wait 10.0.0.2:500 10.0.0.8:500 ms=100000\n"
		  "sock close-wait 10.0.0.1:500 10.0.0.9:500 ms=100000\n"
		  "sock close-wait 10.0.0.2:500 10.0.0.9:500 ms=100000\ncheck",
		  { "to 10.0.0.8 port 500\n", "!several" } },
		{ "the control group of the process where the socket's is unknown",
		  "process 77 x cgroup=4\n"
		  "sock close-wait 10.0.0.1:40000 10.0.0.8:443 x=5 ms=100000 here\n"
		  "hold 77\ncheck", { "pid 77 cgroup 4 to 10.0.0.8" } },
		{ "several holders: the lowest pid",
		  "sock close-wait 10.0.0.1:40000 10.0.0.8:443 x=5 ms=100000 here\n"
		  "hold 79\nhold 77\nhold 78\ncheck", { "process pid 77 to" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

/* Without SO_REUSEADDR; the flags of the first cannot be seen. */
#define CHAIN "local 10.9.0.1\nsock close 10.9.0.1:53 0.0.0.0:0 udp uid=0\n" \
	      "sock close 10.9.0.1:53 0.0.0.0:0 udp flags=p uid=0\n" \
	      "sock close 10.9.0.1:53 0.0.0.0:0 udp flags= uid=0\n"

static void a_udp_socket_behind_the_group_is_in_the_way(void **state)
{
	static const struct told_row cases[] = {
		{ "one that may be of the group is not certainly in the way",
		  CHAIN "bind 0.0.0.0:53 udp kind=any flags=p uid=0",
		  { "perhaps by 0 ", "!blocked by 0 " } },
		{ "behind the group nothing is looked at",
		  CHAIN "bind 0.0.0.0:53 udp kind=any flags=p uid=0", { "perhaps by 0 ", "!by 2 " } },
		{ "one behind a possible member is not certain either",
		  "local 10.9.0.1\nsock close 10.9.0.1:53 0.0.0.0:0 udp uid=0\n"
		  "sock close 10.9.0.1:53 0.0.0.0:0 udp flags= uid=0\n"
		  "bind 0.0.0.0:53 udp kind=any flags=p uid=0", { "perhaps by 1 ", "!blocked by 1 " } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

/* Multicast may be bound by anybody, known to this machine or not. */
static void only_multicast_addresses_pass_for_multicast(void **state)
{
	static const struct told_row cases[] = {
		{ "the last before", "bind 223.255.255.255:8080 kind=unknown",
		  { "unknown; none unknown" } },
		{ "the first", "bind 224.0.0.0:8080 kind=unknown", { "ok; none ok" } },
		{ "the last", "bind 239.255.255.255:8080 kind=unknown", { "ok; none ok" } },
		{ "the first behind", "bind 240.0.0.0:8080 kind=unknown", { "unknown; none unknown" } },
	};

	(void)state;
	TOLD_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue_is_judged_by_its_number),
		cmocka_unit_test(pressure_is_felt_at_its_share),
		cmocka_unit_test(descriptors_are_counted_as_documented),
		cmocka_unit_test(an_unknown_age_is_older_than_none),
		cmocka_unit_test(an_age_that_is_enough_is_not_counted_as_hidden),
		cmocka_unit_test(a_leak_is_blamed_on_those_that_share_it),
		cmocka_unit_test(a_udp_socket_behind_the_group_is_in_the_way),
		cmocka_unit_test(only_multicast_addresses_pass_for_multicast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
