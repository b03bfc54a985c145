/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

#include "base/bits.h"
#include "base/grow.h"

/* What port-exhaustion tells of a destination, of who holds its ports, and when it is silent. */

#define HERE "sock established 10.0.0.1:"
#define TO " 10.0.0.9:443 "
#define RANGE "range 40000 40099\n"

static void each_port_is_counted_once(void **state)
{
	static const struct told_row rows[] = {
		{ "a request whose listener is gone uses a port",
		  RANGE HERE "40000" TO "here x=80\nsock syn-recv 10.0.0.1:40090" TO "inode=0\ncheck\n",
		  { "used 80, left 20," } },
		{ "a port with a TIME_WAIT and with what took it over counts once",
		  "range 40000 40009\nwarn port-exhaustion=10\n" HERE "40000" TO "here x=5\n"
		  "sock time-wait 10.0.0.1:40000" TO "timewait=59990 x=5\ncheck\n",
		  { "used 5, left 5, left_min 5," } },
		{ "the only port of a range is one of two ends",
		  "range 40000 40000\nwarn port-exhaustion=0\ncheck\n", { "left 1, left_min 1," } },
		{ "of three ports none can be missed",
		  "range 40000 40002\nwarn port-exhaustion=0\ncheck\n", { "left 3, left_min 2," } },
		{ "of three ports that begin with an odd one none can be missed",
		  "range 40001 40003\nwarn port-exhaustion=0\ncheck\n", { "left 3, left_min 2," } },
		{ "of four ports that begin with an odd one one can be missed",
		  "range 40001 40004\nwarn port-exhaustion=0\ncheck\n", { "left 4, left_min 4," } },
		{ "of four ports one can be missed",
		  "range 40000 40003\nwarn port-exhaustion=0\ncheck\n", { "left 4, left_min 4," } },
		{ "requests are not shown as owners of lost ports",
		  "range 40000 40003\nsock listen 0.0.0.0:40000 0.0.0.0:0 x=4\n"
		  "sock syn-recv 10.0.0.1:40000" TO "inode=0\ncheck\n",
		  { "about a netns\n  sockets 0-3\n" } },
		{ "four of four ports are short where five sockets are asked for",
		  "range 40000 40003\nwarn port-exhaustion=80,count=5\n"
		  HERE "40000" TO "here x=4\ncheck\n",
		  { "connect-search-cliff, 4\n", "!port-exhaustion" } },
		{ "five of six ports are not short where five sockets are asked for",
		  "range 40000 40005\nwarn port-exhaustion=80,count=5\n"
		  HERE "40000" TO "here x=5\ncheck\n",
		  { "warning port-exhaustion, 5\n" } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

static void a_finding_advises_for_what_took_fewer_ports(void **state)
{
	static const struct told_row rows[] = {
		{ "what can be taken over does not count as taken",
		  RANGE "warn port-exhaustion=10\nlimit tw_reuse 1\n"
		  "sock time-wait 10.0.0.1:40000" TO "timewait=9 x=30\n"
		  "sock time-wait 10.0.0.1:40030" TO "timewait=59990 x=10\n"
		  HERE "40040" TO "here x=50\ncheck advice\n", { "Use fewer connections at a time" } },
		{ "only ESTABLISHED is alive",
		  RANGE "sock time-wait 10.0.0.1:40000" TO "timewait=59990 x=40\n"
		  HERE "40040" TO "here x=30\n"
		  "sock close-wait 10.0.0.1:40070" TO "here x=30\ncheck advice\n",
		  { "Use fewer connections at a time" } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

static void the_right_process_and_destination_are_named(void **state)
{
	static const struct told_row rows[] = {
		{ "nobody, for a single socket is too few",
		  "range 40000 40000\nprocess 11 only\n" HERE "40000" TO "here\nhold 11\ncheck\n",
		  { "; only[11] holds 1\n" } },
		{ "of two processes with as many, the younger one, for it comes first",
		  RANGE "process 12 young\nprocess 11 old\n" HERE "40000" TO "here x=45\nhold 12\n"
		  HERE "40045" TO "here x=45\nhold 11\ncheck\n", { "; old[11] holds 45" } },
		{ "of two processes with as many, the younger one, for it comes last",
		  RANGE "process 12 young\nprocess 11 old\n" HERE "40000" TO "here x=45\nhold 11\n"
		  HERE "40045" TO "here x=45\nhold 12\ncheck\n", { "; old[11] holds 45" } },
		{ "of two processes the older one, though it has fewer",
		  RANGE "process 12 young\nprocess 11 old\n" HERE "40000" TO "here x=46\nhold 12\n"
		  HERE "40046" TO "here x=45\nhold 11\ncheck\n", { "; young[12] holds 46" } },
		{ "of two destinations with as many sockets, the one that comes first",
		  RANGE "sock bound 0.0.0.0:40000 0.0.0.0:0 x=90\n" HERE "40090" TO "here x=3\n"
		  HERE "40090 10.0.0.8:443 here x=3\ncheck\n",
		  { "to 10.0.0.8 port 443", "!to 10.0.0.9" } },
		{ "of two destinations with as many sockets, the one that comes last",
		  RANGE "sock bound 0.0.0.0:40000 0.0.0.0:0 x=90\n" HERE "40090 10.0.0.8:443 here x=3\n"
		  HERE "40090" TO "here x=3\ncheck\n", { "to 10.0.0.8 port 443", "!to 10.0.0.9" } },
		{ "of two destinations the lower address, though it has fewer sockets",
		  RANGE "sock bound 0.0.0.0:40000 0.0.0.0:0 x=90\n" HERE "40090 10.0.0.8:443 here x=3\n"
		  HERE "40090" TO "here x=4\ncheck\n", { "to 10.0.0.9 port 443", "!to 10.0.0.8" } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

/* Rows that nobody shows are counted by port; the lowest ports are ports, too. */
static void ports_of_sockets_that_are_no_rows_are_left(void **state)
{
	struct words check = { { "check" }, 1 };
	struct text answer = { .at = NULL };
	struct told told;

	(void)state;
	told_begin(&told);
	told_lines(&told, "range 1 10\nsock established 10.0.0.1:3" TO "here x=8\n", &answer);
	told.seen.folded = grow_alloc(sizeof(*told.seen.folded));
	bits_add(told.seen.folded->owned, 1);
	bits_add(told.seen.folded->blocked, 1);
	bits_add(told.seen.folded->owned, 2);
	assert_true(told_ask(&answer, &told, &check));
	assert_non_null(strstr(text_str(&answer), "used 8, left 1, left_min 0, left_max 1,"));
	assert_non_null(strstr(text_str(&answer), "blocked_for_all 1,"));
	told_end(&told);
	text_fini(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_port_is_counted_once),
		cmocka_unit_test(a_finding_advises_for_what_took_fewer_ports),
		cmocka_unit_test(the_right_process_and_destination_are_named),
		cmocka_unit_test(ports_of_sockets_that_are_no_rows_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
