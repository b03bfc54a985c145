/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot.h"

#include "base/grow.h"
#include "base/order.h"
#include "model/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each sentence is compared with all before it, and nobody reads this many. */
#define GAPS_MOST 500

const char *gap_name(enum gap_kind kind)
{
	static const char *const names[GAP_KIND_COUNT] = {
		[GAP_DUMP] = "dump",        [GAP_BOUND] = "bound",
		[GAP_ATTRIBUTE] = "attribute", [GAP_OWNERS] = "owners",
		[GAP_LIMITS] = "limits",    [GAP_CGROUPS] = "cgroups",
		[GAP_LINKS] = "links",      [GAP_RECORDING] = "recording",
		[GAP_RESOURCES] = "resources", [GAP_NETNS] = "netns",
		[GAP_TABLE] = "table",      [GAP_SOURCE] = "source",
	};

	return names[kind];
}

void snapshot_init(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->socks_complete = true;
}

void snapshot_unfold(struct snapshot *snapshot)
{
	if (snapshot->folded)
		ids_fini(&snapshot->folded->inodes);
	free(snapshot->folded);
	snapshot->folded = NULL;
}

void snapshot_fini(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->cgroups.count; i++) {
		free(snapshot->cgroups.at[i].path);
		free(snapshot->cgroups.at[i].unit);
		free(snapshot->cgroups.at[i].container);
		free(snapshot->cgroups.at[i].pod);
	}
	grow_fini(&snapshot->socks);
	snapshot_unfold(snapshot);
	grow_fini(&snapshot->holders);
	free(snapshot->holder_index.at);
	grow_fini(&snapshot->processes);
	map_fini(&snapshot->processes_by_pid);
	grow_fini(&snapshot->cgroups);
	map_fini(&snapshot->cgroups_by_id);
	grow_fini(&snapshot->links);
	grow_fini(&snapshot->locals);
	grow_fini(&snapshot->gaps);
}

void snapshot_leave(struct snapshot *snapshot)
{
	snapshot->netns_name[0] = '\0';
	snapshot->netns_inode = 0;
	snapshot->place = NULL;
	memset(&snapshot->limits, 0, sizeof(snapshot->limits));
	snapshot->links.count = 0;
	snapshot->locals.count = 0;
	snapshot->locals_known = false;
}

static void put_owners(struct snapshot *to, const struct snapshot *from)
{
	to->holders_known = from->holders_known;
	to->holders_complete = from->holders_complete;
	memcpy(to->holders_way, from->holders_way, sizeof(to->holders_way));
	to->holders = from->holders;
	to->holder_index = from->holder_index;
	to->processes = from->processes;
	to->processes_by_pid = from->processes_by_pid;
}

void snapshot_swap_owners(struct snapshot *one, struct snapshot *other)
{
	struct snapshot before = *one;

	put_owners(one, other);
	put_owners(other, &before);
}

void snapshot_gap(struct snapshot *snapshot, enum gap_kind kind, uint64_t count,
		  const char *fmt, ...)
{
	struct gap gap = { .kind = kind, .count = count };
	va_list args;

	va_start(args, fmt);
	vsnprintf(gap.text, sizeof(gap.text), fmt, args);
	va_end(args);
	if (snapshot->gaps.count >= GAPS_MOST)
		snprintf(gap.text, sizeof(gap.text), "and more of these");
	for (size_t i = 0; i < snapshot->gaps.count; i++) {
		struct gap *old = &snapshot->gaps.at[i];

		if (old->kind == kind && strcmp(old->text, gap.text) == 0) {
			old->count += count;
			return;
		}
	}
	*grow_add(&snapshot->gaps) = gap;
}

bool snapshot_has_gap(const struct snapshot *snapshot, enum gap_kind kind)
{
	for (size_t i = 0; i < snapshot->gaps.count; i++)
		if (snapshot->gaps.at[i].kind == kind)
			return true;
	return false;
}

