/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_SEEN_H
#define TESTS_UNIT_SEEN_H

/* A snapshot for each test, set up and torn down; to be included behind cmocka's header. */

#include "model/snapshot.h"

static struct snapshot seen;

static inline int begin(void **state)
{
	(void)state;
	snapshot_init(&seen);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	snapshot_fini(&seen);
	return 0;
}

#endif
