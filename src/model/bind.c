/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/bind.h"

#include "base/grow.h"

#include <stdlib.h>

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICT_COUNT] = {
		[VERDICT_OK] = "ok", [VERDICT_FAILS] = "fails",
		[VERDICT_DEPENDS] = "depends", [VERDICT_UNKNOWN] = "unknown",
	};

	return names[verdict];
}

const char *errno_name(int err)
{
	return err ? strerrorname_np(err) ?: "an unnamed errno" : NULL;
}

const char *const bind_why_name[WHY_COUNT] = {
	[WHY_LISTENER] = "listener", [WHY_BOUND] = "bound", [WHY_CHILD] = "accepted",
	[WHY_CLIENT] = "client", [WHY_CONNECTION] = "connection", [WHY_CLOSING] = "closing",
	[WHY_ORPHAN] = "orphan", [WHY_TIME_WAIT] = "time-wait", [WHY_DATAGRAM] = "datagram",
};

const char *const bind_with_name[WITH_COUNT] = {
	[WITH_NONE] = "none", [WITH_REUSEADDR] = "reuseaddr", [WITH_REUSEPORT] = "reuseport",
	[WITH_BOTH] = "reuseaddr+reuseport",
};

const char *unix_type_name(enum unix_type type)
{
	switch (type) {
	case UNIX_STREAM: return "stream";
	case UNIX_DGRAM: return "dgram";
	case UNIX_SEQPACKET: return "seqpacket";
	}
	return "unknown";
}

void bind_context_fini(struct bind_context *context)
{
	grow_fini(&context->elsewhere);
}

void bind_answer_fini(struct bind_answer *answer)
{
	grow_fini(&answer->blockers);
	facts_fini(&answer->facts);
	text_fini(&answer->cause);
	text_fini(&answer->settles);
	advice_fini(&answer->advice);
	advice_fini(&answer->notes);
}

void unix_context_fini(struct unix_context *context)
{
	grow_fini(&context->socks);
}
