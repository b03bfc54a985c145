/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_WAY_H
#define COLLECT_WAY_H

#include "collect/tape.h"
#include "model/connect.h"

/* See collect_way(). */
void way_collect(struct tape *tape, const struct connect_ask *ask, struct way *way,
		 struct snapshot *seen);

#endif
