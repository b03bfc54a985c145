/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PLACES_H
#define COLLECT_PLACES_H

#include "collect/collect.h"

/* See collect_everywhere(). */
int places_visit(struct places *places, place_visit *visit, void *ctx, struct snapshot *seen,
		 struct fault *fault);

#endif
