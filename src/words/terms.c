/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words/words.h"

#include <strings.h>

#define ERRNO_PAGES 3

/*
 * To add a page: a row here, with .state for a state (its .name as in state_table),
 * without for an errno (counted in ERRNO_PAGES). `explain`, `tables topics`, completions
 * and the man page test read the row. .finding names the finding whose rows give the
 * cure, so that the cure is written once. The durations were measured on Linux 6.18 with
 * its default sysctls.
 */
const struct term terms[] = {
	{
		.name = "ESTABLISHED", .state = STATE_ESTABLISHED,
		.what = "The handshake is done and both sides may send. A row without an inode is a "
			"connection whose handshake the kernel finished and that no accept() has "
			"returned yet.",
		.turn = "The two programs'. Either ends it by closing. The kernel ends it by itself only "
			"when data that was sent stays unacknowledged, or when keepalive was asked for "
			"and its probes stay unanswered.",
		.lasts = "As long as the programs like: an idle connection has no time limit. Data that "
			"nobody acknowledges ends it after tcp_retries2 retransmissions (15: about 15 "
			"minutes).",
		.causes = "It is a problem only together with something else. A receive queue that "
			"stays above zero: the program here does not read. A persist timer: the peer "
			"does not read. A retransmission timer that keeps doubling: the path or the "
			"peer is gone. Hours of silence and no timer: the peer may have crashed, and "
			"nothing here would notice.",
		.cure = "Read what arrives. Give every request a deadline, or set TCP_USER_TIMEOUT. Turn "
			"on SO_KEEPALIVE where a connection may idle for long, so that a vanished peer "
			"is noticed.",
		.avoid = "Do not alarm on the number alone: a busy server has many. Keepalive proves that "
			"the peer's kernel answers, not that its program is well.",
		.look = "sockvet list -tpoi state established",
	}, {
		.name = "SYN_SENT", .state = STATE_SYN_SENT,
		.what = "A program here called connect(), and the SYN has had no answer.",
		.turn = "The peer's. A SYN with ACK opens the connection, a reset fails it at once "
			"(ECONNREFUSED), and silence fails it in the end (ETIMEDOUT).",
		.lasts = "One round trip. Without an answer about 131 to 133 s with tcp_syn_retries=6, "
			"and 7 s with tcp_syn_retries=2.",
		.causes = "A packet filter that drops instead of refusing, a host that is down, a wrong "
			"address, or a server whose accept queue is full and that therefore drops SYNs. "
			"Many towards one destination from one process: that service is gone.",
		.finding = "syn-sent-stuck",
		.look = "sockvet list -tpo state syn-sent",
	}, {
		.name = "SYN_RECV", .state = STATE_SYN_RECV,
		.what = "The kernel answered a SYN for a listener, and the last step of the handshake "
			"has not come. No process, file or user belongs to it yet, so the kernel names "
			"none; a user id of 0 that another tool prints here does not mean root.",
		.turn = "The peer's. Its ACK finishes the handshake; the kernel gives up when the "
			"SYN with ACK was repeated tcp_synack_retries times.",
		.lasts = "Less than one round trip. At worst 64 s (1+2+4+8+16+32, tcp_synack_retries=5), "
			"less while the queue is more than half full.",
		.causes = "The answer or the last ACK is lost on the way, often because replies take "
			"another route or meet a filter; a SYN flood; a listener with TCP_DEFER_ACCEPT, "
			"which holds connections here until data come, although the client already "
			"believes in them; an accept queue with no room for the finished connection.",
		.finding = "syn-queue-full",
		.look = "sockvet list -o state syn-recv",
	}, {
		.name = "FIN_WAIT_1", .state = STATE_FIN_WAIT_1,
		.what = "This side closed first. Its FIN, perhaps behind data that are still queued, is "
			"not acknowledged.",
		.turn = "The peer's: it has to acknowledge, and to read if its window is closed. The "
			"kernel gives up on a silent peer.",
		.lasts = "One round trip, plus up to 40 ms for a delayed ACK. When the peer is gone and "
			"the program has closed the descriptor, 107 s; while the program still holds "
			"it, as long as tcp_retries2 says (about 15 minutes). When the peer lives but does not read, "
			"some 340 s without a holder and without any limit with one.",
		.causes = "The peer crashed, the path broke, a stateful filter forgot the connection, or "
			"the peer stopped reading and its window is shut.",
		.cure = "The peer must read or go away cleanly. TCP_USER_TIMEOUT in the program bounds "
			"how long unacknowledged data are kept.",
		.avoid = "tcp_orphan_retries=1 also cuts off clients that are merely slow. SO_LINGER with "
			"a time of 0 ends it with a reset and throws the queued data away. "
			"tcp_fin_timeout does not apply in this state.",
		.look = "sockvet list -tpo state fin-wait-1",
	}, {
		.name = "FIN_WAIT_2", .state = STATE_FIN_WAIT_2,
		.what = "This side closed, the peer acknowledged that and has not closed its own half: "
			"over there the connection is in CLOSE_WAIT. Two different things share the "
			"name. Held: a program here used shutdown() and keeps the descriptor (the row "
			"has an inode). Orphaned: the program has closed, and the kernel waits alone.",
		.turn = "The peer's program: it has to close. An orphan is also ended by a kernel timer; "
			"a held one by nothing else, except that keepalive notices a peer that died.",
		.lasts = "Held: until the peer closes, for ever if it never does. Orphaned: "
			"tcp_fin_timeout (60 s) or TCP_LINGER2, and at least three and a half "
			"retransmission timeouts. A timeout F above 60 s gives 2*(F-60) s instead: 61 "
			"lasts 2 s, 90 lasts 61 s, 120 lasts 122 s.",
		.causes = "The peer forgot close(), or is still sending (then this is a half-close at "
			"work). Held for long: two mistakes met, the peer leaks and the program here "
			"waits without a deadline.",
		.finding = "fin-wait-2-held",
		.look = "sockvet list -tpo state fin-wait-2 (a timer `timewait` marks the orphans)",
	}, {
		.name = "TIME_WAIT", .state = STATE_TIME_WAIT,
		.what = "Both sides closed, this one first. The kernel keeps the two address and port "
			"pairs quiet, so that a late segment cannot land in a new connection and a "
			"repeated FIN still gets its answer.",
		.turn = "The kernel's. No program holds it, and it costs no descriptor: only 256 bytes, or "
			"24 MiB for 100,000 of them.",
		.lasts = "60 s, compiled into the kernel; with timer slack 60.6 to 61.7 s. A repeated FIN "
			"starts it anew; a reset in the window, or a new connection that may take the "
			"pair over, ends it early.",
		.causes = "Somebody has to close first, and here it was this side: where the local port is "
			"a listening port the server did, otherwise the client. Thousands are normal on "
			"a busy machine. It hurts only when one source and one destination use up the "
			"ephemeral ports, or when the number reaches tcp_max_tw_buckets.",
		.finding = "port-exhaustion",
		.look = "sockvet check, and sockvet list -to state time-wait",
	}, {
		.name = "CLOSE", .state = STATE_CLOSE,
		.what = "A socket without a connection; ss calls it UNCONN. A socket that was just "
			"made and has no port, and a socket whose connection was reset or timed out "
			"while the descriptor stayed open, are in no table of the kernel, so no "
			"listing can show them. A socket that holds a port is shown as BOUND.",
		.turn = "The program's: connect(), listen() or close().",
		.lasts = "As long as the program keeps the descriptor; the kernel has no limit.",
		.causes = "A program prepared a socket to use it later. Or a leak went on after the "
			"connection died: a reset, keepalive or a timeout turned CLOSE_WAIT into "
			"CLOSE, and the descriptor is still there.",
		.cure = "Call close() on every path of the code that opened the socket, errors "
			"included.",
		.avoid = "Do not take a shrinking CLOSE_WAIT count for a cure after keepalive was turned "
			"on or sockets were killed from outside (ss -K): the sockets leave the listing "
			"while their descriptors stay.",
		.look = "sockvet list -ap (those with a port); compare with the descriptors of the process",
	}, {
		.name = "CLOSE_WAIT", .state = STATE_CLOSE_WAIT,
		.what = "The peer has closed; the program here has not.",
		.turn = "The program's, and nobody else's: only its close() ends this state. The kernel "
			"has no timer for it and no sysctl applies.",
		.lasts = "From microseconds to the time that the rest of an answer takes. Left alone, for "
			"ever.",
		.causes = "The receive queue tells the cause. 1: the FIN has not been read, so the "
			"program does not look at this socket. 0: everything was read, the end of file "
			"included, and close() was forgotten. More: data are unread, so the program is "
			"stuck or slow. A send queue that moves: the program still answers in a "
			"half-close, which is not a leak. No inode: the program has never accepted the "
			"connection. Connections that were opened here point to a client or a pool "
			"that keeps what its server has closed; accepted ones point to a handler.",
		.finding = "close-wait-leak",
		.look = "sockvet check, and sockvet list -tp state close-wait -C +AGE,OPENER",
	}, {
		.name = "LAST_ACK", .state = STATE_LAST_ACK,
		.what = "The peer closed first, then the program here, and the FIN of this side is not "
			"acknowledged.",
		.turn = "The peer's kernel: one ACK ends it. The kernel here repeats the FIN and gives up.",
		.lasts = "One round trip; about 107 s when nobody answers. No TIME_WAIT follows.",
		.causes = "The peer vanished after its FIN, a filter that considered the connection "
			"finished cut it off, or the path loses packets.",
		.finding = "last-ack-stuck",
		.look = "sockvet list -to state last-ack",
	}, {
		.name = "LISTEN", .state = STATE_LISTEN,
		.what = "A server socket. Its receive queue is the number of finished connections that "
			"wait for accept(), its send queue the limit of that number.",
		.turn = "The program's: accept() takes one from the queue, close() ends the listener and "
			"resets every connection that still waits in it.",
		.lasts = "As long as the server runs. Its queue should be empty again within "
			"milliseconds.",
		.causes = "A queue that stays: the program is blocked, has too few workers, or has no "
			"descriptor left for accept(). Full means more waiting than the limit (5 with a limit "
			"of 4); from then on SYNs are dropped and clients hang in SYN_SENT.",
		.finding = "accept-queue-full",
		.look = "sockvet list -ltp",
	}, {
		.name = "CLOSING", .state = STATE_CLOSING,
		.what = "Both sides closed at the same time: the peer's FIN is here, ours is not "
			"acknowledged.",
		.turn = "The peer's kernel: its ACK turns this into TIME_WAIT.",
		.lasts = "One round trip, and rarely seen; about 107 s when the peer has vanished and no "
			"program holds the socket.",
		.causes = "Both programs closed at the same moment, as after a common deadline. If the "
			"state stays, the ACK is lost or the peer is gone.",
		.cure = "If it stays, look at the path to the peer; the program need not change.",
		.avoid = "tcp_fin_timeout does not apply.",
		.look = "sockvet list -to state closing",
	}, {
		.name = "BOUND", .state = STATE_BOUND,
		.what = "A program has taken a port with bind() and neither listens nor connects. Linux "
			"lists such sockets since 6.8, when asked for them; netstat and older ss do "
			"not show them at all.",
		.turn = "The program's: listen(), connect() or close().",
		.lasts = "As long as the program keeps the descriptor; normally the moment between bind() and "
			"the next call.",
		.causes = "A server failed between bind() and listen(). A program keeps a port for "
			"later or for a child. A client chose its own port, and its connection is over "
			"while the descriptor is open. A listener called shutdown().",
		.finding = "bound-unused",
		.look = "sockvet list -ap state bound",
	}, {
		.name = "EADDRINUSE",
		.what = "bind() failed because a socket owns the port and conflicts. listen() fails "
			"with it when two sockets share the port and the other one listened first; "
			"bind() to port 0 does when no ephemeral port is free for this address.",
		.turn = "The owner's. A listener, a connection or a bound socket frees the port when "
			"its program closes it; what is left after that ends by the kernel's timers.",
		.lasts = "While a program holds the port: as long as it likes. Without a process: "
			"TIME_WAIT 60 s, orphaned FIN_WAIT_2 tcp_fin_timeout, orphans that nobody "
			"acknowledges about 107 s.",
		.causes = "Another listener on an address that overlaps ([::] usually covers 0.0.0.0 as "
			"well); a child that inherited the listening socket and outlived its parent; "
			"remains of the server's last run when the old or the new one did not set "
			"SO_REUSEADDR; an outgoing connection whose source port, taken from "
			"ip_local_port_range, happens to be this one; a socket that is bound and unused; "
			"SO_REUSEPORT under another user.",
		.cure = "Set SO_REUSEADDR before bind(), in every version of the server, and keep it set. "
			"Stop the process that holds the port, children included. Put server "
			"ports that lie inside ip_local_port_range into ip_local_reserved_ports.",
		.avoid = "SO_REUSEADDR helps only when the old socket had it too, and never against a "
			"listener. SO_REUSEPORT shares the port with a forgotten process that then gets a "
			"part of the clients. tcp_fin_timeout does not make TIME_WAIT shorter, and "
			"tcp_tw_reuse is for connect(), not for bind().",
		.look = "sockvet bind [ADDR:]PORT: who has the port, what helps, when it is free",
	}, {
		.name = "EADDRNOTAVAIL",
		.what = "From connect(): no local port is left for this source and destination. From "
			"bind(): the address does not belong to this network namespace.",
		.turn = "The kernel's for ports in TIME_WAIT, the programs' for ports in use.",
		.lasts = "Until a port comes back: up to 60 s after a close, 1 s where tcp_tw_reuse=1 "
			"allows it. A wrong address stays wrong.",
		.causes = "The connections to one destination, open or in TIME_WAIT, have used up "
			"ip_local_port_range (28,232 ports unless changed). Sockets that called bind() "
			"before connect(), and listeners inside the range, take their ports from every "
			"destination. For bind(): an address that is not configured, is configured in "
			"another namespace, or is IPv6 and still tentative: add it, or set IP_FREEBIND "
			"or ip_nonlocal_bind.",
		.finding = "port-exhaustion",
		.look = "sockvet connect HOST:PORT (what is left, what uses it), sockvet connect, sockvet bind ADDR:PORT",
	}, {
		.name = "EMFILE",
		.what = "The process has no descriptor number left below its limit (RLIMIT_NOFILE): "
			"socket(), accept() and open() fail. ENFILE is the same for the whole machine "
			"(fs.file-max).",
		.turn = "The program's: it has to close descriptors.",
		.lasts = "Until it does. Meanwhile accept() fails, the accept queue fills up, and many "
			"servers loop because the listener stays readable.",
		.causes = "Mostly a leak: CLOSE_WAIT that the program does not close, or connections "
			"that died and whose descriptors stayed, which no listing shows. Sometimes "
			"there really are that many clients.",
		.finding = "fd-exhaustion",
		.look = "sockvet check (fd-exhaustion, close-wait-leak), and sockvet list -atp",
	},
};

const size_t terms_count = sizeof(terms) / sizeof(*terms);

_Static_assert(sizeof(terms) / sizeof(*terms) == STATE_COUNT - 1 + ERRNO_PAGES,
	       "each state and each errno has one page");

const struct term *term_by_name(const char *word)
{
	uint32_t mask = state_mask_by_name(word);

	if (mask == (STATE_BIT(STATE_CLOSE) | STATE_BIT(STATE_BOUND)))
		mask = STATE_BIT(STATE_CLOSE);
	for (size_t i = 0; i < terms_count; i++) {
		const struct term *term = &terms[i];

		if (term->state != STATE_NONE ? mask == STATE_BIT(term->state)
					      : strcasecmp(term->name, word) == 0)
			return term;
	}
	return NULL;
}
