/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_TCP_INFO_H
#define COLLECT_TCP_INFO_H

#include "model/sock.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Readers of the kernel's struct tcp_info of @size bytes at @info, at any alignment. A
 * member that this kernel does not have yet stays unset.
 */

/*
 * Reads what ages and openers rest on: sock->flow, and sets HAVE_FLOW, HAVE_ACKED,
 * HAVE_NOTSENT and HAVE_SENT. The three times stand together; without the last of them
 * there is no flow.
 */
void tcp_info_flow(const uint8_t *bytes, size_t size, struct sock *sock);

/* Reads every member, and counts the bytes behind the last one that is known. */
void tcp_info_metrics(const uint8_t *bytes, size_t size, struct metrics *metrics);

/*
 * Reads the kernel's mptcp_info, which has the same attribute number, as much of it as
 * there is.
 */
void mptcp_info_parse(const uint8_t *bytes, size_t size, struct mptcp_state *state);

#endif
