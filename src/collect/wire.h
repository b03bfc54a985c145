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

/*
 * The door to netlink: all that is asked of the kernel, and all that is believed of
 * it. Whoever owns a network namespace can send to every netlink socket in it. Ours
 * are connected to the kernel, which turns such messages away; what comes in spite
 * of that is no answer when its sender is not the kernel, or its sequence number or
 * port is not that of the question. It makes no wait longer.
 */
struct wire {
	int      fd;            /* -1: closed */
	uint32_t port;          /* our address */
	uint32_t sequence;      /* of the last question */
	uint32_t groups;        /* the bits of those that were joined, for events */
	char    *buffer;
	size_t   room;          /* bytes of it */
};

/* The kernel puts at most this much into one answer of a dump. */
#define WIRE_ROOM 32768

/* What NETLINK_ROUTE is asked is answered at once, or not. */
extern unsigned wire_route_ms;

/* @deadline_ms, where that is less than is waited for NETLINK_ROUTE by itself. */
void wire_limit_routes(unsigned deadline_ms);

/**
 * wire_open - a socket to the kernel
 * @bus:  NETLINK_SOCK_DIAG or NETLINK_ROUTE
 * @room: bytes of the longest datagram that can be taken
 *
 * wire_close() is due also after an error. Returns 0 or -errno.
 */
int wire_open(struct wire *wire, int bus, size_t room, struct fault *fault);
void wire_close(struct wire *wire);

struct wire_question {
	uint16_t    type;       /* 0: SOCK_DIAG_BY_FAMILY */
	uint16_t    flags;      /* beside NLM_F_REQUEST */
	const void *payload;    /* with attributes; of any length */
	size_t      size;
};

/**
 * wire_ask - one question that has one answer
 * @answer: lies in the buffer of @wire until the next question
 *
 * The answer may be a refusal, see wire_refusal(). Returns 0, or -errno when there is
 * none: -ETIMEDOUT after @deadline_ms.
 */
int wire_ask(struct wire *wire, const struct wire_question *question, unsigned deadline_ms,
	     const struct nlmsghdr **answer);

/* The positive errno of an answer, 0 for "done", -1 when it is a message of another kind. */
int wire_refusal(const struct nlmsghdr *message);

/* Results of wire_take(), beside 0 and -errno. */
enum {
	WIRE_NOTHING = 1,       /* is there at the moment */
	WIRE_OTHER,             /* it was not the kernel's, and was thrown away */
};

/* One datagram, without waiting. @buffer has the room of @wire. */
int wire_take(const struct wire *wire, char *buffer, size_t *size);

/* Takes one message; non-zero ends the dump and is handed through. */
typedef int wire_message(void *ctx, const struct nlmsghdr *message);

/* Who lists such sockets in the kernel, for the sentence when nobody does. */
struct wire_lister {
	const char *sockets;    /* "TCP" */
	const char *module;
	const char *option;     /* of the kernel's build */
};

/* Of a protocol of the internet (enum protocol). */
const struct wire_lister *wire_lister_of(enum protocol protocol);

struct wire_dump {
	bool        routing;    /* asks NETLINK_ROUTE, not NETLINK_SOCK_DIAG */
	uint16_t    type;       /* of the request; 0: SOCK_DIAG_BY_FAMILY */
	const void *request;    /* its payload with attributes; of any length */
	size_t      size;
	const struct wire_lister *lister;       /* NULL: that of TCP */
	unsigned    deadline_ms;/* for all the waiting together */
	bool        ahead;      /* take() has much to do: a second thread receives */
	wire_message *take;
	void      (*again)(void *ctx);  /* before each try, to forget the last one; or NULL */
	void       *ctx;
	/* told afterwards */
	bool        stopped;    /* take() ended it: the result is its */
	bool        answered;   /* the kernel gave at least one answer */
	unsigned    tries;
	struct wire_line *begun;        /* see wire_begin() */
};

/**
 * wire_dump - one dump, asked again when it comes back broken
 *
 * Each try has a fresh socket, because leftovers of a broken one would disturb
 * the next; so take() may see a message again. At most WIRE_TRIES tries.
 * Returns 0 when the listing is whole, what take() said, or -errno with the
 * reason of the last try in @fault.
 */
int wire_dump(struct wire_dump *dump, struct fault *fault);

#define WIRE_TRIES 3

/*
 * Whether the kernel answers such a question at all: 0, or -errno and the sentence.
 * The first message of the answer is enough and ends it.
 */
int wire_answers(struct wire_dump *dump, struct fault *fault);

/**
 * wire_begin - a second thread asks for a dump and receives ahead of wire_dump()
 *
 * What @dump asks for has to stay until wire_dump() took the answers, or wire_drop() left
 * them; the thread is of the network namespace of its caller. It keeps a few answers and
 * then waits. Where no thread is to be had nothing happens, and wire_dump() does it all.
 */
void wire_begin(struct wire_dump *dump);
void wire_drop(struct wire_dump *dump);

/*
 * True when a whole message begins at @message, where @left bytes are. libmnl's own
 * test takes lengths from 2 GiB on for negative ones, and lets them pass.
 */
static inline bool wire_holds(const struct nlmsghdr *message, size_t left)
{
	return left >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= left;
}

#endif
