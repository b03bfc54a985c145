/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot.h"

#include "base/grow.h"
#include "base/order.h"
#include "model/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each new gap is compared with all before it, and nobody reads more than this. */
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

bool comm_publishes_ports(const char *comm, size_t size)
{
	static const char *const names[] = {
		"docker-proxy", "dockerd", "rootlessport", "rootlesskit", "conmon",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (size == strlen(names[i]) && memcmp(comm, names[i], size) == 0)
			return true;
	return false;
}

void snapshot_init(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->socks_complete = true;
	snapshot_return(snapshot);
}

static void fini_folded(struct snapshot *snapshot)
{
	if (snapshot->folded)
		ids_fini(&snapshot->folded->inodes);
	free(snapshot->folded);
}

/* ---- small allocations ---- */

enum { POOL_BLOCK = 16384, POOL_SMALL = 512 };

/* Returns memory aligned for pointers, or unaligned. Never NULL. */
static void *pool_take(struct pool *pool, size_t size, bool aligned)
{
	size_t gap = aligned ? pool->left % sizeof(void *) : 0;
	void *taken;

	if (size > POOL_SMALL)
		return *grow_add(&pool->blocks) = grow_space(size);
	if (pool->left < size + gap) {
		*grow_add(&pool->blocks) = pool->at = grow_space(POOL_BLOCK);
		pool->left = POOL_BLOCK;
		gap = 0;
	}
	taken = pool->at + gap;
	pool->at += gap + size;
	pool->left -= gap + size;
	return taken;
}

static void pool_fini(struct pool *pool)
{
	for (size_t i = 0; i < pool->blocks.count; i++)
		free(pool->blocks.at[i]);
	grow_fini(&pool->blocks);
	*pool = (struct pool){ .left = 0 };
}

static char *pool_string(struct pool *pool, const char *bytes, size_t size)
{
	char *copy = pool_take(pool, size + 1, false);

	memcpy(copy, bytes, size);
	copy[size] = '\0';
	return copy;
}

void snapshot_fini(struct snapshot *snapshot)
{
	grow_fini(&snapshot->socks);
	fini_folded(snapshot);
	grow_fini(&snapshot->holders);
	free(snapshot->holder_index.at);
	grow_fini(&snapshot->processes);
	free(snapshot->processes_by_pid.at);
	pool_fini(&snapshot->process_pool);
	grow_fini(&snapshot->cgroups);
	free(snapshot->cgroups_by_id.at);
	pool_fini(&snapshot->cgroup_pool);
	grow_fini(&snapshot->links);
	grow_fini(&snapshot->locals);
	grow_fini(&snapshot->gaps);
	netns_free(snapshot->here);
}

void snapshot_set_netns(struct snapshot *snapshot, uint64_t inode, const char *name, size_t size)
{
	struct netns *here = grow_alloc(sizeof(*here));

	size = strnlen(name, size < 255 ? size : 255);
	here->inode = inode;
	if (size) {
		here->name = grow_alloc(size + 1);
		memcpy(here->name, name, size);
	}
	netns_free(snapshot->here);
	snapshot->here = here;
	snapshot->netns = here;
}

void snapshot_return(struct snapshot *snapshot)
{
	static const struct netns unknown;

	snapshot->netns = snapshot->here ? snapshot->here : &unknown;
}

void snapshot_enter(struct snapshot *snapshot, const struct netns *netns)
{
	snapshot->netns = netns;
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
	to->process_pool = from->process_pool;
}

void snapshot_swap_owners(struct snapshot *one, struct snapshot *other)
{
	struct snapshot before = *one;

	put_owners(one, other);
	put_owners(other, &before);
}

/* With -G a gap about one namespace alone begins with its name. */
static void name_netns(struct gap *gap, const struct netns *netns)
{
	bool is_of_one = gap->kind == GAP_DUMP || gap->kind == GAP_ATTRIBUTE ||
			 gap->kind == GAP_LIMITS || gap->kind == GAP_LINKS;
	struct text text = { 0 };

	if (!netns->visited || !is_of_one)
		return;
	text_addf(&text, "network namespace ");
	netns_word(&text, netns, TEXT_WORD);
	text_addf(&text, ": %s", gap->text);
	snprintf(gap->text, sizeof(gap->text), "%s", text_str(&text));
	text_fini(&text);
}

static bool are_same_but_numbers(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	while (*a) {
		size_t skip = strspn(a, digits), beside = strspn(b, digits);

		if (!skip != !beside || (!skip && *a != *b))
			return false;
		a += skip ?: 1;
		b += beside ?: 1;
	}
	return !*b;
}

/* Returns false when @gap says something new. */
static bool put_together(struct gap *old, const struct gap *gap)
{
	if (old->kind != gap->kind)
		return false;
	if (gap->kind == GAP_OWNERS && are_same_but_numbers(old->text, gap->text)) {
		*old = gap->count > old->count ? *gap : *old;
		return true;
	}
	if (strcmp(old->text, gap->text) != 0)
		return false;
	old->count += gap->count;
	return true;
}

void snapshot_gap(struct snapshot *snapshot, enum gap_kind kind, uint64_t count,
		  const char *fmt, ...)
{
	struct gap gap = { .kind = kind, .count = count };
	va_list args;

	va_start(args, fmt);
	vsnprintf(gap.text, sizeof(gap.text), fmt, args);
	va_end(args);
	name_netns(&gap, snapshot->netns);
	if (snapshot->gaps.count >= GAPS_MOST)
		snprintf(gap.text, sizeof(gap.text), "and more of these");
	for (size_t i = 0; i < snapshot->gaps.count; i++)
		if (put_together(&snapshot->gaps.at[i], &gap))
			return;
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

/* ---- processes ---- */

static uint64_t hash_of_process(const void *ctx, uint32_t index)
{
	const struct snapshot *snapshot = ctx;

	return map_hash_number((uint32_t)snapshot->processes.at[index].pid);
}

/* The entry of the process in the index, or the free entry where it belongs. */
static uint32_t *entry_of_process(const struct snapshot *snapshot, int32_t pid)
{
	const struct index *index = &snapshot->processes_by_pid;
	uint32_t *entry = index_first(index, map_hash_number((uint32_t)pid));

	while (*entry && snapshot->processes.at[*entry - 1].pid != pid)
		entry = index_next(index, entry);
	return entry;
}

uint32_t snapshot_process(struct snapshot *snapshot, int32_t pid)
{
	uint32_t *entry;

	index_widen(&snapshot->processes_by_pid, hash_of_process, snapshot);
	entry = entry_of_process(snapshot, pid);
	if (!*entry) {
		grow_add(&snapshot->processes)->pid = pid;
		*entry = (uint32_t)snapshot->processes.count;
		snapshot->processes_by_pid.count++;
	}
	return *entry - 1;
}

const struct process *snapshot_find_process(const struct snapshot *snapshot, int32_t pid)
{
	const uint32_t *entry = snapshot->processes_by_pid.room ?
				entry_of_process(snapshot, pid) : NULL;

	return entry && *entry ? &snapshot->processes.at[*entry - 1] : NULL;
}

void snapshot_name_process(struct snapshot *snapshot, uint32_t index, const char *comm,
			   size_t size)
{
	struct process *process = &snapshot->processes.at[index];

	if (size > PROCESS_COMM_MOST)
		size = PROCESS_COMM_MOST;
	process->comm_size = (uint8_t)size;
	process->comm = size ? pool_string(&snapshot->process_pool, comm, size) : "";
}

struct process_files *snapshot_process_files(struct snapshot *snapshot, uint32_t index)
{
	struct process *process = &snapshot->processes.at[index];

	if (!process->files) {
		process->files = pool_take(&snapshot->process_pool, sizeof(*process->files), true);
		*process->files = (struct process_files){ .open = { .is = false } };
	}
	return process->files;
}

/* ---- control groups ---- */

static uint64_t hash_of_cgroup(const void *ctx, uint32_t index)
{
	const struct snapshot *snapshot = ctx;

	return map_hash_number(snapshot->cgroups.at[index].id);
}

static uint32_t *entry_of_cgroup(const struct snapshot *snapshot, uint64_t id)
{
	const struct index *index = &snapshot->cgroups_by_id;
	uint32_t *entry = index_first(index, map_hash_number(id));

	while (*entry && snapshot->cgroups.at[*entry - 1].id != id)
		entry = index_next(index, entry);
	return entry;
}

const struct cgroup *snapshot_cgroup(const struct snapshot *snapshot, uint64_t id)
{
	const uint32_t *entry = snapshot->cgroups_by_id.room ?
				entry_of_cgroup(snapshot, id) : NULL;

	return entry && *entry ? &snapshot->cgroups.at[*entry - 1] : NULL;
}

uint64_t snapshot_home(const struct snapshot *snapshot, uint64_t own, int32_t process)
{
	uint64_t of = process < 0 ? 0 : snapshot->processes.at[process].cgroup_id;

	if (of & CGROUP_TOLD || !own)
		return of;
	return !of || snapshot_cgroup(snapshot, own) || !snapshot_cgroup(snapshot, of) ? own : of;
}

const struct cgroup *snapshot_home_of(const struct snapshot *snapshot, const struct sock *sock)
{
	uint64_t own = sock->have & HAVE_CGROUP ? sock->cgroup_id : 0;
	const struct cgroup *cgroup = own ? snapshot_cgroup(snapshot, own) : NULL;

	if (cgroup && !snapshot->cgroups_told)
		return cgroup;
	own = snapshot_home(snapshot, own, snapshot_owner(snapshot, sock->inode));
	return own ? snapshot_cgroup(snapshot, own) : NULL;
}

/*
 * Returns the end of @path when @name is that, as for most paths, else a copy. Frees
 * @name.
 */
static const char *keep_name(struct pool *pool, const char *path, char *name)
{
	size_t size = name ? strlen(name) : 0, all = strlen(path);
	const char *kept = path + all - size;

	if (!name)
		return NULL;
	if (size > all || memcmp(kept, name, size) != 0)
		kept = pool_string(pool, name, size);
	free(name);
	return kept;
}

static const struct cgroup_names *names_of(struct pool *pool, const char *path)
{
	struct cgroup_names found = {
		.unit = keep_name(pool, path, unit_of_path(path)),
		.container = keep_name(pool, path, container_of_path(path)),
		.pod = keep_name(pool, path, pod_of_path(path)),
	};
	struct cgroup_names *names;

	if (!found.unit && !found.container && !found.pod)
		return NULL;
	names = pool_take(pool, sizeof(*names), true);
	*names = found;
	return names;
}

void snapshot_add_cgroup(struct snapshot *snapshot, uint64_t id, const char *path)
{
	struct cgroup *cgroup;
	uint32_t *entry;

	index_widen(&snapshot->cgroups_by_id, hash_of_cgroup, snapshot);
	entry = entry_of_cgroup(snapshot, id);
	if (*entry)
		return;
	cgroup = grow_add(&snapshot->cgroups);
	cgroup->id = id;
	snapshot->cgroups_told |= id & CGROUP_TOLD;
	cgroup->path = pool_string(&snapshot->cgroup_pool, path, strlen(path));
	cgroup->names = names_of(&snapshot->cgroup_pool, cgroup->path);
	*entry = (uint32_t)snapshot->cgroups.count;
	snapshot->cgroups_by_id.count++;
}

void snapshot_name_pod(struct snapshot *snapshot, size_t index, const char *pod_name,
		       const char *pod_namespace, const char *container_name)
{
	struct pool *pool = &snapshot->cgroup_pool;
	struct cgroup_names *names = pool_take(pool, sizeof(*names), true);

	*names = *snapshot->cgroups.at[index].names;
	names->pod_name = pool_string(pool, pod_name, strlen(pod_name));
	names->pod_namespace = pool_string(pool, pod_namespace, strlen(pod_namespace));
	if (*container_name)
		names->container_name = pool_string(pool, container_name, strlen(container_name));
	snapshot->cgroups.at[index].names = names;
}

/* ---- devices and addresses ---- */

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
