/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "base/fault.h"
#include "model/bind.h"
#include "model/connect.h"
#include "model/kill_result.h"
#include "value/filter.h"
#include "model/need.h"
#include "model/snapshot.h"

/*
 * The interface to the kernel, or to a recording of it: all that other rooms see of this
 * one. Only this room uses netlink, /proc, libmnl and libnl. It fills a snapshot, may
 * fail, never prints, works unprivileged with gaps, writes nothing but the recording
 * that was named, and sends no packet.
 *
 * Every function that can fail returns 0 or -errno and then has written one sentence to
 * @fault. What could not be seen is a gap in the snapshot, not an error.
 */
struct collect;

struct collect_source {
	const char *netns;      /* NAME, PID or PATH of a namespace; NULL: ours */
	const char *root;       /* where the root of the host is mounted; NULL: here */
	const char *from;       /* recording to read, "-": stdin; NULL: the kernel */
	const char *record;     /* recording to write; NULL: none */
	bool        redact;     /* the recording gets pseudonyms for addresses and names */
	unsigned    deadline_ms;/* for each dump; 0: 30000 */
};

/**
 * collect_open - begin to read from the kernel or from a recording
 * @source: what to read; strings are borrowed until collect_close()
 * @result: on success the handle, which collect_close() frees
 *
 * Enters the namespace (setns) when one is named. Errors: the namespace or file does not
 * exist or is not permitted, the file is not a recording, or is one of a newer format.
 */
int collect_open(struct collect **result, const struct collect_source *source,
		 struct fault *fault);

/**
 * collect_close - finish; a recording is complete and in its place only when this
 * returns 0
 * @keep: false drops an unfinished recording
 */
int collect_close(struct collect *collect, bool keep, struct fault *fault);

/**
 * collect_redact - write a recording again with pseudonyms for addresses and names
 * @from: "-" is standard input; a dump of ss is refused
 * @to:   may be the same file
 */
int collect_redact(const char *from, const char *to, struct fault *fault);

/* Called inside a namespace; a negative errno ends the round. */
typedef int netns_visitor(void *ctx, const struct netns *netns);

/**
 * collect_everywhere - visit every network namespace of this machine
 * @seen: gets a GAP_NETNS for what could not be entered or found
 *
 * A second thread calls @visit, for one namespace after the other, ours first, while the
 * caller waits: what is collected in a visit is of that namespace. Each struct netns lasts
 * until collect_close(). Returns the result of the last visit.
 */
int collect_everywhere(struct collect *collect, netns_visitor *visit, void *ctx,
		       struct snapshot *seen, struct fault *fault);

/**
 * collect_arrival - collect_basics() in a further namespace
 *
 * A visit calls this first. It drops from @seen what belongs to the last namespace and
 * keeps the rest. From then on owners and cgroups are looked up once for all namespaces,
 * descriptors are counted only for processes of this one, and tables that are empty here
 * by the kernel's counters are not listed.
 */
void collect_arrival(struct collect *collect, const struct netns *netns, struct snapshot *seen);

enum basics {
	BASICS_BRIEF,           /* time, kernel and namespace */
	BASICS_FIGURES,         /* limits and counters, too */
	BASICS_WHOLE,           /* interface names and own addresses, too */
};

/*
 * Collects what an answer needs beside sockets, and all of it when a recording is made or
 * read. True when collect_links() has yet to be called for interface names and addresses.
 */
bool collect_basics(struct collect *collect, struct snapshot *seen, enum basics basics);

/* Collects the interface names and own addresses that were left out before. */
void collect_links(struct collect *collect, struct snapshot *seen);

