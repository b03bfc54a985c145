/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sentences about findings: the rows, the names that they use besides the facts of
 * judge(), and how the rows of a finding become its sentences. fill.h and words.h
 * describe the templates.
 */
#include "words/words.h"

#include <stdio.h>
#include <string.h>

/* The end of "OWNER did this to 3 connections": which ones, by who opened them. */
#define OPENER_ROWS \
	{ "main_opener=accepted_here port", " accepted on port {port}" }, \
	{ "main_opener=accepted_here !port", " accepted on {ports|port|ports}" }, \
	{ "main_opener!=accepted_here destination", " to {destination}" }, \
	{ "main_opener=opened_here !destination port", " to port {port} at {addresses|address|addresses}" }, \
	{ "main_opener=opened_here !port", " to {ports|port|ports}" }, \
	{ "main_opener=opened_here !port addresses>1", " at {addresses|address|addresses}" }, \
	{ "main_opener!=opened_here main_opener!=accepted_here !destination port", " on port {port}" }, \
	{ "main_opener!=opened_here main_opener!=accepted_here !port", " on {ports|port|ports}" }

/* The beginning of "10.0.0.9 has not ...": the peer, or how many they are. */
#define PEER_ROWS \
	{ "destination", "{destination} has" }, \
	{ "!destination addresses", "{addresses|address|addresses} {addresses?has|have}" }, \
	{ "!destination !addresses", "peers have" }

/* The end of "PEER did not ... 3 connections": which ones, and whose. */
#define WHOSE_ROWS \
	{ "!destination port opener=accepted_here", " accepted on port {port}" }, \
	{ "!destination port opener!=accepted_here", " to port {port}" }, \
	{ "!destination !port ports", " on {ports|port|ports}" }, \
	{ "processes", " of {owner}" }, \
	{ "namespaces", " of {owner}" }

#define ACCEPT_ROWS \
	{ NULL, "Find out why the program does not call accept(): a stack trace shows what it " \
	  "waits for; often it is out of descriptors (EMFILE) or workers." }, \
	{ NULL, "Accept in a loop until EAGAIN, and hand slow work to others." }

#define LINGER_ROW \
	{ NULL, "SO_LINGER with 0 resets the connection and loses data on its way." }

/*
 * To change a sentence, change it here. To add a finding: a row here and one in
 * judge/rules.c. A sentence begins with its subject and has each number once; a part in
 * brackets vanishes when a fact in it is unknown or zero.
 */
