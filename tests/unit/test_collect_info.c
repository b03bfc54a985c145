/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp_info of any length: read at once or member by member, each number is where the kernel's header has it. */
#include "test.h"

#include "collect/attrs.h"

#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE = 280, MORE = 17 };

#define MEMBER(metric, name) \
	{ METRIC_##metric, offsetof(struct tcp_info, tcpi_##name), \
	  sizeof(((struct tcp_info *)0)->tcpi_##name) }

/* What is no bit-field; the last ones are younger than some headers. */
static const struct { enum metric metric; size_t offset, size; } members[] = {
	MEMBER(CA_STATE, ca_state), MEMBER(RETRANSMITS, retransmits), MEMBER(PROBES, probes),
	MEMBER(BACKOFF, backoff), MEMBER(OPTIONS, options), MEMBER(RTO, rto), MEMBER(ATO, ato),
	MEMBER(SND_MSS, snd_mss), MEMBER(RCV_MSS, rcv_mss), MEMBER(UNACKED, unacked),
	MEMBER(SACKED, sacked), MEMBER(LOST, lost), MEMBER(RETRANS, retrans),
	MEMBER(FACKETS, fackets), MEMBER(LAST_DATA_SENT, last_data_sent),
	MEMBER(LAST_DATA_RECV, last_data_recv), MEMBER(LAST_ACK_RECV, last_ack_recv),
	MEMBER(PMTU, pmtu), MEMBER(RCV_SSTHRESH, rcv_ssthresh), MEMBER(RTT, rtt),
	MEMBER(RTTVAR, rttvar), MEMBER(SND_SSTHRESH, snd_ssthresh), MEMBER(SND_CWND, snd_cwnd),
	MEMBER(ADVMSS, advmss), MEMBER(REORDERING, reordering), MEMBER(RCV_RTT, rcv_rtt),
	MEMBER(RCV_SPACE, rcv_space), MEMBER(TOTAL_RETRANS, total_retrans),
	MEMBER(PACING_RATE, pacing_rate), MEMBER(MAX_PACING_RATE, max_pacing_rate),
	MEMBER(BYTES_ACKED, bytes_acked), MEMBER(BYTES_RECEIVED, bytes_received),
	MEMBER(SEGS_OUT, segs_out), MEMBER(SEGS_IN, segs_in), MEMBER(NOTSENT_BYTES, notsent_bytes),
	MEMBER(MIN_RTT, min_rtt), MEMBER(DATA_SEGS_IN, data_segs_in),
	MEMBER(DATA_SEGS_OUT, data_segs_out), MEMBER(DELIVERY_RATE, delivery_rate),
	MEMBER(BUSY_TIME, busy_time), MEMBER(RWND_LIMITED, rwnd_limited),
	MEMBER(SNDBUF_LIMITED, sndbuf_limited), MEMBER(DELIVERED, delivered),
	MEMBER(DELIVERED_CE, delivered_ce), MEMBER(BYTES_SENT, bytes_sent),
	MEMBER(BYTES_RETRANS, bytes_retrans), MEMBER(DSACK_DUPS, dsack_dups),
	MEMBER(REORD_SEEN, reord_seen), MEMBER(RCV_OOOPACK, rcv_ooopack), MEMBER(SND_WND, snd_wnd),
	{ METRIC_RCV_WND, 232, 4 }, { METRIC_REHASH, 236, 4 }, { METRIC_TOTAL_RTO, 240, 2 },
	{ METRIC_TOTAL_RTO_RECOVERIES, 242, 2 }, { METRIC_TOTAL_RTO_TIME, 244, 4 },
	{ METRIC_RECEIVED_CE, 248, 4 }, { METRIC_DELIVERED_E1_BYTES, 252, 4 },
	{ METRIC_DELIVERED_E0_BYTES, 256, 4 }, { METRIC_DELIVERED_CE_BYTES, 260, 4 },
	{ METRIC_RECEIVED_E1_BYTES, 264, 4 }, { METRIC_RECEIVED_E0_BYTES, 268, 4 },
	{ METRIC_RECEIVED_CE_BYTES, 272, 4 }, { METRIC_ACCECN, 276, 4 },
};

enum { MEMBERS = sizeof(members) / sizeof(*members), BIT_FIELDS = 4 };
_Static_assert(MEMBERS + BIT_FIELDS == METRIC_COUNT, "every member is tested");

/* As the compiler reads it. */
static uint64_t number(const uint8_t *at, size_t size)
{
	uint64_t eight;
	uint32_t four;
	uint16_t two;

	switch (size) {
	case 1: return *at;
	case 2: return memcpy(&two, at, 2), two;
	case 4: return memcpy(&four, at, 4), four;
	default: return memcpy(&eight, at, 8), eight;
	}
}

static void has(const struct metrics *metrics, enum metric metric, bool told, uint64_t value)
{
	bool unset = metric == METRIC_MIN_RTT ? value == UINT32_MAX : value == METRIC_UNSET;

	assert_int_equal(metric_has(metrics, metric), told);
	assert_int_equal(metric_known(metrics, metric), told && !unset);
	if (told && unset)
		value = METRIC_UNSET;
	assert_int_equal(metrics->value[metric], told ? value : 0);
}

#define END_OF(name) (offsetof(struct tcp_info, name) + sizeof(((struct tcp_info *)0)->name))

/*
 * What bit-fields are is the compiler's business, so it is asked, whatever end it counts from. The last ones came into a
 * byte that was there before: with, or after, the members that tell of them.
 */
static void same_bits(const struct metrics *metrics, const uint8_t *bytes, size_t size)
{
	struct tcp_info info;

	memcpy(&info, bytes, sizeof(info));
	has(metrics, METRIC_SND_WSCALE, size > 6, info.tcpi_snd_wscale);
	has(metrics, METRIC_RCV_WSCALE, size > 6, info.tcpi_rcv_wscale);
	has(metrics, METRIC_APP_LIMITED, size >= END_OF(tcpi_delivery_rate),
	    info.tcpi_delivery_rate_app_limited);
	has(metrics, METRIC_FASTOPEN_FAIL, size >= END_OF(tcpi_snd_wnd),
	    info.tcpi_fastopen_client_fail);
}

static void same_flow(const struct sock *sock, const struct metrics *metrics)
{
	bool told = metric_has(metrics, METRIC_LAST_ACK_RECV);

	assert_int_equal(!!(sock->have & HAVE_FLOW), told);
	assert_int_equal(sock->flow.last_data_sent_ms,
			 told ? metrics->value[METRIC_LAST_DATA_SENT] : 0);
	assert_int_equal(sock->flow.last_data_recv_ms,
			 told ? metrics->value[METRIC_LAST_DATA_RECV] : 0);
	assert_int_equal(sock->flow.last_ack_recv_ms, metrics->value[METRIC_LAST_ACK_RECV]);
	assert_int_equal(sock->flow.rto_us, told ? metrics->value[METRIC_RTO] : 0);
	assert_int_equal(sock->flow.backoff, told ? metrics->value[METRIC_BACKOFF] : 0);
	assert_int_equal(!!(sock->have & HAVE_ACKED), metric_has(metrics, METRIC_BYTES_RECEIVED));
	assert_int_equal(sock->flow.bytes_acked, metrics->value[METRIC_BYTES_ACKED]);
	assert_int_equal(sock->flow.bytes_received, metrics->value[METRIC_BYTES_RECEIVED]);
	assert_int_equal(!!(sock->have & HAVE_SENT), metric_has(metrics, METRIC_BYTES_RETRANS));
	assert_int_equal(sock->flow.bytes_sent, metrics->value[METRIC_BYTES_SENT]);
	assert_int_equal(sock->flow.bytes_retrans, metrics->value[METRIC_BYTES_RETRANS]);
	assert_int_equal(sock->flow.notsent_bytes, metrics->value[METRIC_NOTSENT_BYTES]);
}

/* At the end of memory of its own, at an odd address; @metrics is full of what a row before has left. */
static void reads_all_of(const uint8_t *bytes, size_t size)
{
	uint8_t *info = malloc(size + 1);
	struct sock sock = { .have = 0 };
	struct metrics metrics;

	assert_non_null(info);
	memcpy(info + 1, bytes, size);
	memset(&metrics, 0xaa, sizeof(metrics));
	metrics.have[0] = metrics.have[1] = 0;
	tcp_info_metrics(info + 1, size, &metrics);
	tcp_info_flow(info + 1, size, &sock);
	for (size_t i = 0; i < MEMBERS; i++)
		has(&metrics, members[i].metric, members[i].offset + members[i].size <= size,
		    number(bytes + members[i].offset, members[i].size));
	same_bits(&metrics, bytes, size);
	same_flow(&sock, &metrics);
	assert_int_equal(metric_all(&metrics), size >= WHOLE);
	assert_int_equal(metrics.unknown_bytes, size > WHOLE ? size - WHOLE : 0);
	free(info);
}

static void every_member_at_every_length(void **state)
{
	uint8_t bytes[WHOLE + MORE];
	uint32_t seed = 2463534242u;

	(void)state;
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5;
			bytes[i] = (uint8_t)(round == 4 ? 0xff : seed >> 11);
		}
		for (size_t size = 0; size <= sizeof(bytes); size++)
			reads_all_of(bytes, size);
	}
}

static void what_was_never_measured_is_unknown_and_not_0(void **state)
{
	uint8_t bytes[WHOLE] = { 0 };
	struct metrics metrics = { .have = { 0, 0 } };

	(void)state;
	bytes[offsetof(struct tcp_info, tcpi_rttvar)] = 1;
	tcp_info_metrics(bytes, sizeof(bytes), &metrics);
	assert_false(metric_known(&metrics, METRIC_RTT));
	assert_false(metric_known(&metrics, METRIC_RTTVAR));
	assert_false(metric_known(&metrics, METRIC_RCV_RTT));
	assert_true(metric_known(&metrics, METRIC_SND_CWND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_at_every_length),
		cmocka_unit_test(what_was_never_measured_is_unknown_and_not_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
