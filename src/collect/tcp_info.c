/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/attrs.h"

#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>

/* Where a number stands in the kernel's tcp_info. */
struct place {
	uint16_t offset;
	uint8_t  size;          /* bytes: 1, 2, 4 or 8 */
	uint8_t  shift;         /* bits */
	uint16_t least;         /* a shorter tcp_info lacks it; 0: its own end decides */
	uint64_t mask;
};

#define MASK(bits) (UINT64_MAX >> (64 - (bits)))

#define PLACE(byte, bytes) { .offset = (byte), .size = (bytes), .mask = MASK(8 * (bytes)) }

/*
 * Bit-fields fill their byte from the low end on little-endian machines, from the high
 * end on others.
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BITS(byte, from, count, from_size) \
	{ .offset = (byte), .size = 1, .shift = (from), .least = (from_size), .mask = MASK(count) }
#else
#define BITS(byte, from, count, from_size) \
	{ .offset = (byte), .size = 1, .shift = 8 - (from) - (count), .least = (from_size), \
	  .mask = MASK(count) }
#endif

#define END_OF(member) (offsetof(struct tcp_info, tcpi_##member) + \
			sizeof(((struct tcp_info *)0)->tcpi_##member))

#define AT(member) PLACE(offsetof(struct tcp_info, tcpi_##member), \
			 sizeof(((struct tcp_info *)0)->tcpi_##member))

/*
 * tcp_info only ever grows at its end, so a member is there when the attribute is long
 * enough. But some bits came into bytes that existed before and were 0: such a bit is
 * told where a member is told that came with it or earlier.
 *
 * Members younger than the oldest header with which this program builds are written as
 * numbers (6.2: rcv_wnd, rehash; 6.7: the total_rto ones; 6.18: accurate ECN; checked
 * against the type information of 6.18). The last word is two 16-bit numbers in 6.18
 * (fail_mode, opt_seen) and bits in 7.0 (ecn_mode:2, opt_seen:2, fail_mode:4), so it is
 * told as it is.
 *
 * Two members are not here: the state, which the message tells, too, and last_ack_sent,
 * which no kernel has ever filled.
 */
static const struct place places[METRIC_COUNT] = {
	[METRIC_CA_STATE]       = AT(ca_state),
	[METRIC_PROBES]         = AT(probes),
	[METRIC_BACKOFF]        = AT(backoff),
	[METRIC_OPTIONS]        = AT(options),
	[METRIC_SND_WSCALE]     = BITS(6, 0, 4, 0),
	[METRIC_RCV_WSCALE]     = BITS(6, 4, 4, 0),
	[METRIC_APP_LIMITED]    = BITS(7, 0, 1, END_OF(delivery_rate)),
	[METRIC_FASTOPEN_FAIL]  = BITS(7, 1, 2, END_OF(snd_wnd)),
	[METRIC_RTO]            = AT(rto),
	[METRIC_ATO]            = AT(ato),
	[METRIC_SND_MSS]        = AT(snd_mss),
	[METRIC_RCV_MSS]        = AT(rcv_mss),
	[METRIC_UNACKED]        = AT(unacked),
	[METRIC_SACKED]         = AT(sacked),
	[METRIC_LOST]           = AT(lost),
	[METRIC_RETRANS]        = AT(retrans),
	[METRIC_FACKETS]        = AT(fackets),
	[METRIC_LAST_DATA_SENT] = AT(last_data_sent),
	[METRIC_LAST_DATA_RECV] = AT(last_data_recv),
	[METRIC_LAST_ACK_RECV]  = AT(last_ack_recv),
	[METRIC_PMTU]           = AT(pmtu),
	[METRIC_RCV_SSTHRESH]   = AT(rcv_ssthresh),
	[METRIC_RTT]            = AT(rtt),
	[METRIC_RTTVAR]         = AT(rttvar),
	[METRIC_SND_SSTHRESH]   = AT(snd_ssthresh),
	[METRIC_SND_CWND]       = AT(snd_cwnd),
	[METRIC_ADVMSS]         = AT(advmss),
	[METRIC_REORDERING]     = AT(reordering),
	[METRIC_RCV_RTT]        = AT(rcv_rtt),
	[METRIC_RCV_SPACE]      = AT(rcv_space),
	[METRIC_TOTAL_RETRANS]  = AT(total_retrans),
	[METRIC_PACING_RATE]    = AT(pacing_rate),
	[METRIC_MAX_PACING_RATE] = AT(max_pacing_rate),
	[METRIC_BYTES_ACKED]    = AT(bytes_acked),
	[METRIC_BYTES_RECEIVED] = AT(bytes_received),
	[METRIC_SEGS_OUT]       = AT(segs_out),
	[METRIC_SEGS_IN]        = AT(segs_in),
	[METRIC_NOTSENT_BYTES]  = AT(notsent_bytes),
	[METRIC_MIN_RTT]        = AT(min_rtt),
	[METRIC_DATA_SEGS_IN]   = AT(data_segs_in),
	[METRIC_DATA_SEGS_OUT]  = AT(data_segs_out),
	[METRIC_DELIVERY_RATE]  = AT(delivery_rate),
	[METRIC_BUSY_TIME]      = AT(busy_time),
	[METRIC_RWND_LIMITED]   = AT(rwnd_limited),
	[METRIC_SNDBUF_LIMITED] = AT(sndbuf_limited),
	[METRIC_DELIVERED]      = AT(delivered),
	[METRIC_DELIVERED_CE]   = AT(delivered_ce),
	[METRIC_BYTES_SENT]     = AT(bytes_sent),
	[METRIC_BYTES_RETRANS]  = AT(bytes_retrans),
	[METRIC_DSACK_DUPS]     = AT(dsack_dups),
	[METRIC_REORD_SEEN]     = AT(reord_seen),
	[METRIC_RCV_OOOPACK]    = AT(rcv_ooopack),
	[METRIC_SND_WND]        = AT(snd_wnd),
	[METRIC_RCV_WND]        = PLACE(232, 4),
	[METRIC_REHASH]         = PLACE(236, 4),
	[METRIC_TOTAL_RTO]      = PLACE(240, 2),
	[METRIC_TOTAL_RTO_RECOVERIES] = PLACE(242, 2),
	[METRIC_TOTAL_RTO_TIME] = PLACE(244, 4),
	[METRIC_RETRANSMITS]    = AT(retransmits),
	[METRIC_RECEIVED_CE]        = PLACE(248, 4),
	[METRIC_DELIVERED_E1_BYTES] = PLACE(252, 4),
	[METRIC_DELIVERED_E0_BYTES] = PLACE(256, 4),
	[METRIC_DELIVERED_CE_BYTES] = PLACE(260, 4),
	[METRIC_RECEIVED_E1_BYTES]  = PLACE(264, 4),
	[METRIC_RECEIVED_E0_BYTES]  = PLACE(268, 4),
	[METRIC_RECEIVED_CE_BYTES]  = PLACE(272, 4),
	[METRIC_ACCECN]             = PLACE(276, 4),
};

