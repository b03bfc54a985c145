/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_ONCE_H
#define MODEL_ONCE_H

#include "base/ids.h"
#include "base/map.h"

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

/*
 * Which inodes rows of a recording have. The kernel gives each socket one of its own,
 * only the subflows of an MPTCP connection have that of the connection, and they are
 * few. Where thousands of rows had one inode and thousands of processes held it, each
 * row would have each process. Zeroed memory has seen none.
 */
struct inodes {
	struct ids seen;
	struct map again;       /* how often those came again */
};

/* False when more rows than the kernel gives one inode have had @inode. 0: none. */
bool inodes_add(struct inodes *inodes, uint32_t inode);

/* Frees it and leaves an empty one. */
void inodes_fini(struct inodes *inodes);

#endif
