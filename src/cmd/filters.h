/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_FILTERS_H
#define CMD_FILTERS_H

#include "cmd/session.h"
#include "value/filter.h"

/*
 * The filter of a command line: its words and the file of -F. Both functions print what
 * is wrong, with the expression and a caret under the place, and return 0 or -errno.
 * Call filter_fini() in every case.
 */

/* Reads the filter without looking anything up. */
int filters_read(struct filter *filter, const struct options *options);

/*
 * Looks up hosts, services, users, devices and cgroups; devices in the namespace of the
 * session. With a recording, cgroup paths are collected first. Nothing is looked up
 * twice.
 */
int filters_resolve(struct filter *filter, struct session *session);

/* True when the filter has a condition that a socket can fail. */
bool filters_any(const struct filter *filter);

/* Refuses a filter about other sockets ("unix:", "link:", ...) with a sentence. */
int filters_need_inet(const struct filter *filter, const char *who);

/* The states that the filter asks for, or @usual when it names none. */
uint32_t filters_states(const struct filter *filter, uint32_t usual);

/**
 * filters_prepare - find out which sockets are in which findings, for the word `finding`
 * @findings: zeroed; goes into collect_ask; call filter_findings_fini()
 *
 * Does nothing when the filter lacks that word. Otherwise all TCP sockets are collected
 * and judged with the default thresholds, and the session keeps none of them. Call it
 * before owners are collected for other purposes.
 */
int filters_prepare(struct filter *filter, struct session *session,
		    struct filter_findings *findings);

#endif
