/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_FILTER_H
#define VALUE_FILTER_H

#include "base/fault.h"
#include "base/map.h"
#include "base/text.h"
#include "model/finding.h"
#include "value/column.h"

/*
 * The filter language: that of ss word for word, and further words. Three
 * steps: filter_parse() reads the text and asks nobody, filter_resolve() turns
 * names into numbers, filter_matches() tests a socket. What the kernel can test
 * itself is compiled by collect/filter_code.
 *
 * As in ss, `and` and `or` bind equally and are taken from left to right:
 * `A or B and C` is `( A or B ) and C`. `not` binds to what follows it.
 */
enum filter_kind {
	FILTER_AND, FILTER_OR, FILTER_NOT,
	/* words of ss */
	FILTER_SRC, FILTER_DST, FILTER_SPORT, FILTER_DPORT, FILTER_DEV,
	FILTER_FWMARK, FILTER_CGROUP, FILTER_AUTOBOUND,
	/* words of ours that compare with more than one value */
	FILTER_USER, FILTER_NETNS, FILTER_FINDING,
	/* a word that compares with the value of a column */
	FILTER_VALUE,
};

enum filter_op { FILTER_EQ, FILTER_NE, FILTER_GT, FILTER_LT, FILTER_GE, FILTER_LE };

/*
 * Whose ends a src, dst, sport or dport is about. As in ss a prefix ("unix:*.sock",
 * "link:ip:eth0", "netlink:rtnl:kernel", "vsock:2:80") or the family that was asked
 * for (-x, -0, -f) says so, and the last of them is what the whole filter lists.
 */
enum filter_realm {
	REALM_INET, REALM_UNIX, REALM_LINK, REALM_NETLINK, REALM_VSOCK, REALM_COUNT,
};

/* Which operators a word takes. */
enum filter_ops { FILTER_OPS_NONE, FILTER_OPS_EQUAL, FILTER_OPS_ORDER };

/* A word: of the table, or of a column that has one. */
struct filter_row {
	const char      *name;
	enum filter_kind kind;
	const char      *value;         /* what has to follow, for people */
	const char      *meaning;       /* for help texts */
	enum filter_ops  ops;
	const struct column *column;    /* FILTER_USER, FILTER_VALUE */
};

/* By number; false: there are no more. */
bool filter_row_at(size_t i, struct filter_row *row);

#define FILTER_DEPTH_MAX 100    /* parentheses and `not` inside each other */
#define FILTER_BYTES_MAX 65536
#define FILTER_TESTS_MAX 1000
#define FILTER_HOSTS_MAX 64     /* addresses of one name */

/* An address or prefix. IPv4 matches v4-mapped IPv6 sockets too. */
struct filter_host {
	enum family family;     /* never 0 */
	uint8_t     prefix;     /* bits, 32 or 128 at most */
	struct addr addr;
};

struct filter_node {
	enum filter_kind kind;
	enum filter_op   op;
	const char      *name;          /* of the word; NULL: AND, OR, NOT */
	const struct column *column;    /* USER, VALUE */
	uint32_t left, right;           /* AND, OR; NOT: left */
	uint32_t offset;                /* of the value in the expression */
	uint32_t first_host, host_count;/* SRC, DST; 0: every address */
	int32_t  port;                  /* SRC to DPORT; -1: every port */
	enum filter_realm realm;        /* SRC to DPORT: not INET: @word or @number */
	uint32_t mask;                  /* FWMARK */
	uint64_t number;                /* ifindex, mark, id, uid, ms, us, bytes, ... */
	uint32_t word, port_word;       /* as written, see filter_word(); 0: none */
	enum family family;             /* that names are looked up in; 0: both */
	bool     host_pending, port_pending, name_pending;
	bool     is_number;             /* NETNS: an inode number, no name; realms: given */
};

/* A parsed filter. It owns all memory; filter_fini() frees it. */
struct filter {
	struct { struct filter_node *at; size_t count, room; } nodes;
	struct { struct filter_host *at; size_t count, room; } hosts;
	struct text source;     /* the expression, one line */
	struct text words;
	bool     has_expression;
	uint32_t root;          /* index in nodes */
	bool     has_states;    /* state or exclude was given */
	uint32_t states;        /* STATE_BIT()s */
	enum family family;     /* of the last FAMILY: prefix, for all; 0: both */
	enum filter_realm realm;        /* the same for other families; INET: not told */
	bool     is_mixed;      /* `A or B and C` without parentheses occurred */
	size_t   tests;
};

struct filter_source {
	const char *const *words;       /* of the command line */
	size_t      word_count;
	const char *file;               /* text of a filter file, or NULL */
	size_t      file_size;
	enum family family;             /* of -4 or -6; 0: both */
	enum filter_realm realm;        /* of -x, -0, -f */
};

