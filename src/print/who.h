/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_WHO_H
#define PRINT_WHO_H

#include "base/text.h"
#include "model/finding.h"
#include "print/print.h"

/*
 * What a finding is about, for a person: "python3[812]", "10.0.0.1 -> 10.0.0.9:443",
 * "0.0.0.0:80 of nginx[12], nginx[13]". @full adds the unit or container and the remote
 * service.
 */
void who_text(struct text *text, const struct style *style, const struct snapshot *seen,
	      const struct finding *finding, bool full);

/* "python3[812]" */
void who_process(struct text *text, const struct process *process);

/*
 * The most telling name in a cgroup path: unit, container, or the path itself. Returns
 * false, with nothing added, when there is none.
 */
bool who_place(struct text *text, const struct cgroup *cgroup);

/* The same in the form " (nginx.service)", or nothing. */
void who_placed(struct text *text, const struct cgroup *cgroup);

/*
 * "nginx[12], nginx[13] and 4 more": processes that hold the socket, at most @most by
 * name; nothing when no holder was seen.
 */
void who_holders(struct text *text, const struct snapshot *seen, uint32_t inode, size_t most);

/* The cgroup of a subject that is a process, or NULL. */
const struct cgroup *who_cgroup(const struct snapshot *seen, const struct subject *subject);

/* "critical", "warning" or "none". */
const char *who_severity(enum severity severity);

#endif