#define KNOWN_BYTES 280

/* A tcp_info attribute. */
struct info {
	const uint8_t *at;
	size_t         size;
};

static inline uint64_t read_at(const uint8_t *info, const struct place *place)
{
	const uint8_t *at = info + place->offset;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (place->size) {
	case 1:
		return *at >> place->shift & place->mask;
	case 2:
		memcpy(&two, at, sizeof(two));
		return two;
	case 4:
		memcpy(&four, at, sizeof(four));
		return four;
	default:
		memcpy(&eight, at, sizeof(eight));
		return eight;
	}
}

/* Returns false when this kernel's tcp_info ends before that member. */
static inline bool read_metric(const struct info *info, enum metric which, uint64_t *value)
{
	const struct place *place = &places[which];

	if ((size_t)place->offset + place->size > info->size || place->least > info->size)
		return false;
	*value = read_at(info->at, place);
	return true;
}

/*
 * Reads a tcp_info that has every member. Unrolled, a row of the table becomes a load
 * and a store.
 */
static void read_all(const uint8_t *info, struct metrics *metrics)
{
#pragma GCC unroll 128
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		metrics->value[i] = read_at(info, &places[i]);
	metric_set_all(metrics);
}

static void read_some(const struct info *info, struct metrics *metrics)
{
	uint64_t value;

	for (unsigned i = 0; i < METRIC_COUNT; i++)
		if (read_metric(info, i, &value))
			metric_set(metrics, i, value);
		else
			metrics->value[i] = 0;
}

static inline bool read_u32(const struct info *info, enum metric which, uint32_t *value)
{
	uint64_t wide;

	if (!read_metric(info, which, &wide))
		return false;
	*value = (uint32_t)wide;
	return true;
}

