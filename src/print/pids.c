/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Only the processes that hold the sockets: each once, in ascending order. */
#include "print/listing.h"

#include "base/grow.h"

#include <stdlib.h>

static void begin_pids(struct listing *listing)
{
	listing->known = (struct map){ 0 };
}

/* Threads are processes here, of one pid. */
static void take_holders(struct listing *listing, const struct sock *sock)
{
	const struct snapshot *seen = listing->view.seen;
	size_t count;
	const struct holder *holder = snapshot_holders(seen, sock->inode, &count);

	for (size_t i = 0; i < count; i++) {
		int32_t pid = seen->processes.at[holder[i].process].pid;
		bool fresh;

		map_slot(&listing->known, (uint64_t)pid, &fresh);
		if (fresh)
			*grow_add(&listing->pids) = pid;
	}
}

static int compare_pids(const void *left, const void *right)
{
	const int32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void put_pids(struct listing *listing)
{
	if (listing->pids.count)
		qsort(listing->pids.at, listing->pids.count, sizeof(*listing->pids.at),
		      compare_pids);
	for (size_t i = 0; i < listing->pids.count; i++) {
		out_u64(listing->out, (uint64_t)listing->pids.at[i]);
		out_char(listing->out, '\n');
	}
	grow_fini(&listing->pids);
	map_fini(&listing->known);
}

const struct listing_format pids_format = {
	.begin = begin_pids, .row = take_holders, .end = put_pids,
};
