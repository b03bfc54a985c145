/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_MPTCP_H
#define MODEL_MPTCP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the kernel tells of an MPTCP connection as a whole, which differs from what it
 * tells of a TCP connection. collect/tcp_info.c knows where each number stands.
 */
enum mptcp_number {
	MPTCP_SUBFLOWS, MPTCP_ADD_ADDR_SIGNAL, MPTCP_ADD_ADDR_ACCEPTED, MPTCP_SUBFLOWS_MAX,
	MPTCP_ADD_ADDR_SIGNAL_MAX, MPTCP_ADD_ADDR_ACCEPTED_MAX, MPTCP_FLAGS, MPTCP_TOKEN,
	MPTCP_WRITE_SEQ, MPTCP_SND_UNA, MPTCP_RCV_NXT, MPTCP_LOCAL_ADDR_USED,
	MPTCP_LOCAL_ADDR_MAX, MPTCP_CSUM_ENABLED, MPTCP_RETRANSMITS, MPTCP_BYTES_RETRANS,
	MPTCP_BYTES_SENT, MPTCP_BYTES_RECEIVED, MPTCP_BYTES_ACKED, MPTCP_SUBFLOWS_TOTAL,
	MPTCP_LAST_DATA_SENT, MPTCP_LAST_DATA_RECV, MPTCP_LAST_ACK_RECV,
	MPTCP_NUMBER_COUNT,
};

enum mptcp_flag { MPTCP_FALLBACK = 1 << 0, MPTCP_REMOTE_KEY = 1 << 1 };

struct mptcp_row {
	const char *name;       /* JSON member, unit at the end */
	bool        is_id;      /* of 64 bits: a string in JSON */
};

/* THE table of MPTCP numbers, indexed by enum mptcp_number. */
extern const struct mptcp_row mptcp_table[MPTCP_NUMBER_COUNT];

struct mptcp_state {
	uint32_t have;          /* one bit for each enum mptcp_number; 0: none was told */
	uint64_t value[MPTCP_NUMBER_COUNT];
};

#endif