static const bool takes_rows[GAP_KIND_COUNT] = {
	[GAP_DUMP] = true, [GAP_ATTRIBUTE] = true, [GAP_RESOURCES] = true, [GAP_NETNS] = true,
};

static const bool takes_knowledge[GAP_KIND_COUNT] = {
	[GAP_LIMITS] = true, [GAP_RECORDING] = true, [GAP_SOURCE] = true,
};

static const struct gap *first_of(const struct snapshot *snapshot, const bool *kinds)
{
	for (size_t i = 0; i < snapshot->gaps.count; i++)
		if (kinds[snapshot->gaps.at[i].kind])
			return &snapshot->gaps.at[i];
	return NULL;
}

bool snapshot_lists_all(const struct snapshot *snapshot)
{
	return snapshot->socks_complete && !first_of(snapshot, takes_rows);
}

bool snapshot_is_complete(const struct snapshot *snapshot)
{
	return snapshot_lists_all(snapshot) && !first_of(snapshot, takes_knowledge);
}

const struct gap *snapshot_worst_gap(const struct snapshot *snapshot)
{
	const struct gap *gap = first_of(snapshot, takes_rows);

	return gap ? gap : first_of(snapshot, takes_knowledge);
}

uint32_t snapshot_process(struct snapshot *snapshot, int32_t pid)
{
	uint32_t *slot = map_slot(&snapshot->processes_by_pid, (uint32_t)pid, NULL);

	if (!*slot) {
		grow_add(&snapshot->processes)->pid = pid;
		*slot = (uint32_t)snapshot->processes.count;
	}
	return *slot - 1;
}

const struct cgroup *snapshot_cgroup(const struct snapshot *snapshot, uint64_t id)
{
	const uint32_t *slot = map_find(&snapshot->cgroups_by_id, id);

	return slot ? &snapshot->cgroups.at[*slot - 1] : NULL;
}

static int compare_links(const void *left, const void *right)
{
	const struct link *a = left, *b = right;

	return order_of(a->index, b->index) ?: strcmp(a->name, b->name);
}

void snapshot_sort_links(struct snapshot *snapshot)
{
	if (snapshot->links.count)
		qsort(snapshot->links.at, snapshot->links.count, sizeof(*snapshot->links.at),
		      compare_links);
}

const char *snapshot_link(const struct snapshot *snapshot, uint32_t index)
{
	const struct link *at = snapshot->links.at;
	size_t low = 0, high = snapshot->links.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (at[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->links.count && at[low].index == index ? at[low].name : NULL;
}

void snapshot_add_cgroup(struct snapshot *snapshot, uint64_t id, const char *path)
{
	uint32_t *slot = map_slot(&snapshot->cgroups_by_id, id, NULL);
	struct cgroup *cgroup;

	if (*slot)
		return;
	cgroup = grow_add(&snapshot->cgroups);
	cgroup->id = id;
	cgroup->path = grow_strdup(path);
	cgroup->unit = unit_of_path(path);
	cgroup->container = container_of_path(path);
	cgroup->pod = pod_of_path(path);
	*slot = (uint32_t)snapshot->cgroups.count;
}

bool snapshot_is_local(const struct snapshot *snapshot, const struct addr *addr)
{
	if (addr_is_loopback(addr))
		return true;
	for (size_t i = 0; i < snapshot->locals.count; i++)
		if (addr_equal(&snapshot->locals.at[i].addr, addr))
			return true;
	return false;
}

static int keep(void *ctx, const struct sock *sock)
{
	struct snapshot *snapshot = ctx;
	struct sock *copy = grow_add(&snapshot->socks);

	*copy = *sock;
	copy->detail = NULL;
	return 0;
}

struct sink snapshot_sink(struct snapshot *snapshot)
{
	return (struct sink){ .take = keep, .ctx = snapshot };
}
