/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_OWNERS_H
#define COLLECT_OWNERS_H

#include "collect/collect.h"
#include "collect/recorder.h"

/*
 * Which process holds which socket: found by a walk through /proc (proc_scan.h), or by
 * one pass of a BPF program (bpf/task_files.h) where it is built in, is faster, and sees
 * the same. A process that ends meanwhile is left out silently; a process that may not
 * be looked into is counted.
 *
 * The walk looks into every process, whatever is wanted: a descriptor may have been
 * inherited by or passed to any process, across users, cgroups and namespaces, and no
 * file of /proc tells how many hold it. Only where one responsible process is enough, as
 * for a finding, and there are very many descriptors, does the walk begin in the cgroups
 * of the sockets and end there if each socket has its holder.
 */

/* Implements collect_holders(). A recording gets every socket, wanted or not. */
void owners_collect(struct recorder *recorder, struct snapshot *seen, const struct map *wanted);
void owners_collect_some(struct recorder *recorder, struct snapshot *seen, const struct map *wanted,
			 const struct holder_ask *ask);
void owners_replay(struct recorder *recorder, struct snapshot *seen, const struct map *wanted);

/*
 * The owners and cgroups of the whole machine, looked up once for all namespaces that
 * are visited, when first asked for. Zeroed memory is empty.
 */
struct owner_cache {
	struct snapshot owners, groups; /* with the gaps of each walk */
	bool scanned, named;
};
void owner_cache_fini(struct owner_cache *cache);

/*
 * As collect_holders(), for @wanted inodes of @seen's sockets and, unless NULL, every
 * socket of the processes @pids; and as collect_cgroups().
 */
void owner_cache_holders(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted, const struct map *pids);
void owner_cache_cgroups(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted);

#endif
