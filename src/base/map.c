/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

struct map_entry {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

/* ---- hashes ---- */

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012). Who can choose keys and does not know
 * the secret cannot choose two that meet in one place more often than others do.
 */
struct sip { uint64_t a, b, c, d; };

static uint64_t secret[2];

/*
 * 16 bytes of chance that the kernel gives to each process: nothing is asked, so
 * nothing can be refused or waited for. Before main(), while there is one thread.
 */
__attribute__((constructor)) static void take_secret(void)
{
	const void *bytes = (const void *)getauxval(AT_RANDOM);

	if (bytes)
		memcpy(secret, bytes, sizeof(secret));
}

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void stir(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32) + s->d;
	s->c += s->b;
	s->d = rotate(s->d, 21) ^ s->a;
	s->b = rotate(s->b, 17) ^ s->c;
	s->c = rotate(s->c, 32);
}

static inline struct sip begin(void)
{
	return (struct sip){
		secret[0] ^ 0x736f6d6570736575u, secret[1] ^ 0x646f72616e646f6du,
		secret[0] ^ 0x6c7967656e657261u, secret[1] ^ 0x7465646279746573u,
	};
}

static inline void take_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	stir(s);
	s->a ^= word;
}

static inline uint64_t end(struct sip *s)
{
	s->c ^= 0xff;
	stir(s);
	stir(s);
	stir(s);
	return s->a ^ s->b ^ s->c ^ s->d;
}

/* All are of one length, which is therefore left out. */
uint64_t map_hash_number(uint64_t number)
{
	struct sip s = begin();

	take_word(&s, number);
	return end(&s);
}

/* A test gives fewer bits, so that many keys have one hash. */
#ifndef MAP_HASH_MASK
#define MAP_HASH_MASK UINT64_MAX
#endif

uint64_t map_hash(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	struct sip s = begin();
	uint64_t word, last = (uint64_t)size << 56;
	size_t left = size;

	for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		take_word(&s, word);
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)at[i] << (8 * i);
	take_word(&s, last);
	return end(&s) & MAP_HASH_MASK;
}

/* ---- the table ---- */

static struct map_entry *probe(const struct map *map, uint64_t key)
{
	size_t i = (size_t)map_hash_number(key) & (map->room - 1);

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
