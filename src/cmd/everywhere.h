/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_EVERYWHERE_H
#define CMD_EVERYWHERE_H

#include "cmd/session.h"

/* -G: a command in every network namespace of this machine, one after the other. */

/**
 * everywhere_arrive - begin with the next namespace
 * @filter: its device names are looked up in this namespace; or NULL
 *
 * See collect_arrival().
 */
int everywhere_arrive(struct session *session, const struct netns *netns, struct filter *filter);

/* Adds the name of the namespace to the gaps from @first on that are about it alone. */
void everywhere_name_gaps(struct snapshot *seen, size_t first);

/* Adds the gaps of one namespace to those of all; a gap about the whole machine once. */
void everywhere_add_gaps(struct snapshot *whole, const struct snapshot *seen);

#endif
