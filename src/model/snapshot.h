/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "base/ids.h"
#include "base/map.h"
#include "model/limits.h"
#include "model/netns.h"
#include "model/sock.h"

#include <string.h>

/*
 * Everything that was seen at one moment. It owns all its memory; snapshot_fini() frees
 * it. Adding may move an array: keep indices, not pointers.
 */

/*
 * The kinds of what could not be seen. A gap is always reported and never taken for
 * health.
 */
enum gap_kind {
	GAP_DUMP,               /* the kernel's listing is incomplete */
	GAP_BOUND,              /* bound-idle sockets are not listed (before Linux 6.8) */
	GAP_ATTRIBUTE,          /* messages or attributes that made no sense, or that the kernel withheld */
	GAP_OWNERS,             /* descriptors of some processes not readable */
	GAP_LIMITS,             /* a sysctl or counter could not be read */
	GAP_CGROUPS,            /* the cgroup tree could not be read */
	GAP_LINKS,              /* interface names or addresses not read */
	GAP_RECORDING,          /* the recording lacks what was asked for */
	GAP_RESOURCES,          /* this program ran out of descriptors or memory */
	GAP_NETNS,              /* a network namespace could not be looked into */
	GAP_TABLE,              /* a table of sockets that this kernel or program does not list */
	GAP_SOURCE,             /* the rows are from /proc/net, which tells less than sock_diag */
	GAP_KIND_COUNT,
};
const char *gap_name(enum gap_kind kind);       /* "dump", "owners", ... */

struct gap {
	enum gap_kind kind;
	uint64_t count;         /* how many processes, messages, ... */
	char     text[200];     /* one sentence, safe to print */
};

/* How many descriptors a process has. */
struct process_files {
	struct known open;              /* open now */
	struct known limit;             /* soft RLIMIT_NOFILE; -1: unlimited */
	struct known dead;              /* TCP sockets whose connection is gone; looked for in few */
	struct known dead_silent_ms;    /* the longest time since one of them sent or received */
};

/*
 * A process or thread. There can be as many of them as sockets, so name and figures are
 * allocated only for those that have them.
 */
struct process {
	int32_t  pid;
	int32_t  tid;                   /* the thread's id; 0: the process itself */
	uint64_t cgroup_id;             /* 0: unknown; or with CGROUP_TOLD */
	const char *comm;               /* raw bytes, not sanitized, and a NUL; NULL: not named */
	struct process_files *files;    /* NULL: not counted */
	uint8_t  comm_size;             /* at most PROCESS_COMM_MOST */
};

#define PROCESS_COMM_MOST 64

/*
 * True for a program that listens for containers, on ports of the ephemeral range that it
 * chose itself. No recording hides its name, because verdicts rest on it.
 */
bool comm_publishes_ports(const char *comm, size_t size);
static inline bool process_publishes_ports(const struct process *process)
{
	return comm_publishes_ports(process->comm, process->comm_size);
}

static inline bool process_is_called(const struct process *process, const char *comm)
{
	return process->comm_size == strlen(comm) &&
	       memcmp(process->comm, comm, process->comm_size) == 0;
}

/* Descriptor @fd of process @process (index) holds the socket @inode. */
struct holder {
	uint32_t inode;
	uint32_t process;
	int32_t  fd;
};

/* An index over the sorted holders by inode. */
struct holder_index {
	uint32_t *at;           /* for each (inode - the first) >> shift: the first holder there */
	unsigned  shift;
	size_t    covers;       /* holders covered; with more of them it is stale */
};

/* The names that the path of a cgroup tells. */
struct cgroup_names {
	const char *unit;       /* systemd unit or NULL */
	const char *container;  /* container id (12 or 64 hex) or NULL */
	const char *pod;        /* pod uid or NULL */
	/* from the kubelet's logs; each NULL or not, as far as it is told */
	const char *pod_name, *pod_namespace, *container_name;
};

struct cgroup {
	uint64_t id;
	const char *path;       /* raw bytes, "/" for the root */
	const struct cgroup_names *names;       /* NULL: none of them */
};

/*
 * This bit is in the id of a cgroup that no id of the kernel leads to, or not as far: a
 * /proc/PID/cgroup tells its path, in a hierarchy of v1 or outside of what is mounted here.
 * The kernel gives no id that has it.
 */
#define CGROUP_TOLD (UINT64_C(1) << 63)

static inline const char *cgroup_unit(const struct cgroup *cgroup)
{
	return cgroup->names ? cgroup->names->unit : NULL;
}

