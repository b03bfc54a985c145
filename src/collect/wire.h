/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_WIRE_H
#define COLLECT_WIRE_H

#include "base/fault.h"
#include "model/sock.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All netlink traffic of the program: what the kernel is asked, and which messages are
 * believed.
 *
 * Whoever owns a network namespace can send to every netlink socket in it. Our sockets
 * are connected to the kernel, so such messages are turned away. A message that comes
 * nevertheless is ignored when its sender is not the kernel, or its sequence number or
 * port is not that of the question. Ignored messages do not extend a wait.
 */
struct wire {
	int      fd;            /* -1: closed */
	uint32_t port;          /* our address */
	uint32_t sequence;      /* of the last request */
	uint32_t groups;        /* groups that were joined, for events */
	char    *buffer;
	size_t   room;          /* bytes of the buffer */
};

/* The kernel puts at most this much into one answer of a dump. */
#define WIRE_ROOM 32768

/* NETLINK_ROUTE answers within this time, or not at all. */
extern unsigned wire_route_ms;

/* Lowers wire_route_ms to @deadline_ms if that is less. */
void wire_limit_routes(unsigned deadline_ms);

/**
 * wire_open - open a netlink socket
 * @bus:  NETLINK_SOCK_DIAG or NETLINK_ROUTE
 * @room: bytes of the longest datagram that can be received
 *
 * Call wire_close() also after an error. Returns 0 or -errno.
 */
int wire_open(struct wire *wire, int bus, size_t room, struct fault *fault);
void wire_close(struct wire *wire);

struct wire_question {
	uint16_t    type;       /* 0: SOCK_DIAG_BY_FAMILY */
	uint16_t    flags;      /* in addition to NLM_F_REQUEST */
	const void *payload;    /* with attributes; of any length */
	size_t      size;
};

/**
 * wire_ask - ask a question that has one answer
 * @answer: points into the buffer of @wire until the next question
 *
 * The answer may be a refusal, see wire_refusal(). Returns 0, or -errno when there is no
 * answer: -ETIMEDOUT after @deadline_ms.
 */
int wire_ask(struct wire *wire, const struct wire_question *question, unsigned deadline_ms,
	     const struct nlmsghdr **answer);

/* Takes one message. A result other than 0 ends the dump and is returned. */
typedef int wire_message(void *ctx, const struct nlmsghdr *message);

/**
 * wire_ask_each - ask several questions at once that have one answer each
 * @take: gets the answers in the order of the questions
 *
 * This saves a system call for each question. The answers must fit the receive buffer
 * of the socket: the kernel drops others, and those are asked for one by one. Returns 0,
 * the result of @take, or -errno as wire_ask().
 */
int wire_ask_each(struct wire *wire, const struct wire_question *questions, size_t count,
		  unsigned deadline_ms, wire_message *take, void *ctx);

/* The positive errno in an answer, 0 for "done", -1 for a message of any other kind. */
int wire_refusal(const struct nlmsghdr *message);

/* Results of wire_take() in addition to 0 and -errno. */
enum {
	WIRE_NOTHING = 1,       /* nothing is there at the moment */
	WIRE_OTHER,             /* the message was not from the kernel and was thrown away */
};

/* Receives one datagram without waiting. @buffer must have the room of @wire. */
int wire_take(const struct wire *wire, char *buffer, size_t *size);

/* Who lists such sockets in the kernel, for the sentence when that is missing. */
struct wire_lister {
	const char *sockets;    /* "TCP" */
	const char *module;
	const char *option;     /* of the kernel's build */
};

/* The lister of an internet protocol (enum protocol). */
const struct wire_lister *wire_lister_of(enum protocol protocol);

struct wire_dump {
	bool        routing;    /* asks NETLINK_ROUTE, not NETLINK_SOCK_DIAG */
	uint16_t    type;       /* of the request; 0: SOCK_DIAG_BY_FAMILY */
	const void *request;    /* its payload with attributes; of any length */
	size_t      size;
	const struct wire_lister *lister;       /* NULL: that of TCP */
	unsigned    deadline_ms;/* for all the waiting together */
	bool        ahead;      /* take() is slow, so a second thread receives */
	wire_message *take;
	void      (*again)(void *ctx);  /* called before each try, to forget the one before; or NULL */
	void       *ctx;
	/* set when the dump has ended */
	bool        stopped;    /* take() ended it, and its result is returned */
	bool        answered;   /* the kernel gave at least one answer */
	unsigned    tries;
};

/**
 * wire_dump - run one dump, again when it comes back broken
 *
 * Each try uses a fresh socket, because the rest of a broken one would disturb the next;
 * so take() may see a message again. There are at most WIRE_TRIES tries. Returns 0 when
 * the listing is complete, the result of take() when that ended it, or -errno with the
 * reason of the last try in @fault.
 */
int wire_dump(struct wire_dump *dump, struct fault *fault);

#define WIRE_TRIES 3

/*
 * Whether the kernel answers such a question at all. Returns 0, or -errno with the
 * sentence. The dump ends after the first message of the answer.
 */
int wire_answers(struct wire_dump *dump, struct fault *fault);

/*
 * True when a whole message begins at @message, where @left bytes are. libmnl's own test
 * takes lengths of 2 GiB and more for negative ones and lets them pass.
 */
static inline bool wire_holds(const struct nlmsghdr *message, size_t left)
{
	return left >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= left;
}

#endif
