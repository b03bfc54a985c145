/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROCESSORS_H
#define COLLECT_PROCESSORS_H

#include <sched.h>
#include <stdbool.h>

/* True when this process may run on so many processors at the same time. */
static inline bool processors_can_run(int threads)
{
	cpu_set_t set;

	/* more processors than fit the set are an error, and enough */
	return sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) >= threads;
}

#endif