static const struct finding_words catalogue[] = {
	{
		.id = "close-wait-leak",
		.title = "the peer closed, this program did not",
		.about = "process (or unit) and remote service",
		.why = "In CLOSE_WAIT the peer has closed and the program has not. No "
		       "kernel timer ends it; only the program's close() does. Each such "
		       "socket costs a descriptor, until accept() and open() fail with "
		       "EMFILE. What the program has read tells the cause: nothing since "
		       "the peer closed (eof_unread), everything (close_forgotten), or "
		       "not all of the data (data_unread). An end of file that was only "
		       "peeked at, or that follows an urgent byte, looks unread; one "
		       "right behind data that was read looks read. A program that is "
		       "still sending, or waits for the peer to read, uses the half-close "
		       "as intended (still_sending), which alone is never a leak. A "
		       "server that has read to the end may have forgotten close() or "
		       "still work on the answer, which is worth a warning at most, and "
		       "so is an idle pool whose server closed its connections: the "
		       "program notices at the next use, and the pool is bounded. "
		       "Only sockets of a proven age count. A process close to its "
		       "descriptor limit makes it critical.",
		.cause = {
			{ NULL, "{owner} {owners?has|have} not closed {count|connection|connections}" },
			OPENER_ROWS,
			{ NULL, " that {count?its peer|their peers} closed[, the oldest at least {oldest} ago]"
			  "[ (keepalive hides the full age of {age_hidden_by_keepalive})]" },
			{ "causes.eof_unread=count as_in_idle_pool=count", ": as in an idle pool that the server "
			  "closed, which the program notices at the next use" },
			{ "causes.eof_unread=count as_in_idle_pool!=count", ": {owners?it has|they have} not "
			  "read the end of file[; {as_in_idle_pool} are as in an idle pool that the server "
			  "closed]" },
			{ "causes.eof_unread!=count", "[; on {causes.eof_unread} {owners?it has|they have} "
			  "not read the end of file]" },
			{ "causes.close_forgotten=count !may_still_answer",
			  ": {owners?it|they} read to the end and never called close()" },
			{ "causes.close_forgotten!=count !may_still_answer", "[; on {causes.close_forgotten} "
			  "{owners?it|they} read to the end and never called close()]" },
			{ "causes.close_forgotten=count may_still_answer",
			  ": {owners?it|they} read to the end and forgot close(), or still {owners?works|work} "
			  "on the answer" },
			{ "causes.close_forgotten!=count may_still_answer", "[; on {causes.close_forgotten} "
			  "{owners?it|they} read to the end and forgot close(), or still {owners?works|work} "
			  "on the answer]" },
			{ "causes.data_unread=count", ": {owners?it has|they have} not read data that came before the end" },
			{ "causes.data_unread!=count", "[; on {causes.data_unread} {owners?it has|they have} "
			  "not read data that came before the end]" },
			{ NULL, "[; on {unacknowledged} the peer has vanished: it does not acknowledge what "
			  "was sent]" },
			{ NULL, "[; {mptcp} {mptcp?is|are} MPTCP, which a listing of TCP does not show]" },
			{ NULL, "[; on {causes.still_sending} {owners?it is|they are} still sending, which is legitimate]" },
		},
		.fix = {
			{ "as_in_idle_pool", "If it is a pool in use that does not grow, nothing is lost: look again "
			  "later." },
			{ "main_cause=eof_unread", "Watch idle connections, too: keep them in the poll set "
			  "(POLLIN|POLLRDHUP) and close() when read() returns 0. (One that was only peeked at "
			  "looks unread, too.)" },
			{ "main_cause=close_forgotten", "Call close() when read() returns 0, on every path: "
			  "look at the error and timeout branches of the code that drops the connection." },
			{ "may_still_answer", "Look again later: what has the same cookie then and sent nothing "
			  "is forgotten (sockvet list -te state close-wait)." },
			{ "main_cause=data_unread", "Find what the reader waits for (a stack trace of the "
			  "process shows it); it must read on, or give up and close(). (An urgent byte that was taken out of band "
			  "looks unread, too.)" },
			{ "main_opener=opened_here", "The program opened these itself: in a connection pool, "
			  "drop idle connections sooner than the server does and check a connection before "
			  "reuse." },
			{ "main_opener=accepted_here", "The program accepted these: look at the end of the "
			  "request handler, and at children that inherited the descriptor (SOCK_CLOEXEC)." },
			{ NULL, "Until it is repaired, restarting the process frees the descriptors." },
		},
		.avoid = {
			{ NULL, "No sysctl ends CLOSE_WAIT: it has no kernel timer." },
			{ NULL, "SO_KEEPALIVE only hides the leak: the socket leaves every table and the "
			  "descriptor stays open." },
			{ NULL, "ss -K does the same: the connection goes, the descriptor stays." },
			{ NULL, "A higher ulimit -n only delays the end." },
		},
	}, {
		.id = "accept-stalled",
		.title = "connections that the program never accepted",
		.about = "listener",
		.why = "The kernel completes handshakes by itself and queues the "
		       "connections until the program calls accept(). A connection that "
		       "waits for seconds means that the program is stuck, has no "
		       "descriptor left, or is too slow. A CLOSE_WAIT in the queue is a "
		       "client that gave up waiting, not a forgotten close().",
		.cause = {
			{ NULL, "{listener} has {count|connection|connections} that the program has not "
			  "accepted[, the oldest waiting for at least {oldest_waiting_ms}]" },
			{ "closed_by_peer=count", "; {count?its client has|all their clients have} already "
			  "closed" },
			{ "closed_by_peer!=count", "[; the clients of {closed_by_peer} have already closed]" },
			{ "queue=count", "; the accept queue takes {limit}" },
			{ "queue!=count", "; the accept queue holds {queue} of {limit}" },
		},
		.fix = {
			ACCEPT_ROWS,
		},
		.avoid = {
			{ NULL, "A larger backlog or somaxconn only lets more connections wait; none is served "
			  "sooner." },
		},
	}, {
		.id = "accept-queue-full",
		.title = "accept queue at or over its limit",
		.about = "listener",
		.why = "listen(fd, n) lets min(n, somaxconn) connections wait for "
		       "accept(). With more than that the kernel silently drops SYNs and "
		       "last ACKs, clients hang in SYN_SENT, and ListenOverflows and "
		       "ListenDrops count each packet (for the whole namespace, since it "
		       "was made). A queue at its limit is 100% full, a warning; a queue "
		       "over its limit counts as at least 101%, which is critical.",
		.cause = {
			{ "queue>limit", "{listener} has {queue|connection|connections} waiting for accept(), "
			  "over its limit of {limit}: new connections are dropped" },
			{ "queue=limit", "{listener} is at its limit of {limit|connection|connections} waiting "
			  "for accept()" },
			{ "limit>queue", "{listener} has {queue|connection|connections} waiting for accept(), "
			  "its limit is {limit}" },
			{ NULL, "[; {syn_recv} more {syn_recv?is|are} in the handshake]"
			  "[; this namespace has counted {listen_overflows|accept queue overflow|accept queue "
			  "overflows} since it was made]" },
		},
		.fix = {
			ACCEPT_ROWS,
			{ NULL, "If only bursts fill it: a larger listen() backlog and net.core.somaxconn; the "
			  "limit changes with the next listen(), so restart the program." },
		},
		.avoid = {
			{ NULL, "tcp_abort_on_overflow only turns waiting clients into failing ones." },
			{ NULL, "tcp_max_syn_backlog limits another queue." },
		},
	}, {
		.id = "syn-queue-full",
		.title = "half-open connections fill the SYN queue",
		.about = "listener",
		.why = "A connection is half-open from its SYN to the ACK that ends the "
		       "handshake. A listener holds as many as its listen() backlog; "
		       "with tcp_syncookies=0 also no more than three quarters of "
		       "tcp_max_syn_backlog. Further SYNs are answered with SYN cookies, "
		       "which keep the service up but lose TCP options such as window "
		       "scaling where the client has no timestamps; with "
		       "tcp_syncookies=0 they are dropped, which is critical. A queue "
		       "for fewer than 16 counts only when a client has not answered for "
		       "500 ms. With tcp_syncookies=2 nothing is queued.",
		.cause = {
			{ NULL, "{listener} has {count|half-open connection|half-open connections} in its SYN "
			  "queue, the limit is {limit}" },
			{ "listeners>1", " ({listeners} sockets listen there)" },
			{ "count>limit when_full=cookies", ": new clients get SYN cookies" },
			{ "count>limit when_full=dropped", ": new clients are dropped (tcp_syncookies=0)" },
			{ "syn_ack_unanswered=count", "; no SYN-ACK was answered" },
			{ "syn_ack_unanswered!=count", "[; {syn_ack_unanswered} did not answer the first "
			  "SYN-ACK]" },
			{ NULL, "[; {accept_deferred} answered and {accept_deferred?waits|wait} for data "
			  "(TCP_DEFER_ACCEPT)]" },
			{ "when_full=cookies", "[; this namespace has sent {syncookies_sent} since it was "
			  "made]" },
			{ "when_full=dropped", "[; this namespace has dropped {request_queue_full_drop|SYN|SYNs} "
			  "at a full SYN queue since it was made]" },
		},
		.fix = {
			{ "when_full=dropped", "Set net.ipv4.tcp_syncookies=1: a full queue then drops nobody." },
			{ "main_cause=unanswered", "Look at who asks (sockvet list -o state syn-recv): if clients "
			  "are real, replies get lost on their way (routing, a firewall); if not, it is a SYN "
			  "flood: have it filtered before this machine." },
			{ "main_cause=deferred", "Clients connect and send nothing: turn TCP_DEFER_ACCEPT off "
			  "(nginx: listen without deferred) and let the program time them out." },
			{ NULL, "For more room: a larger listen() backlog and net.core.somaxconn; the limit "
			  "changes with the next listen(), so restart the program." },
			{ "max_syn_backlog", "Raise net.ipv4.tcp_max_syn_backlog[ (now {max_syn_backlog})], too: "
			  "with tcp_syncookies=0 three quarters of it are the limit here." },
		},
		.avoid = {
			{ "when_full!=dropped", "tcp_max_syn_backlog limits nothing while SYN cookies are on." },
			{ NULL, "A smaller tcp_synack_retries also drops real clients on bad links; a queue "
			  "that is half full shortens the wait by itself." },
		},
	}, {
		.id = "port-exhaustion",
		.title = "ephemeral ports towards one destination run out",
		.about = "source address, destination address and port",
		.why = "From one source address to one destination address and port "
		       "there can be as many connections as ip_local_port_range has "
		       "ports. A connection that this side closes first keeps its port "
		       "in TIME_WAIT for 60 s; when no port is left, connect() fails "
		       "with EADDRNOTAVAIL. The measure is the share of ports that a new "
		       "connect() cannot get: a TIME_WAIT that tcp_tw_reuse lets it take "
		       "over counts as free, a port owned by bind() as lost. TIME_WAITs "
		       "of many destinations, or on a server's own port, cost nothing.",
		.cause = {
			{ "!left", "no local port is left " },
			{ "left", "{left} of {capacity} local ports {left?is|are} left " },
			{ "destination", "from {source} to {destination}" },
			{ "!destination", "from here to any destination" },
			{ "!left", " (of {capacity})" },
			{ NULL, "[; {time_wait} {time_wait?is|are} in TIME_WAIT[ ({recyclable} of them can be "
			  "taken over)]][; {established} {established?is|are} ESTABLISHED]"
			  "[; {other} {other?is|are} in other states]"
			  "[; {blocked_for_all} {blocked_for_all?is|are} lost to bind()]" },
			{ NULL, "[; {close_rate_per_s} connections close per second]" },
			{ "left", "[, and no port is left in {exhausted_in_s} at that rate]" },
			{ NULL, "[; {holder} holds {holder_sockets}]" },
		},
		.fix = {
			{ "largest_share=bind", "Move listeners and bound sockets out of the range; clients "
			  "that bind() an address before connect() need IP_BIND_ADDRESS_NO_PORT." },
			REUSE_ROWS,
			{ "largest_share=in_use", FEWER_CONNECTIONS },
			{ NULL, MORE_PAIRS },
			{ NULL, "Widen net.ipv4.ip_local_port_range[ (now {range})], to an even number of "
			  "ports." },
		},
		.avoid = {
			{ NULL, "tcp_fin_timeout does not shorten TIME_WAIT; tcp_tw_recycle is gone since "
			  "Linux 4.12 and broke NAT before." },
			LINGER_ROW,
			{ NULL, "A smaller tcp_max_tw_buckets only skips the protection of TIME_WAIT." },
			{ NULL, "ulimit -n is about descriptors: TIME_WAIT holds none." },
		},
	}, {
		.id = "time-wait-overflow",
		.title = "TIME_WAIT near tcp_max_tw_buckets",
		.about = "network namespace",
		.why = "When tcp_max_tw_buckets sockets are in TIME_WAIT (or orphaned "
		       "FIN_WAIT_2), further connections close without it, so late "
		       "segments of an old connection can reach a new one. "
		       "TCPTimeWaitOverflow counts them since boot. Near the limit this "
		       "counter makes the finding critical; while the table has room, it "
		       "tells of the past and is not a finding.",
		.cause = {
			{ NULL, "the TIME_WAIT table of this namespace holds {time_wait_minisocks} of "
			  "{max_tw_buckets} (tcp_max_tw_buckets)[; {time_wait_overflow|connection|connections} "
			  "closed without TIME_WAIT because it was full]" },
		},
		.fix = {
			{ NULL, "Raise net.ipv4.tcp_max_tw_buckets: an entry costs 256 bytes, 100,000 are 24 "
			  "MiB." },
			{ NULL, "Or have fewer: reuse connections, or let the client close first." },
		},
		.avoid = {
			{ NULL, "A smaller tcp_max_tw_buckets removes the protection, not the cause." },
			{ NULL, "tcp_fin_timeout does not shorten TIME_WAIT: it is 60 s, always." },
			LINGER_ROW,
		},
	}, {
		.id = "fin-wait-2-held",
		.title = "half-closed by the program, waiting for the peer without a timer",
		.about = "process (or unit) and remote service",
		.why = "After shutdown(SHUT_WR) the program waits for the peer to close. "
		       "No kernel timer runs while the program holds the descriptor, so "
		       "a peer that never closes keeps it for ever. A transfer that "
		       "still receives data does not count. Who is to blame shows in the "
		       "queues: unread bytes mean that this program does not read; else "
		       "it is the peer, in CLOSE_WAIT, which forgot close() or still "
		       "works on the answer. A peer on this machine is named. It is "
		       "critical only where one side is seen to leave something unread.",
		.cause = {
			{ NULL, "{owner} shut down {owners?its|their} side of {count|connection|connections}" },
			OPENER_ROWS,
			{ NULL, "[, the oldest at least {oldest} ago[ (keepalive hides the full age of "
			  "{age_hidden_by_keepalive})],]" },
			{ "unread=count", " and {owners?does|do} not read: {unread_bytes} wait in "
			  "{count?its receive queue|their receive queues}" },
			{ "unread!=count", " and {owners?waits|wait} for the peer to close; no timer "
			  "will end that[; on {unread} {owners?it does|they do} not read ({unread_bytes} wait)]" },
			{ "peer_state", "; the peer is on this machine[: {peer}], in {peer_state}" },
			{ "peer_state peers_sending=peers_here", ", and still has data to send" },
			{ "peer_state peers_sending!=peers_here", "[; on {peers_sending} it still has data to "
			  "send]" },
			{ "peer_state peers_eof_unread=peers_here", ", and has not read the end of file" },
			{ "peer_state peers_eof_unread!=peers_here", "[; on {peers_eof_unread} it has not read the "
			  "end of file]" },
			{ "unread!=count !peers_sending !peers_eof_unread", "; the peer forgot close(), or still "
			  "works on the answer" },
		},
		.fix = {
			{ "unread", "Read on here: the peer cannot finish while its data is not read." },
			{ "unread!=count !peers_eof_unread", "Look at the peer: it forgot close(), or still works "
			  "on the answer. What has the same cookie much later and received nothing is forgotten "
			  "(sockvet list -te state fin-wait-2)." },
			{ "peers_eof_unread", "Repair the peer: it does not look at the end of file." },
			{ NULL, "Wait with a deadline: after shutdown(SHUT_WR) read with SO_RCVTIMEO or a "
			  "timer of the program, then close()." },
		},
		.avoid = {
			{ NULL, "A smaller tcp_fin_timeout only counts after close(), never for a socket that "
			  "a program holds." },
		},
	}, {
		.id = "fin-wait-2-orphans",
		.title = "many closed connections whose peer does not close",
		.about = "peer address",
		.why = "After close() the kernel waits tcp_fin_timeout for the peer's "
		       "FIN and then drops the connection. With a timeout of up to 60 s "
		       "these are minisocks, bounded by tcp_max_tw_buckets; a longer "
		       "timeout makes them full sockets, bounded by tcp_max_orphans. "
		       "They end by themselves; very many to one peer show that this "
		       "peer does not close.",
		.cause = {
			PEER_ROWS,
			{ NULL, " not closed {addresses?its|their} side of {count|connection|connections}" },
			WHOSE_ROWS,
			{ NULL, " that this side closed; {count?it ends|each ends} by itself[, bounded by "
			  "tcp_fin_timeout ({fin_timeout_s})]" },
			{ "full_sockets", "; they are full sockets, bounded by tcp_max_orphans" },
			{ "!full_sockets", "; they are minisocks, bounded by tcp_max_tw_buckets" },
		},
		.fix = {
			{ NULL, "Look at that peer: it got the end of file and does not call close()." },
			{ NULL, "If they are too many, a smaller net.ipv4.tcp_fin_timeout ends them sooner." },
		},
		.avoid = {
			{ NULL, "tcp_fin_timeout between 61 and 89 waits shorter than 60 does." },
			{ NULL, "TCP_LINGER2 below 0 resets the connection instead." },
		},
	}, {
		.id = "last-ack-stuck",
		.title = "FINs that the peer does not acknowledge",
		.about = "peer address",
		.why = "FIN_WAIT_1, CLOSING and LAST_ACK last one round trip. "
		       "Retransmissions in these states mean that the peer or the path "
		       "is gone. The kernel gives up an orphan after about 107 s "
		       "(tcp_orphan_retries 0 means 8), and a socket that a program "
		       "holds after tcp_retries2 (15: 924 s). Single clients vanish all "
		       "the time, so only several to one peer count.",
		.cause = {
			PEER_ROWS,
			{ NULL, " not acknowledged the FIN of {count|connection|connections}" },
			WHOSE_ROWS,
			{ NULL, "[ (the oldest for at least {oldest})]" },
			{ "orphans=count", "; {count?it is an orphan|all are orphans}[, given up at the first "
			  "timeout after {orphans_given_up_after_s} (tcp_orphan_retries)]" },
			{ "orphans!=count", "[; {orphans} {orphans?is an orphan|are orphans}[, given up at the "
			  "first timeout after {orphans_given_up_after_s} (tcp_orphan_retries)]]" },
			{ "held=count", "; {count?a program holds it|programs hold all of them}[, given up at "
			  "the first timeout after {held_given_up_after_s} (tcp_retries2)]" },
			{ "held!=count", "[; {held} {held?is|are} held by a program[, given up at the first "
			  "timeout after {held_given_up_after_s} (tcp_retries2)]]" },
		},
		.fix = {
			{ NULL, "Look at the peer and the path: is it up, does a firewall drop its answers?" },
			{ NULL, "Where the program may not wait so long: TCP_USER_TIMEOUT on its sockets." },
		},
		.avoid = {
			{ NULL, "tcp_orphan_retries=1 also cuts off slow clients that are alive." },
		},
	}, {
		.id = "peer-silent",
		.title = "data that the peer does not acknowledge",
		.about = "process (or unit) and remote service",
		.why = "A host that is up acknowledges data even when its program does "
		       "not read. Data that is retransmitted and never acknowledged "
		       "means that the host or the path is gone. The program does not "
		       "notice: it hangs until tcp_retries2 is used up (15: 15 "
		       "minutes), or until TCP_USER_TIMEOUT. Keepalive notices only "
		       "idle connections; unanswered probes count from the second on.",
		.cause = {
			{ NULL, "{owner} {owners?gets|get} no answer on {count|connection|connections}" },
			OPENER_ROWS,
			{ "main_opener=accepted_here addresses=1", " from {address}" },
			{ NULL, "[, the oldest for at least {oldest}]" },
			{ NULL, "[; {queued_bytes} are not acknowledged, sent again up to "
			  "{retransmits_most|time|times}]" },
			{ "keepalive_unanswered=count", "; {count?its|their} keepalive probes are not answered" },
			{ NULL, "[; window probes are not answered on {window_probes_unanswered}]" },
			{ "keepalive_unanswered!=count", "[; the keepalive probes of {keepalive_unanswered} are "
			  "not answered]" },
			{ "queued_bytes", "[; the kernel gives up after {given_up_after_ms} (tcp_retries2 = "
			  "{retries2}), unless TCP_USER_TIMEOUT is set]" },
		},
		.fix = {
			{ NULL, "Look at the peer and the path: is it up, does a firewall drop its answers?" },
			{ NULL, "Give each request a deadline in the program, or set TCP_USER_TIMEOUT on its "
			  "sockets (30 s, for example); close the connection then." },
			{ NULL, "For programs that cannot be changed: sysctl net.ipv4.tcp_retries2=8 makes the "
			  "kernel give up after 102 s." },
		},
		.avoid = {
			{ NULL, "SO_KEEPALIVE alone: no probe is sent while data is unacknowledged." },
		},
	}, {
		.id = "peer-not-reading",
		.title = "data waits because the peer does not read",
		.about = "process (or unit) and remote service",
		.why = "The peer's receive window is closed: its program does not read, "
		       "and what this program writes waits here. The peer's kernel "
		       "answers the window probes, so no timer ends that while a "
		       "program holds the socket. A slow reader opens its window now "
		       "and then, which makes the age young again; one that reads "
		       "very little opens it only when there is room for much.",
		.cause = {
			{ NULL, "{owner} {owners?has|have} {queued_bytes} waiting on {count|connection|connections}" },
			OPENER_ROWS,
			{ "main_opener=accepted_here addresses=1", " from {address}" },
			{ NULL, ": {count?its peer does|their peers do} not read, or very slowly[, the longest "
			  "for at least {oldest}]" },
			{ "orphans=count", "; {count?it is an orphan|all are orphans}, which the kernel drops "
			  "after some minutes" },
			{ "orphans!=count", "[; {orphans} {orphans?is an orphan|are orphans}]" },
			{ "peer_state", "; the peer is on this machine[: {peer}]" },
		},
		.fix = {
			{ "peer", "Find what {peer} waits for (a stack trace shows it): it must read, or close." },
			{ "!peer", "Look at the program at the other end: it is stuck, stopped or too slow." },
			{ NULL, "Give writes a deadline in the program, or set TCP_USER_TIMEOUT on its sockets: "
			  "it also ends connections whose window stays closed." },
		},
		.avoid = {
			{ NULL, "Larger socket buffers (tcp_wmem, SO_SNDBUF) only let more bytes wait." },
		},
	}, {
		.id = "not-reading",
		.title = "unread bytes that this program does not take",
		.about = "process (or unit) and local service",
		.why = "Bytes lie in receive queues and the program does not read them: "
		       "it is stuck, stopped, or waits for something else. They lie "
		       "there since the last data came. check looks at such queues "
		       "twice and ignores those that shrink; a long queue that does "
		       "not may still be read very slowly. Up to 4 KiB are usual on an "
		       "idle connection of a client, and on one on which the program "
		       "goes on sending; they do not count.",
		.cause = {
			{ NULL, "{owner} {owners?has|have} not read {unread_bytes} on {count|connection|connections}" },
			OPENER_ROWS,
			{ NULL, "[, the longest for at least {oldest}]" },
			{ "may_be_slow=count", ": {owners?it does not read, or it reads|they do not read, or they read} very slowly" },
			{ "may_be_slow!=count", "[; {may_be_slow} of them {owners?it|they} may be reading very slowly]" },
		},
		.fix = {
			{ NULL, "Find what the program waits for: a stack trace shows it; cat /proc/{pid:PID}/stat "
			  "shows whether it is stopped (T)." },
			{ NULL, "Read from every connection that the poll set reports, whatever another one "
			  "waits for; close those that are not wanted any more." },
		},
		.avoid = {
			{ NULL, "Larger receive buffers (tcp_rmem, SO_RCVBUF) only hide it for longer." },
		},
	}, {
		.id = "syn-sent-stuck",
		.title = "connection attempts that nobody answers",
		.about = "destination address and port",
		.why = "A machine that is up answers a SYN, if only with a reset. "
		       "Silence means that the machine or the path is down, that a "
		       "filter drops packets, or that the listener's accept queue is "
		       "full. connect() hangs until tcp_syn_retries is used up, about "
		       "two minutes. Single attempts without an answer are normal for a "
		       "crawler; several to one address and port mean that a service is "
		       "gone.",
		.cause = {
			PEER_ROWS,
			{ NULL, " not answered {count|connection attempt|connection attempts}" },
			WHOSE_ROWS,
			{ NULL, "[ (the oldest for at least {oldest})]"
			  "[; SYNs were sent again up to {retransmits_most|time|times}"
			  "[ of {syn_retries} (tcp_syn_retries)]]" },
		},
		.fix = {
			{ NULL, "See whether that machine is up and reachable, whether a filter drops the "
			  "packets, and whether its accept queue is full." },
			{ NULL, "Give the program a connect timeout of its own (nonblocking connect() and "
			  "poll(), or TCP_USER_TIMEOUT), and let it back off." },
		},
		.avoid = {
			{ NULL, "A smaller tcp_syn_retries for the whole machine also fails connections over "
			  "bad paths that would have come up." },
		},
	}, {
		.id = "fd-exhaustion",
		.title = "descriptors near the limit",
		.about = "process",
		.why = "Every socket that a process holds is a descriptor. At "
		       "RLIMIT_NOFILE accept(), socket() and open() fail with EMFILE. "
		       "The measure is the share of the soft limit; a process with fewer "
		       "than `count` descriptors is ignored.",
		.cause = {
			{ NULL, "{owner} has {descriptors|descriptor|descriptors} open, its limit is {limit}"
			  "[; {sockets} of them {sockets?is a TCP socket|are TCP sockets} of this namespace]"
			  "[, {dead} of them with a connection that is gone]" },
		},
		.fix = {
			{ NULL, "Find what is not closed: ls -l /proc/{pid:PID}/fd, and the close-wait-leak, "
			  "fin-wait-2-held and dead-descriptors findings of this process." },
			{ NULL, "If it needs that many: raise its limit (LimitNOFILE= of the unit, "
			  "setrlimit(2), or prlimit --pid {pid:PID} --nofile=N now)." },
		},
		.avoid = {
			{ NULL, "A higher limit for a program that leaks only moves the end." },
			{ NULL, "Tuning TIME_WAIT: it holds no descriptor." },
		},
	}, {
		.id = "dead-descriptors",
		.title = "descriptors of connections that are gone",
		.about = "process",
		.why = "A connection that was reset, given up (retransmissions, keepalive) or "
		       "killed is in no table any more: ss and netstat do not show it, lsof "
		       "says \"protocol: TCP\". Its descriptor stays until the program closes "
		       "it, and counts against RLIMIT_NOFILE. A pool that has not looked at "
		       "its idle connections yet has a few; many are a leak. Sockets that "
		       "were never connected do not count.",
		.cause = {
			{ NULL, "{owner} {owners?has|have} not closed {count|descriptor|descriptors} whose "
			  "{count?connection is|connections are} gone (reset, timed out, killed or shut down)" },
			{ NULL, "[; the longest has been silent for {silent_max_ms}]" },
			{ NULL, "[; {owners?it has|they have} {descriptors|descriptor|descriptors} open][, its limit is "
			  "{descriptor_limit}]" },
		},
		.fix = {
			{ NULL, "Call close() when read(), write() or epoll says that the connection is gone "
			  "(ECONNRESET, ETIMEDOUT, EPOLLERR), on every path; watch idle connections, too." },
			{ "pid", "See which they are: ls -l /proc/{pid:PID}/fd, sockets that "
			  "sockvet list -ap does not list." },
			{ NULL, "Until it is repaired, restarting the process frees the descriptors." },
		},
		.avoid = {
			{ NULL, "Keepalive and ss -K end connections, not descriptors: they make more of these." },
			{ NULL, "A higher ulimit -n only delays the end." },
		},
	}, {
		.id = "orphan-pressure",
		.title = "orphaned sockets or TCP memory near their limits",
		.about = "machine",
		.why = "tcp_max_orphans bounds the sockets that no descriptor holds and "
		       "that still have something to deliver; tcp_mem bounds all TCP "
		       "buffers. Both limits are the whole machine's. Over either the "
		       "kernel resets connections and drops what comes in. The larger of "
		       "the two shares counts.",
		.cause = {
			{ NULL, "this machine has [{orphans} of {max_orphans} orphaned sockets "
			  "(tcp_max_orphans)]" },
			{ "orphans max_orphans memory_pages memory_high_pages", " and " },
			{ NULL, "[{memory_pages} of {memory_high_pages} pages of TCP buffers (tcp_mem)] in use; "
			  "at the limit the kernel resets connections" },
		},
		.fix = {
			{ NULL, "Find whose they are: last-ack-stuck names peers that do not answer, list -m "
			  "shows sockets with much memory." },
			{ NULL, "If the machine has the memory: raise net.ipv4.tcp_max_orphans (up to 64 KiB "
			  "each) or net.ipv4.tcp_mem." },
		},
		.avoid = {
			{ NULL, "tcp_orphan_retries=1 cuts off slow clients that are alive." },
		},
	}, {
		.id = "conntrack-pressure",
		.title = "the connection tracking table near its limit",
		.about = "network namespace",
		.why = "A firewall or NAT rule that needs to know connections makes "
		       "nf_conntrack track each one that passes, also those that are only "
		       "forwarded. At nf_conntrack_max the kernel drops the packets of new "
		       "connections, which time out, and writes \"nf_conntrack: table full, "
		       "dropping packet\" to its log. Without nf_conntrack there is nothing "
		       "to judge.",
		.cause = {
			{ NULL, "this namespace tracks {count|connection|connections}, {share_percent} of "
			  "nf_conntrack_max ({conntrack_max})" },
			{ "conntrack_max>count", ": at the limit packets of new connections are dropped" },
			{ "count=conntrack_max", ": packets of new connections are dropped" },
			{ "count>conntrack_max", ": packets of new connections are dropped" },
		},
		.fix = {
			{ NULL, "Raise net.netfilter.nf_conntrack_max, in the first network namespace; an entry "
			  "costs about 320 bytes. Raise net.netfilter.nf_conntrack_buckets with it." },
			{ NULL, "Do not track what needs no tracking: a notrack rule for busy ports "
			  "(nft: ct in the raw hook, notrack)." },
			{ NULL, "Lower net.netfilter.nf_conntrack_tcp_timeout_established[ (now "
			  "{established_timeout_s})] to more than the longest idle time of a connection, such "
			  "as 7200 (2 h)." },
		},
		.avoid = {
			{ NULL, "Emptying the table (conntrack -F) cuts every connection that passes NAT." },
		},
	}, {
		.id = "ephemeral-listener",
		.title = "listener on a port that connect() may take",
		.about = "listener",
		.why = "A listener inside ip_local_port_range can lose its port to any "
		       "outgoing connection while it restarts, and then fails with "
		       "EADDRINUSE. ip_local_reserved_ports prevents that. Where any "
		       "port will do (bind() to port 0, RPC services, docker -P) nothing "
		       "is to be done, so it is a notice; it is a warning where the "
		       "program certainly chose the port. The measure is the number of "
		       "listeners on the port. Listeners on loopback count as 0, because "
		       "only connections over loopback could take their ports and helpers "
		       "that bind() to port 0 listen there; a threshold of 0 shows them.",
		.cause = {
			{ "port", "{owner} listens on port {port}, inside the ephemeral range {range}, and the "
			  "port is not reserved: while the server restarts, any outgoing connection can take "
			  "it" },
			{ "!port", "{owner} {owners?listens|listen} on {ports|port|ports} inside the ephemeral "
			  "range {range} that are not reserved, {listening}: while a server restarts, any "
			  "outgoing connection can take its port" },
		},
		.fix = {
			{ "!chosen", "Nothing, if any port will do: the program called bind() with port 0 or found "
			  "a free port, as RPC services and docker -P do." },
			{ NULL, "Reserve {count?the port|them all} with one line: sysctl -w "
			  "net.ipv4.ip_local_reserved_ports={reserve:LIST} (bind() to them still works); or move "
			  "the server out of the range." },
		},
		.avoid = {
			{ NULL, "SO_REUSEADDR on the server alone: the connection that has the port did not "
			  "set it." },
		},
	}, {
		.id = "bound-unused",
		.title = "bound ports that neither listen nor connect",
		.about = "process (or unit)",
		.why = "A socket after bind() without listen() or connect() keeps its "
		       "port from everybody, and an ephemeral port from connect() to "
		       "every destination. The kernel does not tell since when, so an "
		       "age above 0 is never reached. The default is any age and many "
		       "sockets of one process, because clients that bind first are in "
		       "this state for a moment.",
		.cause = {
			{ NULL, "{owner} {owners?has|have} bound {count|port|ports} and neither "
			  "{owners?listens nor connects|listen nor connect} on {count?it|them}; the "
			  "kernel does not tell since when" },
			{ "ephemeral_ports=count", "; {count?it is|all are} in the ephemeral range and lost to "
			  "connect() towards every destination" },
			{ "ephemeral_ports!=count", "[; {ephemeral_ports} of them {ephemeral_ports?is|are} in the "
			  "ephemeral range and lost to connect() towards every destination]" },
		},
		.fix = {
			{ NULL, "Close sockets whose connect() or listen() failed." },
			{ NULL, "To choose only the source address, set IP_BIND_ADDRESS_NO_PORT before bind(): "
			  "then connect() picks the port." },
		},
	}, {
		.id = "connect-search-cliff",
		.title = "every connect() first scans a half of the ports that is full",
		.about = "source address, destination address and port",
		.why = "connect() tries the ports of one parity first. With more than "
		       "half of the range in use towards one destination it scans all of "
		       "that half before the other: with the usual 28,232 ports that "
		       "costs 0.7 ms of CPU time, or 3 ms with TIME_WAIT, instead of 4 "
		       "us. Nothing fails yet, so it is a notice.",
		.cause = {
			{ NULL, "{searched} of {capacity} local ports ({searched_percent}) {searched?is|are} in "
			  "use from {source} to {destination}" },
			{ "half_ports searched>half_ports", ": every connect() first scans a half of the range that is full "
			  "({half_ports|port|ports})" },
			{ NULL, "[; {holder} holds {holder_sockets}]" },
		},
		.fix = {
			{ NULL, "Set IP_LOCAL_PORT_RANGE to the whole range on the connecting socket (about "
			  "Linux 6.8 and later): it is searched without halves, 4 us at any fill." },
			{ NULL, "Otherwise as for port-exhaustion: reuse connections, add addresses, widen "
			  "net.ipv4.ip_local_port_range." },
		},
		.avoid = {
			{ NULL, "Calling connect() again and again on EADDRNOTAVAIL: each failure searches "
			  "everything twice." },
		},
	},
};

