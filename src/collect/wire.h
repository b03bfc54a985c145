/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_WIRE_H
#define COLLECT_WIRE_H

#include "base/fault.h"
#include "model/sock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Takes one message; non-zero ends the dump and is handed through. */
typedef int wire_take(void *ctx, const struct nlmsghdr *message);

/* Who lists such sockets in the kernel, for the sentence when nobody does. */
struct wire_lister {
	const char *sockets;    /* "TCP" */
	const char *module;
	const char *option;     /* of the kernel's build */
};
extern const struct wire_lister wire_tcp, wire_udp;

/* Of a protocol of the internet (enum protocol). */
const struct wire_lister *wire_lister_of(enum protocol protocol);

struct wire_dump {
	uint16_t    type;       /* of the request; 0: SOCK_DIAG_BY_FAMILY */
	const void *request;    /* its payload with attributes; of any length */
	size_t      size;
	const struct wire_lister *lister;       /* NULL: wire_tcp */
	unsigned    deadline_ms;/* for all the waiting together */
	bool        ahead;      /* take() has much to do: a second thread receives */
	wire_take  *take;
	void       *ctx;
	/* told afterwards */
	bool        stopped;    /* take() ended it: the result is its */
	bool        answered;   /* the kernel gave at least one answer */
	unsigned    tries;
};

/**
 * wire_dump - one sock_diag dump, asked again when it comes back broken
 *
 * Each try has a fresh socket, because leftovers of a broken one would disturb
 * the next; so take() may see a message again. At most WIRE_TRIES tries.
 * Returns 0 when the listing is whole, what take() said, or -errno with the
 * reason of the last try in @fault.
 */
int wire_dump(struct wire_dump *dump, struct fault *fault);

#define WIRE_TRIES 3

/*
 * True when a whole message begins at @message, where @left bytes are. libmnl's own
 * test takes lengths from 2 GiB on for negative ones, and lets them pass.
 */
static inline bool wire_holds(const struct nlmsghdr *message, size_t left)
{
	return left >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= left;
}

/* The positive errno that an answer tells, usually as a negative one. */
static inline int wire_errno(int32_t told)
{
	return told == INT32_MIN ? EPROTO : abs(told);
}

#endif
