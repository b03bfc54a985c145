/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_CROWD_H
#define COLLECT_CROWD_H

#include "model/snapshot.h"

/*
 * Owners and cgroups of the whole machine, looked up once for all namespaces
 * that are visited, and not before somebody asks. Zeroed memory is an empty one.
 */
struct crowd {
	struct snapshot owners, groups; /* with the gaps of each walk */
	bool walked, named;
};
void crowd_fini(struct crowd *crowd);

/* As collect_holders(), where @wanted are inodes of sockets of @seen, and collect_cgroups(). */
void crowd_holders(struct crowd *crowd, struct snapshot *seen, const struct map *wanted);
void crowd_cgroups(struct crowd *crowd, struct snapshot *seen, const struct map *wanted);

#endif
