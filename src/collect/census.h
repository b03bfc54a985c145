/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_CENSUS_H
#define COLLECT_CENSUS_H

#include "model/sock.h"

/**
 * census_states - states in which a socket of a protocol can be here at all
 *
 * A listing goes through tables that all namespaces of the machine share, and
 * most namespaces have nothing in them: their counters are read in a fraction of
 * that time. STATE_ALL when these prove nothing, 0 when there is no such socket.
 * To be asked on arrival: a netlink socket of our own counts among those that
 * may be bound.
 */
uint32_t census_states(enum protocol protocol);

#endif
