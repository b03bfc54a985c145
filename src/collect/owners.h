/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_OWNERS_H
#define COLLECT_OWNERS_H

#include "collect/collect.h"
#include "collect/recorder.h"

/*
 * Who holds which socket: a walk through /proc (proc_scan.h), or one pass of a program of
 * our own in the kernel (bpf/task_files.h) where it is built in, pays and sees the
 * same. Processes that end meanwhile are left out without a word; those that may not
 * be looked into are counted.
 *
 * Every process is looked into, whatever is wanted: a descriptor may have been
 * inherited or passed to any of them, across users, cgroups and namespaces, and no
 * file of /proc says how many hold it. Only where somebody who is responsible will
 * do, as for a finding, and all descriptors are too many, does a walk begin in the
 * control groups of the sockets and end there when each has its holder.
 */

/* See collect_holders(). A recording gets every socket, wanted or not. */
void owners_collect(struct recorder *recorder, struct snapshot *seen, const struct map *wanted);
void owners_collect_some(struct recorder *recorder, struct snapshot *seen, const struct map *wanted,
			 const struct holder_ask *ask);
void owners_replay(struct recorder *recorder, struct snapshot *seen, const struct map *wanted);

/*
 * Owners and cgroups of the whole machine, looked up once for all namespaces
 * that are visited, and not before somebody asks. Zeroed memory is an empty one.
 */
struct owner_cache {
	struct snapshot owners, groups; /* with the gaps of each walk */
	bool scanned, named;
};
void owner_cache_fini(struct owner_cache *cache);

/*
 * As collect_holders(), where @wanted are inodes of sockets of @seen, and @pids, or NULL, of
 * processes of which every socket is wanted beside them; and collect_cgroups().
 */
void owner_cache_holders(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted, const struct map *pids);
void owner_cache_cgroups(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted);

#endif
