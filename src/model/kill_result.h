/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_KILL_RESULT_H
#define MODEL_KILL_RESULT_H

#include "base/grow.h"
#include "model/sock.h"

#include <stddef.h>
#include <stdlib.h>

/* The outcome for a socket that list -K was to close. */
enum outcome {
	OUTCOME_NONE,           /* nothing was tried */
	OUTCOME_DESTROYED,
	OUTCOME_GONE,           /* it was no longer there */
	OUTCOME_CHANGED,        /* its state changed, or the filter no longer matches */
	OUTCOME_DENIED,
	OUTCOME_UNSUPPORTED,    /* the kernel does not close sockets of this kind */
	OUTCOME_FAILED,
	OUTCOME_COUNT,
};

struct kill_result {
	enum outcome outcome;
	/* CHANGED: the state found; DESTROYED: the state that is left, if any */
	enum state   now;
	int          err;       /* positive errno of the kernel's refusal, or 0 */
};

struct kill_target {
	struct sock sock;       /* as it was listed, without detail */
	struct kill_result result;
};

/* All sockets that the filter matched. It owns the list; kill_results_fini() frees it. */
struct kill_results {
	bool confirmed;         /* --yes was given, so something was tried */
	struct { struct kill_target *at; size_t count, room; } list;
};

static inline void kill_results_fini(struct kill_results *results)
{
	grow_fini(&results->list);
}

/* The number of sockets with that outcome. */
static inline size_t kill_results_count(const struct kill_results *results, enum outcome outcome)
{
	size_t count = 0;

	for (size_t i = 0; i < results->list.count; i++)
		count += results->list.at[i].result.outcome == outcome;
	return count;
}

#endif
