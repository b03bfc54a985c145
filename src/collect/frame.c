/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/frame.h"

#include "model/bind.h"
#include "model/connect.h"

#define SIZE(type, member)  sizeof(((struct type *)0)->member)
/* Bytes up to the end of @last. */
#define FIXED(type, last)   (offsetof(struct type, last) + SIZE(type, last))
#define FIELD(what, type, member) \
	{ .kind = FIELD_##what, .at = offsetof(struct type, member), .size = SIZE(type, member) }

const struct frame_schema frame_schemas[FRAME_TYPE_COUNT] = {
	[FRAME_BASICS]      = { .rest = FIELD_NONE },
	[FRAME_ASK]         = { FIXED(frame_ask, how), FIXED(frame_ask, ext), FIELD_NONE },
	[FRAME_HOLDERS]     = { FIXED(frame_flag, is), 0, FIELD_NONE },
	[FRAME_DESCRIPTORS] = { FIXED(frame_flag, is), 0, FIELD_NONE },
	[FRAME_CGROUPS]     = { FIXED(frame_flag, is), 0, FIELD_NONE },
	[FRAME_FILE]        = { FIXED(frame_file, err), 0, FIELD_FILE },
	[FRAME_CLOCK]       = { FIXED(frame_clock, time_ms), 0, FIELD_NONE },
	[FRAME_KERNEL]      = { .rest = FIELD_PLAIN },
	[FRAME_NETNS]       = { FIXED(frame_netns, inode), 0, FIELD_NETNS },
	[FRAME_LINKS]       = { FIXED(frame_flag, is), 0, FIELD_NONE },
	[FRAME_LINK]        = { FIXED(frame_link, index), 0, FIELD_LINK },
	[FRAME_LOCAL]       = { FIXED(frame_local, addr), 0, FIELD_NONE,
				FIELD(ADDRESS, frame_local, addr) },
	[FRAME_SOCK]        = { .rest = FIELD_MESSAGE },
	[FRAME_PROCESS]     = { FIXED(frame_process, pid), 0, FIELD_COMM },
	[FRAME_HOLDER]      = { FIXED(frame_holder, inode), 0, FIELD_NONE },
	[FRAME_LIMIT]       = { FIXED(frame_limit, have), 0, FIELD_NONE },
	[FRAME_CGROUP]      = { FIXED(frame_cgroup, id), 0, FIELD_CGROUP },
	[FRAME_GAP]         = { FIXED(frame_gap, kind), 0, FIELD_PLAIN },
	[FRAME_END]         = { FIXED(frame_end, sum), FIXED(frame_end, frames), FIELD_NONE },
	[FRAME_ANSWER]      = { FIXED(frame_answer, key_size), 0, FIELD_ANSWER },
};

_Static_assert(sizeof(struct answer_flags) == 16 && sizeof(struct answer_bind_context_key) == 32 &&
	       sizeof(struct answer_bind_context) == 12 && sizeof(struct answer_probe_bind_key) == 52 &&
	       sizeof(struct bind_probe) == 208 && sizeof(struct answer_route_key) == 40 &&
	       sizeof(struct chosen_route) == 28 && sizeof(struct port_probe) == 16596 &&
	       sizeof(struct answer_elsewhere_key) == 8 && sizeof(struct elsewhere) == 344 &&
	       sizeof(struct answer_unix) == 44 && sizeof(struct unix_sock) == 20 &&
	       sizeof(struct answer_thread) == 32, "no padding in a recording");

const struct answer_schema answer_schemas[ANSWER_KIND_COUNT] = {
	[ANSWER_FLAGS]       = { .row_size = sizeof(struct answer_flags), .plain = true,
				 .every = true },
	[ANSWER_BIND_CONTEXT]       = { .head_size = sizeof(struct answer_bind_context),
.plain = true, .key = { FIELD(ADDRESS, answer_bind_context_key, addr) } },
	[ANSWER_PROBE_BIND]  = { .head_size = sizeof(struct bind_probe), .plain = true,
				 .key = { FIELD(ADDRESS, answer_probe_bind_key, addr) } },
	[ANSWER_ELSEWHERE]   = { sizeof(struct answer_elsewhere), sizeof(struct elsewhere),
				 .plain = true, .row = { FIELD(NETNS, elsewhere, name),
							 FIELD(COMM, elsewhere, comm) } },
	[ANSWER_UNIX]        = { sizeof(struct answer_unix), sizeof(struct unix_sock) },
	[ANSWER_ROUTE]       = { .head_size = sizeof(struct chosen_route), .plain = true,
				 .key = { FIELD(ADDRESS, answer_route_key, destination),
					  FIELD(ADDRESS, answer_route_key, source) },
				 .head = FIELD(ADDRESS, chosen_route, source) },
	[ANSWER_PROBE_PORTS] = { .head_size = sizeof(struct port_probe), .plain = true },
	[ANSWER_THREADS]     = { .row_size = sizeof(struct answer_thread), .plain = true,
				 .row = { FIELD(COMM, answer_thread, comm) } },
};

bool answer_fits(const struct answer_schema *schema, size_t size)
{
	if (size < schema->head_size)
		return false;
	size -= schema->head_size;
	return schema->row_size ? size % schema->row_size == 0 : !size;
}

uint8_t frame_fixed_in(uint32_t version, uint32_t type)
{
	const struct frame_schema *schema = &frame_schemas[type < FRAME_TYPE_COUNT ? type : 0];

	return version < 2 && schema->fixed_before_2 ? schema->fixed_before_2 : schema->fixed;
}

uint64_t frame_sum(uint64_t sum, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
	return sum;
}
