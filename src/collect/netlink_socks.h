/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_NETLINK_SOCKS_H
#define COLLECT_NETLINK_SOCKS_H

#include "collect/others.h"

/* Writes the request for the whole table; returns its bytes. */
size_t netlink_socks_request(void *request, uint32_t states, bool waiting);

/**
 * netlink_socks_parse - a netlink_diag_msg and its attributes as a socket
 * @message: payload of the netlink message; any alignment, nothing is trusted
 * @row:     zeroed, its sock points to its other members
 *
 * Returns the number of attributes that made no sense, or -EBADMSG when there is
 * no such socket in the message.
 */
int netlink_socks_parse(const void *message, size_t size, struct other_row *row);

/* The process whose pid is its port id; a habit of programs, no rule of the kernel. */
void netlink_socks_complete(struct tape *tape, const struct snapshot *seen,
			    struct other_row *row);

/* The protocol that ss calls @name. */
bool netlink_socks_number(const char *name, uint32_t *number);

#endif
