/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_METRIC_H
#define MODEL_METRIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The members of tcp_info as numbers with a name and a unit. collect/tcp_info.c knows
 * where each one stands in the kernel's struct.
 */
enum metric {
	METRIC_CA_STATE, METRIC_PROBES, METRIC_BACKOFF, METRIC_OPTIONS,
	METRIC_SND_WSCALE, METRIC_RCV_WSCALE, METRIC_APP_LIMITED,
	METRIC_FASTOPEN_FAIL, METRIC_RTO, METRIC_ATO, METRIC_SND_MSS,
	METRIC_RCV_MSS, METRIC_UNACKED, METRIC_SACKED, METRIC_LOST,
	METRIC_RETRANS, METRIC_FACKETS, METRIC_LAST_DATA_SENT,
	METRIC_LAST_DATA_RECV, METRIC_LAST_ACK_RECV, METRIC_PMTU,
	METRIC_RCV_SSTHRESH, METRIC_RTT, METRIC_RTTVAR, METRIC_SND_SSTHRESH,
	METRIC_SND_CWND, METRIC_ADVMSS, METRIC_REORDERING, METRIC_RCV_RTT,
	METRIC_RCV_SPACE, METRIC_TOTAL_RETRANS, METRIC_PACING_RATE,
	METRIC_MAX_PACING_RATE, METRIC_BYTES_ACKED, METRIC_BYTES_RECEIVED,
	METRIC_SEGS_OUT, METRIC_SEGS_IN, METRIC_NOTSENT_BYTES, METRIC_MIN_RTT,
	METRIC_DATA_SEGS_IN, METRIC_DATA_SEGS_OUT, METRIC_DELIVERY_RATE,
	METRIC_BUSY_TIME, METRIC_RWND_LIMITED, METRIC_SNDBUF_LIMITED,
	METRIC_DELIVERED, METRIC_DELIVERED_CE, METRIC_BYTES_SENT,
	METRIC_BYTES_RETRANS, METRIC_DSACK_DUPS, METRIC_REORD_SEEN,
	METRIC_RCV_OOOPACK, METRIC_SND_WND, METRIC_RCV_WND, METRIC_REHASH,
	METRIC_TOTAL_RTO, METRIC_TOTAL_RTO_RECOVERIES, METRIC_TOTAL_RTO_TIME,
	METRIC_RETRANSMITS, METRIC_RECEIVED_CE, METRIC_DELIVERED_E1_BYTES,
	METRIC_DELIVERED_E0_BYTES, METRIC_DELIVERED_CE_BYTES,
	METRIC_RECEIVED_E1_BYTES, METRIC_RECEIVED_E0_BYTES,
	METRIC_RECEIVED_CE_BYTES, METRIC_ACCECN,
	METRIC_COUNT,
};

/* Room for the longest name with a comma, quotes, a colon and a NUL. */
#define METRIC_MEMBER 32

#define METRIC_UNSET UINT64_MAX

struct metric_row {
	const char *name;       /* JSON member, unit at the end: "rtt_us" */
	char    member[METRIC_MEMBER];  /* the name ready to be written in JSON: ,"rtt_us": */
	uint8_t member_size;
};

/* THE tcp_info table, indexed by enum metric. */
extern const struct metric_row metric_table[METRIC_COUNT];

/* The values of tcp_info, with a bit each that says whether this kernel told it. */
struct metrics {
	uint64_t have[2];       /* one bit for each enum metric */
	uint32_t unknown_bytes; /* bytes behind the last member that this program knows */
	/*
	 * A value that an old kernel did not tell is 0, one with all bits set means no
	 * limit or nothing measured. Without any tcp_info the values are undefined.
	 */
	uint64_t value[METRIC_COUNT];
};

_Static_assert(METRIC_COUNT <= 128, "struct metrics.have has 128 bits");

static inline bool metric_has(const struct metrics *m, enum metric which)
{
	return m->have[which / 64] >> which % 64 & 1;
}

/* Whether its value is a number: it was told, and is not unset. */
static inline bool metric_known(const struct metrics *metrics, enum metric metric)
{
	return metric_has(metrics, metric) && metrics->value[metric] != METRIC_UNSET;
}

static inline void metric_set(struct metrics *m, enum metric which, uint64_t value)
{
	m->have[which / 64] |= UINT64_C(1) << which % 64;
	m->value[which] = value;
}

#define METRICS_LATER (UINT64_MAX >> (128 - METRIC_COUNT))      /* all bits of the second word */

_Static_assert(METRIC_COUNT > 64, "the second word of struct metrics.have is in use");

/* True when every member was told, as by a kernel as young as the table. */
static inline bool metric_all(const struct metrics *m)
{
	return m->have[0] == UINT64_MAX && m->have[1] == METRICS_LATER;
}

static inline void metric_set_all(struct metrics *m)
{
	m->have[0] = UINT64_MAX;
	m->have[1] = METRICS_LATER;
}

/* True when the kernel told any tcp_info. */
static inline bool metric_any(const struct metrics *m)
{
	return m->have[0] | m->have[1];
}

#endif
