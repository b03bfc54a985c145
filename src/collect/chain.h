/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_CHAIN_H
#define COLLECT_CHAIN_H

#include "collect/tape.h"

/* See collect_chain(). Port 0: the sockets of all ports, for a recording. */
int chain_collect(struct tape *tape, uint16_t port, unsigned deadline_ms,
		  struct snapshot *seen, struct fault *fault);

#endif
