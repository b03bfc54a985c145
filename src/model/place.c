/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/place.h"

#include "base/grow.h"
#include "model/unit.h"

#include <stdlib.h>
#include <string.h>

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

static void put_string(struct text *text, const char *string, const char *also)
{
	text_add_escaped(text, string, strlen(string), also);
}

/* Nobody's name is taken for one of our words. */
static void put_name(struct text *text, const char *name, const char *also)
{
	if (strcmp(name, "here") == 0 || strcmp(name, "init") == 0)
		text_addf(text, "netns:");
	text_add_value(text, name, strlen(name), also);
}

void place_word(struct text *text, const struct place *place, const char *also)
{
	if (place->is_own) {
		text_addf(text, "here");
	} else if (place->name) {
		put_name(text, place->name, also);
	} else if (place->is_init) {
		text_addf(text, "init");
	} else if (place->container) {
		text_addf(text, "container:");
		text_add_escaped(text, place->container, container_shown(place->container), also);
	} else if (place->pod) {
		text_addf(text, "pod:");
		put_string(text, place->pod, also);
	} else if (unit_is(place->unit, ".service")) {
		/* of a session or slice many namespaces are a part, of a service hardly */
		put_string(text, place->unit, also);
		text_addf(text, ":%d", place->pid);
	} else if (place->pid) {
		text_addf(text, "%d:", place->pid);
		text_add_escaped(text, place->comm, place->comm_size, also);
	} else {
		text_addf(text, "%llu", (unsigned long long)place->inode);
	}
}