static void read_flow(const struct info *info, struct sock *sock)
{
	struct flow *flow = &sock->flow;
	uint64_t recoveries;

	if (!read_u32(info, METRIC_LAST_ACK_RECV, &flow->last_ack_recv_ms))
		return;
	read_u32(info, METRIC_LAST_DATA_SENT, &flow->last_data_sent_ms);
	read_u32(info, METRIC_LAST_DATA_RECV, &flow->last_data_recv_ms);
	read_u32(info, METRIC_RTO, &flow->rto_us);
	read_u32(info, METRIC_BACKOFF, &flow->backoff);
	sock->have |= HAVE_FLOW;
	if (read_metric(info, METRIC_BYTES_ACKED, &flow->bytes_acked) &&
	    read_metric(info, METRIC_BYTES_RECEIVED, &flow->bytes_received))
		sock->have |= HAVE_ACKED;
	if (read_u32(info, METRIC_NOTSENT_BYTES, &flow->notsent_bytes))
		sock->have |= HAVE_NOTSENT;
	if (read_u32(info, METRIC_SND_WND, &flow->peer_window_bytes))
		sock->have |= HAVE_PEER_WINDOW;
	if (read_metric(info, METRIC_TOTAL_RTO_RECOVERIES, &recoveries) && recoveries == 1)
		read_u32(info, METRIC_TOTAL_RTO_TIME, &flow->rto_time_ms);
	if (read_metric(info, METRIC_BYTES_SENT, &flow->bytes_sent) &&
	    read_metric(info, METRIC_BYTES_RETRANS, &flow->bytes_retrans))
		sock->have |= HAVE_SENT;
}

void tcp_info_flow(const uint8_t *bytes, size_t size, struct sock *sock)
{
	read_flow(&(struct info){ bytes, size }, sock);
}

void tcp_info_metrics(const uint8_t *bytes, size_t size, struct metrics *metrics)
{
	if (size >= KNOWN_BYTES)
		read_all(bytes, metrics);
	else
		read_some(&(struct info){ bytes, size }, metrics);
	/* what was never measured, and a deviation of it that the kernel assumes */
	if (metrics->value[METRIC_MIN_RTT] == UINT32_MAX)
		metrics->value[METRIC_MIN_RTT] = METRIC_UNSET;
	if (metrics->value[METRIC_RCV_RTT] == 0 && metric_has(metrics, METRIC_RCV_RTT))
		metrics->value[METRIC_RCV_RTT] = METRIC_UNSET;
	if (metrics->value[METRIC_RTT] == 0 && metric_has(metrics, METRIC_RTTVAR))
		metrics->value[METRIC_RTT] = metrics->value[METRIC_RTTVAR] = METRIC_UNSET;
	metrics->unknown_bytes = size > KNOWN_BYTES ? (uint32_t)(size - KNOWN_BYTES) : 0;
}

/* ---- MPTCP ---- */

_Static_assert(offsetof(struct mptcp_info, mptcpi_csum_enabled) == 42 &&
	       offsetof(struct mptcp_info, mptcpi_rcv_nxt) == 32,
	       "where the members stand that every header knows");

/* The numbers from retransmits on came with Linux 6.5 and 6.10, after many headers. */
static const struct place mptcp_places[MPTCP_NUMBER_COUNT] = {
	[MPTCP_SUBFLOWS] = PLACE(0, 1), [MPTCP_ADD_ADDR_SIGNAL] = PLACE(1, 1),
	[MPTCP_ADD_ADDR_ACCEPTED] = PLACE(2, 1), [MPTCP_SUBFLOWS_MAX] = PLACE(3, 1),
	[MPTCP_ADD_ADDR_SIGNAL_MAX] = PLACE(4, 1), [MPTCP_ADD_ADDR_ACCEPTED_MAX] = PLACE(5, 1),
	[MPTCP_FLAGS] = PLACE(8, 4), [MPTCP_TOKEN] = PLACE(12, 4), [MPTCP_WRITE_SEQ] = PLACE(16, 8),
	[MPTCP_SND_UNA] = PLACE(24, 8), [MPTCP_RCV_NXT] = PLACE(32, 8),
	[MPTCP_LOCAL_ADDR_USED] = PLACE(40, 1), [MPTCP_LOCAL_ADDR_MAX] = PLACE(41, 1),
	[MPTCP_CSUM_ENABLED] = PLACE(42, 1), [MPTCP_RETRANSMITS] = PLACE(44, 4),
	[MPTCP_BYTES_RETRANS] = PLACE(48, 8), [MPTCP_BYTES_SENT] = PLACE(56, 8),
	[MPTCP_BYTES_RECEIVED] = PLACE(64, 8), [MPTCP_BYTES_ACKED] = PLACE(72, 8),
	[MPTCP_SUBFLOWS_TOTAL] = PLACE(80, 1), [MPTCP_LAST_DATA_SENT] = PLACE(84, 4),
	[MPTCP_LAST_DATA_RECV] = PLACE(88, 4), [MPTCP_LAST_ACK_RECV] = PLACE(92, 4),
};

void mptcp_info_parse(const uint8_t *bytes, size_t size, struct mptcp_state *state)
{
	for (unsigned i = 0; i < MPTCP_NUMBER_COUNT; i++) {
		const struct place *place = &mptcp_places[i];

		if ((size_t)place->offset + place->size > size)
			continue;
		state->value[i] = read_at(bytes, place);
		state->have |= 1u << i;
	}
}
