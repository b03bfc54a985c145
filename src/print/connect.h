/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CONNECT_H
#define PRINT_CONNECT_H

#include "print/page.h"
#include "print/print.h"

/* What print_connect() was given. */
struct connect_page {
	const struct snapshot *seen;
	const struct connect_ask *ask;
	bool by_route;
	const struct port_probe *probe;         /* or NULL */
	const struct connect_answer *answer;
};

/* JSON decides between one document and records. */
void connect_json(struct out *out, const struct style *style, const struct connect_page *page);
void destinations_json(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations);

static inline enum ink connect_ink(enum connect_verdict verdict)
{
	return verdict == CONNECT_OK ? INK_GREEN : verdict == CONNECT_EXHAUSTED ? INK_RED :
	       INK_YELLOW;
}

/*
 * Without the range there are no numbers at all. Of an incomplete listing there
 * are, but not of what is left: what is missing can only have taken more.
 */
static inline bool connect_is_blind(const struct connect_answer *a)
{
	return a->verdict == CONNECT_UNKNOWN && !a->capacity;
}

/* A process's own cgroup, or the one that its sockets have; NULL when not known. */
const struct cgroup *user_cgroup(const struct snapshot *seen, const struct port_user *user);

#endif
