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

/* Returns the inode of the namespace that the calling thread is in; 0 if it is unknown. */
uint64_t netns_inode(void);

/*
 * Finds also namespaces that only a thread or a descriptor holds. This reads every
 * descriptor of the machine; use it where a missing namespace would make the answer
 * wrong. A namespace that only an open socket holds cannot be found at all.
 */
#define NETNS_HELD 1u

/* Visits our own, too, and before the others. */
#define NETNS_OWN  2u

/* Called inside a namespace; returns false if something there could not be read. */
typedef bool netns_look(void *ctx, struct netns *netns);

/**
 * netns_tour - visit every network namespace of this machine but our own
 * @how: 0, or NETNS_HELD and NETNS_OWN
 * @visited: gets those that @look was called for; or NULL
 * @seen: gets a GAP_NETNS for each that could not be entered or found; or NULL
 *
 * Namespaces are found by the processes that /proc shows, by mounts and in /run/netns. A
 * second thread enters them and calls @look, while the calling thread waits: it never
 * leaves its namespace, so it need not be allowed to come back. The order is that of the
 * inodes, except for namespaces that had to be found again. Returns 0 when all were found
 * and read, 1 when not, and -errno when the tour could not begin.
 */
int netns_tour(unsigned how, netns_look *look, void *ctx, struct netns_list *visited,
	       struct snapshot *seen);

#endif
