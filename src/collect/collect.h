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
	bool        redact;     /* it has no addresses and names, but pseudonyms */
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

/**
 * collect_redact - a recording once more, with pseudonyms for addresses and names
 * @from: "-" is standard input; a dump of ss is none
 * @to:   may be the same file
 */
int collect_redact(const char *from, const char *to, struct fault *fault);

/* Called inside a namespace; a negative errno ends the round. */
typedef int netns_visitor(void *ctx, const struct netns *netns);

/**
 * collect_everywhere - visit every network namespace of this machine
 * @list: gets each that was visited, our own first; ended by netns_list_fini()
 * @seen: gets a GAP_NETNS for what could not be entered or found
 *
 * @visit is called in a thread of its own, one namespace after the other, while
 * the caller waits: what is collected there is of that namespace. Returns what
 * the last visit returned.
 */
int collect_everywhere(struct collect *collect, struct netns_list *list, netns_visitor *visit,
		       void *ctx, struct snapshot *seen, struct fault *fault);

/**
 * collect_arrival - collect_basics() in another namespace than before
 *
 * To be called first by a visit. Forgets of @seen what is told of the last one
 * and keeps the rest. From then on owners and cgroups are looked up once for all
 * namespaces, descriptors counted of the processes of this one, and tables of
 * sockets not read that are empty here by their counters.
 */
int collect_arrival(struct collect *collect, const struct netns *netns, struct snapshot *seen,
		    struct fault *fault);

/* Time, kernel, namespace, limits, counters, interface names, own addresses. */
int collect_basics(struct collect *collect, struct snapshot *seen, struct fault *fault);

/*
 * collect_basics() without interface names and own addresses, unless a recording
 * is made or read. True in @left_links when collect_links() is left.
 */
int collect_figures(struct collect *collect, struct snapshot *seen, bool *left_links,
		    struct fault *fault);

/*
 * collect_basics() for an answer that needs no limits, counters and addresses,
 * and names of interfaces perhaps: only time, kernel and namespace, unless a
 * recording is made or read. True in @left_links when collect_links() is left.
 */
int collect_brief(struct collect *collect, struct snapshot *seen, bool *left_links,
		  struct fault *fault);

/* The interface names and own addresses that were left. */
void collect_links(struct collect *collect, struct snapshot *seen);

