/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_NETNS_H
#define COLLECT_NETNS_H

#include "base/fault.h"
#include "base/map.h"
#include "model/netns.h"

/**
 * netns_enter - enter the network namespace that the user named
 * @name: NAME of `ip netns`, a PID when all digits, or a PATH when it has a '/'
 */
int netns_enter(const char *name, struct fault *fault);

/* Inode of the namespace that we are in; 0 when it cannot be told. */
uint64_t netns_inode(void);

/* ---- all that can be found ---- */

/* Those of this machine, by inode; zeroed memory is an empty list. */
struct netns_found {
	struct netns_list list;
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
#define NETNS_HELD 1u

/* A tour begins with our own. */
#define NETNS_OWN  2u

/**
 * netns_find - the network namespaces of this machine
 * @how: 0 or NETNS_HELD
 *
 * Looks at the processes that /proc shows, at mounts and at /run/netns; our own
 * namespace is among them.
 */
void netns_find(struct netns_found *found, unsigned how);
void netns_found_fini(struct netns_found *found);

/* Called inside a namespace; false: it could not be read. */
typedef bool netns_look(void *ctx, struct netns *netns);

/**
 * netns_tour - look into every network namespace but our own
 * @how: as for netns_find(); with NETNS_OWN our own is the first
 *
 * In a thread of its own, because only threads are in namespaces: this one never
 * leaves, so there is no way back that could be refused. @look is called by that
 * thread and by it alone, while the caller waits, in the order of the inodes
 * except for what had to be found again. True when all were found and read.
 */
bool netns_tour(unsigned how, netns_look *look, void *ctx);

/* One that is there and could not be entered, and the errno. */
typedef void netns_refused(void *ctx, const struct netns *netns, int err);

/* What a tour came to. */
struct netns_tour_end {
	int  err;               /* it could not begin, errno */
	bool listed;            /* nothing hid a namespace */
	bool found;             /* and none was lost from sight */
	bool read;              /* each could be entered, and @look was true everywhere */
	uint64_t hidden;        /* processes that did not show theirs, */
	int32_t  hidden_pid;    /* and the first of them */
};

/* The same, told apart. @visited gets those that @look was called for, if it is not NULL. */
struct netns_tour_end netns_visit(unsigned how, netns_look *look, netns_refused *refused,
				  void *ctx, struct netns_list *visited);

#endif
