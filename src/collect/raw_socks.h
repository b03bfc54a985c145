/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_RAW_SOCKS_H
#define COLLECT_RAW_SOCKS_H

#include "collect/collect.h"
#include "collect/recorder.h"

/**
 * raw_socks_collect - collect_socks() for raw sockets
 * @release: as for inet_collect()
 *
 * Through sock_diag where the kernel has raw_diag, which is an option of its build
 * that many lack; else from /proc/net/raw and raw6, which tell less: no device,
 * no memory, no options, no cookie.
 */
int raw_socks_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		      const char *release, unsigned deadline_ms, struct snapshot *seen,
		      struct fault *fault);

/* Whether there is either of them: 0, or -errno and the sentence. */
int raw_socks_offered(unsigned deadline_ms, struct fault *fault);

/* One line of these files; false when it makes no sense (or is the heading). */
bool raw_socks_parse(const char *line, enum family family, struct sock *sock);

#endif
