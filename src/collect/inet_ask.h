/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_INET_ASK_H
#define COLLECT_INET_ASK_H

#include "collect/dump.h"

/**
 * inet_ask - put the question of @dump to the live kernel, in as few listings as
 * possible
 * @code: its filter as a program for the kernel; asked again without it where refused
 *
 * TCP sockets come in the kernel's order: those that listen, those that are only bound,
 * connections. A listing that broke is a gap; without sock_diag the tables of /proc/net
 * are read. Returns 0, the sink's error, or -errno when nothing was answered at all.
 */
int inet_ask(struct dump *dump, const struct filter_code *code, unsigned deadline_ms,
	     struct snapshot *seen, struct fault *fault);

/*
 * Whether the kernel lists sockets of an internet protocol. Returns 0, or -errno with
 * the sentence.
 */
int inet_offered(enum protocol protocol, unsigned deadline_ms, struct fault *fault);

#endif
