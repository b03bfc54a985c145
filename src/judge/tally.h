/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_TALLY_H
#define JUDGE_TALLY_H

#include "base/map.h"
#include "model/addr.h"

/*
 * Groups a million sockets in linear time: a group has a key and a chain of socket
 * indices. Groups stand in the order in which they were first met, so the same snapshot
 * always gives the same report.
 */

/*
 * What the sockets of a group have in common. Unused members are 0; the struct has no
 * padding.
 */
struct tally_key {
	struct addr source, destination;
	uint64_t who;           /* process or cgroup */
	uint32_t ifindex;
	uint16_t port;
	uint8_t  kind;          /* for the caller's own distinction */
	uint8_t  zero;
};

_Static_assert(sizeof(struct tally_key) == 48, "a hole would be hashed");

struct tally_group {
	struct tally_key key;
	uint32_t first, last;   /* index + 1 */
	uint32_t count;
};

struct tally {
	struct map map;
	struct { struct tally_group *at; size_t count, room; } groups;
	uint32_t *next;         /* for each index: the next one + 1, 0 at the end */
};

/* Begins a tally for indices below @indices; tally_fini() frees it. */
void tally_init(struct tally *tally, size_t indices);
void tally_fini(struct tally *tally);

/* Adds @index, which must not be in the tally yet. */
void tally_add(struct tally *tally, const struct tally_key *key, uint32_t index);

/* The group, or NULL; valid until the next tally_add(). */
const struct tally_group *tally_find(const struct tally *tally, const struct tally_key *key);

/* Runs @index over the sockets of @group in the order in which they were added. */
#define tally_each(tally, group, index)                                          \
	for (uint32_t each_ = (group)->first, index = each_ - 1; each_;          \
	     each_ = (tally)->next[index], index = each_ - 1)

#endif
