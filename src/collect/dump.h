/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_DUMP_H
#define COLLECT_DUMP_H

#include "base/ids.h"
#include "collect/collect.h"
#include "collect/filter_code.h"
#include "collect/message.h"
#include "collect/recorder.h"
#include "collect/wire.h"
#include "model/once.h"

/* One question about sockets while its answers come in. */
struct dump {
	struct recorder   *recorder;
	struct collect_ask ask;         /* its protocol is never 0 */
	enum ask_how       how;
	struct sink        sink;
	struct once        delivered;   /* unless the caller has one */
	struct inodes      inodes;      /* of a recording */
	struct wire_dump  *next;        /* to be begun when this listing is long; or NULL */
	unsigned           taken;       /* messages, until it is begun */
	/* the row at hand: too big to be cleared for each */
	struct inet_diag_msg told;
	struct sock        sock;
	struct detail      detail;
	uint64_t           senseless;   /* messages and attributes */
	bool               hides_orphan_uids;
	bool               is_bare;     /* reads no attribute but for a wildcard */
	const char        *release;     /* of the kernel; NULL: does not matter */
	/* where a port came from, see inet.c */
	bool               tells_origins, knows_origins;
	struct ids         explicit_ports; /* cookies */
	/* the filter of the question, if it has one */
	struct filter_view view;
	uint64_t           undecided;   /* rows of which it could not be told */
};

/* Begins one; to be given to dump_end(). */
struct dump dump_begin(struct recorder *recorder, const struct collect_ask *ask, enum ask_how how,
		       struct sink sink);

/* Tells what made no sense as a gap. */
void dump_end(struct dump *dump, struct snapshot *seen);

/* The question as it stands in a recording. */
struct frame_ask dump_asked(const struct dump *dump);

/* True when the local port is in the window of the question, or it has none. */
bool dump_wants_port(const struct collect_ask *ask, uint16_t port);

/* Sockets that are only bound and nothing else: without them there is no answer. */
bool dump_wants_bound_alone(const struct dump *dump);

/* One netlink message, from the kernel or from a recording: to the sink if it is wanted. */
int dump_deliver(struct dump *dump, const void *bytes, size_t size);

/* One listing of the kernel: 0, the sink's error (wire->stopped), or -errno. */
int dump_try(struct dump *dump, struct wire_dump *wire, struct fault *fault);

/* A listing that ended with @err, which is no error of the sink's: a gap. */
void dump_broke(struct dump *dump, const struct wire_dump *wire, int err, const char *what,
		struct snapshot *seen);

/**
 * dump_live - one listing of the kernel, dump_try() and dump_broke()
 * @wire:   the request; the rest is filled in here
 * @what:   "IPv4", the sockets that it lists
 * @failed: -errno of a listing that broke, untouched otherwise
 *
 * A listing that broke is a gap. Returns the sink's error when it ended it.
 */
int dump_live(struct dump *dump, struct wire_dump *wire, const char *what,
	      struct snapshot *seen, int *failed, struct fault *fault);

#endif
