/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_SPACES_H
#define COLLECT_SPACES_H

#include "base/map.h"

/* A network namespace of this machine. */
struct space {
	uint64_t inode;
	char    *path;          /* opens it, as long as who shows it is there */
	char     name[256];     /* in /run/netns, raw bytes, or "" */
	int32_t  pid;           /* the lowest process in it, or 0 */
	struct { int32_t *at; size_t count, room; } pids;       /* every process in it */
	bool     is_own;        /* the one that the tour began in */
};

/* Those that could be found, by inode; zeroed memory is an empty list. */
struct spaces {
	struct { struct space *at; size_t count, room; } list;
	struct map by_inode;    /* index + 1, until they are sorted */
	bool whole;             /* nothing hid a process or its namespace from us */
	uint64_t hidden;        /* processes that we may not look into */
	int32_t  hidden_pid;    /* the first of them */
};

/*
 * Also what only a thread or a descriptor holds: that reads every descriptor of
 * the machine, and is wanted where missing one would be a wrong answer. What
 * only an open socket holds cannot be found at all.
 */
#define SPACES_HELD 1u

/* A tour begins with our own. */
#define SPACES_OWN  2u

/**
 * spaces_find - the network namespaces of this machine
 * @how: 0 or SPACES_HELD
 *
 * Looks at the processes that /proc shows, at mounts and at /run/netns; our own
 * namespace is among them.
 */
void spaces_find(struct spaces *spaces, unsigned how);
void spaces_fini(struct spaces *spaces);

/* Called inside a namespace; false: it could not be read. */
typedef bool space_look(void *ctx, const struct space *space);

/**
 * spaces_tour - look into every network namespace but our own
 * @how: as for spaces_find(); with SPACES_OWN our own is the first
 *
 * In a thread of its own, because only threads are in namespaces: this one never
 * leaves, so there is no way back that could be refused. @look is called by that
 * thread and by it alone, while the caller waits, in the order of the inodes
 * except for what had to be found again. True when all were found and read.
 */
bool spaces_tour(unsigned how, space_look *look, void *ctx);

/* One that is there and could not be entered, and the errno. */
typedef void space_refused(void *ctx, const struct space *space, int err);

/* What a tour came to. */
struct tour_end {
	int  err;               /* it could not begin, errno */
	bool listed;            /* nothing hid a namespace */
	bool found;             /* and none was lost from sight */
	bool read;              /* each could be entered, and @look was true everywhere */
	uint64_t hidden;        /* processes that did not show theirs, */
	int32_t  hidden_pid;    /* and the first of them */
};

/* The same, told apart. */
struct tour_end spaces_visit(unsigned how, space_look *look, space_refused *refused, void *ctx);

#endif
