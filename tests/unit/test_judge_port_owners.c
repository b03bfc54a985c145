/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/*
 * What an owner does to its ephemeral port, who is named for it and whose rows are
 * wanted; and what the kernel's answers change of that.
 */

#define HERE "sock established 10.0.0.1:"
#define TO " 10.0.0.9:443 "
#define ELSE " 10.0.0.8:80 "
#define ASK "connect 10.0.0.1 10.0.0.9:443\n"
#define ON_DEVICE "connect 10.0.0.1 10.0.0.9:443 dev=7\n"
#define WANTS "connect 10.0.0.1 10.0.0.9:443 wants\n"
#define RANGE "range 40000 40099\n"

static void each_user_is_the_right_one(void **state)
{
	static const struct told_row rows[] = {
		{ "the unit of the first process has its own number",
		  RANGE "process 10 a\nprocess 11 b\n" HERE "40000" TO "here x=3 cgroup=1\nhold 10\n"
		  HERE "40010" TO "here x=2\nhold 11\n" ASK,
		  { "user pid 10 cgroup 1: 3 ESTABLISHED 3\n"
		    "  user pid 11 cgroup 0: 2 ESTABLISHED 2\n" } },
		{ "a process with sockets of two units is one user",
		  RANGE "process 10 a\n" HERE "40000" TO "here x=3 cgroup=1\nhold 10\n"
		  HERE "40010" TO "here x=2 cgroup=2\nhold 10\n" ASK,
		  { "user pid 10 cgroup 1: 5 ESTABLISHED 5\n" } },
		{ "two units without a process are two users",
		  RANGE HERE "40000" TO "here x=3 cgroup=5\n" HERE "40010" TO "here x=2 cgroup=6\n" ASK,
		  { "user pid -1 cgroup 5: 3 ESTABLISHED 3\n"
		    "  user pid -1 cgroup 6: 2 ESTABLISHED 2\n" } },
		{ "a process is one user where others stand between its sockets",
		  RANGE "process 10 a\nprocess 11 b\n" HERE "40000" TO "here x=3\nhold 10\n"
		  HERE "40010" TO "here x=2\nhold 11\n" HERE "40020" TO "here x=4\nhold 10\n" ASK,
		  { "user pid 10 cgroup 0: 7 ESTABLISHED 7\n" } },
		{ "a lost port counts once for each that comes back to it",
		  RANGE "process 10 a\nprocess 11 b\nsock bound 10.0.0.1:40000 0.0.0.0:0\nhold 10\n"
		  "sock bound 10.0.0.2:40000 0.0.0.0:0\nhold 11\nsock bound 10.0.0.3:40000 0.0.0.0:0\n"
		  "hold 10\n" ASK, { "user pid 10 cgroup 0 of all: 1 BOUND 1\n" } },
		{ "who called bind() is to blame, not who shares the port with it",
		  RANGE "process 10 a\nprocess 11 b\n" HERE "40000" ELSE "here explicit\nhold 10\n"
		  HERE "40000 10.0.0.7:80 here auto\nhold 11\n" ASK,
		  { "user pid 10 cgroup 0 of all: 1", "!user pid 11" } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

/* Most first; then who took ports from all, the process that was met last, and nobody, by unit. */
static void users_stand_in_their_order(void **state)
{
	static const struct told_row row = {
		"the order of the users",
		RANGE "process 10 a\nprocess 11 b\nprocess 12 c\n" HERE "40000" TO "here x=2 cgroup=6\n"
		HERE "40010" TO "here x=2 cgroup=5\n" HERE "40020" TO "here x=2\nhold 10\n"
		HERE "40030" TO "here x=2\nhold 11\n" HERE "40040" TO "here x=3 cgroup=4\n"
		HERE "40050" ELSE "here x=2 explicit cgroup=3\n"
		"sock bound 10.0.0.1:40060 0.0.0.0:0\nhold 12\n" ASK,
		{ "user pid -1 cgroup 4: 3 ESTABLISHED 3\n"
		"  user pid -1 cgroup 3 of all: 2 ESTABLISHED 2\n"
		"  user pid 11 cgroup 0: 2 ESTABLISHED 2\n"
		"  user pid 10 cgroup 0: 2 ESTABLISHED 2\n"
		"  user pid -1 cgroup 5: 2 ESTABLISHED 2\n"
		"  user pid -1 cgroup 6: 2 ESTABLISHED 2\n"
		"  user pid 12 cgroup 0 of all: 1 BOUND 1\n" },
	};

	(void)state;
	told_check(&row);
}

static void a_port_is_what_its_owner_makes_it(void **state)
{
	static const struct told_row rows[] = {
		{ "a listener is seen where bound sockets are not listed",
		  RANGE "gap bound\nsock listen 10.0.0.1:40000 0.0.0.0:0\n" ASK, { "blocked 1 " } },
		{ "bound-unused is silent about what only some kernels list",
		  RANGE "gap bound\nsock bound 10.0.0.1:50000 0.0.0.0:0 x=100\ncheck\n",
		  { "nothing\n" } },
		{ "what failed to connect, and keeps its bind(), is not a connection",
		  RANGE "sock bound 10.0.0.1:40000" TO "\n" ASK, { "used 0 " } },
		{ "Linux 6.17 forgets that bind() had a port",
		  RANGE "seen version=6.17.13\n" HERE "40000" ELSE "here auto noport\n" ASK,
		  { "ambiguous 1 " } },
		{ "Linux 6.18 does not forget it",
		  RANGE "seen version=6.18\n" HERE "40000" ELSE "here auto noport\n" ASK,
		  { "ambiguous 0 " } },
		{ "Linux 9.0 does not forget it",
		  RANGE "seen version=9.0\n" HERE "40000" ELSE "here auto noport\n" ASK,
		  { "ambiguous 0 " } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

static void an_end_of_the_range_is_missed_or_not(void **state)
{
	static const struct told_row rows[] = {
		{ "of three ports that begin with an odd one", "range 40001 40003\n" ASK,
		  { "left 3 (2..3)" } },
		{ "of three ports that begin with an even one", "range 40000 40002\n" ASK,
		  { "left 3 (2..3)" } },
		{ "of four ports that begin with an odd one", "range 40001 40004\n" ASK,
		  { "left 4 (4..4)" } },
		{ "of four ports that begin with an even one", "range 40000 40003\n" ASK,
		  { "left 4 (4..4)" } },
		{ "of a single port", "range 40001 40001\n" ASK, { "left 1 (1..1)" } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

/* Nobody of the family connects, and the other one perhaps took every second port. */
static void a_list_without_destinations_is_exhausted(void **state)
{
	static const struct told_row row = {
		"ports that perhaps are lost are lost",
		"range 40000 40003\nsock established [fd00::1]:40000 [fd00::2]:443 here auto x=2\n"
		"destinations 4\n", { "ok capacity 4", "!exhausted" },
	};

	(void)state;
	told_check(&row);
}

static void a_port_with_two_sockets_counts_by_the_right_one(void **state)
{
	static const struct told_row rows[] = {
		{ "of two alike the second one",
		  RANGE HERE "40000" TO "here\nsock close-wait 10.0.0.1:40000" TO "dev=7 here\n"
		  ON_DEVICE,
		  { "states ESTABLISHED 1\n" } },
		{ "a TIME_WAIT that would be taken over hides what is alive",
		  RANGE "limit tw_reuse 1\nsock time-wait 10.0.0.1:40000" TO "timewait=9\n"
		  HERE "40000" TO "dev=7 here\n" ON_DEVICE, { "states ESTABLISHED 1\n" } },
		{ "the port with both counts twice",
		  RANGE "limit tw_reuse 1\nsock time-wait 10.0.0.1:40000" TO "timewait=9\n"
		  HERE "40000" TO "dev=7 here\n" ON_DEVICE, { "used 1 recyclable 0 " } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

static void only_rows_that_decide_something_are_wanted(void **state)
{
	static const struct told_row rows[] = {
		{ "what certainly only connected, beside one that perhaps did not",
		  RANGE HERE "40000" ELSE "here auto noport\n" HERE "40000 10.0.0.7:80 here auto\n"
		  WANTS,
		  { "wants 1\n" } },
		{ "a client on a port that is lost to a listener",
		  RANGE "sock listen 10.0.0.1:40000 0.0.0.0:0\n" HERE "40000" ELSE "here auto\n" WANTS,
		  { "wants 1\n" } },
		{ "the client is wanted where nobody listens",
		  RANGE HERE "40000" ELSE "here auto\n" WANTS,
		  { "wants 1\n" } },
		{ "a client outside of the range", RANGE HERE "40100" ELSE "here auto\n" WANTS,
		  { "wants 0\n" } },
	};

	(void)state;
	TOLD_CHECK(rows);
}

/* ---- what the kernel was asked ---- */

static void answer_ports(struct port_probe *probe, unsigned low, unsigned high)
{
	probe->made = true;
	for (unsigned port = low; port <= high; port++) {
		bits_add(probe->answered, port);
		bits_add(probe->usable, port);
	}
}

/* What is said of @lines when the kernel called 40000 to @high usable. */
static void check_probed(const struct told_row *row, unsigned high)
{
	struct connect_ask ask = { .family = FAMILY_IPV4, .port = 443 };
	struct port_probe probe = { .made = false };
	struct text answer = { .at = NULL };
	struct connect_answer judged;
	struct told told;
	enum family family;

	ask.source = read_addr("10.0.0.1", &family);
	ask.destination = read_addr("10.0.0.9", &family);
	answer_ports(&probe, 40000, high);
	told_begin(&told);
	told_lines(&told, row->lines, &answer);
	assert_true(judge_connect(&told.seen, &ask, &probe,
				  thresholds_get(told.thresholds, "port-exhaustion"), &judged));
	words_connect(&told.seen, &ask, &judged);
	say_connect(&answer, &told, &judged);
	told_expect(row, text_str(&answer));
	connect_answer_fini(&judged);
	told_end(&told);
	text_fini(&answer);
}

static void the_probe_is_wanted_once_and_explained_rightly(void **state)
{
	static const struct told_row
	hidden = { "it was made, and is asked for again", RANGE "gap bound\n",
		   { "50 ports may be blocked: the kernel was not asked about them", "!--probe" } },
	young = { "why the interval is left when all ports were asked about",
		  "range 40000 40003\nlimit tw_reuse 1\nsock time-wait 10.0.0.1:40000" TO
		  "timewait=58995\n",
		  { "1 TIME_WAIT is about to be old enough to be taken over, or it is "
		  "not known whether it can" } },
	two_young = { "the same of two",
		  "range 40000 40003\nlimit tw_reuse 1\nsock time-wait 10.0.0.1:40000" TO
		  "timewait=58995 x=2\n", { "2 TIME_WAITs are about to be old enough "
		      "to be taken over, or it is not known whether they can" } },
	ends = { "an end that is taken over cannot be missed",
		 "range 40000 40004\nlimit tw_reuse 1\nsock time-wait 10.0.0.1:40000" TO "timewait=9\n"
		 "sock time-wait 10.0.0.1:40004" TO "timewait=9\n", { "left 5 (4..5) of 5" } };

	(void)state;
	check_probed(&hidden, 40049);
	check_probed(&young, 40003);
	check_probed(&two_young, 40003);
	check_probed(&ends, 40004);
}

/* A value of what is not known is none, whatever stands there. */
static void one_end_of_the_range_is_enough(void **state)
{
	static const enum limit ends[] = { LIMIT_PORT_LOW, LIMIT_PORT_HIGH };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct words connect = { { "connect", "10.0.0.1", "10.0.0.9:443" }, 3 };
		struct words destinations = { { "destinations" }, 1 };
		struct words check = { { "check" }, 1 };
		struct text answer = { .at = NULL };
		struct told told;

		told_begin(&told);
		told_lines(&told, RANGE "sock listen 0.0.0.0:40001 0.0.0.0:0\n"
			   HERE "40002" TO "here x=90\n", &answer);
		told.seen.limits.limit[ends[i]].is = false;
		assert_true(told_ask(&answer, &told, &connect));
		assert_true(told_ask(&answer, &told, &destinations));
		assert_true(told_ask(&answer, &told, &check));
		assert_non_null(strstr(text_str(&answer), "not known: unknown left 0"));
		assert_non_null(strstr(text_str(&answer), "not known: unknown capacity 0"));
		assert_non_null(strstr(text_str(&answer), "nothing\n"));
		told_end(&told);
		text_fini(&answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_user_is_the_right_one),
		cmocka_unit_test(users_stand_in_their_order),
		cmocka_unit_test(a_port_is_what_its_owner_makes_it),
		cmocka_unit_test(an_end_of_the_range_is_missed_or_not),
		cmocka_unit_test(a_list_without_destinations_is_exhausted),
		cmocka_unit_test(a_port_with_two_sockets_counts_by_the_right_one),
		cmocka_unit_test(only_rows_that_decide_something_are_wanted),
		cmocka_unit_test(the_probe_is_wanted_once_and_explained_rightly),
		cmocka_unit_test(one_end_of_the_range_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