static inline const char *cgroup_container(const struct cgroup *cgroup)
{
	return cgroup->names ? cgroup->names->container : NULL;
}

static inline const char *cgroup_pod(const struct cgroup *cgroup)
{
	return cgroup->names ? cgroup->names->pod : NULL;
}

/* A name that the kubelet's logs tell; NULL when there is none. */
#define CGROUP_NAME(cgroup, name) \
	((cgroup) && (cgroup)->names ? (cgroup)->names->name : NULL)

/* An allocator for small blocks, which keep their place until all are freed together. */
struct pool {
	struct { char **at; size_t count, room; } blocks;
	char  *at;              /* the rest of the newest chunk */
	size_t left;
};

struct link  { uint32_t index; char name[32]; };  /* raw bytes */
struct local {
	struct addr addr;
	enum family family;
	uint32_t    ifindex;
	bool        tentative;  /* IPv6: duplicate detection not done, or failed */
};

/*
 * Counts of sockets that matter for a verdict as numbers only: each was seen once and is
 * not kept as a row.
 */
struct folded {
	uint64_t count[STATE_COUNT];    /* of all sockets listed, those kept as rows included */
	uint8_t  owned[65536 / 8];      /* ephemeral ports that such a socket is on */
	uint8_t  blocked[65536 / 8];    /* those of them on which it was accepted */
	struct ids inodes;              /* inodes, where descriptors have to be counted */
	uint64_t inodes_count;          /* how many they are */
	bool     ports_suffice;         /* no destination is short of ephemeral ports */
	uint32_t most_bound;            /* so many that are only bound, at most, were not listed */
};

struct snapshot {
	int64_t  time_ms;               /* CLOCK_REALTIME */
	char     version[64];           /* kernel release */
	char     boot_id[40];
	const struct netns *netns;      /* the namespace that was looked at; never NULL */
	struct netns *here;             /* without -G the same; NULL: not known yet */
	struct limits limits;

	struct { struct sock *at; size_t count, room; } socks;
	bool     socks_complete;        /* every state that was asked for is here, and nothing was lost */
	struct folded *folded;          /* NULL: every socket is a row */

	/*
	 * At most so many TCP sockets of the machine are in no namespace's table: dead ones,
	 * and those that were never connected.
	 */
	struct known tcp_unlisted;

	bool     holders_known;         /* the walk through /proc was made ... */
	bool     holders_complete;      /* ... and every process could be read */
	/*
	 * /proc shows a process namespace other than the machine's first, or not all of
	 * it: processes outside of it can hold sockets.
	 */
	bool     holders_outside;
	bool     seeks_unheld;          /* the holder of every socket is looked for, to tell gaps */
	char     holders_way[160];      /* how owners were found, for --verbose; or "" */
	struct { struct holder *at; size_t count, room; } holders;  /* sorted by inode */
	struct holder_index holder_index;
	struct { struct process *at; size_t count, room; } processes;
	struct index processes_by_pid;  /* without threads */
	struct pool process_pool;       /* names and figures of processes */

	struct { struct cgroup *at; size_t count, room; } cgroups;
	struct index cgroups_by_id;
	bool     cgroups_told;          /* one of them has an id with CGROUP_TOLD */
	struct pool cgroup_pool;        /* their strings */
	struct { struct link *at; size_t count, room; } links;  /* by index */
	bool     locals_known;
	struct { struct local *at; size_t count, room; } locals;
	struct { struct gap *at; size_t count, room; } gaps;
};

void snapshot_init(struct snapshot *snapshot);
void snapshot_fini(struct snapshot *snapshot);

/*
 * Sets the namespace that is looked at without -G. At most 255 bytes of @name are kept;
 * an empty name is NULL.
 */
void snapshot_set_netns(struct snapshot *snapshot, uint64_t inode, const char *name, size_t size);

/* Goes on in another namespace: drops what belongs to the last one and keeps the rest. */
void snapshot_enter(struct snapshot *snapshot, const struct netns *netns);

/* Goes back to the namespace that is looked at without -G. */
void snapshot_return(struct snapshot *snapshot);

/*
 * Adds a gap; a second one of the same kind and text adds its count to the first. Owners
 * are looked for several times, each time in all processes: of gaps that differ in
 * numbers only the one with the higher count stays. After
 * some hundred gaps, further ones of each kind are put together. With -G a gap about one
 * namespace alone begins with its name.
 */
