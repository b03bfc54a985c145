/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/grow.h"
#include "collect/census.h"
#include "collect/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int collect_everywhere(struct collect *collect, struct places *places, place_visit *visit,
		       void *ctx, struct snapshot *seen, struct fault *fault)
{
	__typeof__(seen->netns_name) name;
	uint64_t inode = seen->netns_inode;
	int err;

	memcpy(name, seen->netns_name, sizeof(name));
	basics_machine(collect);
	collect->crowd = grow_alloc(sizeof(*collect->crowd));
	err = places_visit(places, visit, ctx, seen, fault);
	crowd_fini(collect->crowd);
	free(collect->crowd);
	collect->crowd = NULL;
	/* whose caller never left it, wherever the visits have been */
	seen->place = NULL;
	seen->netns_inode = inode;
	memcpy(seen->netns_name, name, sizeof(name));
	return err;
}

int collect_arrival(struct collect *collect, const struct place *place, struct snapshot *seen,
		    struct fault *fault)
{
	int err;

	/* first, before a netlink socket of our own is counted */
	collect->tcp_states = census_states(PROTOCOL_TCP);
	collect->udp_states = census_states(PROTOCOL_UDP);
	snapshot_leave(seen);
	err = collect_basics(collect, seen, fault);
	seen->place = place;
	if (place->name)
		snprintf(seen->netns_name, sizeof(seen->netns_name), "%s", place->name);
	return err;
}

bool arrival_can_have(const struct collect *collect, struct collect_ask *ask)
{
	enum protocol protocol = ask->protocol ? ask->protocol : PROTOCOL_TCP;

	if (tape_replays(&collect->tape) || tape_records(&collect->tape))
		return true;
	if (!collect->crowd)
		ask->states &= census_states(protocol);
	else if (protocol == PROTOCOL_UDP)
		ask->states &= collect->udp_states;
	else if (protocol == PROTOCOL_TCP)
		ask->states &= collect->tcp_states;
	return ask->states != 0;
}
