/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holders sorted and found by inode. There may be a million of them, so both work
 * without a comparison for each step.
 */
#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* a radix sort takes the 32 bits of an inode in three steps */
#define DIGIT_BITS 11
#define DIGITS     (1u << DIGIT_BITS)

/*
 * Holders per entry of the index: at 4, the index takes a byte for each holder and
 * searches stay short.
 */
#define HOLDERS_PER_ENTRY 4

static int compare_holders(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;

	return order_of(a->inode, b->inode) ?: order_of(a->process, b->process) ?:
	       order_of(a->fd, b->fd);
}

static bool is_sorted(const struct holder *at, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_holders(&at[i - 1], &at[i]) > 0)
			return false;
	return true;
}

/* One step of a radix sort; holders with equal digits keep their order. */
static void sort_by_digit(const struct holder *from, struct holder *to, size_t count,
			  unsigned shift)
{
	size_t place[DIGITS] = { 0 };

	for (size_t i = 0; i < count; i++)
		place[from[i].inode >> shift & (DIGITS - 1)]++;
	for (size_t i = 0, before = 0; i < DIGITS; i++) {
		size_t here = place[i];

		place[i] = before;
		before += here;
	}
	for (size_t i = 0; i < count; i++)
		to[place[from[i].inode >> shift & (DIGITS - 1)]++] = from[i];
}

static size_t run_of(const struct holder *at, size_t count)
{
	size_t size = 1;

	while (size < count && at[size].inode == at->inode)
		size++;
	return size;
}

/* The third step leaves the result in the copy, so it is copied back. */
static void sort_by_inode(struct holder *at, size_t count)
{
	OWN_MEM struct holder *copy = reallocarray(NULL, count, sizeof(*copy));

	if (!copy) {            /* no memory for the copy: slower, but works in place */
		qsort(at, count, sizeof(*at), compare_holders);
		return;
	}
	sort_by_digit(at, copy, count, 0);
	sort_by_digit(copy, at, count, DIGIT_BITS);
	sort_by_digit(at, copy, count, 2 * DIGIT_BITS);
	memcpy(at, copy, count * sizeof(*at));
}

static void index_holders(struct snapshot *snapshot)
{
	struct holder_index *index = &snapshot->holder_index;
	const struct holder *at = snapshot->holders.at;
	size_t count = snapshot->holders.count, entries, next = 0;
	/*
	 * At least 1, because a shift of up to 31 bits always gets there, and a shift of
	 * 32 is undefined.
	 */
	size_t last_entry = count / HOLDERS_PER_ENTRY ?: 1;
	uint32_t range;

	free(index->at);
	*index = (struct holder_index){ 0 };
	if (!count)
		return;
	range = at[count - 1].inode - at->inode;
	while (range >> index->shift > last_entry)
		index->shift++;
	entries = (range >> index->shift) + 2;
	index->at = grow_alloc(entries * sizeof(*index->at));
	for (size_t i = 0; i < entries; i++) {
		while (next < count && (at[next].inode - at->inode) >> index->shift < i)
			next++;
		index->at[i] = (uint32_t)next;
	}
	index->covers = count;
}

void snapshot_sort_holders(struct snapshot *snapshot)
{
	struct holder *at = snapshot->holders.at;
	size_t count = snapshot->holders.count;

	if (!is_sorted(at, count)) {
		sort_by_inode(at, count);
		for (size_t i = 0, size; i < count; i += size) {
			size = run_of(at + i, count - i);
			if (size > 1)
				qsort(at + i, size, sizeof(*at), compare_holders);
		}
	}
	index_holders(snapshot);
}

/*
 * Narrows [*low, *high) to the holders among which @inode can be; false when it is not
 * there.
 */
static bool look_up(const struct snapshot *snapshot, uint32_t inode, size_t *low, size_t *high)
{
	const struct holder_index *index = &snapshot->holder_index;
	const struct holder *at = snapshot->holders.at;
	size_t count = snapshot->holders.count;
	uint32_t entry;

	*low = 0;
	*high = count;
	if (!count || inode < at->inode || inode > at[count - 1].inode)
		return false;
	if (index->covers != count)
		return true;
	entry = (inode - at->inode) >> index->shift;
	*low = index->at[entry];
	*high = index->at[entry + 1];
	return true;
}

const struct holder *snapshot_holders(const struct snapshot *snapshot,
				      uint32_t inode, size_t *count)
{
	const struct holder *at = snapshot->holders.at;
	size_t low, high, end;

	*count = 0;
	if (!inode || !look_up(snapshot, inode, &low, &high))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (at[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < snapshot->holders.count && at[end].inode == inode; end++)
		;
	*count = end - low;
	return *count ? &at[low] : NULL;
}

size_t snapshot_each_beside(const struct snapshot *seen, uint32_t inode,
			    void (*take)(void *ctx, const struct snapshot *seen, uint32_t process),
			    void *ctx)
{
	int32_t first = snapshot_owner(seen, inode);
	size_t count, found = 0;
	const struct holder *holders = snapshot_holders(seen, inode, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t process = holders[i].process;

		if ((int32_t)process == first || (i && holders[i - 1].process == process))
			continue;
		found++;
		if (take)
			take(ctx, seen, process);
	}
	return found;
}

/* Every row is among the inodes that are not rows. */
static uint64_t unheld_folded(const struct snapshot *seen)
{
	const struct holder *at = seen->holders.at;
	uint64_t held = 0;

	for (size_t i = 0; i < seen->holders.count; i++)
		if (!i || at[i].inode != at[i - 1].inode)
			held += ids_has(&seen->folded->inodes, at[i].inode);
	return seen->folded->inodes_count - held;
}

uint64_t snapshot_unheld(const struct snapshot *seen, const struct map *inodes)
{
	uint64_t unheld = 0;

	if (!inodes && seen->folded)
		return unheld_folded(seen);
	for (size_t i = 0; i < seen->socks.count; i++) {
		uint32_t inode = seen->socks.at[i].inode;

		unheld += inode && (!inodes || map_find(inodes, inode)) &&
			  snapshot_owner(seen, inode) < 0;
	}
	return unheld;
}

int32_t snapshot_owner(const struct snapshot *seen, uint32_t inode)
{
	size_t count;
	const struct holder *holders = snapshot_holders(seen, inode, &count);
	int32_t found = -1;

	for (size_t i = 0; i < count; i++) {
		int32_t process = (int32_t)holders[i].process;

		if (found < 0 ||
		    seen->processes.at[process].pid < seen->processes.at[found].pid)
			found = process;
	}
	return found;
}
