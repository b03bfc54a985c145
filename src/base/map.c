/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

struct map_entry {
	uint64_t key;           /* a byte string: its hash */
	uint32_t value;
	uint32_t used;          /* a byte string: its offset in steps of BYTES_STEP, plus 1 */
};

/* Byte strings are aligned to this, so that a 32-bit offset reaches 16 GiB of them. */
enum { BYTES_STEP = sizeof(uint32_t) };

/* ---- hashes ---- */

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012). Without the secret, nobody who chooses
 * keys can make more of them collide than chance does.
 */
struct sip { uint64_t a, b, c, d; };

static uint64_t secret[2];

/*
 * The secret is the 16 random bytes that the kernel gives to each process (AT_RANDOM):
 * no system call is needed that could be refused or block. It is taken before main(),
 * while there is only one thread.
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

/* The length is not hashed, because all numbers are of one length. */
uint64_t map_hash_number(uint64_t number)
{
	struct sip s = begin();

	take_word(&s, number);
	return end(&s);
}

/* Tests set fewer bits, so that many keys have the same hash. */
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

struct map_key {
	uint64_t number;        /* the key itself, or the hash of its bytes */
	const void *bytes;      /* NULL: the key is a number */
	size_t size;
};

static bool is_same(const struct map *map, const struct map_entry *entry,
		    const struct map_key *key)
{
	const char *kept;
	uint32_t size;

	if (entry->key != key->number || !key->bytes)
		return entry->key == key->number;
	kept = map->bytes.at + (size_t)(entry->used - 1) * BYTES_STEP;
	memcpy(&size, kept, sizeof(size));
	return size == key->size && memcmp(kept + sizeof(size), key->bytes, size) == 0;
}

/*
 * Returns the entry of @key, or the free entry where it belongs. With @key NULL, returns
 * a free entry for @number.
 */
static struct map_entry *probe(const struct map *map, uint64_t number, const struct map_key *key)
{
	size_t i = (size_t)map_hash_number(number) & (map->room - 1);

	while (map->at[i].used && !(key && is_same(map, &map->at[i], key)))
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
			*probe(map, old.at[i].key, NULL) = old.at[i];
	free(old.at);
}

void map_fini(struct map *map)
{
	free(map->at);
	free(map->bytes.at);
	*map = (struct map){ 0 };
}

static uint32_t *find(const struct map *map, const struct map_key *key)
{
	struct map_entry *entry = map->room ? probe(map, key->number, key) : NULL;

	return entry && entry->used ? &entry->value : NULL;
}

/* Appends the key. Returns its position in the form that an entry holds. */
static uint32_t keep_bytes(struct map *map, const struct map_key *key)
{
	uint32_t size = (uint32_t)key->size;
	size_t at = map->bytes.count, step = sizeof(size) + size;

	step = (step + BYTES_STEP - 1) / BYTES_STEP * BYTES_STEP;
	map->bytes.at = grow_room(map->bytes.at, &map->bytes.room, at + step, 1);
	memcpy(map->bytes.at + at, &size, sizeof(size));
	memcpy(map->bytes.at + at + sizeof(size), key->bytes, size);
	map->bytes.count += step;
	return (uint32_t)(at / BYTES_STEP + 1);
}

static uint32_t *slot(struct map *map, const struct map_key *key, bool *fresh)
{
	struct map_entry *entry;

	if ((map->count + 1) * 2 > map->room)
		widen(map);
	entry = probe(map, key->number, key);
	if (fresh)
		*fresh = !entry->used;
	if (!entry->used) {
		*entry = (struct map_entry){
			.key = key->number, .used = key->bytes ? keep_bytes(map, key) : 1,
		};
		map->count++;
	}
	return &entry->value;
}

uint32_t *map_find(const struct map *map, uint64_t key)
{
	return find(map, &(struct map_key){ .number = key });
}

uint32_t *map_slot(struct map *map, uint64_t key, bool *fresh)
{
	return slot(map, &(struct map_key){ .number = key }, fresh);
}

static struct map_key key_of(const void *bytes, size_t size)
{
	return (struct map_key){ map_hash(bytes, size), bytes, size };
}

uint32_t *map_find_bytes(const struct map *map, const void *bytes, size_t size)
{
	struct map_key key = key_of(bytes, size);

	return find(map, &key);
}

uint32_t *map_slot_bytes(struct map *map, const void *bytes, size_t size, bool *fresh)
{
	struct map_key key = key_of(bytes, size);

	return slot(map, &key, fresh);
}

/* ---- numbers of elements ---- */

void index_widen(struct index *index, uint64_t (*hash)(const void *ctx, uint32_t element),
		 const void *ctx)
{
	struct index old = *index;

	if ((old.count + 1) * 4 <= old.room * 3)
		return;
	index->room = old.room ? old.room * 2 : 16;
	index->at = grow_alloc(index->room * sizeof(*index->at));
	for (size_t i = 0; i < old.room; i++) {
		uint32_t *entry;

		if (!old.at[i])
			continue;
		entry = index_first(index, hash(ctx, old.at[i] - 1));
		while (*entry)
			entry = index_next(index, entry);
		*entry = old.at[i];
	}
	free(old.at);
}
