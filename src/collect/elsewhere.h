/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ELSEWHERE_H
#define COLLECT_ELSEWHERE_H

#include "collect/tape.h"
#include "model/bind.h"

/* See collect_elsewhere(). */
void elsewhere_collect(struct tape *tape, const struct bind_ask *ask, struct bind_scene *scene,
		       unsigned deadline_ms);

#endif
