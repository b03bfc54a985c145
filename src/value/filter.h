/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VALUE_FILTER_H
#define VALUE_FILTER_H

#include "base/fault.h"
#include "base/map.h"
#include "base/text.h"
#include "model/finding.h"
#include "value/column.h"

/*
 * The filter language: that of ss word for word, and further words. There are three
 * steps: filter_parse() reads the text without asking anybody, filter_resolve() turns
 * names into numbers, filter_matches() tests a socket. collect/filter_code.c compiles
 * for the kernel what the kernel can test itself.
 *
 * As in ss, `and` and `or` bind equally and are taken from left to right: `A or B and C`
 * is `( A or B ) and C`. `not` binds to what follows it.
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
 * What kind of socket ends a src, dst, sport or dport is about. As in ss, a prefix
 * ("unix:*.sock", "link:ip:eth0", "netlink:rtnl:kernel", "vsock:2:80") or an option (-x,
 * -0, -f) says so, and the last of them decides what the whole filter lists.
 */
enum filter_realm {
	REALM_INET, REALM_UNIX, REALM_LINK, REALM_NETLINK, REALM_VSOCK, REALM_COUNT,
};

/* The operators that a word takes. */
enum filter_ops { FILTER_OPS_NONE, FILTER_OPS_EQUAL, FILTER_OPS_ORDER };

/* A word of the language: of the word table, or a column that has a word. */
struct filter_row {
	const char      *name;
	enum filter_kind kind;
	const char      *value;         /* the value that must follow, for people */
	const char      *meaning;       /* for help texts */
	enum filter_ops  ops;
	const struct column *column;    /* FILTER_USER, FILTER_VALUE */
};

/* The words by number; false after the last one. */
bool filter_row_at(size_t i, struct filter_row *row);

#define FILTER_DEPTH_MAX 100    /* parentheses and `not` inside each other */
#define FILTER_BYTES_MAX 65536
#define FILTER_TESTS_MAX 1000
#define FILTER_HOSTS_MAX 64     /* addresses that one name may have */

/* An address with a prefix length. IPv4 also matches mapped addresses of IPv6 sockets. */
struct filter_host {
	enum family family;     /* never 0 */
	uint8_t     prefix;     /* bits, 32 or 128 at most */
	struct addr addr;
};

