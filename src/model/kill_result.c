/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/kill_result.h"

#include "base/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_DESTROYED] = "destroyed", [OUTCOME_GONE] = "gone",
	[OUTCOME_CHANGED] = "changed", [OUTCOME_DENIED] = "denied",
	[OUTCOME_UNSUPPORTED] = "unsupported", [OUTCOME_FAILED] = "failed",
};

void kill_results_fini(struct kill_results *results)
{
	grow_fini(&results->list);
}

size_t kill_results_count(const struct kill_results *results, enum outcome outcome)
{
	size_t count = 0;

	for (size_t i = 0; i < results->list.count; i++)
		count += results->list.at[i].result.outcome == outcome;
	return count;
}

static const char *unsupported(const struct kill_target *target)
{
	switch (target->result.err) {
	case ENODATA:
		return "the kernel tells no cookie of it";
	case ENOENT: case ESTALE:
		return target->sock.state == STATE_BOUND ?
		       "the kernel does not close a socket that is only bound" :
		       "the kernel finds another socket under its address";
	default:
		return "this kernel does not close such sockets (CONFIG_INET_DIAG_DESTROY)";
	}
}

void kill_result_reason(struct text *text, const struct kill_target *target)
{
	const struct kill_result *result = &target->result;

	switch (result->outcome) {
	case OUTCOME_DESTROYED:
		if (result->now != STATE_NONE)
			text_addf(text, "it stays bound until its program closes it");
		return;
	case OUTCOME_GONE:
		text_addf(text, "it was closed or reset meanwhile");
		return;
	case OUTCOME_CHANGED:
		if (result->now != target->sock.state)
			text_addf(text, "it is in %s now", state_table[result->now].ss);
		else
			text_addf(text, "the filter does not match it any more");
		return;
	case OUTCOME_DENIED:
		text_addf(text, "that takes CAP_NET_ADMIN");
		return;
	case OUTCOME_UNSUPPORTED:
		text_addf(text, "%s", unsupported(target));
		return;
	case OUTCOME_FAILED:
		text_addf(text, "%s", strerror(result->err));
		return;
	default:
		return;
	}
}
