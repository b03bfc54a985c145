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

/* Writes one document or records, as the format says. */
void connect_json(struct out *out, const struct style *style, const struct connect_page *page);
void destinations_json(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations);

static inline enum ink connect_ink(enum connect_verdict verdict)
{
	return verdict == CONNECT_OK ? INK_GREEN : verdict == CONNECT_EXHAUSTED ? INK_RED :
	       INK_YELLOW;
}

/*
 * True when there is no number of ports that are left. Without the range there are no
 * numbers at all; in an incomplete listing, sockets that are missing can only have taken
 * more ports.
 */
static inline bool connect_is_blind(const struct connect_answer *a)
{
	return a->verdict == CONNECT_UNKNOWN && !a->capacity;
}

/* The cgroup of a process, or else of its sockets; NULL when not known. */
const struct cgroup *user_cgroup(const struct snapshot *seen, const struct port_user *user);

#endif
