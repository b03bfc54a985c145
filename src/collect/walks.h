/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_WALKS_H
#define COLLECT_WALKS_H

#include "collect/collect.h"

/* See collect_walks(). Live and without a recording. */
int walks_together(struct collect *collect, const struct collect_walk *walks, size_t count,
		   struct snapshot *seen, struct fault *fault);

#endif
