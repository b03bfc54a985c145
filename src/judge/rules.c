/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include <string.h>

/*
 * THE rule table, in the order in which findings of equal severity appear.
 *
 * To add a rule: a file here that opens with its theory and has one function,
 * that function's name in weigh.h, and a row here. `check`, `explain`, `tables`,
 * --warn and --crit, completion and the man page test read the row. The usual
 * thresholds must be silent on a healthy busy machine: an age, a share of a
 * limit or a number for one subject, never a number for the whole host.
 */
const struct rule rules[] = {
	{
		.id      = "close-wait-leak",
		.title   = "the peer closed, this program did not",
		.why     = "In CLOSE_WAIT the peer has closed and the program has not. No kernel timer "
			   "ends it: only the program's close() does. Each one costs a descriptor, until "
			   "accept() and open() fail with EMFILE. What was read tells the cause: nothing "
			   "since the close (eof_unread), everything (close_forgotten), or not all the "
			   "data (data_unread). A program that is still sending uses the half-close as it "
			   "was meant, and that alone is never a leak. Only sockets of a proven age count; "
			   "nearness to the descriptor limit makes it critical.",
		.remedy  = "close() when read() returns 0, on every path; in pools, drop idle connections "
			   "sooner than the server does",
		.avoid   = "sysctls (none applies); SO_KEEPALIVE and ss -K (the socket leaves the tables, "
			   "the descriptor stays); a higher ulimit -n",
		.subject = "process (or unit) and remote service",
		.measure = MEASURE_AGE,
		.usual   = { 60e3, 600e3, 5 },
		.needs_diag = true,
		.weigh   = weigh_close_wait,
	}, {
		.id      = "accept-stalled",
		.title   = "connections that the program never accepted",
		.why     = "The kernel completes handshakes alone and queues the connections until the "
			   "program calls accept(). One that waits for seconds means that the program is "
			   "stuck, has run out of descriptors, or is too slow. A CLOSE_WAIT here is a client "
			   "that gave up waiting, and no forgotten close().",
		.remedy  = "find out why the program does not call accept(): stuck, EMFILE, no free worker",
		.avoid   = "a larger backlog: more clients wait, none is served sooner",
		.subject = "listener",
		.measure = MEASURE_AGE,
		.usual   = { 10e3, 60e3, 1 },
		.needs_diag = true,
		.weigh   = weigh_accept_stalled,
	}, {
		.id      = "accept-queue-full",
		.title   = "accept queue at or over its limit",
		.why     = "listen(fd, n) lets min(n, somaxconn) connections wait for accept(). With more "
			   "than that the kernel drops SYNs and last ACKs without a word, clients hang in "
			   "SYN_SENT, and ListenOverflows and ListenDrops count each packet (for the whole "
			   "namespace, since boot). At the limit, 100 %, is a warning; over it counts as "
			   "101 % at least and is critical.",
		.remedy  = "accept faster; for bursts a larger listen() backlog and somaxconn, which take "
			   "effect at the next listen()",
		.avoid   = "tcp_abort_on_overflow (waiting clients become failing ones); tcp_max_syn_backlog "
			   "(another queue)",
		.subject = "listener",
		.measure = MEASURE_PERCENT,
		.usual   = { 100, 101, 1 },
		.needs_diag = true,
		.weigh   = weigh_accept_queue,
	}, {
		.id      = "port-exhaustion",
		.title   = "ephemeral ports towards one destination run out",
		.why     = "From one address to one address and port there are as many connections as "
			   "ip_local_port_range has ports. Each that this side closes first keeps its port "
			   "for 60 s in TIME_WAIT; at the end connect() fails with EADDRNOTAVAIL. Measured "
			   "is the share that a new connect() could not have: TIME_WAIT that tcp_tw_reuse "
			   "lets it take over counts as free, ports owned by bind() as lost. TIME_WAIT over "
			   "many destinations, or on a server's own port, costs nothing.",
		.remedy  = "reuse connections; let the server close first; tcp_tw_reuse=1; more addresses; a "
			   "wider ip_local_port_range",
		.avoid   = "tcp_tw_recycle (gone); tcp_fin_timeout (not TIME_WAIT); SO_LINGER 0 (loses data); "
			   "a smaller tcp_max_tw_buckets; ulimit -n",
		.subject = "source address, destination address and port",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1 },
		.weigh   = weigh_port_exhaustion,
	}, {
		.id      = "time-wait-overflow",
		.title   = "TIME_WAIT near tcp_max_tw_buckets",
		.why     = "Once tcp_max_tw_buckets TIME_WAITs (and orphaned FIN_WAIT_2) exist, further "
			   "connections close without: late segments of an old connection can then reach a "
			   "new one. TCPTimeWaitOverflow counts them since boot; near the limit it makes the "
			   "finding critical, on an empty table it is history and no finding.",
		.remedy  = "raise tcp_max_tw_buckets (256 bytes each); reuse connections",
		.avoid   = "lowering tcp_max_tw_buckets; tcp_fin_timeout (not TIME_WAIT); SO_LINGER 0",
		.subject = "network namespace",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1 },
		.weigh   = weigh_time_wait,
	}, {
		.id      = "fin-wait-2-held",
		.title   = "half-closed by its program, waiting for the peer without a timer",
		.why     = "After shutdown(SHUT_WR) the program waits for the peer's close, and no kernel "
			   "timer runs while it holds the descriptor: a peer that never closes keeps it for "
			   "ever. A transfer that still receives is not meant and never counts. The peer, in "
			   "CLOSE_WAIT, is the guilty side; on this machine its process is named.",
		.remedy  = "repair the peer's close(); wait with a deadline after shutdown()",
		.avoid   = "tcp_fin_timeout (only after close())",
		.subject = "process (or unit) and remote service",
		.measure = MEASURE_AGE,
		.usual   = { 300e3, 3600e3, 3 },
		.needs_diag = true,
		.weigh   = weigh_fin_wait_2_held,
	}, {
		.id      = "fin-wait-2-orphans",
		.title   = "many closed connections whose peer does not close",
		.why     = "After close() the kernel waits tcp_fin_timeout for the peer's FIN and then forgets "
			   "the connection. Up to 60 s these are minisocks bounded by tcp_max_tw_buckets; a "
			   "longer timeout makes them full sockets, bounded by tcp_max_orphans. They pass by "
			   "themselves; very many to one peer show that this peer does not close.",
		.remedy  = "repair the peer; a smaller tcp_fin_timeout if they are too many",
		.avoid   = "tcp_fin_timeout of 61 to 89 (waits shorter than 60); TCP_LINGER2 below 0 (resets)",
		.subject = "peer address",
		.measure = MEASURE_COUNT,
		.usual   = { 1000, 10000, 1 },
		.weigh   = weigh_fin_wait_2_orphans,
	}, {
		.id      = "last-ack-stuck",
		.title   = "the end of connections is never acknowledged",
		.why     = "FIN_WAIT_1, CLOSING and LAST_ACK last one round trip. Retransmitting there means "
			   "that the peer or the path is gone. An orphan is given up after about 107 s "
			   "(tcp_orphan_retries 0 means 8), a socket that a program holds after tcp_retries2 "
			   "(15: 924 s). Single clients vanish all the time; several to one peer count.",
		.remedy  = "look at the peer and the path; TCP_USER_TIMEOUT where it must not last",
		.avoid   = "tcp_orphan_retries=1 (cuts off slow clients that are alive)",
		.subject = "peer address",
		.measure = MEASURE_AGE,
		.usual   = { 30e3, 300e3, 10 },
		.needs_diag = true,
		.weigh   = weigh_last_ack,
	}, {
		.id      = "syn-sent-stuck",
		.title   = "connects that nobody answers",
		.why     = "A machine that is up answers a SYN, if only with a reset. Silence is a dead machine "
			   "or path, a filter, or a listener with a full accept queue. connect() hangs until "
			   "tcp_syn_retries is used up, about two minutes. Single ones are a crawler's life; "
			   "several to one address and port are a dead dependency.",
		.remedy  = "look at that machine, the filters and its accept queue; connect with a timeout and "
			   "back off",
		.avoid   = "a smaller tcp_syn_retries for the whole machine",
		.subject = "destination address and port",
		.measure = MEASURE_AGE,
		.usual   = { 5e3, 60e3, 3 },
		.needs_diag = true,
		.weigh   = weigh_syn_sent,
	}, {
		.id      = "fd-exhaustion",
		.title   = "descriptors near the limit",
		.why     = "Every socket that is held is a descriptor, and at RLIMIT_NOFILE accept(), socket() "
			   "and open() fail with EMFILE. Measured is the share of the soft limit; a process "
			   "with fewer than `count` descriptors is left alone.",
		.remedy  = "close what is leaked; raise the limit of a program that needs it",
		.avoid   = "a higher limit for a leak; tuning TIME_WAIT (it holds no descriptor)",
		.subject = "process",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 20 },
		.weigh   = weigh_descriptors,
	}, {
		.id      = "orphan-pressure",
		.title   = "orphaned sockets or TCP memory near their limits",
		.why     = "Sockets that no descriptor holds and that still have something to deliver are "
			   "bounded by tcp_max_orphans, all TCP buffers by tcp_mem; both are the whole "
			   "machine's. Over either the kernel resets connections and drops what comes in. "
			   "The larger of both shares counts.",
		.remedy  = "find the peers that do not answer; raise the limits if there is memory",
		.avoid   = "tcp_orphan_retries=1 (cuts off slow clients that are alive)",
		.subject = "machine",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1 },
		.weigh   = weigh_pressure,
	}, {
		.id      = "ephemeral-listener",
		.title   = "listens on a port that connect() may take",
		.why     = "A listener inside ip_local_port_range can lose its port to any outgoing connection "
			   "while it restarts, and then fails with EADDRINUSE. ip_local_reserved_ports "
			   "prevents it. Measured is the number of listeners on the port; those on loopback "
			   "count as none, since only connections over loopback could take it and helpers "
			   "that bind() to port 0 live there: a threshold of 0 shows them.",
		.remedy  = "add the port to ip_local_reserved_ports or move the server out of the range",
		.avoid   = "SO_REUSEADDR on the server alone",
		.subject = "listener",
		.measure = MEASURE_COUNT,
		.usual   = { 1, THRESHOLD_NEVER, 1 },
		.weigh   = weigh_ephemeral_listener,
	}, {
		.id      = "bound-unused",
		.title   = "ports bound and neither listening nor connected",
		.why     = "bind() without listen() or connect() keeps a port from everybody, and one of the "
			   "ephemeral range from connect() towards every destination. The kernel does not tell "
			   "since when, so an age above 0 is never reached; usual is any age and many of one "
			   "process, for clients that bind first pass through here.",
		.remedy  = "close sockets that failed; IP_BIND_ADDRESS_NO_PORT before binding to an address",
		.avoid   = "",
		.subject = "process (or unit)",
		.measure = MEASURE_AGE,
		.usual   = { 0, THRESHOLD_NEVER, 100 },
		.needs_diag = true,
		.needs_bound = true,
		.weigh   = weigh_bound_unused,
	}, {
		.id      = "connect-search-cliff",
		.title   = "every connect() searches half of the ports in vain",
		.why     = "connect() tries the ports of one parity first. With more than half of the range in "
			   "use towards one destination it scans all of these before the others: with the "
			   "usual 28,232 ports 0.7 ms of CPU, or 3 ms with TIME_WAIT, instead of 4 us. "
			   "Nothing fails yet.",
		.remedy  = "IP_LOCAL_PORT_RANGE set to the whole range on the socket; reuse connections; more "
			   "addresses",
		.avoid   = "retrying connect() in a loop on EADDRNOTAVAIL",
		.subject = "source address, destination address and port",
		.measure = MEASURE_PERCENT,
		.usual   = { 50, THRESHOLD_NEVER, 1 },
		.weigh   = weigh_search_cliff,
	},
};

const size_t rules_count = sizeof(rules) / sizeof(*rules);

const struct rule *rule_by_id(const char *id)
{
	for (size_t i = 0; i < rules_count; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}
