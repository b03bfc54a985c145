/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include "base/grow.h"

#include <stdlib.h>

struct map_entry {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

/* Finalizer of splitmix64: counters such as inodes must not cluster. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static struct map_entry *probe(const struct map *map, uint64_t key)
{
	size_t i = (size_t)mix(key) & (map->room - 1);

	while (map->at[i].used && map->at[i].key != key)
		i = (i + 1) & (map->room - 1);
	return &map->at[i];
}

static void widen(struct map *map)
{
	struct map old = *map;

	map->room = old.room ? old.room * 2 : 64;
	map->at = grow_alloc(map->room * sizeof(*map->at));
	for (size_t i = 0; i < old.room; i++)
		if (old.at[i].used)
			*probe(map, old.at[i].key) = old.at[i];
	free(old.at);
}

void map_fini(struct map *map)
{
	free(map->at);
	*map = (struct map){ 0 };
}

uint32_t *map_find(const struct map *map, uint64_t key)
{
	struct map_entry *entry;

	if (!map->room)
		return NULL;
	entry = probe(map, key);
	return entry->used ? &entry->value : NULL;
}

uint32_t *map_slot(struct map *map, uint64_t key, bool *fresh)
{
	struct map_entry *entry;

	if ((map->count + 1) * 2 > map->room)
		widen(map);
	entry = probe(map, key);
	if (fresh)
		*fresh = !entry->used;
	if (!entry->used) {
		*entry = (struct map_entry){ .key = key, .used = 1 };
		map->count++;
	}
	return &entry->value;
}

uint64_t map_hash(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t hash = 0x9e3779b97f4a7c15u ^ size;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return mix(hash);
}
