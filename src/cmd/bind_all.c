/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bind -G: the verdict of our own namespace and of each in which somebody has the port. */
#include "base/grow.h"
#include "cmd/binding.h"
#include "cmd/everywhere.h"
#include "print/where.h"

#include <stdlib.h>

struct area {
	const struct place *place;
	struct snapshot     seen;
	struct binding      binding;
};

struct round {
	struct session      *session;
	const struct target *target;
	struct { struct area *at; size_t count, room; } areas;
	size_t               vacant;    /* nobody has the port */
};

static int bind_there(void *ctx, const struct place *place)
{
	struct round *round = ctx;
	struct session there = *round->session;
	struct area area = { .place = place };
	bool judged = false;
	int err;

	snapshot_init(&there.seen);
	err = everywhere_arrive(&there, place, NULL);
	if (!err)
		err = binding_judge(&there, round->target, &area.binding, &judged);
	if (err)
		round->session->fault = there.fault;
	everywhere_name_gaps(&there.seen, 0);
	everywhere_add_gaps(&round->session->seen, &there.seen);
	if (judged) {
		area.seen = there.seen;
		*grow_add(&round->areas) = area;
	} else {
		binding_fini(&area.binding);
		snapshot_fini(&there.seen);
		round->vacant++;
	}
	return err;
}

/* The worst: who asks about all of them wants to know whether one refuses. */
static enum status tell(const struct round *round, struct out *out)
{
	const struct session *session = round->session;
	size_t count = round->areas.count;
	struct bind_area *areas = grow_alloc((count + 1) * sizeof(*areas));
	enum status worst = STATUS_OK;

	for (size_t i = 0; i < count; i++) {
		const struct area *area = &round->areas.at[i];
		enum status status = binding_status(&area->binding.answer);

		areas[i] = (struct bind_area){
			.place = area->place, .seen = &area->seen, .ask = &area->binding.ask,
			.scene = &area->binding.scene, .answer = &area->binding.answer,
		};
		worst = status > worst ? status : worst;
	}
	print_bind_everywhere(out, &session->style, &session->seen, areas, count, round->vacant);
	free(areas);
	return worst;
}

enum status binding_everywhere(struct session *session, const struct target *target,
			       struct out *out)
{
	struct round round = { .session = session, .target = target };
	struct places places = { .count = 0 };
	int err = collect_everywhere(session->collect, &places, bind_there, &round, &session->seen,
				     &session->fault);
	enum status status = err ? cmd_fail(&session->fault) : tell(&round, out);

	for (size_t i = 0; i < round.areas.count; i++) {
		binding_fini(&round.areas.at[i].binding);
		snapshot_fini(&round.areas.at[i].seen);
	}
	grow_fini(&round.areas);
	places_fini(&places);
	return status;
}