const struct finding_words *finding_words(const char *id)
{
	for (size_t i = 0; i < sizeof(catalogue) / sizeof(*catalogue); i++)
		if (strcmp(catalogue[i].id, id) == 0)
			return &catalogue[i];
	return NULL;
}

/* ---- names -------------------------------------------------------------- */

/* The processes that were seen, with what they share. Returns how many owners these are. */
static size_t say_processes(struct text *text, const struct snapshot *seen,
			    const struct finding *f)
{
	uint64_t id = f->subject.cgroup_id;
	const struct cgroup *cgroup = id ? snapshot_cgroup(seen, id) : NULL;

	who_processes_are(text, seen, f);
	if (cgroup && cgroup->names && f->processes.count > 1) {
		text_addf(text, " of ");
		who_cgroup_is(text, seen, id);
	}
	if (f->hidden)
		text_addf(text, " and others that were not seen");
	return f->processes.count + (f->hidden > 0);
}

/* "10 network namespaces (blue, green, red ...)" */
static size_t say_namespaces(struct text *text, const struct finding *f)
{
	const struct fact *count = facts_find(&f->facts, "namespaces");
	const struct fact *names = facts_find(&f->facts, "first_namespaces");

	if (!count || !names)
		return 1;
	fill_number(text, FACT_COUNT, count->value);
	text_addf(text, " network namespaces (%s%s)", text_str(&names->text),
		  count->value > 3 ? " ..." : "");
	return (size_t)count->value;
}

