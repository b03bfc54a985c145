/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket that comes more than once in one listing, and one that has two rows. */
#include "test.h"

#include "collect/collect.h"
#include "collect/recorder.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As the kernel tells them; a minisock says so by its timer. */
enum row { LISTENS, ESTABLISHED, CLOSED, MINISOCK, NO_ROW };

static void put_row(struct save *save, enum row row)
{
	static const uint8_t states[] = {
		[LISTENS] = TCP_LISTEN, [ESTABLISHED] = TCP_ESTABLISHED,
		[CLOSED] = TCP_CLOSE, [MINISOCK] = TCP_TIME_WAIT,
	};
	struct { struct nlmsghdr header; struct inet_diag_msg told; } message = {
		.header = { .nlmsg_len = sizeof(message), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.told = { .idiag_family = AF_INET, .idiag_state = states[row], .id.idiag_cookie = { 7 },
			  .id.idiag_sport = htons(80), .idiag_timer = row == MINISOCK ? 3 : 0 },
	};

	save_put(save, FRAME_SOCK, NULL, &message, sizeof(message));
}

/* The rows of one cookie, in this order, through a recording. */
static void list(const enum row *rows, struct snapshot *seen)
{
	static char folder[] = "/tmp/sockvet-test-rows.XXXXXX";
	struct frame_ask asked = { .states = STATE_ALL, .families = 3, .protocol = PROTOCOL_TCP };
	struct collect_ask ask = { .states = STATE_ALL, .ipv4 = true, .ipv6 = true };
	char path[sizeof(folder) + 8];
	struct collect_source source = { .from = path };
	struct collect *collect;
	struct save *save;

	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/rows", folder);
	assert_int_equal(save_open(&save, path, NULL), 0);
	save_put(save, FRAME_ASK, &asked, NULL, 0);
	for (size_t i = 0; rows[i] != NO_ROW; i++)
		put_row(save, rows[i]);
	assert_int_equal(save_close(save, true, NULL), 0);
	snapshot_init(seen);
	assert_int_equal(collect_open(&collect, &source, NULL), 0);
	assert_int_equal(collect_socks(collect, &ask, snapshot_sink(seen), seen, NULL), 0);
	collect_close(collect, true, NULL);
	unlink(path);
	rmdir(folder);
}

static void test_two_rows_of_one_cookie_stay_two(void **state)
{
	static const struct {
		enum row came[8];
		size_t count;
		enum state listed[2];
	} cases[] = {
		{ { ESTABLISHED, ESTABLISHED, NO_ROW }, 1, { STATE_ESTABLISHED } },
		/* it moved on between two tries */
		{ { ESTABLISHED, MINISOCK, NO_ROW }, 1, { STATE_ESTABLISHED } },
		{ { ESTABLISHED, CLOSED, NO_ROW }, 1, { STATE_ESTABLISHED } },
		{ { CLOSED, ESTABLISHED, NO_ROW }, 1, { STATE_BOUND } },
		{ { CLOSED, LISTENS, NO_ROW }, 1, { STATE_BOUND } },
		/* the file and what the kernel keeps of its connection */
		{ { CLOSED, MINISOCK, NO_ROW }, 2, { STATE_BOUND, STATE_TIME_WAIT } },
		{ { MINISOCK, CLOSED, NO_ROW }, 2, { STATE_TIME_WAIT, STATE_BOUND } },
		{ { CLOSED, MINISOCK, CLOSED, MINISOCK, NO_ROW }, 2, { STATE_BOUND, STATE_TIME_WAIT } },
		{ { MINISOCK, MINISOCK, CLOSED, CLOSED, MINISOCK, NO_ROW }, 2,
		  { STATE_TIME_WAIT, STATE_BOUND } },
		{ { MINISOCK, MINISOCK, NO_ROW }, 1, { STATE_TIME_WAIT } },
		{ { CLOSED, CLOSED, NO_ROW }, 1, { STATE_BOUND } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct snapshot seen;

		list(cases[i].came, &seen);
		assert_int_equal(seen.socks.count, cases[i].count);
		for (size_t row = 0; row < cases[i].count; row++)
			assert_int_equal(seen.socks.at[row].state, cases[i].listed[row]);
		snapshot_fini(&seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_rows_of_one_cookie_stay_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