struct collect_ask {
	uint32_t states;        /* STATE_BIT()s */
	unsigned need;          /* enum need: FLOW, TCP_INFO, MEMORY, CONGESTION, TOS */
	bool ipv4, ipv6;
	enum protocol protocol; /* 0: PROTOCOL_TCP */
	/* Only sockets with a local port in this window; 0 and 0: every port. */
	uint16_t port_low, port_high;
	/*
	 * Only TCP sockets that gave a port to bind(). To the kernel, accepted
	 * connections and minisocks never did (INET_DIAG_BC_AUTO).
	 */
	bool explicit_port;
	/*
	 * Only rows that match this resolved filter; NULL: every row. The kernel tests
	 * what it can, unless a recording is made, which then holds every row. The
	 * caller collects what the filter needs before (holders, cgroups) or adds it to
	 * @need.
	 */
	const struct filter *filter;
	const struct filter_findings *findings;
	/*
	 * Each row tells whether its port was given to bind(), as in explicit_port
	 * (HAVE_PORT_ORIGIN): `autobound` needs it where rows are filtered later.
	 */
	bool port_origins;
	/*
	 * Of connections, the caller uses only state, queues, timer, addresses, ports,
	 * device and inode, so nothing else is read. With a million sockets that makes a
	 * difference.
	 */
	bool bare;
	/*
	 * Shared by several listings that must deliver a socket only once, even if it
	 * changes its state between them; NULL: each listing counts for itself. The
	 * caller calls once_fini().
	 */
	struct once *once;
	/*
	 * The sink takes long for a row, so a second thread receives while a long
	 * listing runs.
	 */
	bool ahead;
};

/**
 * collect_socks - list sockets into a sink
 * @seen: gets the gaps; its socks change only if the sink adds to them
 *
 * A broken or interrupted dump is asked for again on a fresh socket, up to three times;
 * a row that was delivered already is recognised by its cookie and not delivered twice
 * in one call. What stays incomplete is a GAP_DUMP, and the call returns 0 when at least
 * one answer came; a dump that gave no answer at all is an error. Returns the sink's
 * error when the sink ended it.
 */
int collect_socks(struct collect *collect, const struct collect_ask *ask,
		  struct sink sink, struct snapshot *seen, struct fault *fault);

/**
 * collect_again - look up connections again that were listed before, one by one
 * @ask: with what they are needed, and all states and families
 * @rows, @indices, @count: which connections, with their cookies; the sink may change
 * the rows, not move them
 *
 * The kernel finds each by its address, in a fifth of the time that passing by a
 * thousand others takes. Delivered is a socket that still has its cookie; one that is
 * gone is left out. What could not be asked for is a GAP_DUMP. Live only.
 */
void collect_again(struct collect *collect, const struct collect_ask *ask,
		   const struct sock *rows, const uint32_t *indices, size_t count,
		   struct sink sink, struct snapshot *seen);

/**
 * collect_offers - whether this kernel lists sockets of @protocol
 *
 * Returns 0, or -errno with the sentence that says what the kernel lacks. For a
 * recording it returns 0, because what that lacks becomes a gap.
 */
int collect_offers(struct collect *collect, enum protocol protocol, struct fault *fault);

/**
 * collect_explicit - find out which of the TCP sockets seen gave their port to bind()
 * @ask: as for the collect_socks() that filled @seen
 *
 * Sets HAVE_PORT_ORIGIN and port_explicit on the sockets of @seen. The kernel tells it
 * of listeners, of bound-idle sockets, and with NEED_FLOW of connections that were
 * opened here; it lists accepted connections and minisocks as if they never had. A
 * kernel or recording that cannot tell leaves both unset; that is neither an error nor a
 * gap.
 */
void collect_explicit(struct collect *collect, const struct collect_ask *ask,
		      struct snapshot *seen);

/**
 * collect_chain - the UDP sockets of one port in the order of the kernel's chain
 *
 * One walk over both families (the legacy request), because the first socket that
 * conflicts decides about a UDP bind(). Adds the sockets to @seen in that order. Gaps
 * and errors as with collect_socks().
 */
int collect_chain(struct collect *collect, uint16_t port, struct snapshot *seen,
		  struct fault *fault);

