/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROCESSORS_H
#define COLLECT_PROCESSORS_H

#include <pthread.h>
#include <stdbool.h>

/* True when this process may run on so many processors at the same time. */
bool processors_can_run(int threads);

/*
 * A thread that takes no signals: these are for the first one, which knows what to do.
 * It is of the network namespace of its caller. False when none is to be had, which is
 * no failure: the work can be done by the caller.
 */
bool processors_start(pthread_t *thread, void *(*run)(void *), void *ctx);

#endif
