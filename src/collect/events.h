/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_EVENTS_H
#define COLLECT_EVENTS_H

#include "collect/collect.h"

/**
 * events_parse - read one message of the groups that tell of destroyed sockets
 * @bytes: as received, with its netlink header; nothing in them is trusted
 *
 * Pure. Returns 0, or -EBADMSG when the message tells of no socket.
 */
int events_parse(const void *bytes, size_t size, unsigned need, struct sock *sock,
		 struct detail *detail);

#endif
