/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_WHO_H
#define PRINT_WHO_H

#include "base/text.h"
#include "model/finding.h"
#include "print/print.h"

/*
 * Whom a finding is about, for a person: "python3[812]", "10.0.0.1 -> 10.0.0.9:443",
 * "0.0.0.0:80 of nginx[12], nginx[13]". @full adds the unit or container and
 * the remote service.
 */
void who_text(struct text *text, const struct style *style, const struct snapshot *seen,
	      const struct finding *finding, bool full);

/* The cgroup of a process subject, or NULL. */
const struct cgroup *who_cgroup(const struct snapshot *seen, const struct subject *subject);

/* "critical", "warning" or "none". */
const char *who_severity(enum severity severity);

#endif
