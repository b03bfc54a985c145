/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_TCP_INFO_H
#define COLLECT_TCP_INFO_H

#include "model/sock.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's struct tcp_info of @size bytes at @info, at any alignment. What
 * this kernel does not have yet stays unset.
 */

/*
 * What ages and openers rest on: sock->flow, and HAVE_FLOW, HAVE_ACKED,
 * HAVE_NOTSENT and HAVE_SENT. Its three times stand together; without the last
 * of them there is no flow.
 */
void tcp_info_flow(const uint8_t *bytes, size_t size, struct sock *sock);

/* Every member, and how many bytes there are behind those that are known. */
void tcp_info_metrics(const uint8_t *bytes, size_t size, struct metrics *metrics);

/* The kernel's mptcp_info, which comes under the same number; as much of it as there is. */
void mptcp_info_parse(const uint8_t *bytes, size_t size, struct mptcp_state *state);

#endif
