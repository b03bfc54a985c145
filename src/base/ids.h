/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of u64 that mostly come in runs, as the kernel's cookies do: it numbers
 * sockets when it is first asked for them. 64 neighbours share 16 bytes, so a
 * socket takes a bit or two, and 64 bytes at the very worst. Zeroed memory is an
 * empty set. Nothing is ever removed.
 */
struct ids {
	struct ids_run *at;
	struct ids_run *last;   /* that was added to */
	size_t room;            /* power of two */
	size_t count;           /* of runs */
};

/* Frees the runs and leaves an empty set. */
void ids_fini(struct ids *ids);

/* True when it was not there before. */
bool ids_add(struct ids *ids, uint64_t id);

bool ids_has(const struct ids *ids, uint64_t id);

#endif
