/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/tally.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

void tally_init(struct tally *tally, size_t indices)
{
	*tally = (struct tally){ .next = grow_alloc(indices * sizeof(*tally->next)) };
}

void tally_fini(struct tally *tally)
{
	map_fini(&tally->map);
	grow_fini(&tally->groups);
	free(tally->next);
}

/* Strangers choose addresses, so equal hashes do not prove equal keys. */
static struct tally_group *group_of(struct tally *tally, const struct tally_key *key)
{
	uint64_t hash = map_hash(key, sizeof(*key));

	for (;; hash++) {
		uint32_t *slot = map_slot(&tally->map, hash, NULL);
		struct tally_group *group;

		if (*slot) {
			group = &tally->groups.at[*slot - 1];
			if (memcmp(&group->key, key, sizeof(*key)) == 0)
				return group;
			continue;
		}
		group = grow_add(&tally->groups);
		group->key = *key;
		*slot = (uint32_t)tally->groups.count;
		return group;
	}
}

void tally_add(struct tally *tally, const struct tally_key *key, uint32_t index)
{
	struct tally_group *group = group_of(tally, key);

	if (group->last)
		tally->next[group->last - 1] = index + 1;
	else
		group->first = index + 1;
	group->last = index + 1;
	group->count++;
}

const struct tally_group *tally_find(const struct tally *tally, const struct tally_key *key)
{
	uint64_t hash = map_hash(key, sizeof(*key));
	const uint32_t *slot;

	while ((slot = map_find(&tally->map, hash++))) {
		const struct tally_group *group = &tally->groups.at[*slot - 1];

		if (memcmp(&group->key, key, sizeof(*key)) == 0)
			return group;
	}
	return NULL;
}
