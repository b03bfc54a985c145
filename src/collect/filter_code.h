/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_FILTER_CODE_H
#define COLLECT_FILTER_CODE_H

#include "value/filter.h"

/* What the kernel that is asked can test. */
struct filter_kernel {
	bool device, mark, cgroup;
	bool has_range;                 /* the ephemeral ports are known */
	uint16_t port_low, port_high;
	size_t most_bytes;              /* of a program; 0: what an attribute holds */
};

/**
 * filter_kernel_init - what a kernel tests for this process
 * @release:   its release, "" when unknown
 * @net_admin: CAP_NET_ADMIN in the user namespace of the network namespace: without
 *             it, marks are refused
 * @limits:    for the ephemeral ports
 */
void filter_kernel_init(struct filter_kernel *kernel, const char *release, bool net_admin,
			const struct limits *limits);

/*
 * A program for INET_DIAG_REQ_BYTECODE. Every socket that the filter matches
 * passes it; what passes it has to be tested with filter_matches(), where
 * @granted goes into the view: parts that the program has decided already.
 */
struct filter_code {
	struct text program;            /* count 0: everything passes */
	bool       *granted;            /* by node of the filter */
	bool        exact;              /* the program decides the whole expression */
};

/**
 * filter_compile - the part of a filter that the kernel can test
 *
 * What it cannot test is taken for true, under `not` too. A program longer than
 * allowed loses parts until it fits. Never fails; filter_code_fini() is due.
 * A kernel may still refuse a program (EINVAL when built without cgroups, EPERM):
 * then ask without one and with no @granted.
 */
void filter_compile(struct filter_code *code, const struct filter *filter,
		    const struct filter_kernel *kernel);
void filter_code_fini(struct filter_code *code);

#endif
