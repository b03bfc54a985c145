/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/frame.h"

/* To add a frame: an enum word and its struct in frame.h, its size here. */
const uint8_t frame_fixed[FRAME_TYPE_COUNT] = {
	[FRAME_ASK]         = FRAME_FIXED(frame_ask, how),
	[FRAME_HOLDERS]     = FRAME_FIXED(frame_flag, is),
	[FRAME_DESCRIPTORS] = FRAME_FIXED(frame_flag, is),
	[FRAME_CGROUPS]     = FRAME_FIXED(frame_flag, is),
	[FRAME_FILE]        = FRAME_FIXED(frame_file, err),
	[FRAME_CLOCK]       = FRAME_FIXED(frame_clock, time_ms),
	[FRAME_NETNS]       = FRAME_FIXED(frame_netns, inode),
	[FRAME_LINKS]       = FRAME_FIXED(frame_flag, is),
	[FRAME_LINK]        = FRAME_FIXED(frame_link, index),
	[FRAME_LOCAL]       = FRAME_FIXED(frame_local, addr),
	[FRAME_PROCESS]     = FRAME_FIXED(frame_process, pid),
	[FRAME_HOLDER]      = FRAME_FIXED(frame_holder, inode),
	[FRAME_LIMIT]       = FRAME_FIXED(frame_limit, have),
	[FRAME_CGROUP]      = FRAME_FIXED(frame_cgroup, id),
	[FRAME_GAP]         = FRAME_FIXED(frame_gap, kind),
	[FRAME_ANSWER]      = FRAME_FIXED(frame_answer, key_size),
	[FRAME_END]         = FRAME_FIXED(frame_end, sum),
};

/* Version 1 had less of these. A type that nobody knows has nothing fixed. */
uint8_t frame_fixed_in(uint32_t version, uint32_t type)
{
	if (version < 2 && type == FRAME_ASK)
		return FRAME_FIXED(frame_ask, ext);
	if (version < 2 && type == FRAME_END)
		return FRAME_FIXED(frame_end, frames);
	return type < FRAME_TYPE_COUNT ? frame_fixed[type] : 0;
}

uint64_t frame_sum(uint64_t sum, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
	return sum;
}
