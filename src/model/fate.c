/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/fate.h"

#include "base/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_DESTROYED] = "destroyed", [OUTCOME_GONE] = "gone",
	[OUTCOME_CHANGED] = "changed", [OUTCOME_DENIED] = "denied",
	[OUTCOME_UNSUPPORTED] = "unsupported", [OUTCOME_FAILED] = "failed",
};

void audit_fini(struct audit *audit)
{
	grow_fini(&audit->list);
}

size_t audit_count(const struct audit *audit, enum outcome outcome)
{
	size_t count = 0;

	for (size_t i = 0; i < audit->list.count; i++)
		count += audit->list.at[i].fate.outcome == outcome;
	return count;
}

static const char *unsupported(const struct doomed *doomed)
{
	switch (doomed->fate.err) {
	case ENODATA:
		return "the kernel tells no cookie of it";
	case ENOENT: case ESTALE:
		return doomed->sock.state == STATE_BOUND ?
		       "the kernel does not close a socket that is only bound" :
		       "the kernel finds another socket under its address";
	default:
		return "this kernel does not close such sockets (CONFIG_INET_DIAG_DESTROY)";
	}
}

void fate_reason(struct text *text, const struct doomed *doomed)
{
	const struct fate *fate = &doomed->fate;

	switch (fate->outcome) {
	case OUTCOME_DESTROYED:
		if (fate->now != STATE_NONE)
			text_addf(text, "it stays bound until its program closes it");
		return;
	case OUTCOME_GONE:
		text_addf(text, "it was closed or reset meanwhile");
		return;
	case OUTCOME_CHANGED:
		if (fate->now != doomed->sock.state)
			text_addf(text, "it is in %s now", state_table[fate->now].ss);
		else
			text_addf(text, "the filter does not match it any more");
		return;
	case OUTCOME_DENIED:
		text_addf(text, "that takes CAP_NET_ADMIN");
		return;
	case OUTCOME_UNSUPPORTED:
		text_addf(text, "%s", unsupported(doomed));
		return;
	case OUTCOME_FAILED:
		text_addf(text, "%s", strerror(fate->err));
		return;
	default:
		return;
	}
}
