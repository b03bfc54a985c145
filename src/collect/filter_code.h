/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_FILTER_CODE_H
#define COLLECT_FILTER_CODE_H

#include "collect/collect.h"

/* What the kernel can test. */
struct filter_kernel {
	bool device, mark, cgroup;
	bool has_range;                 /* the ephemeral range is known */
	uint16_t port_low, port_high;
	size_t most_bytes;              /* the longest program; 0: as long as an attribute can be */
};

/**
 * filter_kernel_init - what a kernel tests for this process
 * @release:   its release, "" when unknown
 * @net_admin: CAP_NET_ADMIN in the user namespace of the network namespace; without it,
 *             the kernel refuses marks
 * @limits:    for the ephemeral range
 */
void filter_kernel_init(struct filter_kernel *kernel, const char *release, bool net_admin,
			const struct limits *limits);

/*
 * A program for INET_DIAG_REQ_BYTECODE. Every socket that the filter matches passes it.
 * What passes must be tested again with filter_matches(), where @granted goes into the
 * view: it marks the parts that the program has already decided.
 */
struct filter_code {
	struct text program;            /* count 0: every socket passes */
	bool       *granted;            /* by node of the filter; NULL: none is decided */
	bool        exact;              /* the program decides the whole expression */
};

/**
 * filter_compile - compile what the kernel can test of a question
 * @ask:    for its window of local ports, and "explicit"
 * @filter: NULL: no more than these
 *
 * What the kernel cannot test counts as true, also under `not`. A program that is too
 * long loses parts until it fits. It never fails; filter_code_fini() frees it.
 *
 * A kernel may still refuse a program (EINVAL when built without cgroups, EPERM): then
 * ask without the filter and without @granted.
 */
void filter_compile(struct filter_code *code, const struct collect_ask *ask,
		    const struct filter *filter, const struct filter_kernel *kernel);
void filter_code_fini(struct filter_code *code);

#endif
