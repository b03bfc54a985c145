/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_THREADS_H
#define COLLECT_THREADS_H

#include "collect/tape.h"

/* See collect_threads(). A process that hides its descriptors hides its threads' too. */
void threads_collect(struct tape *tape, struct snapshot *seen);

#endif
