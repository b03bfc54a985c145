/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ATTRS_H
#define COLLECT_ATTRS_H

#include "model/need.h"
#include "model/sock.h"

#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>

/* ---- a message of the kernel ---- */

/*
 * A walk over netlink attributes that trusts no length and no alignment, as
 * those of a recording may be anything. @broken tells, after the last one, that
 * there was more and it made no sense.
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

/* False at the end. Inline: it runs some ten times for each socket. */
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
 * The netlink attributes of each kind of socket message: one row an attribute, which says
 * how it is asked for, how it is read and what a redacted recording keeps of it.
 */

/* What `record --redact` makes of an attribute. */
enum attr_redaction {
	REDACT_DROP,            /* left out, as is what has no row */
	REDACT_KEEP,            /* tells nothing of whose machine it was */
	REDACT_EMPTY,           /* only that there is one */
	REDACT_SIGNATURES,      /* of struct tcp_diag_md5sig: other addresses, no keys */
	REDACT_SOCKET_NAME,     /* a pseudonym for the name of a unix socket */
};

/* What the attributes of one message are read into. */
struct parsed {
	struct sock   *sock;
	struct detail *detail;
	struct other  *other;           /* NULL for sockets of the internet */
	unsigned       need;            /* what to read of attributes that must be asked for */
	unsigned       senseless;       /* attributes that made no sense */
};

struct attr {
	enum attr_redaction redaction;
	size_t   least;                 /* bytes; shorter makes no sense */
	unsigned need;                  /* any of these asks for it; 0: comes by itself */
	/* at any alignment; NULL: nobody reads it */
	void   (*take)(struct parsed *parsed, const uint8_t *at, size_t size);
};

struct attr_table {
	size_t             fixed;       /* bytes of the message before its attributes */
	size_t             ends[2];     /* where both addresses are in these; 0: none there */
	const struct attr *attrs;       /* indexed by the kernel's number */
	size_t             count;
};

#define ATTR_TABLE(type, rows) \
	.fixed = sizeof(struct type), .attrs = (rows), .count = sizeof(rows) / sizeof(*(rows))

extern const struct attr_table inet_attrs;

/* The idiag_ext byte that asks for what @need names. */
uint8_t attrs_ext(unsigned need);

/*
 * The same as a recording compares it. Recordings from before the congestion
 * controls were asked about themselves still answer for tcp_info.
 */
uint8_t attrs_recorded(unsigned need);

/**
 * attrs_parse - read the attributes behind the fixed part of a message
 * @bytes: where they begin; any alignment, nothing about them is trusted
 *
 * Unknown attributes are skipped. Returns how many made no sense: shorter than
 * any kernel makes them, or with a length that goes past the end.
 */
unsigned attrs_parse(const struct attr_table *table, const void *bytes, size_t size,
		     struct parsed *parsed);

/* Readers for rows of several tables. The skmem attribute has at least so many numbers. */
#define ATTR_MEMORY_LEAST (7 * sizeof(uint32_t))
void attr_take_memory(struct parsed *parsed, const uint8_t *at, size_t size);
/* The same where the message has no other queues. */
void attr_take_queues(struct parsed *parsed, const uint8_t *at, size_t size);
void attr_take_shutdown(struct parsed *parsed, const uint8_t *at, size_t size);
void attr_take_uid(struct parsed *parsed, const uint8_t *at, size_t size);

#endif
