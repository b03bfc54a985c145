/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_says.h"

/* Whom a half-closed connection is said to wait for. */

#define HELD "process 7 sender\nprocess 66 other\nsock fin-wait-2 [fd00::1]:40000 "
#define LONG "x=3 ms=300000 here\nhold 7\nsock close-wait "
#define YOURS "[fd00::1]:40000 peer ms=1000 inode=5000\nhold 66\ncheck wants\n"

/*
 * Whoever calls can choose an address whose tuple has the same hash as another's:
 * these two differ in nearly every byte and were worked out from map_hash().
 */
#define ONE "[2010:713d:549a:720d:8ce4:6402:198f:de72]:443 "
#define SAME_HASH "[2710:d557:59ea:9d0c:72ea:ec06:1286:cc70]:443 "

static void a_process_is_blamed_for_the_connection_of_another(void **state)
{
	static const struct told_row rows[] = {
		{ "the other end on this machine is not named", HELD ONE LONG ONE YOURS,
		  "the peer is on this machine: other (pid 66), in CLOSE_WAIT", NULL },
		{ "an address with the same hash is taken for the other end", HELD ONE LONG SAME_HASH YOURS,
		  "peers_here 0, peer_pid ?", "the peer is on this machine" },
		{ "the rows of an address with the same hash are wanted", HELD ONE LONG SAME_HASH YOURS,
		  "wants, wherever they are 1001 1002 1003\n", NULL },
	};

	(void)state;
	TOLD_CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_blamed_for_the_connection_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
