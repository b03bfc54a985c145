/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "base/fault.h"
#include "model/need.h"
#include "model/snapshot.h"

/*
 * The door to the kernel, or to a recording of it. The only room that sees
 * netlink, /proc, libmnl and libnl. It fills a snapshot, may fail, never
 * prints, works unprivileged with gaps, writes nothing but the recording that
 * was named, and sends no packet.
 *
 * Every function that can fail returns 0 or -errno and has then written one
 * sentence to @fault. What is merely missing is a gap in the snapshot.
 */
struct collect;

struct collect_source {
	const char *netns;      /* NAME, PID or PATH of a namespace; NULL: ours */
	const char *from;       /* recording to read, "-": stdin; NULL: the kernel */
	const char *record;     /* recording to write; NULL: none */
	unsigned    deadline_ms;/* for each dump; 0: 30000 */
};

/**
 * collect_open - get ready to read
 * @source: what to read; strings are borrowed until collect_close()
 * @result: on success the handle, to be given to collect_close()
 *
 * Enters the namespace (setns) when one is named. Errors: namespace or file not
 * there or not permitted, not a recording, a recording of a newer format.
 */
int collect_open(struct collect **result, const struct collect_source *source,
		 struct fault *fault);

/**
 * collect_close - finish; a recording is complete and in place only after 0
 * @keep: false drops an unfinished recording
 */
int collect_close(struct collect *collect, bool keep, struct fault *fault);

/* Time, kernel, namespace, limits, counters, interface names, own addresses. */
int collect_basics(struct collect *collect, struct snapshot *seen, struct fault *fault);

struct collect_ask {
	uint32_t states;        /* STATE_BIT()s */
	unsigned need;          /* enum need: FLOW, TCP_INFO, MEMORY, CONGESTION, TOS */
	bool ipv4, ipv6;
};

/**
 * collect_socks - one dump of TCP sockets into a sink
 * @seen: gets the gaps; its socks are untouched unless the sink adds to them
 *
 * A broken or interrupted dump is asked again on a fresh socket, up to three
 * times; rows already delivered are recognised by their cookie and not
 * delivered twice within one call. What stays incomplete is a GAP_DUMP and
 * the call returns 0 when at least one answer came; a dump that could not be had
 * at all is an error. Returns the sink's error when the sink ended it.
 */
int collect_socks(struct collect *collect, const struct collect_ask *ask,
		  struct sink sink, struct snapshot *seen, struct fault *fault);

/**
 * collect_holders - every (process, fd) that holds a socket
 * @wanted: map whose keys are the inodes of interest; NULL: all sockets
 *
 * Adds holders (sorted) and processes with their comm and cgroup id, and says
 * with GAP_OWNERS how many processes could not be read.
 */
int collect_holders(struct collect *collect, struct snapshot *seen,
		    const struct map *wanted, struct fault *fault);

/**
 * collect_descriptors - open descriptors and their limit of every process
 *
 * Of the processes of the judged namespace that we may look into; cheap, no
 * descriptor is listed.
 */
int collect_descriptors(struct collect *collect, struct snapshot *seen, struct fault *fault);

/**
 * collect_cgroups - the paths of cgroup ids
 * @wanted: map whose keys are the ids of interest; NULL: all
 */
int collect_cgroups(struct collect *collect, struct snapshot *seen,
		    const struct map *wanted, struct fault *fault);

#endif