void snapshot_gap(struct snapshot *snapshot, enum gap_kind kind, uint64_t count,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

bool snapshot_has_gap(const struct snapshot *snapshot, enum gap_kind kind);

/*
 * True when a listing is complete: every socket that was asked for is here, and every
 * row was understood.
 */
bool snapshot_lists_all(const struct snapshot *snapshot);

/*
 * True when a verdict may rest on it: no socket, limit or counter that was asked for is
 * missing. Hidden owners, cgroup paths and interface names do not matter to a verdict.
 */
bool snapshot_is_complete(const struct snapshot *snapshot);

/*
 * The gap to name as the reason when one of the two is false; NULL when no gap takes
 * anything from rows or verdicts.
 */
const struct gap *snapshot_worst_gap(const struct snapshot *snapshot);

/* Sorts the holders by inode, pid and fd. Call it once after the walk. */
void snapshot_sort_holders(struct snapshot *snapshot);

/*
 * The process that holds the socket @inode, as an index, or -1 when none was seen. Of
 * several holders (after fork()) the one with the lowest pid counts, usually the oldest.
 */
int32_t snapshot_owner(const struct snapshot *snapshot, uint32_t inode);

/*
 * The holders of @inode: returns the first and sets *@count; NULL and 0 when there are
 * none.
 */
const struct holder *snapshot_holders(const struct snapshot *snapshot,
				      uint32_t inode, size_t *count);

/*
 * Calls @take (unless NULL) for each process that holds @inode apart from
 * snapshot_owner(). Returns how many there are.
 */
size_t snapshot_each_beside(const struct snapshot *snapshot, uint32_t inode,
			    void (*take)(void *ctx, const struct snapshot *seen, uint32_t process),
			    void *ctx);

/* True when a socket that no holder was seen of has none among the processes of the machine. */
static inline bool snapshot_sees_holders(const struct snapshot *snapshot)
{
	return snapshot->holders_known && snapshot->holders_complete && !snapshot->holders_outside;
}

/*
 * How many sockets have a file and no holder that was seen. @inodes: keys: the sockets
 * that count; NULL: all, those that are not rows included.
 */
uint64_t snapshot_unheld(const struct snapshot *snapshot, const struct map *inodes);

/* The index of the process in @processes; a process that is not there yet is added. */
uint32_t snapshot_process(struct snapshot *snapshot, int32_t pid);

/* The process itself, not one of its threads; NULL when it is not there. */
const struct process *snapshot_find_process(const struct snapshot *snapshot, int32_t pid);

/* Names the process @index; a longer name is cut. */
void snapshot_name_process(struct snapshot *snapshot, uint32_t index, const char *comm,
			   size_t size);

/* The descriptor figures of the process @index, unknown at first. */
struct process_files *snapshot_process_files(struct snapshot *snapshot, uint32_t index);

/* Exchanges the processes and holders of two snapshots. */
void snapshot_swap_owners(struct snapshot *one, struct snapshot *other);

/* The cgroup, NULL when unknown. */
const struct cgroup *snapshot_cgroup(const struct snapshot *snapshot, uint64_t id);

/*
 * The id of the cgroup to name where the kernel tells @own (0: nothing) of a socket that
 * @process (an index, or -1) holds: that of the process if @own does not lead as far.
 */
uint64_t snapshot_home(const struct snapshot *snapshot, uint64_t own, int32_t process);

/* The same for a socket; NULL when unknown. */
const struct cgroup *snapshot_home_of(const struct snapshot *snapshot, const struct sock *sock);

/* Sorts the links by index. Call it once after they were read. */
void snapshot_sort_links(struct snapshot *snapshot);

/* The name of the interface @index, NULL when unknown. */
const char *snapshot_link(const struct snapshot *snapshot, uint32_t index);

/* Adds a cgroup and finds unit, container and pod in its path. */
void snapshot_add_cgroup(struct snapshot *snapshot, uint64_t id, const char *path);

/* Names the pod, and unless it is empty the container, of a cgroup that has names (an index). */
void snapshot_name_pod(struct snapshot *snapshot, size_t index, const char *pod_name,
		       const char *pod_namespace, const char *container_name);

/* True when @addr is loopback or one of this namespace's own addresses. */
bool snapshot_is_local(const struct snapshot *snapshot, const struct addr *addr);

/*
 * Receives the sockets that collect delivers. Returning a negative errno ends the dump,
 * which then returns it; 0 goes on. @sock and its detail are borrowed.
 */
struct sink {
	int (*take)(void *ctx, const struct sock *sock);
	void *ctx;
};

/* A sink that keeps a copy (without detail) of each sock in the snapshot. */
struct sink snapshot_sink(struct snapshot *snapshot);

#endif
