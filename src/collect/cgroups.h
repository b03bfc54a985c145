/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_CGROUPS_H
#define COLLECT_CGROUPS_H

#include "collect/recorder.h"

/*
 * The id of a cgroup is the inode number of its folder in the cgroup2 file
 * system, so a walk through the folders names every id, without privilege.
 */

/* See collect_cgroups(). A recording gets every cgroup, wanted or not. */
void cgroups_collect(struct recorder *recorder, struct snapshot *seen, const struct map *wanted);
void cgroups_replay(struct recorder *recorder, struct snapshot *seen, const struct map *wanted);

/*
 * Where the file system is mounted. Its name is kept and no descriptor: a walk
 * through /proc has few. Zeroed memory is a tree that is not there.
 */
struct cgroup_tree {
	char *point;            /* NULL: there is none */
};
void cgroup_tree_find(struct cgroup_tree *tree);

/* Id of the cgroup that a /proc/PID/cgroup names; 0 when it cannot be told,
 * or lies outside of the tree. */
uint64_t cgroup_tree_id(const struct cgroup_tree *tree, const char *proc_cgroup);
void cgroup_tree_fini(struct cgroup_tree *tree);

/*
 * Part, for tests: when @line of /proc/self/mountinfo is a cgroup2 mount,
 * leaves its decoded mount point in @line and returns that.
 */
char *cgroup_mount(char *line);

/*
 * True when the text of two /proc/PID/cgroup names the same groups of the old
 * controllers net_cls and net_prio, also when it names none. Trusts nothing of it.
 */
bool cgroup_same_class(const char *ours, const char *theirs);

#endif
