/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_MESSAGE_H
#define COLLECT_MESSAGE_H

#include "model/need.h"
#include "model/sock.h"

#include <linux/inet_diag.h>
#include <stddef.h>

/**
 * message_parse - read an inet_diag_msg and its attributes as a socket
 * @message:  payload of the netlink message; any alignment, nothing in it is trusted
 * @protocol: of the question; the message does not tell it
 * @need:     enum need: which of the attributes to read
 * @detail:   storage for the members that few ask for; @sock borrows it
 *
 * Pure. Returns the number of attributes that were broken, or -EBADMSG when there is no
 * such socket in the message at all.
 */
int message_parse(const void *message, size_t size, enum protocol protocol, unsigned need,
		  struct sock *sock, struct detail *detail);

/* The same for a message that was looked at before and its @size bytes of attributes. */
int message_take(const struct inet_diag_msg *told, const void *attrs, size_t size,
		 enum protocol protocol, unsigned need, struct sock *sock, struct detail *detail);

/*
 * The state in a message; STATE_NONE when it makes no sense. Old kernels tell request
 * sockets with a number of their own. A TCP socket in CLOSE is only in the table of
 * bound ports, so it is listed only when bit 13 asked for it; of UDP, CLOSE means "not
 * connected".
 */
static inline enum state message_state(const struct inet_diag_msg *told, enum protocol protocol)
{
	enum { KERNEL_NEW_SYN_RECV = 12 };
	unsigned state = told->idiag_state;

	if (state == KERNEL_NEW_SYN_RECV)
		return STATE_SYN_RECV;
	if (state == STATE_CLOSE && told->id.idiag_sport && protocol == PROTOCOL_TCP)
		return STATE_BOUND;
	return state <= STATE_CLOSING ? (enum state)state : STATE_NONE;
}

static inline uint64_t message_cookie(const struct inet_diag_msg *told)
{
	return (uint64_t)told->id.idiag_cookie[1] << 32 | told->id.idiag_cookie[0];
}

#endif
