/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * u64 -> u32, open addressing, 16-byte entries, load at most 1/2. Zeroed
 * memory is an empty map. Nothing is ever removed. Any key may be used. Or bytes
 * -> u32: then the keys are kept and compared. A map has keys of one of both sorts.
 */
struct map {
	struct map_entry *at;
	size_t room;            /* power of two */
	size_t count;
	struct { char *at; size_t count, room; } bytes; /* keys, each behind its size */
};

/* Frees the entries and leaves an empty map. */
void map_fini(struct map *map);

/* Value slot of @key, or NULL when it is not there. */
uint32_t *map_find(const struct map *map, uint64_t key);

/*
 * Value slot of @key, made with value 0 when it was not there; *@fresh (may be
 * NULL) says which. The pointer is good until the next map_slot().
 */
uint32_t *map_slot(struct map *map, uint64_t key, bool *fresh);

/* The same where a key is @size bytes (not NULL, without holes). */
uint32_t *map_find_bytes(const struct map *map, const void *bytes, size_t size);
uint32_t *map_slot_bytes(struct map *map, const void *bytes, size_t size, bool *fresh);

/*
 * Where the elements of an array are, by a key that they hold themselves: 4 bytes an
 * entry, load at most 3/4. An entry is the number of the element + 1, 0 a free one.
 * Zeroed memory is an empty index; free(at) is due. To look up: from index_first() on
 * with index_next() until the entry is free or its element has the key. To add:
 * index_widen() first, then set the free entry that was found and count it.
 */
struct index {
	uint32_t *at;
	size_t room;            /* power of two, or 0 */
	size_t count;
};

/* Makes room for one more; @hash says what the key of an element is, as a hash. */
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
 * Hashes of @size bytes and of a number, well mixed; the first is to be used as key.
 * They differ from one process to the next, and nobody outside knows how: keys that
 * strangers chose meet no more often than others. Nothing that is written or shown,
 * and no order, may depend on them.
 */
uint64_t map_hash(const void *bytes, size_t size);
uint64_t map_hash_number(uint64_t number);

#endif
