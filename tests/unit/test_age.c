/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/age.h"

#include "test.h"

/* Brackets and openers, from numbers as the kernel shows them. */

#define FLOW (HAVE_FLOW | HAVE_SENT | HAVE_ACKED | HAVE_NOTSENT)
#define RTO(ms) ((ms) * 1000u)

static struct limits limits_with(int64_t fin_timeout)
{
	struct limits limits = { 0 };

	limits.limit[LIMIT_FIN_TIMEOUT_S] = (struct known){ true, fin_timeout };
	return limits;
}

struct row {
	const char   *what;
	struct sock   sock;
	int           fin_timeout;      /* 0: 60 */
	enum age_kind kind;
	int64_t       min, max;         /* -1: unknown */
	int64_t       slack;            /* min may be lower, max higher by it */
};

#define SOCK(state_, ...) { .state = STATE_##state_, __VA_ARGS__ }
#define LAST(sent, recv, ack) .have = FLOW, \
	.flow = { .last_data_sent_ms = (sent), .last_data_recv_ms = (recv), \
		  .last_ack_recv_ms = (ack) }

static const struct row rows[] = {
	{ "CLOSE_WAIT, idle before the FIN, something sent since the last byte",
	  SOCK(CLOSE_WAIT, .inode = 1, LAST(40000, 47000, 12000)), 0, AGE_STATE, 12000, 47000, 0 },
	{ "CLOSE_WAIT, quiet: the last acknowledgement was the FIN's",
	  SOCK(CLOSE_WAIT, .inode = 1, LAST(47000, 47000, 12300)), 0, AGE_STATE, 12300, 12300, 50 },
	{ "CLOSE_WAIT, quiet, but the peer may have sent its FIN again",
	  SOCK(CLOSE_WAIT, .inode = 1, LAST(47000, 47000, 12300), .flow.rto_us = 204000), 0,
	  AGE_STATE, 12300, 12300 + 15 * 204, 50 },
	{ "CLOSE_WAIT, quiet, but the peer may have opened its window late",
	  SOCK(CLOSE_WAIT, .inode = 1, LAST(47000, 47000, 12300), .flow.bytes_sent = 100000), 0,
	  AGE_STATE, 12300, 47000, 50 },
	{ "CLOSE_WAIT, no traffic at all",
	  SOCK(CLOSE_WAIT, LAST(5000, 5000, 5000)), 0, AGE_STATE, 5000, 5000, 50 },
	{ "CLOSE_WAIT, the FIN was reordered and its acknowledgement older",
	  SOCK(CLOSE_WAIT, .inode = 1, LAST(100, 1090, 3080)), 0, AGE_STATE, 1090, 1090, 0 },
	{ "CLOSE_WAIT, keepalive renews the acknowledgement",
	  SOCK(CLOSE_WAIT, .inode = 1, .timer = TIMER_KEEPALIVE, LAST(9000, 9000, 2000)),
	  0, AGE_STATE, 2000, 9000, 0 },
	{ "CLOSE_WAIT, still sending: wide",
	  SOCK(CLOSE_WAIT, .inode = 1, .send_queue = 10, LAST(9000, 9000, 2000)),
	  0, AGE_STATE, 2000, 9000, 0 },
	{ "CLOSE_WAIT without tcp_info", SOCK(CLOSE_WAIT, .inode = 1), 0, AGE_UNKNOWN, -1, -1, 0 },
	{ "FIN_WAIT_2 held, something came after", /* a transfer that moves */
	  SOCK(FIN_WAIT_2, .inode = 1, LAST(60000, 100, 100)), 0, AGE_STATE, 100, 60000, 0 },
	{ "FIN_WAIT_2 held, quiet",
	  SOCK(FIN_WAIT_2, .inode = 1, LAST(8000, 9000, 7000)), 0, AGE_STATE, 7000, 7000, 50 },
	{ "FIN_WAIT_2 orphan, minisock",
	  SOCK(FIN_WAIT_2, .timer = TIMER_TIME_WAIT, .timer_ms = 20000), 0, AGE_ORPHANED, 40000, -1, 25 },
	{ "FIN_WAIT_2 orphan, fin_timeout 5",
	  SOCK(FIN_WAIT_2, .timer = TIMER_TIME_WAIT, .timer_ms = 1000), 5, AGE_ORPHANED, 4000, -1, 25 },
	{ "FIN_WAIT_2 orphan, timer longer than fin_timeout: custom linger2",
	  SOCK(FIN_WAIT_2, .timer = TIMER_TIME_WAIT, .timer_ms = 9000), 5, AGE_UNKNOWN, -1, -1, 0 },
	{ "FIN_WAIT_2 orphan, fin_timeout 90: 30 s full, then 30 s minisock",
	  SOCK(FIN_WAIT_2, .timer = TIMER_TIME_WAIT, .timer_ms = 10000), 90, AGE_ORPHANED, 50000, -1, 25 },
	{ "FIN_WAIT_2 orphan, fin_timeout 90, first phase",
	  SOCK(FIN_WAIT_2, .timer = TIMER_KEEPALIVE, .timer_ms = 10000), 90, AGE_ORPHANED, 20000, -1, 25 },
	{ "TIME_WAIT just made",
	  SOCK(TIME_WAIT, .timer = TIMER_TIME_WAIT, .timer_ms = 60000), 0, AGE_STATE, 0, 0, 25 },
	{ "TIME_WAIT, whatever fin_timeout",
	  SOCK(TIME_WAIT, .timer = TIMER_TIME_WAIT, .timer_ms = 18000), 5, AGE_STATE, 42000, 42000, 25 },
	{ "TIME_WAIT overdue", SOCK(TIME_WAIT, .timer = TIMER_TIME_WAIT), 0, AGE_STATE, 60000, 62050, 100 },
	{ "CLOSING", SOCK(CLOSING, LAST(1, 9000, 3000)), 0, AGE_STATE, 3000, 9000, 0 },
	{ "LAST_ACK, not sent again yet: the timer may be a probe's",
	  SOCK(LAST_ACK, .timer = TIMER_RETRANSMIT, .timer_ms = 3, .have = FLOW,
	       .flow = { .rto_us = RTO(10000), .last_ack_recv_ms = 9000 }), 0, AGE_UNACKED, 0, -1, 0 },
	{ "FIN_WAIT_1, 200 ms doubled 7 times: 25.4 s of rounds, 15 s left of 25.6",
	  SOCK(FIN_WAIT_1, .timer = TIMER_RETRANSMIT, .timer_ms = 15000, .have = FLOW,
	       .retransmits = 7,
	       .flow = { .rto_us = RTO(25600), .backoff = 7, .last_data_sent_ms = 200000 }), 0, AGE_UNACKED, 36000, -1, 0 },
	{ "FIN_WAIT_1, at the maximum: 204.6 s, 2 rounds of 120 s and 20 s of the third",
	  SOCK(FIN_WAIT_1, .timer = TIMER_RETRANSMIT, .timer_ms = 100000, .have = FLOW,
	       .retransmits = 12,
	       .flow = { .rto_us = RTO(120000), .backoff = 12, .last_data_sent_ms = 200000 }), 0, AGE_UNACKED, 464600, -1, 0 },
	{ "FIN_WAIT_1, window closed", SOCK(FIN_WAIT_1, .timer = TIMER_PROBE, .have = FLOW), 0,
	  AGE_UNKNOWN, -1, -1, 0 },
	{ "SYN_SENT, measured 19.5 s at the 8th, 4 linear and 4 doubled",
	  SOCK(SYN_SENT, .timer = TIMER_RETRANSMIT, .timer_ms = 16000, .retransmits = 8, .have = FLOW,
	       .flow = { .rto_us = RTO(16000), .backoff = 4, .last_ack_recv_ms = 4000000 }),
	  0, AGE_UNACKED, 19000, -1, 0 },
	{ "SYN_SENT without tcp_info", SOCK(SYN_SENT, .timer = TIMER_RETRANSMIT, .retransmits = 3), 0,
	  AGE_UNACKED, 3000, -1, 0 },
	{ "SYN_RECV, measured 15.4 s",
	  SOCK(SYN_RECV, .timer = TIMER_RETRANSMIT, .timer_ms = 16000, .retransmits = 4), 0,
	  AGE_UNACKED, 15000, -1, 0 },
	{ "SYN_RECV that defers accept",
	  SOCK(SYN_RECV, .timer = TIMER_RETRANSMIT, .timer_ms = 9000), 0, AGE_UNACKED, 0, -1, 0 },
	{ "ESTABLISHED", SOCK(ESTABLISHED, LAST(1, 2, 3)), 0, AGE_UNKNOWN, -1, -1, 0 },
};

