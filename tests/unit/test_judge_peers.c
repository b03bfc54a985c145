/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two addresses of one hash are two: here all have one hash. */
#define MAP_HASH_MASK 0
#include "base/map.c"

#include "told_row.h"

/* Whom a half-closed connection is said to wait for. */

#define ONE "2010:713d:549a:720d:8ce4:6402:198f:de72"
#define ANOTHER "2710:d557:59ea:9d0c:72ea:ec06:1286:cc70"
#define HERE "fd00::1"

#define HELD "process 7 sender\nprocess 66 other\nsock fin-wait-2 [" HERE "]:40000 [" ONE "]:443 " \
	     "x=3 ms=300000 here\nhold 7\n"
#define CLOSING(host) "sock close-wait [" host "]:443 [" HERE "]:40000 peer ms=1000 inode=5000\n" \
		      "hold 66\n"

static void no_process_is_blamed_for_the_connection_of_another(void **state)
{
	static const struct told_row rows[] = {
		{ "the other end on this machine is named", HELD CLOSING(ONE) "check",
		  { "the peer is on this machine: other[66], in CLOSE_WAIT" } },
		{ "another address is not taken for the other end",
		  HELD CLOSING(ANOTHER) "check",
		  { "peers_here 0, peer_pid ?", "!the peer is on this machine" } },
		{ "the rows of another address are not wanted",
		  HELD CLOSING(ANOTHER) "check wants",
		  { "wants, wherever they are 1001 1002 1003\n" } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_process_is_blamed_for_the_connection_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
