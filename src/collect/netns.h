/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_NETNS_H
#define COLLECT_NETNS_H

#include "base/fault.h"

#include <stdint.h>

/**
 * netns_enter - enter the network namespace that the user named
 * @name: NAME of `ip netns`, a PID when all digits, or a PATH when it has a '/'
 */
int netns_enter(const char *name, struct fault *fault);

/* Inode of the namespace that we are in; 0 when it cannot be told. */
uint64_t netns_inode(void);

#endif