struct filter_node {
	enum filter_kind kind;
	enum filter_op   op;
	const char      *name;          /* the word; NULL: AND, OR, NOT */
	const struct column *column;    /* USER, VALUE */
	uint32_t left, right;           /* AND, OR; NOT: left */
	uint32_t offset;                /* where its value stands in the expression */
	uint32_t first_host, host_count;/* SRC, DST; 0: every address */
	int32_t  port;                  /* SRC to DPORT; -1: every port */
	enum filter_realm realm;        /* SRC to DPORT: not INET: @word or @number */
	uint32_t mask;                  /* FWMARK */
	uint64_t number;                /* ifindex, mark, id, uid, ms, us, bytes, ... */
	uint32_t word, port_word;       /* as written, for filter_word(); 0: none */
	enum family family;             /* family in which a name is looked up; 0: both */
	bool     host_pending, port_pending, name_pending;
	bool     is_number;             /* NETNS: @number is an inode; realms: @number is set */
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
	enum family family;     /* of the last inet: or inet6: prefix; 0: both */
	enum filter_realm realm;        /* of the last prefix of another realm; or INET */
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

/* Where a filter is wrong, and what was expected there. */
struct filter_error {
	size_t offset;          /* in filter->source */
	char   expected[200];   /* no newline, safe to print */
};

/**
 * filter_parse - read a filter, without looking anything up
 * @filter: always written, so that filter_error_format() can use it; filter_fini() frees
 *          it in every case
 * @error:  written on failure
 *
 * Words may come one by one or many in one string. The words of the file follow those of
 * the command line; lines that begin with '#' are left out. An empty source gives a
 * filter without an expression. Returns 0, -EINVAL or -E2BIG.
 */
int filter_parse(struct filter *filter, const struct filter_source *source,
		 struct filter_error *error, struct fault *fault);
void filter_fini(struct filter *filter);

/*
 * How names become numbers. A function that is NULL knows no name. The strings are as
 * the user typed them: any bytes.
 */
struct filter_names {
	void *ctx;
	/* Writes at most @room addresses of @family (0: both); returns how many. */
	size_t (*host)(void *ctx, const char *name, enum family family,
		       struct filter_host *hosts, size_t room);
	/*
	 * The port; 0: unknown, -1: the name has several ports, -2: there is no list of
	 * services.
	 */
	int32_t (*service)(void *ctx, const char *name);
	uint32_t (*link)(void *ctx, const char *name);          /* 0: unknown */
	bool (*cgroup)(void *ctx, const char *path, uint64_t *id);
	bool (*user)(void *ctx, const char *name, uint32_t *uid);
	/* The number of an ethertype (LINK) or of a netlink protocol (NETLINK). */
	bool (*number)(void *ctx, enum filter_realm realm, const char *name, uint32_t *number);
};

/**
 * filter_resolve - look up every name in a parsed filter
 *
 * Must be called before a filter is tested or compiled. Returns 0, or -ENOENT with
 * @error at the name that is not known.
 */
int filter_resolve(struct filter *filter, const struct filter_names *names,
		   struct filter_error *error, struct fault *fault);

/* A value as written, without its escapes; "" for 0. Borrowed. */
const char *filter_word(const struct filter *filter, uint32_t word);

/* True when all of @text is a number of at most @most: decimal, 0x or, after a 0, octal. */
bool filter_number(const char *text, uint64_t most, uint64_t *value);

/* The realm of a socket. */
enum filter_realm filter_realm_of(const struct sock *sock);

/* "unix:", "link:", ...; "" for REALM_INET. */
const char *filter_realm_prefix(enum filter_realm realm);

/*
 * True when the filter lets every socket pass although it seems to select some: `state
 * all`, `src *`, `not dport < 0`.
 */
bool filter_is_idle(const struct filter *filter);

/* True when the filter uses the word @name. */
bool filter_has_word(const struct filter *filter, const char *name);

/* True when the filter uses a word of this kind. */
bool filter_has(const struct filter *filter, enum filter_kind kind);

/*
 * True when the kernel did not tell something of @sock that the filter asks for: its
 * mark, its cgroup, or where its port came from.
 */
bool filter_misses(const struct filter *filter, const struct sock *sock);

/* What must be collected before sockets can be tested (enum need). */
unsigned filter_need(const struct filter *filter);

/*
 * Adds the expression and, on a second line, a caret under the error; both safe on a
 * terminal and at most @width columns wide (0: any width).
 */
void filter_error_format(struct text *text, const struct filter *filter,
			 const struct filter_error *error, size_t width);

/*
 * Tests have three results: a value that the kernel did not tell gives UNKNOWN, and
 * `not` leaves it UNKNOWN. A socket matches only when the result is TRUE.
 */
enum filter_truth { FILTER_FALSE, FILTER_UNKNOWN, FILTER_TRUE };

/* Which sockets belong to which findings; filled from a report. */
struct filter_findings {
	struct map  by_socket;          /* socket -> one bit for each finding id */
	const char *ids[32];
	size_t      id_count;
};
/* Adds the findings of a report that @filter names; NULL: all of them. */
void filter_findings_add(struct filter_findings *findings, const struct filter *filter,
			 const struct snapshot *seen, const struct report *report);
void filter_findings_fini(struct filter_findings *findings);

struct filter_view {
	const struct snapshot *seen;
	const struct filter_findings *findings; /* NULL: nothing was judged */
	/*
	 * By node: true where the kernel already tested a socket and the result was TRUE
	 * (struct filter_code). NULL: the kernel tested nothing.
	 */
	const bool *granted;
	/* the socket is freed: queues and owner are no longer known ... */
	bool is_freed;
	bool is_stranger;       /* ... and no look before had seen it */
};

/* Tests a socket against the whole filter: states, family and expression. */
enum filter_truth filter_test(const struct filter *filter, const struct filter_view *view,
			      const struct sock *sock);

/* True when filter_test() is FILTER_TRUE. */
bool filter_matches(const struct filter *filter, const struct filter_view *view,
		    const struct sock *sock);

#endif