static void check_row(const struct row *row)
{
	struct limits limits = limits_with(row->fin_timeout ? row->fin_timeout : 60);
	struct age age = sock_age(&row->sock, &limits);

	if (age.kind != row->kind || age.min_ms > row->min || age.min_ms < row->min - row->slack ||
	    (row->max < 0 ? age.max_ms != -1
			  : age.max_ms < row->max || age.max_ms > row->max + row->slack))
		fail_msg("%s: kind %d, %lld..%lld", row->what, (int)age.kind,
			 (long long)age.min_ms, (long long)age.max_ms);
}

static void ages_are_brackets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(&rows[i]);
}

static void keepalive_is_told_apart_from_an_orphans_timer(void **state)
{
	struct limits limits = limits_with(90);
	struct sock held = SOCK(FIN_WAIT_2, .inode = 7, .timer = TIMER_KEEPALIVE, LAST(9, 9, 9));
	struct sock orphan = SOCK(FIN_WAIT_2, .timer = TIMER_KEEPALIVE, LAST(9, 9, 9));

	(void)state;
	assert_true(sock_age(&held, &limits).keepalive);
	assert_false(sock_age(&orphan, &limits).keepalive);
}

/* 0.2, 0.4, 0.8, 1.6, 3.2 s and then 5 s each: 6.2 s, 10 rounds of 5 s, 1 s of the next */
static void tcp_rto_max_ms_bounds_each_round(void **state)
{
	struct limits limits = limits_with(60);
	struct sock last = SOCK(LAST_ACK, .timer = TIMER_RETRANSMIT, .timer_ms = 4000, .have = FLOW,
				.retransmits = 15,
	       .flow = { .rto_us = RTO(5000), .backoff = 15, .last_data_sent_ms = 200000 });
	struct sock syn = SOCK(SYN_SENT, .timer = TIMER_RETRANSMIT, .timer_ms = 500,
			       .retransmits = 8, .have = FLOW,
			       .flow = { .rto_us = RTO(1000), .backoff = 4 });
	struct sock half = SOCK(SYN_RECV, .timer = TIMER_RETRANSMIT, .timer_ms = 500,
				.retransmits = 4);

	(void)state;
	assert_int_equal(sock_age(&last, &limits).min_ms, 6000);
	limits.limit[LIMIT_RTO_MAX_MS] = (struct known){ true, 5000 };
	assert_int_equal(sock_age(&last, &limits).min_ms, 57200);
	limits.limit[LIMIT_RTO_MAX_MS].value = 1000;
	assert_int_equal(sock_age(&syn, &limits).min_ms, 8500);
	assert_int_equal(sock_age(&half, &limits).min_ms, 4500);
	/* what no kernel has is in a recording that somebody made */
	limits.limit[LIMIT_RTO_MAX_MS].value = INT64_MAX;
	assert_int_equal(sock_age(&last, &limits).min_ms, 6000);
	half.retransmits = 200;
	assert_int_equal(sock_age(&half, &limits).min_ms, 23406500);
}

