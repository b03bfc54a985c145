/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/crowd.h"

#include "base/grow.h"
#include "base/order.h"
#include "collect/cgroups.h"
#include "collect/holders.h"

#include <stdlib.h>
#include <string.h>

void crowd_fini(struct crowd *crowd)
{
	if (crowd->walked)
		snapshot_fini(&crowd->owners);
	if (crowd->named)
		snapshot_fini(&crowd->groups);
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

void crowd_holders(struct crowd *crowd, struct snapshot *seen, const struct map *wanted)
{
	const struct snapshot *owners = &crowd->owners;
	struct tape none = { 0 };

	/* Nobody to be found, which is known without a walk. */
	if (wanted && !wanted->count) {
		seen->holders_known = seen->holders_complete = true;
		return;
	}
	if (!crowd->walked) {
		snapshot_init(&crowd->owners);
		holders_collect(&none, &crowd->owners, NULL);
		crowd->walked = true;
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

void crowd_cgroups(struct crowd *crowd, struct snapshot *seen, const struct map *wanted)
{
	const struct snapshot *groups = &crowd->groups;
	struct tape none = { 0 };

	if (wanted && !wanted->count)
		return;
	if (!crowd->named) {
		snapshot_init(&crowd->groups);
		cgroups_collect(&none, &crowd->groups, NULL);
		crowd->named = true;
	}
	for (size_t i = 0; i < groups->cgroups.count; i++)
		if (!wanted || map_find(wanted, groups->cgroups.at[i].id))
			snapshot_add_cgroup(seen, groups->cgroups.at[i].id,
					    groups->cgroups.at[i].path);
	copy_gaps(seen, groups);
}
