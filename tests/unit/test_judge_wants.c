/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* Whose owners are looked for: of all that a finding names, of nobody else. */

struct wanted {
	const char *lines;
	uint32_t inodes[8];     /* 0 behind the last */
	uint64_t cgroups[4];
	bool thorough;
	size_t pids;
};

static void expect_wants(const struct wanted *wanted)
{
	struct report report;
	struct wants wants;
	struct told t;
	size_t inodes = 0, cgroups = 0;

	told_begin(&t);
	told_lines(&t, wanted->lines, NULL);
	report_init(&report);
	judge(&t.seen, t.thresholds, &report);
	judge_wants(&t.seen, &report, &wants);
	for (; wanted->inodes[inodes]; inodes++)
		if (!map_find(&wants.inodes, wanted->inodes[inodes]))
			fail_msg("not wanted: %u in\n%s", wanted->inodes[inodes], wanted->lines);
	for (; wanted->cgroups[cgroups]; cgroups++)
		if (!map_find(&wants.cgroups, wanted->cgroups[cgroups]))
			fail_msg("cgroup %d not wanted in\n%s", (int)wanted->cgroups[cgroups],
				 wanted->lines);
	if (wants.inodes.count != inodes || wants.cgroups.count != cgroups ||
	    wants.thorough != wanted->thorough || wants.pids.count != wanted->pids)
		fail_msg("%zu inodes, %zu cgroups, %zu pids%s in\n%s", wants.inodes.count,
			 wants.cgroups.count, wants.pids.count, wants.thorough ? ", thorough" : "",
			 wanted->lines);
	wants_fini(&wants);
	report_fini(&report);
	told_end(&t);
}

#define EXPECT_ALL(cases)                                                      \
	for (size_t i_ = 0; i_ < sizeof(cases) / sizeof(*(cases)); i_++)       \
		expect_wants(&(cases)[i_])

#define LEAK(cgroup) "warn close-wait-leak=60,count=2\n" \
		     "sock close-wait 10.0.0.1:40000 10.0.0.9:443 x=3 ms=100000 here inode=5 " \
		     cgroup "\n" \
		     "sock close-wait 10.0.0.1:41000 10.0.0.9:443 x=2 ms=100000 here inode=6 cgroup=8\n"

static void holders_are_looked_for_further_away_than_in_their_control_groups(void **state)
{
	static const struct wanted cases[] = {
		{ "", { 0 }, { 0 }, false, 0 },
		{ LEAK("cgroup=7"), { 5, 6 }, { 7, 8 }, false, 0 },
		{ LEAK("cgroup=0"), { 5, 6 }, { 8 }, true, 0 },
		{ LEAK(""), { 5, 6 }, { 8 }, true, 0 },
	};

	(void)state;
	EXPECT_ALL(cases);
}

/* A listener, even the first socket of all, may be held by anybody. */
static void a_listener_of_the_port_is_not_looked_for(void **state)
{
	static const struct wanted cases[] = {
		{ "sock listen 0.0.0.0:80 0.0.0.0:0 rq=2 sq=16 inode=7 cgroup=3\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 ms=20000 peer\n"
		  "sock listen 10.0.0.2:80 0.0.0.0:0 rq=0 sq=16 inode=8\n"
		  "sock listen 0.0.0.0:81 0.0.0.0:0 rq=0 sq=16 inode=9\n"
		  "sock established 10.0.0.1:80 10.0.0.8:5000 inode=10 ms=20000 peer\n",
		  { 7, 8 }, { 0 }, true, 0 },
		{ "sock listen 0.0.0.0:80 0.0.0.0:0 rq=2 sq=16 inode=0\n"
		  "sock established 10.0.0.1:80 10.0.0.9:5000 inode=0 ms=20000 peer\n",
		  { 0 }, { 0 }, false, 0 },
		{ "process 77 x fds=99 limit=100\n", { 0 }, { 0 }, false, 1 },
	};

	(void)state;
	EXPECT_ALL(cases);
}

/* Of what waits in FIN_WAIT_2 both ends are looked for, of a leak only this one. */
static void a_peer_that_nobody_blames_is_not_looked_for(void **state)
{
	static const struct wanted cases[] = {
		{ "sock established 10.0.0.1:39999 10.0.0.9:443 ms=9 here inode=4 cgroup=2\n"
		  "sock fin-wait-2 10.0.0.1:40000 10.0.0.9:443 x=3 ms=900000 here inode=5 cgroup=2\n"
		  "sock close-wait 10.0.0.9:443 10.0.0.1:40002 ms=9 peer inode=6 cgroup=3\n"
		  "sock established 10.0.0.9:443 10.0.0.1:39999 ms=9 peer inode=7 cgroup=4\n",
		  { 5, 6 }, { 2, 3 }, false, 0 },
		{ "sock close-wait 10.0.0.1:40000 10.0.0.9:443 x=5 ms=100000 here inode=5 cgroup=2\n"
		  "sock fin-wait-2 10.0.0.9:443 10.0.0.1:40000 ms=9 peer inode=6 cgroup=3\n",
		  { 5 }, { 2 }, false, 0 },
	};

	(void)state;
	EXPECT_ALL(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holders_are_looked_for_further_away_than_in_their_control_groups),
		cmocka_unit_test(a_listener_of_the_port_is_not_looked_for),
		cmocka_unit_test(a_peer_that_nobody_blames_is_not_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