static void an_orphan_without_fin_timeout_has_no_age(void **state)
{
	struct limits limits = { 0 };
	struct sock orphan = SOCK(FIN_WAIT_2, .timer = TIMER_TIME_WAIT, .timer_ms = 5);

	(void)state;
	assert_int_equal(sock_age(&orphan, &limits).kind, AGE_UNKNOWN);
}

static struct sock flow(enum state which, uint64_t acked, uint32_t queue, uint64_t sent,
			uint64_t again, uint32_t notsent)
{
	return (struct sock){ .state = which, .have = FLOW, .send_queue = queue, .inode = 1,
		.flow = { .bytes_acked = acked, .bytes_sent = sent, .bytes_retrans = again,
			  .notsent_bytes = notsent } };
}

static void the_syn_counts_where_it_was_sent(void **state)
{
	const struct { struct sock sock; enum opener opener; } cases[] = {
		{ flow(STATE_ESTABLISHED, 1, 0, 0, 0, 0), OPENER_HERE },
		{ flow(STATE_ESTABLISHED, 0, 0, 0, 0, 0), OPENER_PEER },
		{ flow(STATE_ESTABLISHED, 501, 0, 500, 0, 0), OPENER_HERE },
		{ flow(STATE_ESTABLISHED, 500, 0, 500, 0, 0), OPENER_PEER },
		/* 100 acked, 60 sent again, 200 in flight, 40 not sent yet */
		{ flow(STATE_CLOSE_WAIT, 101, 240, 360, 60, 40), OPENER_HERE },
		{ flow(STATE_CLOSE_WAIT, 100, 240, 360, 60, 40), OPENER_PEER },
		/* our own FIN counts one, acked or not, but not before it was sent */
		{ flow(STATE_FIN_WAIT_1, 501, 1, 500, 0, 0), OPENER_HERE },
		{ flow(STATE_FIN_WAIT_2, 502, 0, 500, 0, 0), OPENER_HERE },
		{ flow(STATE_FIN_WAIT_2, 501, 0, 500, 0, 0), OPENER_PEER },
		{ flow(STATE_LAST_ACK, 500, 1, 500, 0, 0), OPENER_PEER },
		{ flow(STATE_FIN_WAIT_1, 101, 51, 100, 0, 51), OPENER_HERE },
		/* anything else is not guessed */
		{ flow(STATE_ESTABLISHED, 7, 0, 0, 0, 0), OPENER_UNKNOWN },
		{ flow(STATE_ESTABLISHED, 0, 0, 5, 0, 0), OPENER_UNKNOWN },
		{ { .state = STATE_ESTABLISHED, .have = HAVE_FLOW | HAVE_ACKED }, OPENER_UNKNOWN },
		{ { .state = STATE_TIME_WAIT, .timer = TIMER_TIME_WAIT }, OPENER_UNKNOWN },
		{ { .state = STATE_FIN_WAIT_2, .timer = TIMER_TIME_WAIT }, OPENER_UNKNOWN },
		{ { .state = STATE_LISTEN }, OPENER_UNKNOWN },
		{ { .state = STATE_SYN_SENT }, OPENER_HERE },
		{ { .state = STATE_SYN_RECV }, OPENER_PEER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (sock_opener(&cases[i].sock) != cases[i].opener)
			fail_msg("case %zu", i);
}

/* What a program's timeout cuts off, what is left of an earlier trouble, and ICMP errors do not make it older. */
static void no_more_than_the_truth_is_told_of_retransmissions(void **state)
{
	struct limits limits = limits_with(60);
	struct sock s = SOCK(ESTABLISHED, .timer = TIMER_RETRANSMIT, .timer_ms = 1000, .have = FLOW,
			     .retransmits = 5,
			     .flow = { .rto_us = RTO(6400), .backoff = 5, .last_data_sent_ms = 700 });

	(void)state;
	assert_int_equal(sock_unacked(&s, &limits).min_ms, 6200 + 700);
	s.retransmits = 2;
	assert_int_equal(sock_unacked(&s, &limits).min_ms, 6400 - 1600 + 700);
	s.retransmits = 15;
	assert_int_equal(sock_unacked(&s, &limits).min_ms, 6200 + 10 * 200 + 200);
	s.flow.rto_time_ms = 41000;
	assert_int_equal(sock_unacked(&s, &limits).min_ms, 41000);
	s.retransmits = 0;
	assert_int_equal(sock_unacked(&s, &limits).min_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_are_brackets),
		cmocka_unit_test(keepalive_is_told_apart_from_an_orphans_timer),
		cmocka_unit_test(tcp_rto_max_ms_bounds_each_round),
		cmocka_unit_test(no_more_than_the_truth_is_told_of_retransmissions),
		cmocka_unit_test(an_orphan_without_fin_timeout_has_no_age),
		cmocka_unit_test(the_syn_counts_where_it_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
