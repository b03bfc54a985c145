/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_SCENE_H
#define COLLECT_SCENE_H

#include "collect/tape.h"
#include "model/bind.h"

/* See collect_bind_scene(). */
void scene_collect(struct tape *tape, const struct bind_ask *ask, struct bind_scene *scene,
		   struct snapshot *seen);

#endif
