/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_ONCE_H
#define MODEL_ONCE_H

#include "base/ids.h"
#include "base/map.h"

/*
 * The set of sockets that were delivered already. The kernel repeats rows when its walk
 * goes on by position, when a listing is asked for again, and when a socket changed its
 * state between two questions. Repeated rows have the same cookie, and the first one
 * counts.
 *
 * One case needs care: a connection can enter TIME_WAIT while its file is open. Then two
 * rows with one cookie hold the port, the closed socket and the minisock; both count.
 * Zeroed memory is an empty set.
 */
struct once {
	struct ids seen, closed, minisocks;
};

enum once_kind { ONCE_SOCKET, ONCE_CLOSED, ONCE_MINISOCK };

/*
 * Adds a row. Returns true when it was not there before. @key: its cookie, or what
 * stands for the cookie.
 */
bool once_add(struct once *once, uint64_t key, enum once_kind kind);

/* Frees the memory and leaves an empty set. */
void once_fini(struct once *once);

/*
 * The inodes that the rows of a recording have. The kernel gives each socket an inode of
 * its own; only the few subflows of an MPTCP connection share one. A forged recording
 * could give thousands of rows one inode that thousands of processes hold: then each row
 * would list every process. Zeroed memory is an empty set.
 */
struct inodes {
	struct ids seen;
	struct map again;       /* how many more rows had the same inode */
};

/*
 * Adds a row. Returns false when more rows have had @inode than the kernel allows. 0: no
 * inode.
 */
bool inodes_add(struct inodes *inodes, uint32_t inode);

/* Frees the memory and leaves an empty set. */
void inodes_fini(struct inodes *inodes);

#endif
