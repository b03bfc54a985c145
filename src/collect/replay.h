/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_REPLAY_H
#define COLLECT_REPLAY_H

#include "collect/dump.h"

/**
 * replay_socks - answer a question about sockets from the recording
 *
 * The same question as in the live run, in its order, gets the same answer. Another
 * question is answered from all sections that can: those of the same protocol that were
 * asked for in such a way that they hold what is wanted. What they do not hold is a
 * GAP_RECORDING. Returns the sink's error.
 */
int replay_socks(struct dump *dump, struct snapshot *seen);

/* The question that a section answers; all zeros for a head of another kind. */
struct frame_ask replay_asked(const struct load *load, size_t head);

#endif