struct collect_ask {
	uint32_t states;        /* STATE_BIT()s */
	unsigned need;          /* enum need: FLOW, TCP_INFO, MEMORY, CONGESTION, TOS */
	bool ipv4, ipv6;
	enum protocol protocol; /* 0: PROTOCOL_TCP */
	/* Only sockets with a local port in this window; 0 and 0: any. */
	uint16_t port_low, port_high;
	/*
	 * Only TCP sockets that passed a port to bind(). For the kernel accepted
	 * connections and minisocks never did (INET_DIAG_BC_AUTO).
	 */
	bool explicit_port;
	/*
	 * Only rows that this matches, resolved; NULL: all. The kernel tests what it
	 * can, unless a recording is made, which then holds all. Its needs are the
	 * caller's to have collected before (holders, cgroups) or to add to @need.
	 */
	const struct filter *filter;
	const struct filter_findings *findings;
	/*
	 * Each row tells whether its port was given to bind(), in the sense of
	 * explicit_port (HAVE_PORT_ORIGIN): what `autobound` needs where the rows
	 * are tested later.
	 */
	bool port_origins;
	/*
	 * Of connections the caller looks at no more than state, queues, timer, addresses,
	 * ports, device and inode: nothing else need be read, and with a million sockets that
	 * is seen.
	 */
	bool bare;
	/*
	 * What was delivered, where several listings are to deliver a socket once, however
	 * it moves on between them; NULL: each for itself. once_fini() is the caller's.
	 */
	struct once *once;
	/* The sink has much to do for a row: a second thread receives, where the listing is long. */
	bool ahead;
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
 * collect_again - connections that were listed before, one by one
 * @ask: with what they are needed, and all states and families
 * @rows, @indices, @count: which, with their cookies; the sink may change them, not move them
 *
 * The kernel finds each by its address, in a fifth of the time that it takes to pass by
 * a thousand others. Delivered is what is there now with that cookie; what is gone is not.
 * What could not be asked for is a GAP_DUMP. Live only.
 */
void collect_again(struct collect *collect, const struct collect_ask *ask,
		   const struct sock *rows, const uint32_t *indices, size_t count,
		   struct sink sink, struct snapshot *seen);

/**
 * collect_offers - whether this kernel lists sockets of @protocol
 *
 * Returns 0, or -errno with the sentence that says what it lacks. Of a recording
 * the answer is yes: what it lacks is a gap.
 */
int collect_offers(struct collect *collect, enum protocol protocol, struct fault *fault);

/**
 * collect_explicit - which of the TCP sockets seen got their port from bind()
 * @ask: as for the collect_socks() that filled @seen
 *
 * Sets HAVE_PORT_ORIGIN and port_explicit on the sockets of @seen. It can be told
 * of listeners, of bound-idle sockets, and with NEED_FLOW of connections that were
 * opened here; accepted connections and minisocks always pass for "not". A kernel
 * or a recording that cannot tell leaves them unset: no error and no gap.
 */
int collect_explicit(struct collect *collect, const struct collect_ask *ask,
		     struct snapshot *seen, struct fault *fault);

/**
 * collect_chain - the UDP sockets of one port in the order of the kernel's chain
 *
 * One walk over both families (the legacy request), because what a bind() of
 * UDP meets first decides. Adds the sockets to @seen in that order. Gaps and
 * errors as with collect_socks().
 */
int collect_chain(struct collect *collect, uint16_t port, struct snapshot *seen,
		  struct fault *fault);

/**
 * collect_flags - SO_REUSEADDR, SO_REUSEPORT and IPV6_V6ONLY of the sockets seen
 *
 * Needs their holders in @seen: a descriptor is duplicated (pidfd_getfd), asked
 * and closed at once. Sets HAVE_REUSEADDR, HAVE_REUSEPORT, HAVE_V6ONLY and the
 * values. What could not be asked stays unknown and is no gap: a verdict says
 * itself what it depends on.
 */
void collect_flags(struct collect *collect, struct snapshot *seen);

/**
 * collect_bind_context - what decides about a bind() beside sockets
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
int collect_elsewhere(struct collect *collect, const struct bind_ask *ask,
		      struct bind_context *context, struct fault *fault);

/**
 * collect_probe_bind - bind() for real, closed at once; TCP only
 *
 * For the asked uid, in a thread that has given up every privilege that uid would
 * not have and stays out of its reach. Never listens. What prevented it is told in
 * @probe->refusal, and is no error.
 */
void collect_probe_bind(struct collect *collect, const struct bind_ask *ask,
			struct bind_probe *probe);

/* What stands at a path, and the unix sockets with that name. */
int collect_unix(struct collect *collect, const struct unix_ask *ask,
		 struct unix_context *context, struct snapshot *seen, struct fault *fault);

/**
 * collect_route - the source address and device that the kernel would pick
 * @ask: destination and device; a source that bind() chose before, or zeros
 *
 * A destination without a route is @chosen->err and no error. A recording without the
 * answer leaves @chosen->known false.
 */
void collect_route(struct collect *collect, const struct connect_ask *ask,
		   struct chosen_route *chosen, struct snapshot *seen);

/**
 * collect_probe_ports - ask the kernel which ports connect() may use
 * @ports: bit per port to be asked
 *
 * A deferred fast open towards 127.0.0.1 chooses its port and sends nothing
 * (TCP_FASTOPEN_CONNECT, IP_LOCAL_PORT_RANGE). Its preconditions are checked
 * first, and each socket's own count of sent segments after its connect().
 */
void collect_probe_ports(struct collect *collect, const uint8_t *ports,
			 struct port_probe *probe);

/**
 * collect_holders - every (process, fd) that holds a socket
 * @wanted: map whose keys are the inodes of interest; NULL: all sockets
 *
 * Adds holders (sorted) and processes with their comm and cgroup id, and says
 * with GAP_OWNERS how many processes could not be read.
 */
int collect_holders(struct collect *collect, struct snapshot *seen,
		    const struct map *wanted, struct fault *fault);

/* Whose holders are of interest. */
struct holder_ask {
	const struct map *inodes;       /* keys: sockets whose holders are to be found */
	const struct map *pids;         /* keys: processes of which every socket is wanted */
	/*
	 * Keys: the control groups of those sockets; NULL: look everywhere. Where
	 * very many files are open on the machine, the processes in these groups and
	 * @pids are looked into first, and no others if each socket is found so.
	 */
	const struct map *cgroups;
};

/**
 * collect_some_holders - collect_holders() of some sockets, sooner
 *
 * A socket can have further holders in other control groups, which are then not
 * told: it was passed on, or inherited by somebody who was moved.
 */
int collect_some_holders(struct collect *collect, const struct holder_ask *ask,
			 struct snapshot *seen, struct fault *fault);

/*
 * No question about sockets, or about owners and control groups, will be asked any more:
 * memory of a recording that holds the answers is given back. Those that are asked for
 * all the same are none.
 */
void collect_forget_socks(struct collect *collect);
void collect_forget_owners(struct collect *collect);

/**
 * collect_threads - descriptors of threads beside the first one of each process
 *
 * After collect_holders(): adds a process entry with its tid for each thread that
 * holds sockets, and its holders.
 */
void collect_threads(struct collect *collect, struct snapshot *seen);

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

/* What a socket has to be still when it is closed. */
struct destroy_ask {
	const struct filter      *filter;       /* it matches, asked anew */
	const struct filter_view *view;
	unsigned need;                          /* of the filter (enum need) */
};

/**
 * collect_destroy - close one TCP or UDP socket, if it is still what was seen
 * @sock: as listed, with its cookie; without one nothing is tried
 *
 * Right before the order it is looked up again: cookie, state and filter have to
 * be as they were. The order names the cookie, so that no other socket can be
 * hit. What became of it is @result; an error means that the kernel could not be
 * asked and nothing is known. Live only.
 */
int collect_destroy(struct collect *collect, const struct sock *sock,
		    const struct destroy_ask *ask, struct kill_result *result, struct fault *fault);

/*
 * The cookie of the socket that the kernel finds at the address of @sock: of listeners
 * and UDP sockets that share one it is the one that an order would reach. UINT64_MAX
 * when there is none, or it cannot be told. Live only.
 */
uint64_t collect_reached(const struct collect *collect, const struct sock *sock);

/* A socket of this namespace that was freed, or events that were lost. */
struct event {
	int64_t     time_ms;    /* CLOCK_REALTIME, when it was received */
	uint64_t    lost;       /* so many events are missing; then @sock is nothing */
	struct sock sock;       /* without state, queues, uid and inode: not told */
};

struct collect_events;

/**
 * collect_events_open - be told of sockets that the kernel frees
 * @asks: protocol, families and needs (NEED_FLOW, NEED_TCP_INFO) of each
 *
 * Needs no privilege. Told is every full socket, also at its step into TIME_WAIT;
 * not told are TIME_WAIT sockets and connection requests that end. Joins the
 * namespace of the calling thread.
 */
int collect_events_open(struct collect_events **result, const struct collect_ask *asks,
			size_t count, struct fault *fault);
void collect_events_close(struct collect_events *events);

/* To wait for with poll(). */
int collect_events_fd(const struct collect_events *events);

/*
 * The next event, without waiting: 1, or 0 when there is none at the moment, or the
 * next message is not the kernel's. The detail of its socket is good until the next
 * call.
 */
int collect_events_next(struct collect_events *events, struct event *event,
			struct fault *fault);

#endif
