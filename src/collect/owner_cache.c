/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/owner_cache.h"

#include "base/grow.h"
#include "base/order.h"
#include "collect/cgroups.h"
#include "collect/owners.h"

#include <stdlib.h>
#include <string.h>

void owner_cache_fini(struct owner_cache *cache)
{
	if (cache->scanned)
		snapshot_fini(&cache->owners);
	if (cache->named)
		snapshot_fini(&cache->groups);
}

static void copy_gaps(struct snapshot *seen, const struct snapshot *from)
{
	for (size_t i = 0; i < from->gaps.count; i++)
		snapshot_gap(seen, from->gaps.at[i].kind, from->gaps.at[i].count, "%s",
			     from->gaps.at[i].text);
}

static uint32_t copy_process(struct snapshot *seen, const struct process *from)
{
	uint32_t index = snapshot_process(seen, from->pid);
	struct process *process = &seen->processes.at[index];

	if (!process->comm_size)
		snapshot_name_process(seen, index, from->comm, from->comm_size);
	if (!process->cgroup_id)
		process->cgroup_id = from->cgroup_id;
	return index;
}

static void copy_holder(struct snapshot *seen, const struct snapshot *owners,
			const struct holder *from)
{
	struct holder holder = *from;

	holder.process = copy_process(seen, &owners->processes.at[from->process]);
	*grow_add(&seen->holders) = holder;
}

static int compare_inodes(const void *left, const void *right)
{
	return order_of(*(const uint32_t *)left, *(const uint32_t *)right);
}

/*
 * Looked up, by inode: there may be as many namespaces as the machine has processes,
 * and each would have gone through the holders of all.
 */
static void copy_wanted(struct snapshot *seen, const struct snapshot *owners,
			const struct map *wanted)
{
	struct { uint32_t *at; size_t count, room; } inodes = { NULL, 0, 0 };

	for (size_t i = 0; i < seen->socks.count; i++)
		if (map_find(wanted, seen->socks.at[i].inode))
			*grow_add(&inodes) = seen->socks.at[i].inode;
	if (inodes.count)
		qsort(inodes.at, inodes.count, sizeof(*inodes.at), compare_inodes);
	for (size_t i = 0; i < inodes.count; i++) {
		size_t count;
		const struct holder *holder = snapshot_holders(owners, inodes.at[i], &count);

		if (i && inodes.at[i] == inodes.at[i - 1])
			continue;
		for (size_t j = 0; j < count; j++)
			copy_holder(seen, owners, &holder[j]);
	}
	grow_fini(&inodes);
}

void owner_cache_holders(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted)
{
	const struct snapshot *owners = &cache->owners;
	struct tape none = { 0 };

	/* Nobody to be found, which is known without a walk. */
	if (wanted && !wanted->count) {
		seen->holders_known = seen->holders_complete = true;
		return;
	}
	if (!cache->scanned) {
		snapshot_init(&cache->owners);
		owners_collect(&none, &cache->owners, NULL);
		cache->scanned = true;
	}
	if (wanted)
		copy_wanted(seen, owners, wanted);
	for (size_t i = 0; !wanted && i < owners->holders.count; i++)
		copy_holder(seen, owners, &owners->holders.at[i]);
	snapshot_sort_holders(seen);
	seen->holders_known = owners->holders_known;
	seen->holders_complete = owners->holders_complete;
	memcpy(seen->holders_way, owners->holders_way, sizeof(seen->holders_way));
	copy_gaps(seen, owners);
}

void owner_cache_cgroups(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted)
{
	const struct snapshot *groups = &cache->groups;
	struct tape none = { 0 };

	if (wanted && !wanted->count)
		return;
	if (!cache->named) {
		snapshot_init(&cache->groups);
		cgroups_collect(&none, &cache->groups, NULL);
		cache->named = true;
	}
	for (size_t i = 0; i < groups->cgroups.count; i++)
		if (!wanted || map_find(wanted, groups->cgroups.at[i].id))
			snapshot_add_cgroup(seen, groups->cgroups.at[i].id,
					    groups->cgroups.at[i].path);
	copy_gaps(seen, groups);
}
