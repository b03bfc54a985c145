/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_FILTERS_H
#define CMD_FILTERS_H

#include "cmd/session.h"
#include "value/filter.h"

/*
 * The filter of a command line: its words and the file of -F. Both print what is
 * wrong themselves, with the expression and a caret under the place, and return
 * 0 or -errno. filter_fini() is due in every case.
 */

/* Reads it; nothing is looked up yet. */
int filters_read(struct filter *filter, const struct options *options);

/*
 * Looks up hosts, services, users, devices and cgroups, the devices in the
 * namespace of the session. For a recording, or from one, cgroup paths are
 * collected; nothing is asked twice.
 */
int filters_resolve(struct filter *filter, struct session *session);

/* True when there is anything that a socket could fail. */
bool filters_any(const struct filter *filter);

/* Refuses, in a sentence, a filter about other sockets: "unix:", "link:", ... */
int filters_need_inet(const struct filter *filter, const char *who);

/* The states that it asks for, or @usual when it names none. */
uint32_t filters_states(const struct filter *filter, uint32_t usual);

/**
 * filters_prepare - which sockets are in which findings, for the word `finding`
 * @findings: zeroed; for collect_ask; filter_findings_fini() is due
 *
 * Nothing without that word. Otherwise all TCP sockets are collected and judged
 * with the usual thresholds, and nothing of them is kept in the session. To be
 * called before owners are collected for other purposes.
 */
int filters_prepare(struct filter *filter, struct session *session,
		    struct filter_findings *findings);

#endif
