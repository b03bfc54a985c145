/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_DUMP_H
#define COLLECT_DUMP_H

#include "base/ids.h"
#include "collect/attrs.h"
#include "collect/collect.h"
#include "collect/recorder.h"
#include "collect/wire.h"
#include "model/once.h"

/* The state of one listing while its answers come in. */
struct dump {
	struct recorder   *recorder;
	struct collect_ask ask;         /* its protocol is never 0 */
	enum ask_how       how;
	struct sink        sink;
	/* takes a message; dump_deliver() for sockets of the internet */
	int              (*deliver)(struct dump *dump, const void *bytes, size_t size);
	struct once        delivered;   /* used unless the caller has one */
	struct inodes      inodes;      /* for recordings */
	/* the row at hand; too big to be cleared for each row */
	struct inet_diag_msg told;
	struct sock        sock;
	struct detail      detail;
	uint64_t           senseless;   /* messages and attributes */
	bool               hides_orphan_uids;
	bool               is_bare;     /* reads no attribute except for a wildcard */
	const char        *release;     /* of the kernel; NULL: does not matter */
	/* where the ports come from; see inet.c */
	bool               tells_origins, knows_origins;
	struct ids         explicit_ports; /* the cookies of sockets with such a port */
	/* for the filter of the question, if it has one */
	struct filter_view view;
	uint64_t           undecided;   /* rows for which the filter could not be decided */
};

/* Begins a listing; dump_end() frees it. */
struct dump dump_begin(struct recorder *recorder, const struct collect_ask *ask, enum ask_how how,
		       struct sink sink);

/* Adds a gap for what made no sense, and frees the listing. */
void dump_end(struct dump *dump, struct snapshot *seen);

/* The question as recordings hold it. */
struct frame_ask dump_asked(const struct dump *dump);

/* True when the local port is in the window of the question, or the question has none. */
bool dump_wants_port(const struct collect_ask *ask, uint16_t port);

/*
 * Notes that TCP sockets that are only bound are not "@where@more". Asked for among others
 * they are a gap; asked for alone, an error. Nothing happens where they are not asked for.
 */
void dump_lacks_bound(struct dump *dump, const char *where, const char *more,
		      struct snapshot *seen);

/*
 * Takes one netlink message, from the kernel or a recording, and delivers it to the sink
 * if it is wanted.
 */
int dump_deliver(struct dump *dump, const void *bytes, size_t size);

/*
 * Runs one listing of the kernel. Returns 0, the sink's error (then wire->stopped), or
 * -errno.
 */
int dump_try(struct dump *dump, struct wire_dump *wire, struct fault *fault);

/**
 * dump_settle - what follows from the result of dump_try()
 * @err: that result
 * @what: "IPv4", the sockets that were listed
 * @failed: gets -errno of a listing that broke; otherwise untouched
 *
 * A listing that broke is a gap, and 0 is returned; the sink's error is returned.
 */
int dump_settle(struct dump *dump, const struct wire_dump *wire, int err, const char *what,
		struct snapshot *seen, int *failed);

/* Runs one listing of the kernel: dump_try() and dump_settle(). */
int dump_live(struct dump *dump, struct wire_dump *wire, const char *what,
	      struct snapshot *seen, int *failed, struct fault *fault);

/**
 * replay_socks - answer a question about sockets from the recording
 *
 * The same question as in the live run, in its order, gets the same answer. Another
 * question is answered from all sections that can: those of the same protocol that were
 * asked for in such a way that they hold what is wanted. What they do not hold is a
 * GAP_RECORDING. Returns the sink's error.
 */
int replay_socks(struct dump *dump, struct snapshot *seen);

/* Delivers all of the section of that number, and its gaps. Returns the sink's error. */
int replay_section(struct dump *dump, size_t head, struct snapshot *seen);

/* The question that a section answers; all zeros for a head of another kind. */
struct frame_ask replay_asked(const struct load *load, size_t head);

#endif
