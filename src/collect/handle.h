/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_HANDLE_H
#define COLLECT_HANDLE_H

#include "collect/collect.h"
#include "collect/owners.h"
#include "collect/recorder.h"

/* The private part of struct collect, for the files that define functions of collect.h. */
struct collect {
	struct collect_source source;
	struct recorder       recorder;
	struct limits         machine;  /* read before a namespace is entered */
	bool                  machine_is_read;
	char                  release[64]; /* of the kernel that is or was seen */
	struct owner_cache   *cache;    /* while every namespace is visited */
	uint32_t              tcp_states, udp_states; /* then: those that can be here */
};

/*
 * What the whole machine has, once. Other namespaces do not show these files, so it is
 * read before one is entered; plain rows need none of them.
 */
void basics_machine(struct collect *collect);

/*
 * Takes from @ask the states that no socket has here. False: none is left, and nothing
 * has to be listed to know it. A listing walks the tables of all namespaces, the
 * counters are two lines of a file.
 */
bool arrival_can_have(const struct collect *collect, struct collect_ask *ask);

#endif
