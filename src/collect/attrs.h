/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ATTRS_H
#define COLLECT_ATTRS_H

#include "model/need.h"
#include "model/sock.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>

/* ---- a message of the kernel ---- */

/*
 * Iterates over netlink attributes without trusting any length or alignment, because
 * those of a recording may be anything. @broken says, after the last attribute, that
 * further bytes made no sense.
 */
struct nlattrs {
	const uint8_t *at;
	size_t         left;
	bool           broken;
};

struct nlattrs_one {
	unsigned       type;    /* without NLA_F_NESTED and the like */
	const uint8_t *at;      /* any alignment */
	size_t         size;    /* bytes */
};

/* Returns false at the end. Inline, because it runs about ten times for each socket. */
static inline bool nlattrs_next(struct nlattrs *walk, struct nlattrs_one *one)
{
	struct nlattr head;
	size_t step;

	walk->broken = walk->left > 0;
	if (walk->left < sizeof(head))
		return false;
	memcpy(&head, walk->at, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > walk->left)
		return false;
	*one = (struct nlattrs_one){
		.type = head.nla_type & (unsigned)NLA_TYPE_MASK,
		.at = walk->at + sizeof(head), .size = head.nla_len - sizeof(head),
	};
	step = (size_t)NLA_ALIGN(head.nla_len);
	step = step < walk->left ? step : walk->left;
	walk->at += step;
	walk->left -= step;
	return true;
}

/* ---- tables ---- */

/*
 * The netlink attributes of each kind of socket message. One row an attribute says how
 * to ask for it, how to read it, and what a redacted recording keeps of it.
 */

/* What `record --redact` does with an attribute. */
enum attr_redaction {
	REDACT_DROP,            /* left out, as is every attribute without a row */
	REDACT_KEEP,            /* kept: it does not tell whose machine it was */
	REDACT_EMPTY,           /* kept without its content: only that there is one */
	REDACT_SIGNATURES,      /* struct tcp_diag_md5sig: addresses replaced, keys blanked */
	REDACT_SOCKET_NAME,     /* the name of a unix socket, replaced by a pseudonym */
};

/* Where the attributes of one message are read into. */
struct parsed {
	struct sock   *sock;
	struct detail *detail;
	struct other  *other;           /* NULL for internet sockets */
	unsigned       need;            /* attributes to read among those to be asked for */
	unsigned       senseless;       /* attributes that made no sense */
};

struct attr {
	enum attr_redaction redaction;
	size_t   least;                 /* bytes; a shorter attribute is broken */
	unsigned need;                  /* any of these asks for it; 0: it is sent unasked */
	/* takes any alignment; NULL: the attribute is not read */
	void   (*take)(struct parsed *parsed, const uint8_t *at, size_t size);
};

struct attr_table {
	size_t             fixed;       /* bytes of the message before its attributes */
	size_t             ends[2];     /* offsets of both addresses in these; 0: none */
	const struct attr *attrs;       /* indexed by the kernel's number */
	size_t             count;
};

#define ATTR_TABLE(type, rows) \
	.fixed = sizeof(struct type), .attrs = (rows), .count = sizeof(rows) / sizeof(*(rows))

extern const struct attr_table inet_attrs;

/* The idiag_ext byte that asks for the attributes that @need names. */
uint8_t attrs_ext(unsigned need);

/*
 * The same as recordings compare it. Recordings from before the congestion controls were
 * asked about themselves still answer for tcp_info.
 */
uint8_t attrs_recorded(unsigned need);

/**
 * attrs_parse - read the attributes behind the fixed part of a message
 * @bytes: where they begin; any alignment, nothing in them is trusted
 *
 * Unknown attributes are skipped. Returns how many were broken: shorter than any kernel
 * makes them, or with a length that goes past the end.
 */
unsigned attrs_parse(const struct attr_table *table, const void *bytes, size_t size,
		     struct parsed *parsed);

/* Readers for rows of several tables. The skmem attribute has at least this many numbers. */
#define ATTR_MEMORY_LEAST (7 * sizeof(uint32_t))
void attr_take_memory(struct parsed *parsed, const uint8_t *at, size_t size);
/* The same for messages that tell the queues in no other way. */
void attr_take_queues(struct parsed *parsed, const uint8_t *at, size_t size);
void attr_take_shutdown(struct parsed *parsed, const uint8_t *at, size_t size);
void attr_take_uid(struct parsed *parsed, const uint8_t *at, size_t size);

/* ---- a message about a socket of the internet ---- */

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
int message_take(const struct inet_diag_msg *told, const void *rest, size_t size,
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

/* ---- attributes that are a struct that grows: tcp_info.c ---- */

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
