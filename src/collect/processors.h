/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROCESSORS_H
#define COLLECT_PROCESSORS_H

#include <pthread.h>
#include <stdbool.h>

/* True when this process may run on @threads processors at the same time. */
bool processors_can_run(int threads);

/*
 * Starts a thread that blocks signals, because the first thread handles them. The thread
 * is in the network namespace of its caller. Returns false when there is no thread to be
 * had; that is not a failure, because the caller can do the work itself.
 */
bool processors_start(pthread_t *thread, void *(*run)(void *), void *ctx);

#endif
