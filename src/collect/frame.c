/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/frame.h"

#include "model/bind.h"
#include "model/connect.h"

#define SIZE(type, member)  sizeof(((struct type *)0)->member)
/* Bytes up to and including the member @last. */
#define FIXED(type, last)   (offsetof(struct type, last) + SIZE(type, last))
#define FIELD(what, type, member) \
	{ .kind = FIELD_##what, .at = offsetof(struct type, member), .size = SIZE(type, member) }

/* A frame whose fixed part ends with @last and holds nothing to be redacted. */
#define FRAME(type, last, what) { .fixed = FIXED(type, last), .rest = FIELD_##what }

const struct frame_schema frame_schemas[FRAME_TYPE_COUNT] = {
	[FRAME_BASICS]      = { .rest = FIELD_NONE },
	[FRAME_ASK]         = { .fixed = FIXED(frame_ask, how), .rest = FIELD_NONE,
				.fixed_before_2 = FIXED(frame_ask, ext) },
	[FRAME_HOLDERS]     = FRAME(frame_flag, is, NONE),
	[FRAME_DESCRIPTORS] = FRAME(frame_flag, is, NONE),
	[FRAME_CGROUPS]     = FRAME(frame_flag, is, NONE),
	[FRAME_FILE]        = FRAME(frame_file, err, FILE),
	[FRAME_CLOCK]       = FRAME(frame_clock, time_ms, NONE),
	[FRAME_KERNEL]      = { .rest = FIELD_PLAIN },
	[FRAME_NETNS]       = FRAME(frame_netns, inode, NETNS),
	[FRAME_LINKS]       = FRAME(frame_flag, is, NONE),
	[FRAME_LINK]        = FRAME(frame_link, index, LINK),
	[FRAME_LOCAL]       = { .fixed = FIXED(frame_local, addr), .rest = FIELD_NONE,
				.field = FIELD(ADDRESS, frame_local, addr) },
	[FRAME_SOCK]        = { .rest = FIELD_MESSAGE },
	[FRAME_PROCESS]     = { .fixed = FIXED(frame_process, pid), .rest = FIELD_COMM,
				.field = FIELD(CGROUP_ID, frame_process, cgroup_id) },
	[FRAME_HOLDER]      = FRAME(frame_holder, inode, NONE),
	[FRAME_LIMIT]       = FRAME(frame_limit, have, NONE),
	[FRAME_CGROUP]      = { .fixed = FIXED(frame_cgroup, id), .rest = FIELD_CGROUP,
				.field = FIELD(CGROUP_ID, frame_cgroup, id) },
	[FRAME_GAP]         = FRAME(frame_gap, kind, PLAIN),
	[FRAME_END]         = { .fixed = FIXED(frame_end, sum), .rest = FIELD_NONE,
				.fixed_before_2 = FIXED(frame_end, frames) },
	[FRAME_ANSWER]      = FRAME(frame_answer, key_size, ANSWER),
};

_Static_assert(sizeof(struct answer_flags) == 16 &&
	       sizeof(struct answer_bind_context_key) == 32 &&
	       sizeof(struct answer_bind_context) == 12 &&
	       sizeof(struct answer_probe_bind_key) == 52 &&
	       sizeof(struct bind_probe) == 208 && sizeof(struct answer_route_key) == 40 &&
	       sizeof(struct chosen_route) == 28 && sizeof(struct port_probe) == 16596 &&
	       sizeof(struct answer_elsewhere_key) == 8 && sizeof(struct elsewhere) == 344 &&
	       sizeof(struct answer_unix) == 44 && sizeof(struct unix_sock) == 20 &&
	       sizeof(struct answer_thread) == 32 && sizeof(struct answer_dead) == 16 &&
	       sizeof(struct answer_pod) == 496, "no padding in a recording");

const struct answer_schema answer_schemas[ANSWER_KIND_COUNT] = {
	[ANSWER_FLAGS]        = { .row_size = sizeof(struct answer_flags), .plain = true,
				  .every = true },
	[ANSWER_BIND_CONTEXT] = { .head_size = sizeof(struct answer_bind_context), .plain = true,
				  .key = { FIELD(ADDRESS, answer_bind_context_key, addr) } },
	[ANSWER_ELSEWHERE]    = { .head_size = sizeof(struct answer_elsewhere), .plain = true,
				  .row_size = sizeof(struct elsewhere),
				  .row = { FIELD(NETNS, elsewhere, name),
					   FIELD(COMM, elsewhere, comm) } },
	[ANSWER_PROBE_BIND]   = { .head_size = sizeof(struct bind_probe), .plain = true,
				  .key = { FIELD(ADDRESS, answer_probe_bind_key, addr) } },
	/* its key has a name of any length */
	[ANSWER_UNIX]         = { .head_size = sizeof(struct answer_unix), .plain = false,
				  .row_size = sizeof(struct unix_sock) },
	[ANSWER_ROUTE]        = { .head_size = sizeof(struct chosen_route), .plain = true,
				  .key = { FIELD(ADDRESS, answer_route_key, destination),
					   FIELD(ADDRESS, answer_route_key, source) },
				  .head = FIELD(ADDRESS, chosen_route, source) },
	[ANSWER_PROBE_PORTS]  = { .head_size = sizeof(struct port_probe), .plain = true },
	[ANSWER_THREADS]      = { .row_size = sizeof(struct answer_thread), .plain = true,
				  .row = { FIELD(COMM, answer_thread, comm) } },
	[ANSWER_DEAD]         = { .row_size = sizeof(struct answer_dead), .plain = true,
				  .every = true },
	[ANSWER_PODS]         = { .row_size = sizeof(struct answer_pod), .plain = true,
				  .row = { FIELD(POD, answer_pod, uid),
					   FIELD(CONTAINER, answer_pod, id),
					   FIELD(NAME, answer_pod, pod_name),
					   FIELD(NAME, answer_pod, pod_namespace),
					   FIELD(NAME, answer_pod, container_name) } },
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