/**
 * collect_flags - SO_REUSEADDR, SO_REUSEPORT and IPV6_V6ONLY of the sockets seen
 *
 * Needs their holders in @seen: each descriptor is duplicated (pidfd_getfd), asked, and
 * closed at once. Sets HAVE_REUSEADDR, HAVE_REUSEPORT, HAVE_V6ONLY and the values. A
 * flag that could not be read stays unknown and is not a gap, because a verdict says
 * what it depends on.
 */
void collect_flags(struct collect *collect, struct snapshot *seen);

/**
 * collect_bind_context - what decides about a bind() besides sockets
 * @ask: address, family, device, scope, uid
 *
 * Fills @context->addr_kind (route and address tables) and may_bind_low (the
 * capabilities of the asking uid in this namespace).
 */
void collect_bind_context(struct collect *collect, const struct bind_ask *ask,
			  struct bind_context *context, struct snapshot *seen);

/**
 * collect_elsewhere - owners of that port in other network namespaces
 *
 * Looks, from a thread of its own, into each namespace that some process,
 * /run/netns or a bind mount shows. Sets @context->elsewhere_known only if it could look
 * into all that it found.
 */
void collect_elsewhere(struct collect *collect, const struct bind_ask *ask,
		       struct bind_context *context);

/**
 * collect_probe_bind - call bind() for real and close the socket at once; TCP only
 *
 * A second thread does it for the asked uid, after giving up every privilege that this
 * uid would not have, and out of that uid's reach. It never listens. If something
 * prevents the probe, @probe->refusal says what; that is not an error.
 */
void collect_probe_bind(struct collect *collect, const struct bind_ask *ask,
			struct bind_probe *probe);

/* Collects what stands at a path, and the unix sockets with that name. */
void collect_unix(struct collect *collect, const struct unix_ask *ask,
		  struct unix_context *context, struct snapshot *seen);

/**
 * collect_route - the source address and device that the kernel would pick
 * @ask: destination and device; the source if bind() chose one before, else zeros
 *
 * A destination without a route sets @chosen->err and is not an error. A recording
 * without the answer leaves @chosen->known false.
 */
void collect_route(struct collect *collect, const struct connect_ask *ask,
		   struct chosen_route *chosen, struct snapshot *seen);

/**
 * collect_probe_ports - ask the kernel which ports connect() may use
 * @ports: one bit a port to be asked about
 *
 * A deferred fast open to 127.0.0.1 chooses its port and sends nothing
 * (TCP_FASTOPEN_CONNECT, IP_LOCAL_PORT_RANGE). Its preconditions are checked first, and
 * the number of segments that each socket sent is checked after its connect().
 */
void collect_probe_ports(struct collect *collect, const uint8_t *ports,
			 struct port_probe *probe);

/**
 * collect_holders - every (process, descriptor) that holds a socket
 * @wanted: a map whose keys are the inodes of interest; NULL: all sockets
 *
 * Adds holders (sorted) and processes with their comm and cgroup id. A GAP_OWNERS says
 * how many processes could not be read.
 */
void collect_holders(struct collect *collect, struct snapshot *seen, const struct map *wanted);

/* The sockets whose holders are wanted. */
struct holder_ask {
	const struct map *inodes;       /* keys: inodes of sockets */
	const struct map *pids;         /* keys: processes, of which every socket is wanted */
	/*
	 * Keys: the cgroups of those sockets; NULL: look everywhere. Where very many
	 * files are open on the machine, the processes in these cgroups and @pids are
	 * looked at first, and the others only if some socket has no holder yet.
	 */
	const struct map *cgroups;
};

/**
 * collect_some_holders - collect_holders() for some sockets, in less time
 *
 * Further holders in other cgroups may be missing: those that inherited the socket or
 * got it passed, and were moved.
 */
void collect_some_holders(struct collect *collect, const struct holder_ask *ask,
			  struct snapshot *seen);

/*
 * Frees the parts of a recording that answer questions about sockets, owners and
 * cgroups. If such a question is asked later after all, it has no answer.
 */