static size_t say_owner(struct text *text, const struct snapshot *seen, const struct finding *f)
{
	const struct subject *subject = &f->subject;
	size_t count = 0;
	const struct holder *holders = subject->listener_inode ?
		snapshot_holders(seen, subject->listener_inode, &count) : NULL;

	if (subject->kind == SUBJECT_MACHINE)
		return say_namespaces(text, f);
	if (subject->process < 0 && f->processes.count)
		return say_processes(text, seen, f);
	if (subject->process >= 0)
		who_process_is(text, seen, (uint32_t)subject->process);
	else if (count)
		who_process_is(text, seen, holders[0].process);
	else
		return who_hidden_is(text, seen, subject->cgroup_id, f->hidden);
	return 1;
}

static void tell_subject(struct facts *facts, const struct snapshot *seen,
			 const struct finding *f)
{
	const struct subject *subject = &f->subject;
	struct text owner = { .at = NULL };
	size_t owners = say_owner(&owner, seen, f);

	*facts_words(facts, "owner") = owner;
	facts_number(facts, "owners", FACT_COUNT, (double)owners);
	if (f->members.count)
		who_address(facts_words(facts, "address"), &seen->socks.at[f->members.at[0]].remote, 0);
	if (f->opener)
		text_addf(facts_words(facts, "opener"), "%s", f->opener);
	if (subject->has_destination)
		who_address(facts_words(facts, "destination"), &subject->destination, subject->port);
	if (subject->has_source)
		who_address(facts_words(facts, "source"), &subject->source, 0);
	if (subject->has_source && subject->kind == SUBJECT_LISTENER)
		who_address(facts_words(facts, "listener"), &subject->source, subject->port);
	if (subject->process >= 0)
		facts_number(facts, "pid", FACT_ID, seen->processes.at[subject->process].pid);
	if (subject->port)
		facts_number(facts, "port", FACT_ID, subject->port);
}

