/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/ids.h"

#include "base/grow.h"
#include "base/map.h"

#include <stdlib.h>

/* The ids number * 64 to number * 64 + 63, one bit each. An entry with no bit set is free. */
struct ids_run {
	uint64_t number, bits;
};

static struct ids_run *probe(const struct ids *ids, uint64_t number)
{
	size_t i = (size_t)map_hash_number(number) & (ids->room - 1);

	while (ids->at[i].bits && ids->at[i].number != number)
		i = (i + 1) & (ids->room - 1);
	return &ids->at[i];
}

static void widen(struct ids *ids)
{
	struct ids old = *ids;

	ids->room = old.room ? old.room * 2 : 64;
	ids->at = grow_alloc(ids->room * sizeof(*ids->at));
	for (size_t i = 0; i < old.room; i++)
		if (old.at[i].bits)
			*probe(ids, old.at[i].number) = old.at[i];
	free(old.at);
}

void ids_fini(struct ids *ids)
{
	free(ids->at);
	*ids = (struct ids){ 0 };
}

static struct ids_run *run_of(struct ids *ids, uint64_t number)
{
	struct ids_run *run;

	if ((ids->count + 1) * 2 > ids->room)
		widen(ids);
	run = probe(ids, number);
	if (!run->bits) {
		run->number = number;
		ids->count++;
	}
	return run;
}

static bool run_add(struct ids_run *run, uint64_t id)
{
	uint64_t bit = (uint64_t)1 << (id & 63);
	bool fresh = !(run->bits & bit);

	run->bits |= bit;
	return fresh;
}

/* Apart, because it is rare and the rest of ids_add() needs no stack without it. */
static __attribute__((noinline)) bool add_elsewhere(struct ids *ids, uint64_t id)
{
	ids->last = run_of(ids, id >> 6);
	return run_add(ids->last, id);
}

bool ids_add(struct ids *ids, uint64_t id)
{
	struct ids_run *run = ids->last;

	return run && run->number == id >> 6 ? run_add(run, id) : add_elsewhere(ids, id);
}

bool ids_has(const struct ids *ids, uint64_t id)
{
	return ids->room && probe(ids, id >> 6)->bits >> (id & 63) & 1;
}
