/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_HANDLE_H
#define COLLECT_HANDLE_H

#include "collect/collect.h"
#include "collect/recorder.h"

/*
 * The owners and cgroups of the whole machine, looked up once for all namespaces that
 * are visited, when first asked for. Zeroed memory is empty.
 */
struct owner_cache {
	struct snapshot owners, groups; /* with the gaps of each walk */
	bool scanned, named;
};
void owner_cache_fini(struct owner_cache *cache);

/* Adds the gaps of the walk that filled @from. */
void owner_cache_gaps(struct snapshot *seen, const struct snapshot *from);

/*
 * The private part of struct collect. Only files that define functions of collect.h
 * include this.
 */
struct collect {
	struct collect_source source;
	struct recorder       recorder;
	struct limits         machine;  /* read before a namespace is entered */
	bool                  machine_is_read;
	char                  release[64]; /* of the kernel that is, or was, read from */
	struct netns_list     visited;  /* with -G; snapshots point to them */
	struct owner_cache   *cache;    /* while every namespace is visited */
	uint32_t              tcp_states, udp_states; /* and then: states that sockets here can be in */
};

/*
 * Reads what belongs to the whole machine, once. Other namespaces do not show these
 * files, so they are read before one is entered; a plain listing needs none of them.
 */
void basics_machine(struct collect *collect);

/*
 * Removes from @ask the states that no socket here is in. Returns false when none is
 * left, so that nothing need be listed. A listing walks the tables of all namespaces, and
 * most namespaces have nothing in them; the counters are two lines of a file.
 */
bool arrival_can_have(const struct collect *collect, struct collect_ask *ask);

#endif
