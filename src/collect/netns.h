/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_NETNS_H
#define COLLECT_NETNS_H

#include "base/fault.h"
#include "model/snapshot.h"

/**
 * netns_enter - enter the network namespace that the user named
 * @name: NAME of `ip netns`, a PID when all digits, or a PATH when it has a '/'
 */
int netns_enter(const char *name, struct fault *fault);

/* Inode of the namespace that we are in; 0 when it cannot be told. */
uint64_t netns_inode(void);

/*
 * Also what only a thread or a descriptor holds: that reads every descriptor of
 * the machine, and is wanted where missing one would be a wrong answer. What
 * only an open socket holds cannot be found at all.
 */
#define NETNS_HELD 1u

/* A tour begins with our own. */
#define NETNS_OWN  2u

/* Called inside a namespace; false: it could not be read. */
typedef bool netns_look(void *ctx, struct netns *netns);

/**
 * netns_tour - look into every network namespace of this machine but our own
 * @how: 0, or NETNS_HELD, NETNS_OWN
 * @visited: gets those that @look was called for, or NULL
 * @seen: gets a GAP_NETNS for what could not be entered or found, or NULL
 *
 * They are found by the processes that /proc shows, mounts and /run/netns. The tour is
 * in a thread of its own, because only threads are in namespaces: this one never
 * leaves, so there is no way back that could be refused. @look is called by that
 * thread and by it alone, while the caller waits, in the order of the inodes
 * except for what had to be found again. Returns 0 when all were found and read, 1 when
 * not, and -errno when it could not begin.
 */
int netns_tour(unsigned how, netns_look *look, void *ctx, struct netns_list *visited,
	       struct snapshot *seen);

#endif