/* Where a filter is wrong and what would be right there. */
struct filter_error {
	size_t offset;          /* in filter->source */
	char   expected[200];   /* no newline, safe to print */
};

/**
 * filter_parse - read a filter; nothing outside of it is asked
 * @filter: written in every case, also for filter_error_format();
 *          filter_fini() is due in every case
 * @error:  written on failure
 *
 * Words may come one by one or many in one string; those of the file follow
 * them, lines that begin with '#' left out. An empty source is a filter without
 * an expression. Returns 0 or -EINVAL, -E2BIG.
 */
int filter_parse(struct filter *filter, const struct filter_source *source,
		 struct filter_error *error, struct fault *fault);
void filter_fini(struct filter *filter);

/*
 * How names become numbers. A missing function knows no name. The strings are
 * what a user typed: any bytes.
 */
struct filter_names {
	void *ctx;
	/* Writes at most @room addresses of @family (0: both); returns how many. */
	size_t (*host)(void *ctx, const char *name, enum family family,
		       struct filter_host *hosts, size_t room);
	/* The port, 0 when unknown, -1 when it has several, -2 when there is no list. */
	int32_t (*service)(void *ctx, const char *name);
	uint32_t (*link)(void *ctx, const char *name);          /* 0: unknown */
	bool (*cgroup)(void *ctx, const char *path, uint64_t *id);
	bool (*user)(void *ctx, const char *name, uint32_t *uid);
	/* An ethertype of LINK, a protocol of NETLINK. */
	bool (*number)(void *ctx, enum filter_realm realm, const char *name, uint32_t *number);
};

/**
 * filter_resolve - look up every name that a parsed filter holds
 *
 * Has to precede evaluating and compiling. Returns 0, or -ENOENT with @error at
 * the name that nobody knows.
 */
int filter_resolve(struct filter *filter, const struct filter_names *names,
		   struct filter_error *error, struct fault *fault);

/* A value as written, escapes taken off; "" for 0. Borrowed. */
const char *filter_word(const struct filter *filter, uint32_t word);

/* The realm that a socket belongs to. */
enum filter_realm filter_realm_of(const struct sock *sock);

/* "unix:", "link:", ...; that of REALM_INET is "". */
const char *filter_realm_prefix(enum filter_realm realm);

/*
 * True when it lets every socket pass, though it may look as if it named some:
 * `state all`, `src *`, `not dport < 0`.
 */
bool filter_is_idle(const struct filter *filter);

/* True when a word of this name occurs. */
bool filter_has_word(const struct filter *filter, const char *name);

/* True when a word of this kind occurs. */
bool filter_has(const struct filter *filter, enum filter_kind kind);

/* True when @sock lacks what a word about the kernel's own facts asks for: its
 * mark, control group, or where its port came from. */
bool filter_misses(const struct filter *filter, const struct sock *sock);

/* What evaluating needs to be collected (enum need). */
unsigned filter_need(const struct filter *filter);

/* The expression and a caret under the place: two lines, safe on a terminal, at
 * most @width columns wide (0: any width). */
void filter_error_format(struct text *text, const struct filter *filter,
			 const struct filter_error *error, size_t width);

/*
 * Evaluation has three values: what was not told is unknown, `not` leaves it
 * unknown, and a filter matches only when it is surely true.
 */
enum filter_truth { FILTER_FALSE, FILTER_UNKNOWN, FILTER_TRUE };

/* Which sockets are in which findings; filled from a report. */
struct filter_findings {
	struct map  by_socket;          /* key -> bits of ids */
	const char *ids[32];
	size_t      id_count;
};
/* Those that @filter names; NULL: all. */
void filter_findings_add(struct filter_findings *findings, const struct filter *filter,
			 const struct snapshot *seen, const struct report *report);
void filter_findings_fini(struct filter_findings *findings);

struct filter_view {
	const struct snapshot *seen;
	const struct filter_findings *findings; /* NULL: not judged */
	/*
	 * By node: true where the socket was already tested with this result TRUE,
	 * see struct filter_code. NULL: nothing was tested.
	 */
	const bool *granted;
	/* The socket is freed: its queues are no longer told, nor its owner ... */
	bool is_freed;
	bool is_stranger;       /* ... where nobody saw it before */
};

/* The whole filter: states, family and expression. */
enum filter_truth filter_test(const struct filter *filter, const struct filter_view *view,
			      const struct sock *sock);

/* True when it is surely true. */
bool filter_matches(const struct filter *filter, const struct filter_view *view,
		    const struct sock *sock);

#endif