/* Two facts NAME_pid and NAME_comm together give the name {NAME}. */
static void tell_process(struct facts *facts, const struct fact *pid)
{
	static const char *const names[] = { "peer", "holder" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t size = strlen(names[i]);
		const struct fact *comm;
		char name[32];

		if (strncmp(pid->name, names[i], size) != 0 || strcmp(pid->name + size, "_pid") != 0)
			continue;
		snprintf(name, sizeof(name), "%s_comm", names[i]);
		comm = facts_find(facts->next, name);
		who_is(facts_words(facts, names[i]), comm ? text_str(&comm->text) : "",
		       comm ? comm->text.count : 0, (int64_t)pid->value);
	}
}

/* The facts of a finding, and those that JSON keeps in other members. */
static struct facts all_of(const struct snapshot *seen, const struct finding *f)
{
	struct facts facts = { .next = &f->facts };

	tell_subject(&facts, seen, f);
	for (size_t i = 0; i < f->facts.count; i++)
		if (f->facts.at[i].known)
			tell_process(&facts, &f->facts.at[i]);
	if (!facts_find(&f->facts, "count") && !f->count_unknown)
		facts_number(&facts, "count", FACT_COUNT, (double)f->count);
	if (f->age.kind != AGE_UNKNOWN && f->age.min_ms >= 0)
		facts_number(&facts, "oldest", FACT_MS, (double)f->age.min_ms);
	return facts;
}

