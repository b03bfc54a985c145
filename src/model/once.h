/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_ONCE_H
#define MODEL_ONCE_H

#include "base/ids.h"

/*
 * Which sockets have come already. The kernel's walk repeats rows when it goes on by
 * position, when it is asked again, and when a socket moved on between two questions:
 * all these have one cookie, and the first counts. But a connection can go into
 * TIME_WAIT while its file is open; then two rows of one cookie hold the port, the
 * closed socket and the minisock. Zeroed memory has seen none.
 */
struct once {
	struct ids seen, closed, minisocks;
};

enum once_kind { ONCE_SOCKET, ONCE_CLOSED, ONCE_MINISOCK };

/* True when the row was not there before. @key: its cookie, or what stands for it. */
bool once_add(struct once *once, uint64_t key, enum once_kind kind);

/* Frees it and leaves an empty one. */
void once_fini(struct once *once);

#endif
