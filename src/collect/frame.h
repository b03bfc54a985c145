/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_FRAME_H
#define COLLECT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The format of a recording: the magic, a version, a byte-order mark, then frames {type,
 * length, payload} in the byte order of the machine; the last one is FRAME_END. A head
 * frame begins a section, which ends at the next head: one section for each call of a
 * function of collect.h.
 *
 * In each payload fixed members come first and bytes of any length last. Whatever
 * changes what an old reader would understand raises the version. 1: the first. 2:
 * FRAME_ASK tells protocol, window and how; FRAME_END has a checksum; FRAME_ANSWER.
 */
#define RECORDING_MAGIC   "sockvet\n"
#define RECORDING_VERSION 2u
#define RECORDING_ORDER   0x01020304u

struct recording_header {
	char     magic[8];
	uint32_t version;
	uint32_t order;
};

struct frame_header {
	uint32_t type;
	uint32_t length;        /* of the payload */
};

enum frame_type {
	/* heads */
	FRAME_BASICS = 1,
	FRAME_ASK,              /* frame_ask, then FRAME_SOCKs */
	FRAME_HOLDERS,          /* frame_flag: WALK_...; FRAME_PROCESS ... */
	FRAME_DESCRIPTORS,      /* frame_flag; FRAME_PROCESS, FRAME_LIMIT */
	FRAME_CGROUPS,          /* frame_flag; FRAME_CGROUPs */
	FRAME_LAST_HEAD = FRAME_CGROUPS,
	/* contents */
	FRAME_FILE,             /* frame_file, name, NUL, content */
	FRAME_CLOCK,            /* frame_clock */
	FRAME_KERNEL,           /* release */
	FRAME_NETNS,            /* frame_netns, name as asked */
	FRAME_LINKS,            /* frame_flag: addresses are known */
	FRAME_LINK,             /* frame_link, name */
	FRAME_LOCAL,            /* frame_local */
	FRAME_SOCK,             /* a netlink message with its header */
	FRAME_PROCESS,          /* frame_process, comm; its FRAME_CGROUP when no id leads there */
	FRAME_HOLDER,           /* frame_holder, of the process before it */
	FRAME_LIMIT,            /* frame_limit, of the process before it */
	FRAME_CGROUP,           /* frame_cgroup, path */
	FRAME_GAP,              /* frame_gap, sentence */
	FRAME_END,              /* frame_end, the last frame of the file */
	FRAME_ANSWER,           /* a head: frame_answer, key, answer */
	FRAME_TYPE_COUNT,
};

/* What an answer of the kernel is about; part of the format. */
enum answer_kind {
	ANSWER_FLAGS = 1, ANSWER_BIND_CONTEXT, ANSWER_ELSEWHERE, ANSWER_PROBE_BIND,
	ANSWER_UNIX, ANSWER_ROUTE, ANSWER_PROBE_PORTS,
	ANSWER_THREADS,
	ANSWER_DEAD,
	ANSWER_PODS,
	ANSWER_KIND_COUNT,
};

static inline int frame_is_head(uint32_t type)
{
	return type <= FRAME_LAST_HEAD || type == FRAME_ANSWER;
}

enum { FAMILY_BIT_IPV4 = 1, FAMILY_BIT_IPV6 = 2 };

/* How the sockets of a section were listed; part of the format. */
enum ask_how {
	ASK_LISTING,            /* family by family */
	ASK_EXPLICIT,           /* only those with a port given to bind() */
	ASK_CHAIN,              /* both families in one walk: in the kernel's order */
};

struct frame_ask {
	uint32_t states, families, ext;
	/* since version 2 */
	uint32_t protocol;                      /* 0: TCP */
	uint32_t port_low, port_high;           /* 0 and 0: any */
	uint32_t how;                           /* enum ask_how */
};
struct frame_flag    { uint32_t is; };
enum { WALK_MADE = 1, WALK_OUTSIDE = 2 };       /* .is of FRAME_HOLDERS and FRAME_DESCRIPTORS */
struct frame_file    { int32_t err; };          /* 0 or positive errno */
struct frame_clock   { int64_t time_ms; };
struct frame_netns   { uint64_t inode; };
struct frame_link    { uint32_t index; };
struct frame_local   { uint32_t family, ifindex; uint8_t addr[16]; };
struct frame_process { uint64_t cgroup_id; int32_t pid; };
struct frame_holder  { int32_t fd; uint32_t inode; };
struct frame_limit   { int64_t descriptors, limit; uint32_t have; }; /* have: 1 descriptors, 2 limit */
struct frame_cgroup  { uint64_t id; };
struct frame_gap     { uint64_t count; uint32_t kind; };
struct frame_answer  { uint32_t kind, key_size; };
struct frame_end {
	uint64_t frames;                        /* before this one */
	uint64_t sum;                           /* since version 2: frame_sum() of all before it */
};

/*
 * Questions and answers of each kind. A question is a key; an answer has a head, or any
 * number of rows, or both. Each is compared and written as a whole, so none has padding.
 * Structs that the model keeps as they are recorded are in model/bind.h and
 * model/connect.h.
 */
