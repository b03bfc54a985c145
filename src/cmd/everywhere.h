/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_EVERYWHERE_H
#define CMD_EVERYWHERE_H

#include "cmd/session.h"

/* -G: a command in every network namespace of this machine, one after the other. */

/**
 * everywhere_arrive - begin with the next namespace
 * @filter: its devices are looked up there; or NULL
 *
 * See collect_arrival().
 */
int everywhere_arrive(struct session *session, const struct netns *netns, struct filter *filter);

/* Puts the namespace into the gaps from @first on, where they are about it alone. */
void everywhere_name_gaps(struct snapshot *seen, size_t first);

/* Adds what could not be seen in one of them; the same sentence about the machine once. */
void everywhere_add_gaps(struct snapshot *whole, const struct snapshot *seen);

#endif
