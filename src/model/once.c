/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/once.h"

/* Linux adds at most 8 subflows to a connection; this leaves room. */
#define AGAIN_MOST 64

static bool is_second(struct once *once, uint64_t key, const struct ids *first)
{
	return ids_has(first, key) && ids_add(&once->seen, ~key);
}

bool once_add(struct once *once, uint64_t key, enum once_kind kind)
{
	struct ids *own = kind == ONCE_CLOSED ? &once->closed : &once->minisocks;
	const struct ids *other = kind == ONCE_CLOSED ? &once->minisocks : &once->closed;

	if (kind == ONCE_SOCKET)
		return ids_add(&once->seen, key);
	if (!ids_add(&once->seen, key) && !is_second(once, key, other))
		return false;
	ids_add(own, key);
	return true;
}

void once_fini(struct once *once)
{
	ids_fini(&once->seen);
	ids_fini(&once->closed);
	ids_fini(&once->minisocks);
}

bool inodes_add(struct inodes *inodes, uint32_t inode)
{
	return !inode || ids_add(&inodes->seen, inode) ||
	       ++*map_slot(&inodes->again, inode, NULL) <= AGAIN_MOST;
}

void inodes_fini(struct inodes *inodes)
{
	ids_fini(&inodes->seen);
	map_fini(&inodes->again);
}
