/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/mptcp.h"

const struct mptcp_row mptcp_table[MPTCP_NUMBER_COUNT] = {
	[MPTCP_SUBFLOWS]              = { "extra_subflows", false },
	[MPTCP_ADD_ADDR_SIGNAL]       = { "add_addr_signal", false },
	[MPTCP_ADD_ADDR_ACCEPTED]     = { "add_addr_accepted", false },
	[MPTCP_SUBFLOWS_MAX]          = { "extra_subflows_max", false },
	[MPTCP_ADD_ADDR_SIGNAL_MAX]   = { "add_addr_signal_max", false },
	[MPTCP_ADD_ADDR_ACCEPTED_MAX] = { "add_addr_accepted_max", false },
	[MPTCP_FLAGS]                 = { "flags", false },
	[MPTCP_TOKEN]                 = { "token", false },
	[MPTCP_WRITE_SEQ]             = { "write_seq", true },
	[MPTCP_SND_UNA]               = { "snd_una", true },
	[MPTCP_RCV_NXT]               = { "rcv_nxt", true },
	[MPTCP_LOCAL_ADDR_USED]       = { "local_addr_used", false },
	[MPTCP_LOCAL_ADDR_MAX]        = { "local_addr_max", false },
	[MPTCP_CSUM_ENABLED]          = { "checksum_enabled", false },
	[MPTCP_RETRANSMITS]           = { "retransmits", false },
	[MPTCP_BYTES_RETRANS]         = { "retrans_bytes", false },
	[MPTCP_BYTES_SENT]            = { "sent_bytes", false },
	[MPTCP_BYTES_RECEIVED]        = { "received_bytes", false },
	[MPTCP_BYTES_ACKED]           = { "acked_bytes", false },
	[MPTCP_SUBFLOWS_TOTAL]        = { "subflows", false },
	[MPTCP_LAST_DATA_SENT]        = { "last_data_sent_ms", false },
	[MPTCP_LAST_DATA_RECV]        = { "last_data_recv_ms", false },
	[MPTCP_LAST_ACK_RECV]         = { "last_ack_recv_ms", false },
};
