/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/place.h"

#include "base/grow.h"

#include <stdlib.h>

static void place_free(struct place *place)
{
	if (!place)
		return;
	free(place->name);
	free(place->path);
	free(place->unit);
	free(place->container);
	free(place->pod);
	grow_fini(&place->pids);
	free(place);
}

void places_fini(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		place_free(places->at[i]);
	grow_fini(places);
}
