/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_BIND_H
#define MODEL_BIND_H

#include "model/finding.h"
#include "model/snapshot.h"

/* A question about bind(), what was seen for it, and its answer. */

enum verdict {
	VERDICT_OK,             /* works as asked */
	VERDICT_FAILS,
	VERDICT_DEPENDS,        /* depends on something that cannot be seen from here */
	VERDICT_UNKNOWN,        /* not enough was seen to say anything */
	VERDICT_COUNT,
};
const char *verdict_name(enum verdict verdict);         /* "ok", "fails", ... */

/* "EADDRINUSE", ...; NULL for 0. A seccomp filter can give any number, also one without a name. */
const char *errno_name(int err);

struct bind_ask {
	enum protocol protocol;         /* PROTOCOL_TCP or PROTOCOL_UDP */
	enum family family;             /* of the socket that would be bound */
	struct addr addr;               /* v4-mapped on an IPv6 socket is possible */
	uint16_t port;                  /* 1 .. 65535 */
	uint32_t ifindex;               /* SO_BINDTODEVICE; 0: none */
	uint32_t scope;                 /* of a link-local address; 0: none */
	bool     reuseaddr, reuseport;
	bool     v6only;                /* the value that the socket would have at bind() */
	uint32_t uid;                   /* the user that would call bind() */
};

/* What an address is to the namespace (and device) in which it would be bound. */
enum addr_kind {
	ADDR_KIND_UNKNOWN,
	ADDR_KIND_ANY,          /* wildcard */
	ADDR_KIND_LOCAL,
	ADDR_KIND_BROADCAST,    /* IPv4: can be bound */
	ADDR_KIND_MULTICAST,
	ADDR_KIND_TENTATIVE,    /* IPv6: duplicate detection is not done, or failed */
	ADDR_KIND_ELSEWHERE,    /* an address of this namespace on another device (IPv6) */
	ADDR_KIND_NONE,         /* not an address of this namespace */
	ADDR_KIND_COUNT,
};

/*
 * The result of a real bind() that was undone at once, or why there was none. Recorded
 * as it is.
 */
struct bind_probe {
	int32_t made;           /* 0 or 1 */
	int32_t err;            /* positive errno of the call, 0: it succeeded */
	char    refusal[200];   /* when not made although asked */
};

/*
 * Another network namespace of this machine in which some socket owns the port. Recorded
 * as it is.
 */
struct elsewhere {
	uint64_t netns_inode;
	int32_t  pid;           /* of a process in it, or 0 */
	uint32_t listeners, others;     /* sockets on the port */
	uint32_t comm_size;
	char     name[256];     /* of /run/netns, or "" */
	char     comm[64];      /* of that process, raw bytes */
};

/* What decides about a bind() besides the sockets. */
struct bind_context {
	enum addr_kind addr_kind;
	struct known may_bind_low;      /* 1: the uid has CAP_NET_BIND_SERVICE there */
	struct bind_probe probe;
	bool   elsewhere_known;         /* other namespaces were looked at */
	struct { struct elsewhere *at; size_t count, room; } elsewhere;
};
void bind_context_fini(struct bind_context *context);

/* Why a socket is in the way. */
enum bind_why {
	WHY_LISTENER,           /* listens there */
	WHY_BOUND,              /* bound, neither listens nor connects */
	WHY_CHILD,              /* accepted; its listener is gone or does not conflict */
	WHY_CLIENT,             /* outgoing connection whose source port is this one */
	WHY_CONNECTION,         /* a connection; who opened it is not known */
	WHY_CLOSING,            /* FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, CLOSE_WAIT */
	WHY_ORPHAN,             /* a connection that is closing and has no process */
	WHY_TIME_WAIT,
	WHY_DATAGRAM,           /* a UDP socket */
	WHY_COUNT,
};
extern const char *const bind_why_name[WHY_COUNT];      /* "listener", "bound", ... for JSON */

/* True for a socket that only the kernel keeps, so that there is no process to stop. */
static inline bool bind_is_left_over(enum bind_why why)
{
	return why == WHY_TIME_WAIT || why == WHY_ORPHAN;
}

