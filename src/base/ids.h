/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of 64-bit ids that mostly come in runs, as socket cookies do: the kernel counts
 * them up when a socket is first asked for its cookie. 64 neighbouring ids share one
 * entry of 16 bytes, so an id takes a bit or two, and 64 bytes at worst. Zeroed memory
 * is an empty set. Ids are never removed.
 */
struct ids {
	struct ids_run *at;
	struct ids_run *last;   /* the run that the last id was added to */
	size_t room;            /* power of two */
	size_t count;           /* of runs */
};

/* Frees the runs and leaves an empty set. */
void ids_fini(struct ids *ids);

/* Adds @id. Returns true when it was not in the set yet. */
bool ids_add(struct ids *ids, uint64_t id);

bool ids_has(const struct ids *ids, uint64_t id);

#endif
