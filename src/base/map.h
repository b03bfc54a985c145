/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash table from 64-bit numbers to 32-bit numbers, or from byte strings to 32-bit
 * numbers; one map has keys of one sort. Open addressing, 16 bytes an entry, at most
 * half full. Byte strings are kept and compared. Zeroed memory is an empty map. Any key
 * is allowed; keys are never removed.
 */
struct map {
	struct map_entry *at;
	size_t room;            /* power of two */
	size_t count;
	struct { char *at; size_t count, room; } bytes; /* byte strings, each after its size */
};

/* Frees the entries and leaves an empty map. */
void map_fini(struct map *map);

/* The value of @key, or NULL when the map does not have the key. */
uint32_t *map_find(const struct map *map, uint64_t key);

/*
 * The value of @key; a key that is not there yet is added with the value 0. *@fresh (may
 * be NULL) says whether it was added. The pointer is valid until the next map_slot().
 */
uint32_t *map_slot(struct map *map, uint64_t key, bool *fresh);

/* The same for a key of @size bytes (not NULL, no padding in it). */
uint32_t *map_find_bytes(const struct map *map, const void *bytes, size_t size);
uint32_t *map_slot_bytes(struct map *map, const void *bytes, size_t size, bool *fresh);

/*
 * An index of the elements of an array by a key that the elements hold themselves: 4
 * bytes an entry, at most 3/4 full. An entry is the number of the element + 1; 0 is
 * free. Zeroed memory is an empty index; the owner frees @at.
 *
 * To look up: go from index_first() on with index_next() until the entry is free or its
 * element has the key. To add: call index_widen() first, then set the free entry that
 * the lookup found and increment @count.
 */
struct index {
	uint32_t *at;
	size_t room;            /* power of two, or 0 */
	size_t count;
};

/* Makes room for one more entry; @hash returns the hash of an element's key. */
void index_widen(struct index *index, uint64_t (*hash)(const void *ctx, uint32_t element),
		 const void *ctx);

/* The index must have room. */
static inline uint32_t *index_first(const struct index *index, uint64_t hash)
{
	return &index->at[hash & (index->room - 1)];
}

static inline uint32_t *index_next(const struct index *index, const uint32_t *entry)
{
	return &index->at[(size_t)(entry - index->at + 1) & (index->room - 1)];
}

/*
 * Hashes of @size bytes and of a number; either may be used as a key. They are keyed
 * with the secret of this process, so strangers who choose keys cannot make them
 * collide. They differ from one run to the next: no output and no order may depend on
 * them.
 */
uint64_t map_hash(const void *bytes, size_t size);
uint64_t map_hash_number(uint64_t number);

#endif