struct answer_flags {                           /* row: options of one socket; no key */
	uint64_t cookie;
	uint32_t inode;
	uint16_t have, set;                     /* enum recorded_flag: which are known, and which are on */
};
enum recorded_flag { RECORDED_REUSEADDR = 1, RECORDED_REUSEPORT = 2, RECORDED_V6ONLY = 4 };

struct answer_bind_context_key {
	uint32_t family, ifindex, scope, uid;
	uint8_t  addr[16];
};
struct answer_bind_context { uint32_t addr_kind, may_known, may; };

struct answer_probe_bind_key {
	uint32_t protocol, family, port, ifindex, scope, uid;
	uint32_t reuseaddr, reuseport, v6only;
	uint8_t  addr[16];
};

struct answer_route_key {
	uint32_t family, ifindex;
	uint8_t  destination[16];
	uint8_t  source[16];                    /* zeros: the kernel is to choose it */
};

struct answer_elsewhere_key { uint32_t protocol, port; };
struct answer_elsewhere { uint32_t known; };    /* and rows: struct elsewhere */

struct answer_unix {                            /* and rows: struct unix_sock */
	uint32_t file;
	int32_t  parent_err;
	uint32_t listed, elsewhere_known;
	int32_t  list_err;
	char     file_kind[24];
};

/*
 * A row is one descriptor of one thread. One whose tid is the pid says that the first
 * thread has ended and holds none.
 */
struct answer_thread {
	int32_t  pid, tid, fd;
	uint32_t inode;
	char     comm[16];
};

struct answer_dead {                            /* row: a process; no key */
	int32_t  pid;
	uint32_t dead, unasked, silent_ms;
};

/* A row is one pod, with its uid, or one container, with its id. No key. */
struct answer_pod {
	char uid[40], id[72];
	char pod_name[256], pod_namespace[64], container_name[64];
};

/*
 * What a part of a recording holds, which decides what a redacted recording has in its
 * place.
 */
enum field_kind {
	FIELD_UNKNOWN,          /* left out of a redacted recording */
	FIELD_NONE,             /* nothing is there */
	FIELD_PLAIN,            /* kept: it does not tell whose machine it was */
	FIELD_ADDRESS,          /* 16 bytes, an IPv4 address within an IPv6 one */
	FIELD_COMM,             /* the name of a process */
	FIELD_NETNS,            /* the name of a network namespace */
	FIELD_LINK,             /* the name of an interface, in its FRAME_LINK */
	FIELD_CGROUP,           /* a path */
	FIELD_POD,              /* the uid of a pod */
	FIELD_CONTAINER,        /* the id of a container */
	FIELD_NAME,             /* a name as in a cgroup path */
	FIELD_CGROUP_ID,        /* of a path, when it has the bit CGROUP_TOLD */
	FIELD_FILE,             /* name, NUL, content */
	FIELD_MESSAGE,          /* of netlink, with its header */
	FIELD_ANSWER,           /* as the kind of the FRAME_ANSWER says */
};

/* A member of a struct; size 0: none. A name ends at a NUL or at the end of the member. */
struct field {
	enum field_kind kind;
	uint16_t        at, size;
};

/*
 * The schema of a frame: the fixed part of its payload (without the compiler's padding
 * at its end, so that recordings have no random bytes), then the rest.
 */
struct frame_schema {
	uint8_t         fixed, fixed_before_2;  /* bytes, since version 2 and before it */
	enum field_kind rest;
	struct field    field;                  /* in the fixed part; the rest of that is plain */
};

/* THE table of frames. To add a frame, say here what it holds. */
extern const struct frame_schema frame_schemas[FRAME_TYPE_COUNT];

enum { ANSWER_ROW_FIELDS = 5 };

/*
 * The schema of an answer. An answer is not plain, and left out of redacted recordings,
 * when its key or rows hold something that cannot be replaced in place.
 */
struct answer_schema {
	uint16_t     head_size, row_size;       /* bytes */
	bool         plain;                     /* everything but these fields may stay */
	bool         every;                     /* several answers to one key count, not just the first */
	struct field key[2], head, row[ANSWER_ROW_FIELDS];
};

/* THE table of answers. */
extern const struct answer_schema answer_schemas[ANSWER_KIND_COUNT];

/*
 * True when @size bytes of an answer, without its question, are a head and whole rows of
 * that schema.
 */
bool answer_fits(const struct answer_schema *schema, size_t size);

/* The fixed bytes of a frame in a recording of that version; 0 for an unknown type. */
uint8_t frame_fixed_in(uint32_t version, uint32_t type);

/*
 * The checksum (FNV-1a, 64 bits) of all bytes so far; it begins as FRAME_SUM_START.
 * Changing one byte always changes the sum.
 */
#define FRAME_SUM_START UINT64_C(0xcbf29ce484222325)
uint64_t frame_sum(uint64_t sum, const void *bytes, size_t size);

#endif
