/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_CGROUPS_H
#define COLLECT_CGROUPS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The id of a cgroup is the inode number of its folder in the cgroup2 file system. So a
 * walk through these folders finds the path of every id, and needs no privilege.
 */

/*
 * Where cgroup2 is mounted. Its path is kept, not a descriptor, because a walk through
 * /proc needs the few that it may have. Zeroed memory: cgroup2 is not mounted.
 */
struct cgroup_tree {
	char *point;            /* NULL: there is none */
};
void cgroup_tree_find(struct cgroup_tree *tree);

/*
 * The id of the cgroup that a /proc/PID/cgroup names; 0 when it is not known or lies
 * outside the tree.
 */
uint64_t cgroup_tree_id(const struct cgroup_tree *tree, const char *proc_cgroup);
void cgroup_tree_fini(struct cgroup_tree *tree);

/*
 * Finds the path behind "0::" in a /proc/PID/cgroup, the one in cgroup2. Returns its size; 0,
 * with *@path untouched, when there is none.
 */
size_t cgroup_path(const char *proc_cgroup, const char **path);

#endif
