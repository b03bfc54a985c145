/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_BINDING_H
#define CMD_BINDING_H

#include "cmd/session.h"
#include "cmd/target.h"
#include "model/bind.h"

/* One question about a bind() of TCP or UDP, in one namespace, and its answer. */
struct binding {
	struct bind_ask    ask;
	struct bind_scene  scene;
	struct bind_answer answer;
};
void binding_fini(struct binding *binding);

/**
 * binding_judge - look at the port and judge
 * @binding: zeroed; binding_fini() is due
 * @judged: false: one of many namespaces, not our own, in which nobody has the
 *          port; no more was looked at
 *
 * Returns 0 or -errno with the sentence in the session's fault.
 */
int binding_judge(struct session *session, const struct target *target,
		  struct binding *binding, bool *judged);

enum status binding_status(const struct bind_answer *answer);

/* -G, all of it; the caller closes the session. @out is not flushed. */
enum status binding_everywhere(struct session *session, const struct target *target,
			       struct out *out);

#endif
