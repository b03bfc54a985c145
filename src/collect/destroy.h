/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_DESTROY_H
#define COLLECT_DESTROY_H

#include "collect/collect.h"

/**
 * destroy_sock - implements collect_destroy()
 * @release: of the kernel; answers are read by it
 */
int destroy_sock(const struct sock *sock, const struct destroy_ask *ask, const char *release,
		 unsigned deadline_ms, struct kill_result *result, struct fault *fault);

/* Implements collect_reached(). */
uint64_t destroy_reached(const struct sock *sock, unsigned deadline_ms);

/* What the kernel's answer to SOCK_DESTROY means; @err is 0 or a positive errno. */
enum outcome destroy_outcome(int err);

#endif
