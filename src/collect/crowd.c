/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/crowd.h"

#include "base/grow.h"
#include "collect/cgroups.h"
#include "collect/holders.h"

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

	if (!process->comm_size) {
		process->comm_size = from->comm_size;
		memcpy(process->comm, from->comm, from->comm_size);
	}
	if (!process->cgroup_id)
		process->cgroup_id = from->cgroup_id;
	return index;
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
	for (size_t i = 0; i < owners->holders.count; i++) {
		struct holder holder = owners->holders.at[i];

		if (wanted && !map_find(wanted, holder.inode))
			continue;
		holder.process = copy_process(seen, &owners->processes.at[holder.process]);
		*grow_add(&seen->holders) = holder;
	}
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