struct bind_blocker {
	uint32_t sock;          /* index in snapshot */
	uint32_t owner;         /* whose owner must be stopped: itself or its listener */
	struct known frees_in_ms;       /* until it frees itself; unknown: never, or not known */
	uint8_t  why;           /* enum bind_why */
	bool     certain;       /* false: it may conflict, because a flag of it is not known */
};

/* What VERDICT_DEPENDS depends on. */
enum bind_depends {
	DEPENDS_UNSEEN,         /* on something else than: */
	DEPENDS_OPTION,         /* whether a socket in the way set the option, too */
	DEPENDS_SHORTCUT,       /* what SO_REUSEPORT's last owner had set: it probably fails */
};

struct bind_outcome {
	enum verdict verdict;
	int err;                /* errno the program would see, 0: none or unknown */
	bool at_listen;         /* by listen() and not by bind() */
	enum bind_depends depends;
};

/* The order of the combinations in the table of options. */
enum bind_with { WITH_NONE, WITH_REUSEADDR, WITH_REUSEPORT, WITH_BOTH, WITH_COUNT };
extern const char *const bind_with_name[WITH_COUNT];    /* "none", "reuseaddr", ... */
_Static_assert(WITH_BOTH == (WITH_REUSEADDR | WITH_REUSEPORT), "combinations are bits");

/* The combination of options that was asked about. */
static inline enum bind_with bind_with_of(const struct bind_ask *ask)
{
	return (enum bind_with)((ask->reuseaddr ? WITH_REUSEADDR : 0) |
				(ask->reuseport ? WITH_REUSEPORT : 0));
}

struct bind_answer {
	struct bind_outcome asked;
	struct bind_outcome with[WITH_COUNT];
	struct { struct bind_blocker *at; size_t count, room; } blockers; /* worst first */
	struct known free_in_ms;        /* until the last blocker frees itself */
	bool lasting;                   /* a blocker stays until its holder closes it */
	struct known rival;             /* a socket that is bound, too: the first to listen wins */
	struct facts facts;             /* further facts that the sentences need */
	/*
	 * Filled by words_bind(): the reason for this verdict, and what would settle an
	 * open one.
	 */
	struct text cause, settles;
	struct advice advice;           /* most effective first; each works in this very case */
	struct advice notes;            /* what does not conflict and still matters */
};
void bind_answer_fini(struct bind_answer *answer);

/* ---- unix ---- */

enum unix_type { UNIX_STREAM = 1, UNIX_DGRAM = 2, UNIX_SEQPACKET = 5 };
const char *unix_type_name(enum unix_type type);        /* "stream", ... */

struct unix_ask {
	const char *name;       /* path, or abstract name without its leading NUL */
	size_t      size;
	bool        abstract;
	enum unix_type type;
};

/*
 * A socket that has that abstract name and type, or that is bound to the file at that
 * path.
 */
struct unix_sock {
	uint32_t inode;         /* of the socket, as in /proc/PID/fd */
	enum unix_type type;
	uint32_t listens;       /* 0 or 1; 32 bits wide because recordings hold this struct */
	uint32_t recv_queue, send_queue;
};

/* What stands at the path. */
enum unix_file {
	UNIX_FILE_UNKNOWN, UNIX_FILE_NONE, UNIX_FILE_SOCKET, UNIX_FILE_OTHER,
	UNIX_FILE_DANGLING,     /* a symbolic link to nothing */
};

struct unix_context {
	enum unix_file file;
	char  file_kind[24];            /* "regular file", "directory", ... for OTHER */
	int   parent_err;               /* errno of the folder: ENOENT, EACCES, ENOTDIR, or 0 */
	struct known name_max;          /* the longest name that sun_path holds, in bytes */
	bool  listed;                   /* the kernel's list of unix sockets was read to its end */
	/*
	 * No socket of this network namespace has the file, and all other namespaces
	 * that could be found were asked, too: a file is visible in every network
	 * namespace.
	 */
	bool  elsewhere_known;
	struct { struct unix_sock *at; size_t count, room; } socks;
};
void unix_context_fini(struct unix_context *context);

#endif
