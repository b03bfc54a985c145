/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_NETNS_ALL_H
#define COLLECT_NETNS_ALL_H

#include "collect/collect.h"
#include "collect/recorder.h"

/**
 * netns_states - states in which a socket of a protocol can be here at all
 *
 * A listing goes through tables that all namespaces of the machine share, and
 * most namespaces have nothing in them: their counters are read in a fraction of
 * that time. STATE_ALL when these prove nothing, 0 when there is no such socket.
 * To be asked on arrival: a netlink socket of our own counts among those that
 * may be bound.
 */
uint32_t netns_states(enum protocol protocol);

/* See collect_everywhere(). */
int netns_visit_all(struct netns_list *list, netns_visitor *visit, void *ctx, struct snapshot *seen,
		    struct fault *fault);

/* See collect_elsewhere(). */
void netns_port_owners(struct recorder *recorder, const struct bind_ask *ask,
		       struct bind_context *context, unsigned deadline_ms);

#endif
