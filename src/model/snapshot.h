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
 * Everything seen at one moment. It owns all memory; snapshot_fini() frees
 * it. Adding may move an array: keep indices, not pointers.
 */

/* What could not be seen. A gap is told, never taken for health. */
enum gap_kind {
	GAP_DUMP,               /* the kernel's listing is incomplete */
	GAP_BOUND,              /* bound-idle sockets are not listed (before 6.8) */
	GAP_ATTRIBUTE,          /* messages or attributes that made no sense, or were held back */
	GAP_OWNERS,             /* descriptors of some processes not readable */
	GAP_LIMITS,             /* a sysctl or counter could not be read */
	GAP_CGROUPS,            /* the cgroup tree could not be read */
	GAP_LINKS,              /* interface names or addresses not read */
	GAP_RECORDING,          /* the recording does not hold what was asked */
	GAP_RESOURCES,          /* descriptors or memory of our own ran out */
	GAP_NETNS,              /* a network namespace that was to be looked into */
	GAP_TABLE,              /* a table of sockets that nobody lists here */
	GAP_SOURCE,             /* rows are from /proc, which tells less than the kernel can */
	GAP_KIND_COUNT,
};
const char *gap_name(enum gap_kind kind);       /* "dump", "owners", ... */

struct gap {
	enum gap_kind kind;
	uint64_t count;         /* how many processes, messages, ... */
	char     text[200];     /* one sentence, safe to print */
};

/* The descriptors of a process. */
struct process_files {
	struct known open;              /* now */
	struct known limit;             /* soft RLIMIT_NOFILE; -1: unlimited */
};

/* There can be as many as sockets: names and figures are where only those have them that do. */
struct process {
	int32_t  pid;
	int32_t  tid;                   /* this is one of its threads; 0: the process */
	uint64_t cgroup_id;             /* 0: unknown */
	const char *comm;               /* raw bytes, not sanitized, and a NUL; NULL: not named */
	struct process_files *files;    /* NULL: not counted */
	uint8_t  comm_size;             /* at most PROCESS_COMM_MOST */
};

#define PROCESS_COMM_MOST 64

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

/* Where to look for an inode among the holders, once they are sorted. */
struct holder_index {
	uint32_t *at;           /* by (inode - the first) >> shift: the first holder there */
	unsigned  shift;
	size_t    covers;       /* so many holders; of another number it knows nothing */
};

/* What the path of a cgroup says. */
struct cgroup_names {
	const char *unit;       /* systemd unit or NULL */
	const char *container;  /* container id (12 or 64 hex) or NULL */
	const char *pod;        /* pod uid or NULL */
};

struct cgroup {
	uint64_t id;
	const char *path;       /* raw bytes, "/" for the root */
	const struct cgroup_names *names;       /* NULL: none of them */
};

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

/* Small things that stay where they are until all are freed together. */
struct pool {
	struct { char **at; size_t count, room; } blocks;
	char  *at;              /* of one of them what is left */
	size_t left;
};

struct link  { uint32_t index; char name[32]; };  /* raw bytes */
struct local {
	struct addr addr;
	enum family family;
	uint32_t    ifindex;
	bool        tentative;  /* IPv6: duplicate detection not done, or failed */
};

/* Sockets that a verdict reckons with and that are no rows: seen one by one and not kept. */
struct folded {
	uint64_t count[STATE_COUNT];    /* of all sockets that were listed, with the rows */
	uint8_t  owned[65536 / 8];      /* ephemeral ports that such a socket is on */
	uint8_t  blocked[65536 / 8];    /* and that it accepted a connection on */
	struct ids inodes;              /* where descriptors have to be counted */
};

struct snapshot {
	int64_t  time_ms;               /* CLOCK_REALTIME */
	char     version[64];           /* kernel release */
	char     boot_id[40];
	const struct netns *netns;      /* the one looked at; never NULL */
	struct netns *here;             /* without -G that is this; NULL: not known yet */
	struct limits limits;

	struct { struct sock *at; size_t count, room; } socks;
	bool     socks_complete;        /* every asked state, nothing lost */
	struct folded *folded;          /* NULL: every socket is a row */

	bool     holders_known;         /* a walk was made */
	bool     holders_complete;      /* and every process was readable */
	char     holders_way[160];      /* how, for --verbose; "" when there was nothing to do */
	struct { struct holder *at; size_t count, room; } holders;  /* by inode */
	struct holder_index holder_index;
	struct { struct process *at; size_t count, room; } processes;
	struct index processes_by_pid;  /* without threads */
	struct pool process_pool;       /* names and figures of processes */

