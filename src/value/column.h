/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_COLUMN_H
#define VALUE_COLUMN_H

#include "base/fault.h"
#include "base/text.h"
#include "model/age.h"
#include "model/need.h"
#include "model/snapshot.h"

#include <string.h>

/*
 * The columns: what is known of a socket as typed values. Showing, sorting, counting and
 * filtering all go by the kind of a value.
 */
enum kind {
	KIND_NUMBER,            /* the same text for people and programs */
	KIND_COOKIE,            /* hexadecimal for people, a string in JSON */
	KIND_MARK,              /* 0x10 for people */
	KIND_MS,                /* a duration for people */
	KIND_US,                /* milliseconds for people */
	KIND_AGE,               /* a range of durations; its lower bound for programs */
	KIND_STATE,
	KIND_PROTOCOL,
	KIND_WORD,              /* one of a few words of ours */
	KIND_STRING,            /* bytes that somebody else chose */
	KIND_DEVICE,            /* the index of a network interface */
	KIND_NETNS,             /* the namespace of the snapshot */
	KIND_PIDS, KIND_COMMS, KIND_FDS,        /* of the processes that hold it: "1,2" */
	/* written in the forms of ss, which has a form for "none", too */
	KIND_HOST, KIND_PORT, KIND_END,
	KIND_USERS,
	KIND_COUNT,
};

/* NONE: the socket is known to have no such value. */
enum value_told { TOLD_UNKNOWN, TOLD_NONE, TOLD_KNOWN };

/* Borrows from the socket and the snapshot. Small enough for two registers. */
struct value {
	enum value_told told;
	uint32_t  count;                /* bytes in @bytes, entries in @holders */
	union {
		uint64_t    number;     /* also a state, a protocol, a device, a port */
		const char *bytes;      /* WORD, STRING */
		const struct holder *holders;   /* PIDS, COMMS, FDS, USERS */
	};                              /* for AGE call sock_age() */
};

struct column;
typedef struct value column_get(const struct column *column, const struct sock *sock,
				const struct snapshot *seen);

struct column {
	const char *name;       /* what -C and --sort take */
	const char *heading;
	const char *member;     /* name in JSON, with its unit */
	/*
	 * NULL, or the name of the column in filters and --by; JSON then has @member
	 * behind the members that it always has. Not for ends, processes and ages.
	 */
	const char *word;
	const char *parts;      /* CSV and TSV show these columns in its place */
	const char *help;
	enum kind   kind;
	unsigned    need;       /* enum need: what must be collected for it */
	bool        peer;       /* HOST, PORT, END: of the other end */
	bool        usual;      /* shown without -C */
	bool        of_live;    /* events cannot tell it, because the socket is freed */
	bool        left;       /* a number that is aligned to the left */
	column_get *get;        /* NULL: a member of struct sock or of tcp_info */
	uint16_t    offset, size;       /* of the member, also for @get */
	uint16_t    metric;     /* enum metric + 1; 0: a member of struct sock */
	uint32_t    have, lacks;/* enum have: when it is told */
	bool        zero_is_none;
};

size_t columns_count(void);
/* Columns by number, from 0 to columns_count() - 1. */
const struct column *column_at(size_t i);

/* The column @name, in any case, or NULL. */
const struct column *column_find(const char *name, size_t size);

/* The columns that have a word, by number from 0; NULL after the last one. */
const struct column *column_with_word(size_t i);

/* Writes a sentence that lists the valid names. Returns -EINVAL. */
int column_unknown(const char *name, size_t size, struct fault *fault);

/* True when the values are a member of struct sock. */
static inline bool column_is_member(const struct column *column)
{
	return !column->get && !column->metric && !column->zero_is_none;
}

/* Whether the kernel told such a member for @sock. */
static inline bool column_is_told(const struct column *column, const struct sock *sock)
{
	return !(column->have & ~sock->have) && !(column->lacks & sock->have);
}

static inline uint64_t column_member(const struct column *column, const struct sock *sock)
{
	const char *at = (const char *)sock + column->offset;
	uint64_t eight;
	uint32_t four;

	if (column->size == sizeof(eight)) {
		memcpy(&eight, at, sizeof(eight));
		return eight;
	}
	memcpy(&four, at, sizeof(four));
	return four;
}

struct value column_metric(const struct column *column, const struct sock *sock);

/* The value of a column for a socket. */
static inline struct value column_value(const struct column *column, const struct sock *sock,
					const struct snapshot *seen)
{
	struct value value = { .told = TOLD_UNKNOWN };

	if (column->get)
		return column->get(column, sock, seen);
	if (column->metric)
		return column_metric(column, sock);
	if (!column_is_told(column, sock))
		return value;
	value.number = column_member(column, sock);
	value.told = value.number || !column->zero_is_none ? TOLD_KNOWN : TOLD_NONE;
	return value;
}

static inline bool kind_is_number(enum kind kind)
{
	return kind <= KIND_AGE;
}

/* True when values of this kind can be less or greater, and not only equal. */
static inline bool kind_has_order(enum kind kind)
{
	return kind_is_number(kind) || kind == KIND_PIDS || kind == KIND_FDS;
}

/* True when values of this kind may hold characters beyond ASCII that others chose. */
static inline bool kind_is_foreign(enum kind kind)
{
	static const uint32_t kinds = 1u << KIND_STRING | 1u << KIND_DEVICE | 1u << KIND_NETNS |
				      1u << KIND_COMMS | 1u << KIND_HOST | 1u << KIND_PORT |
				      1u << KIND_END | 1u << KIND_USERS;

	return kinds >> kind & 1;
}

#endif
