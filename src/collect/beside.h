/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_BESIDE_H
#define COLLECT_BESIDE_H

#include "base/text.h"
#include "collect/wire.h"

#include <pthread.h>

/*
 * A listing that a second thread receives while this one is busy with another. Its
 * messages are kept as they came. Zeroed memory is one that was never begun.
 */
struct beside {
	struct wire_dump wire;
	struct text      messages;
	pthread_t        thread;
	bool             runs;
	int              err;
};

/* Kept at most; a listing that is longer is not whole. */
#define BESIDE_MOST ((size_t)256 << 10)

/*
 * Begins the listing that @beside->wire asks for (type, request, size, lister and
 * deadline; the request has to stay until beside_end()). Where there is no second
 * processor or no thread to be had, nothing happens. The thread is of the network
 * namespace of its caller.
 */
void beside_begin(struct beside *beside);

/* Waits for its end. True when it was begun and @messages are the whole listing. */
bool beside_end(struct beside *beside);

/* Frees the messages; after beside_end(). */
void beside_fini(struct beside *beside);

#endif
