/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_CONNECT_H
#define PRINT_CONNECT_H

#include "print/print.h"

/* What print_connect() was given. */
struct connect_page {
	const struct snapshot *seen;
	const struct connect_ask *ask;
	bool by_route;
	const struct port_probe *probe;         /* or NULL */
	const struct connect_answer *answer;
};

/* One way to write each; JSON decides between one document and records. */
void connect_text(struct out *out, const struct style *style, const struct connect_page *page);
void connect_json(struct out *out, const struct style *style, const struct connect_page *page);
void destinations_text(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations);
void destinations_json(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations);

/* A process's own cgroup, or the one that its sockets have; NULL when not known. */
const struct cgroup *user_cgroup(const struct snapshot *seen, const struct port_user *user);

#endif
