/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_UNIX_SOCKS_H
#define COLLECT_UNIX_SOCKS_H

#include "collect/others.h"

/* Writes the request for the whole table; returns its bytes. */
size_t unix_socks_request(void *request, uint32_t states, bool waiting);

/**
 * unix_socks_parse - a unix_diag_msg and its attributes as a socket
 * @message: payload of the netlink message; any alignment, nothing is trusted
 * @row:     zeroed, its sock points to its other members
 *
 * Returns the number of attributes that made no sense, or -EBADMSG when there is
 * no such socket in the message.
 */
int unix_socks_parse(const void *message, size_t size, struct other_row *row);

#endif
