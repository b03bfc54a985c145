/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

#include "strict_sort.h"

/* Answers come in one order, whichever way a C library sorts. */

#define TO(host, port) "sock established 10.0.0.1:40000 " host ":" port " here\n"

static void what_is_listed_keeps_its_place_among_equals(void **state)
{
	static const struct told_row rows[] = {
		{ "findings: severity, rule, count, first socket, process",
		  "process 31 a fds=99 limit=100\nprocess 30 b fds=99 limit=100\n"
		  "process 32 c fds=90 limit=100\n"
		  "sock close-wait 10.0.0.1:41000 10.0.1.1:443 x=4 ms=100000 here\n"
		  "sock close-wait 10.0.0.1:42000 10.0.1.2:443 x=4 ms=100000 here\n"
		  "sock close-wait 10.0.0.1:43000 10.0.1.3:443 x=5 ms=100000 here\n"
		  "check", { "fd-exhaustion", "close-wait-leak" } },
		{ "blockers: certain, kind, socket",
		  "process 11 a\nprocess 12 b\n"
		  "sock bound 10.0.0.2:80 0.0.0.0:0 inode=21\nhold 11\n"
		  "sock listen 10.0.0.1:80 0.0.0.0:0 inode=22\nhold 12\n"
		  "sock time-wait 10.0.0.1:80 10.0.0.9:5000 timewait=30000\n"
		  "sock time-wait 10.0.0.1:80 10.0.0.9:5001 timewait=20000\n"
		  "sock listen 10.0.0.3:80 0.0.0.0:0 inode=23\nhold 12\n"
		  "bind 0.0.0.0:80\nbind 0.0.0.0:80 flags=a", { "a[11]", "b[12]" } },
		{ "owners of ports: count, what they block, process",
		  "range 40000 40019\n" "process 11 a\nprocess 12 b\n"
		  "sock listen 10.0.0.1:40001 0.0.0.0:0 inode=21\nhold 11\n"
		  "sock listen 10.0.0.1:40002 0.0.0.0:0 inode=22\nhold 12\n"
		  "sock established 10.0.0.1:40003 10.0.0.9:443 inode=23 here\nhold 11\n"
		  "sock established 10.0.0.1:40004 10.0.0.9:443 inode=24 here cgroup=7\n"
		  "sock established 10.0.0.1:40005 10.0.0.9:443 inode=25 here cgroup=8\n"
		  "connect 10.0.0.1 10.0.0.9:443", { "10.0.0.9:443" } },
		{ "destinations: what is left, in use, address, port, device",
		  "range 40000 40019\n"
		  TO("10.0.0.9", "443") TO("10.0.0.8", "443") TO("10.0.0.9", "80")
		  "sock established 10.0.0.2:40000 10.0.0.9:443 here\n"
		  "sock established 10.0.0.1:40000 10.0.0.9:443 here dev=3\n"
		  "sock established 10.0.0.1:40001 10.0.0.9:80 here\n"
		  "destinations", { "10.0.0.9" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		strict_sorts = 0;
		told_check(&rows[i]);
		/* else the row shows nothing */
		if (!strict_sorts)
			fail_msg("%s: nothing was sorted", rows[i].holds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_listed_keeps_its_place_among_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
