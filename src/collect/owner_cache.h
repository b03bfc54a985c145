/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_OWNER_CACHE_H
#define COLLECT_OWNER_CACHE_H

#include "model/snapshot.h"

/*
 * Owners and cgroups of the whole machine, looked up once for all namespaces
 * that are visited, and not before somebody asks. Zeroed memory is an empty one.
 */
struct owner_cache {
	struct snapshot owners, groups; /* with the gaps of each walk */
	bool scanned, named;
};
void owner_cache_fini(struct owner_cache *cache);

/* As collect_holders(), where @wanted are inodes of sockets of @seen, and collect_cgroups(). */
void owner_cache_holders(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted);
void owner_cache_cgroups(struct owner_cache *cache, struct snapshot *seen,
			 const struct map *wanted);

#endif
