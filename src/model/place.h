/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_PLACE_H
#define MODEL_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A network namespace of this machine and whose it is, as far as could be seen.
 * Strings are raw bytes, NULL when there is none.
 */
struct place {
	uint64_t inode;
	char    *name;          /* in /run/netns */
	int32_t  pid;           /* the lowest process in it, or 0; of that one are: */
	uint8_t  comm_size;
	char     comm[64];
	char    *unit, *container, *pod;
	bool     is_own;        /* the one that we were started in */
	bool     init_known;    /* where process 1 is may be hidden */
	bool     is_init;       /* that of process 1 */
	struct { int32_t *at; size_t count, room; } pids;       /* every process in it */
};

/* Those that were visited, in that order; a place stays where it is in memory. */
struct places {
	struct place **at;
	size_t count, room;
};
void places_fini(struct places *places);

#endif
