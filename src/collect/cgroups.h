/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_CGROUPS_H
#define COLLECT_CGROUPS_H

#include "collect/recorder.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The id of a cgroup is the inode number of its folder in the cgroup2 file system. So a
 * walk through these folders finds the path of every id, and needs no privilege.
 */

/*
 * Where cgroup2 is mounted. Paths are kept, not descriptors, because a walk through /proc
 * needs the few that it may have. Zeroed memory: cgroup2 is not mounted.
 */
struct cgroup_tree {
	struct {
		struct cgroup_mount {
			char *point;
			char *root;     /* what of the tree is there, as this process sees it; "": all */
		} *at;
		size_t count, room;
	} mounts;
};

/* Returns 0 or -errno: ENOENT when cgroup2 is not mounted. */
int cgroup_tree_find(struct cgroup_tree *tree);
void cgroup_tree_fini(struct cgroup_tree *tree);

/*
 * The id of the cgroup2 that a /proc/PID/cgroup names; 0 when it is not known or is not
 * mounted.
 */
uint64_t cgroup_tree_id(const struct cgroup_tree *tree, const char *proc_cgroup);

/*
 * The id of the cgroup whose names are those of the process. When a line of v1, or one of
 * v2 that is not mounted here, tells more than that id leads to, it is one with
 * CGROUP_TOLD, and its path is added to @seen. 0: nothing is told.
 */
uint64_t cgroup_home(const struct cgroup_tree *tree, const char *proc_cgroup,
		     struct snapshot *seen);

/*
 * Finds the path in a /proc/PID/cgroup that tells most, of v2 or v1. It begins with "/.."
 * outside of this process's cgroup namespace. Returns its size; 0, with *@path untouched,
 * when no path tells anything.
 */
size_t cgroup_path(const char *proc_cgroup, const char **path);

/* Adds the cgroup of a FRAME_CGROUP when its id is wanted; @wanted NULL: every id is. */
void cgroup_replay(struct snapshot *seen, const struct map *wanted, const struct frame *frame);

#endif