void collect_forget_socks(struct collect *collect);
void collect_forget_owners(struct collect *collect);

/**
 * collect_threads - descriptors of threads beside the first one of each process
 *
 * Call it after collect_holders(): it adds a process entry with its tid for each thread
 * that holds sockets, and the thread's holders.
 */
void collect_threads(struct collect *collect, struct snapshot *seen);

/**
 * collect_descriptors - the open descriptors of every process, and their limit
 *
 * Covers the processes of the judged namespace that may be looked into. It is cheap,
 * because it lists no descriptor. Sets @seen->tcp_unlisted, from every namespace
 * that a process is in.
 */
void collect_descriptors(struct collect *collect, struct snapshot *seen);

/**
 * collect_dead - TCP descriptors whose connection is gone
 * @pids: keys: processes to look into, of those that collect_descriptors() counted; a
 * recording has all of them
 *
 * Call it after the sockets were listed: what is listed is not asked. Sets what it found
 * in the figures of each process. A GAP_OWNERS says how many processes could not be asked.
 */
void collect_dead(struct collect *collect, struct snapshot *seen, const struct map *pids);

/**
 * collect_cgroups - the paths of cgroup ids
 * @wanted: a map whose keys are the ids of interest; NULL: all
 */
void collect_cgroups(struct collect *collect, struct snapshot *seen, const struct map *wanted);

/**
 * collect_pods - names of the Kubernetes pods and containers among the cgroups in @seen
 *
 * Call it after the cgroups are there. It lists the kubelet's folders of logs if a cgroup
 * may be of a pod. What they do not name keeps no name; that is not a gap.
 */
void collect_pods(struct collect *collect, struct snapshot *seen);

/* What must still be true of a socket when it is closed. */
struct destroy_ask {
	const struct filter      *filter;       /* it matches this filter, tested again */
	const struct filter_view *view;
	unsigned need;                          /* what the filter needs (enum need) */
};

/**
 * collect_destroy - close one TCP or UDP socket if it is still what was seen
 * @sock: as listed, with its cookie; without a cookie nothing is tried
 *
 * Right before the order the socket is looked up again: cookie and state must be the
 * same, and the filter must match. The order names the cookie, so it can reach no other
 * socket. @result gets the outcome; an error means that the kernel could not be asked,
 * so nothing is known. Live only.
 */
int collect_destroy(struct collect *collect, const struct sock *sock,
		    const struct destroy_ask *ask, struct kill_result *result, struct fault *fault);

/*
 * The cookie of the socket that the kernel finds at the address of @sock: of several
 * listeners or UDP sockets that share the address, the one that an order would reach.
 * UINT64_MAX when there is none, or when that is not known. Live only.
 */
uint64_t collect_reached(const struct collect *collect, const struct sock *sock);

/* A socket of this namespace that was freed, or events that were lost. */
struct event {
	int64_t     time_ms;    /* CLOCK_REALTIME when it was received */
	uint64_t    lost;       /* this many events were lost; then @sock is unused */
	struct sock sock;       /* has no state, queues, uid and inode */
};

struct collect_events;

/**
 * collect_events_open - subscribe to the sockets that the kernel frees
 * @asks: protocol, families and needs (NEED_FLOW, NEED_TCP_INFO) of each
 *
 * Needs no privilege. The kernel tells every full socket, also at its step into
 * TIME_WAIT; it does not tell TIME_WAIT sockets and connection requests that end. The
 * subscription is for the namespace of the calling thread.
 */
int collect_events_open(struct collect_events **result, const struct collect_ask *asks,
			size_t count, struct fault *fault);
void collect_events_close(struct collect_events *events);

/* The descriptor to poll() for events. */
int collect_events_fd(const struct collect_events *events);

/*
 * The next event, without waiting. Returns 1, or 0 when there is none at the moment or
 * the next message is not from the kernel. The detail of the event's socket is valid
 * until the next call.
 */
int collect_events_next(struct collect_events *events, struct event *event,
			struct fault *fault);

#endif
