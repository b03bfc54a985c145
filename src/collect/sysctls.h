/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_SYSCTLS_H
#define COLLECT_SYSCTLS_H

#include "collect/recorder.h"

/*
 * Most sysctls belong to a network namespace. A few belong to the machine and can be
 * seen in the first namespace only, so they are read before another one is entered.
 */
enum sysctl_scope { SYSCTL_NETNS, SYSCTL_MACHINE };

/**
 * sysctls_read - read the sysctls of one scope into @limits
 * @release: of the kernel; what it had as a constant is known without a file
 *
 * Returns how many sysctls could not be read that every supported kernel has.
 */
unsigned sysctls_read(struct recorder *recorder, enum sysctl_scope scope, const char *release,
		      struct limits *limits);

/* Reads the namespace's counters and ip_local_reserved_ports. Returns the same. */
unsigned counters_read(struct recorder *recorder, struct limits *limits);

/* One counter as it is now; live, and not saved. */
struct known counter_again(enum counter counter);

/* Exported for tests: the numbers of a /proc file, whatever it says. */
bool counter_pairs(const char *text, const char *prefix, const char *key, int64_t *value);
bool counter_inline(const char *text, const char *prefix, const char *key, int64_t *value);

#endif