	struct { struct cgroup *at; size_t count, room; } cgroups;
	struct index cgroups_by_id;
	struct pool cgroup_pool;        /* their strings */
	struct { struct link *at; size_t count, room; } links;  /* by index */
	bool     locals_known;
	struct { struct local *at; size_t count, room; } locals;
	struct { struct gap *at; size_t count, room; } gaps;
};

void snapshot_init(struct snapshot *snapshot);
void snapshot_fini(struct snapshot *snapshot);

/* The namespace that is looked at without -G; of @name 255 bytes are kept, of none it is NULL. */
void snapshot_set_netns(struct snapshot *snapshot, uint64_t inode, const char *name, size_t size);

/* Goes on in another: forgets what is told of one network namespace, and only that. */
void snapshot_enter(struct snapshot *snapshot, const struct netns *netns);

/* Back in the one that is looked at without -G. */
void snapshot_return(struct snapshot *snapshot);

/*
 * Notes a gap; a second one of the same kind and text adds to the count. After some
 * hundred sentences the rest of each kind has one together.
 */
void snapshot_gap(struct snapshot *snapshot, enum gap_kind kind, uint64_t count,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

bool snapshot_has_gap(const struct snapshot *snapshot, enum gap_kind kind);

/*
 * False when sockets that were asked for are missing, or some row was not fully
 * understood: what a listing has to know of itself.
 */
bool snapshot_lists_all(const struct snapshot *snapshot);

/*
 * False when sockets, limits or counters that were asked for are missing, so
 * that silence would prove nothing. Hidden owners, cgroup paths and names of
 * interfaces take nothing from a verdict and leave it true.
 */
bool snapshot_is_complete(const struct snapshot *snapshot);

/*
 * The gap to name as the reason where one of the two is false; NULL when none of
 * those that were noted takes anything from rows or verdicts.
 */
const struct gap *snapshot_worst_gap(const struct snapshot *snapshot);

/* Sorts the holders by inode, pid, fd; to be called once after the walk. */
void snapshot_sort_holders(struct snapshot *snapshot);

/*
 * The process that holds the socket @inode, as an index, or -1: unseen or none. With
 * several (after fork()) the one with the lowest pid, the oldest as a rule.
 */
int32_t snapshot_owner(const struct snapshot *snapshot, uint32_t inode);

/* Holders of @inode: pointer to the first and *@count; NULL and 0 if none. */
const struct holder *snapshot_holders(const struct snapshot *snapshot,
				      uint32_t inode, size_t *count);

/*
 * Calls @take, or NULL, for each process that holds @inode beside snapshot_owner(); returns how
 * many there are.
 */
size_t snapshot_each_beside(const struct snapshot *snapshot, uint32_t inode,
			    void (*take)(void *ctx, const struct snapshot *seen, uint32_t process),
			    void *ctx);

/* The process, made when it was not there yet. Its index in @processes. */
uint32_t snapshot_process(struct snapshot *snapshot, int32_t pid);

/* The process, not one of its threads; NULL when it is not there. */
const struct process *snapshot_find_process(const struct snapshot *snapshot, int32_t pid);

/* Names the process @index; of longer names the beginning. */
void snapshot_name_process(struct snapshot *snapshot, uint32_t index, const char *comm,
			   size_t size);

/* The figures of the process @index, unknown at first. */
struct process_files *snapshot_process_files(struct snapshot *snapshot, uint32_t index);

/* Processes and what they hold, of one for those of the other. */
void snapshot_swap_owners(struct snapshot *one, struct snapshot *other);

/* NULL when unknown. */
const struct cgroup *snapshot_cgroup(const struct snapshot *snapshot, uint64_t id);

/* Sorts the links by index; to be called once after they were read. */
void snapshot_sort_links(struct snapshot *snapshot);

/* The name of the link @index, NULL when unknown. */
const char *snapshot_link(const struct snapshot *snapshot, uint32_t index);

/* Adds a cgroup, splitting its path into unit, container and pod. */
void snapshot_add_cgroup(struct snapshot *snapshot, uint64_t id, const char *path);

/* True when @addr is loopback or one of this namespace's own addresses. */
bool snapshot_is_local(const struct snapshot *snapshot, const struct addr *addr);

/*
 * Where collect delivers a socket. Returns 0 to go on, or a negative errno that
 * ends the dump and is returned by it. @sock and its detail are borrowed.
 */
struct sink {
	int (*take)(void *ctx, const struct sock *sock);
	void *ctx;
};

/* A sink that keeps a copy (without detail) of each sock in the snapshot. */
struct sink snapshot_sink(struct snapshot *snapshot);

#endif
