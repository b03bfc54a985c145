/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/processors.h"

#include <sched.h>
#include <signal.h>

bool processors_can_run(int threads)
{
	cpu_set_t set;

	/* more processors than fit into the set are an error, and enough */
	return sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) >= threads;
}

bool processors_start(pthread_t *thread, void *(*run)(void *), void *ctx)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(thread, NULL, run, ctx) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}
