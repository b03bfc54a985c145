/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_KNOBS_H
#define COLLECT_KNOBS_H

#include "collect/recorder.h"

/*
 * Most knobs belong to a network namespace; a few are the machine's and can be
 * seen in its first namespace only, so they are read before another is entered.
 */
enum knob_scope { KNOB_NETNS, KNOB_MACHINE };

/**
 * knobs_read - sysctls of one scope into @limits
 * @release: of the kernel; what it had as a constant is known without a file
 *
 * Returns how many could not be read that every supported kernel has.
 */
unsigned knobs_read(struct recorder *recorder, enum knob_scope scope, const char *release,
		    struct limits *limits);

/* Counters of the namespace and ip_local_reserved_ports; returns the same. */
unsigned knobs_count(struct recorder *recorder, struct limits *limits);

/* One counter as it is now, live and unsaved. */
struct known knobs_count_again(enum counter counter);

/* Parts, for tests: numbers of a /proc file, whatever it says. */
bool knob_pairs(const char *text, const char *prefix, const char *key, int64_t *value);
bool knob_inline(const char *text, const char *prefix, const char *key, int64_t *value);

#endif