/* ---- what the rows rest on ---------------------------------------------- */

/*
 * True when the name that begins at @at and ends at one of @ends is @name. {peer} also
 * names the facts peer_pid and peer_comm.
 */
static bool is_named(const char *at, const char *name, const char *ends)
{
	size_t size = strcspn(at, ends);

	return strncmp(at, name, size) == 0 &&
	       (!name[size] || strcmp(name + size, "_pid") == 0 || strcmp(name + size, "_comm") == 0);
}

static bool row_tells(const struct words_row *row, const char *name)
{
	const char *when = row->when ? row->when : "";

	for (const char *at = strchr(row->text, '{'); at; at = strchr(at + 1, '{'))
		if (is_named(at + 1, name, "|?:}"))
			return true;
	for (const char *at = when + strspn(when, " "); *at; at += strspn(at, " ")) {
		if (is_named(at, name, "!=> "))
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

static bool rows_tell(const struct words_row *rows, const struct facts *facts, const char *name)
{
	for (size_t i = 0; rows[i].text; i++)
		if (row_tells(&rows[i], name) && fill_holds(rows[i].when, facts))
			return true;
	return false;
}

bool words_tell(const struct snapshot *seen, const struct finding *f, const char *group,
		const char *name)
{
	struct facts facts = all_of(seen, f);
	const struct finding_words *words = finding_words(f->id);
	char whole[96];
	bool tell;

	snprintf(whole, sizeof(whole), "%s%s%s", group ? group : "", group ? "." : "", name);
	tell = words && (rows_tell(words->cause, &facts, whole) ||
			 rows_tell(words->fix, &facts, whole));
	facts_fini(&facts);
	return tell;
}

/* ---- rows -------------------------------------------------------------- */

void words_cause(struct text *text, const struct snapshot *seen, const struct finding *f)
{
	struct facts facts = all_of(seen, f);
	const struct finding_words *words = finding_words(f->id);

	if (words)
		fill_rows(text, words->cause, &facts);
	facts_fini(&facts);
}

void words_advice(struct advice *fix, struct advice *avoid, const struct snapshot *seen,
		  const struct finding *f)
{
	struct facts facts = all_of(seen, f);
	const struct finding_words *words = finding_words(f->id);

	memset(fix, 0, sizeof(*fix));
	memset(avoid, 0, sizeof(*avoid));
	if (words) {
		fill_advice(fix, words->fix, &facts);
		fill_advice(avoid, words->avoid, &facts);
	}
	facts_fini(&facts);
}
