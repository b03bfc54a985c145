/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/mptcp_info.h"

#include <linux/mptcp.h>
#include <string.h>

_Static_assert(offsetof(struct mptcp_info, mptcpi_csum_enabled) == 42 &&
	       offsetof(struct mptcp_info, mptcpi_rcv_nxt) == 32,
	       "where the members stand that every header knows");

/* Those from retransmits on came with Linux 6.5 and 6.10, after many headers. */
static const struct { uint8_t offset, size; } places[MPTCP_NUMBER_COUNT] = {
	[MPTCP_SUBFLOWS] = { 0, 1 }, [MPTCP_ADD_ADDR_SIGNAL] = { 1, 1 },
	[MPTCP_ADD_ADDR_ACCEPTED] = { 2, 1 }, [MPTCP_SUBFLOWS_MAX] = { 3, 1 },
	[MPTCP_ADD_ADDR_SIGNAL_MAX] = { 4, 1 }, [MPTCP_ADD_ADDR_ACCEPTED_MAX] = { 5, 1 },
	[MPTCP_FLAGS] = { 8, 4 }, [MPTCP_TOKEN] = { 12, 4 }, [MPTCP_WRITE_SEQ] = { 16, 8 },
	[MPTCP_SND_UNA] = { 24, 8 }, [MPTCP_RCV_NXT] = { 32, 8 },
	[MPTCP_LOCAL_ADDR_USED] = { 40, 1 }, [MPTCP_LOCAL_ADDR_MAX] = { 41, 1 },
	[MPTCP_CSUM_ENABLED] = { 42, 1 }, [MPTCP_RETRANSMITS] = { 44, 4 },
	[MPTCP_BYTES_RETRANS] = { 48, 8 }, [MPTCP_BYTES_SENT] = { 56, 8 },
	[MPTCP_BYTES_RECEIVED] = { 64, 8 }, [MPTCP_BYTES_ACKED] = { 72, 8 },
	[MPTCP_SUBFLOWS_TOTAL] = { 80, 1 }, [MPTCP_LAST_DATA_SENT] = { 84, 4 },
	[MPTCP_LAST_DATA_RECV] = { 88, 4 }, [MPTCP_LAST_ACK_RECV] = { 92, 4 },
};

static uint64_t load_number(const uint8_t *at, size_t size)
{
	uint64_t u64;
	uint32_t u32;

	switch (size) {
	case 1:
		return *at;
	case 4:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

void mptcp_info_parse(const void *bytes, size_t size, struct mptcp_state *state)
{
	for (unsigned i = 0; i < MPTCP_NUMBER_COUNT; i++) {
		if ((size_t)places[i].offset + places[i].size > size)
			continue;
		state->value[i] = load_number((const uint8_t *)bytes + places[i].offset,
					      places[i].size);
		state->have |= 1u << i;
	}
}
