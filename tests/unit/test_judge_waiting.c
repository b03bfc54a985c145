/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* Findings about the states in which a connection waits: their bounds and their words. */

#define CLOSE_WAIT "sock close-wait 10.0.0.1:4000 10.0.0.9:443 "
#define HELD "sock fin-wait-2 10.0.0.1:4000 10.0.0.9:443 here "

#define UNREAD "sock established 10.0.0.1:80 10.0.0.9:4000 "
#define SILENT "sock established 10.0.0.1:4000 10.0.0.9:443 "

static const struct told_row rows[] = {
	/* ---- syn-sent-stuck ---- */
	{ "a SYN that was sent once is not told to have been sent again",
	  "warn syn-sent-stuck=0,count=1\nlimit syn_retries 6\n"
	  "sock syn-sent 10.0.0.1:4000 10.0.0.9:443 on=500\ncheck\n",
	  { "facts retransmits_most 0, syn_retries 6\n",
	    "10.0.0.9:443 has not answered 1 connection attempt\n" } },
	{ "a SYN that was sent again once has the singular",
	  "warn syn-sent-stuck=0,count=1\n"
	  "sock syn-sent 10.0.0.1:4000 10.0.0.9:443 on=500 retrans=1\ncheck\n",
	  { "; SYNs were sent again up to 1 time\n" } },
	{ "the SYN that was sent most often is told",
	  "warn syn-sent-stuck=0,count=1\n"
	  "sock syn-sent 10.0.0.1:4000 10.0.0.9:443 on=500 retrans=2\n"
	  "sock syn-sent 10.0.0.1:4001 10.0.0.9:443 on=500 retrans=5\n"
	  "sock syn-sent 10.0.0.1:4002 10.0.0.9:443 on=500 retrans=3\n"
	  "sock syn-sent 10.0.0.1:4003 10.0.0.8:443 on=500 retrans=9\ncheck\n",
	  { "10.0.0.9:443 has not answered 3 connection attempts (the oldest for at least 5 s); "
	    "SYNs were sent again up to 5 times\n" } },
	{ "two connects that nobody answers are no finding",
	  "sock syn-sent 10.0.0.1:4000 10.0.0.9:443 on=500 retrans=5 x=2\n"
	  "sock syn-sent 10.0.0.1:4009 10.0.0.9:443 on=500 retrans=4\ncheck\n",
	  { "nothing" } },
	{ "three connects that nobody answers for 5 s are a warning",
	  "sock syn-sent 10.0.0.1:4000 10.0.0.9:443 on=500 retrans=5 x=3\ncheck\n",
	  { "warning syn-sent-stuck, 3\n" } },

	/* ---- time-wait-overflow ---- */
	{ "a full socket in FIN_WAIT_2 has a place in the table",
	  "limit max_tw_buckets 10\n"
	  "sock time-wait 10.0.0.1:4000 10.0.0.9:443 timewait=5000 x=7\n"
	  "sock fin-wait-2 10.0.0.1:4100 10.0.0.9:443 inode=0 timewait=5000\n"
	  "sock fin-wait-2 10.0.0.1:4200 10.0.0.9:443 x=2\ncheck\n",
	  { "warning time-wait-overflow, 8\n", "sockets 0-7\n",
	    "holds 8 of 10 (tcp_max_tw_buckets)\n" } },
	{ "a table below 80% of its limit is not near it",
	  "limit max_tw_buckets 1000\ncounter time_wait_minisocks 799\ncheck\n", { "nothing" } },
	{ "a table at 80% of its limit is near it",
	  "limit max_tw_buckets 1000\ncounter time_wait_minisocks 800\ncheck\n",
	  { "warning time-wait-overflow, 800\n" } },
	{ "a table at 95% of its limit is critical",
	  "limit max_tw_buckets 1000\ncounter time_wait_minisocks 950\ncheck\n",
	  { "critical time-wait-overflow, 950\n" } },
	{ "a limit of one is a limit",
	  "limit max_tw_buckets 1\ncounter time_wait_minisocks 1\ncheck\n",
	  { "critical time-wait-overflow, 1\n", "holds 1 of 1 (tcp_max_tw_buckets)\n" } },
	{ "with a limit of one the least number counts",
	  "warn time-wait-overflow=80,count=2\nlimit max_tw_buckets 1\n"
	  "counter time_wait_minisocks 1\ncheck\n",
	  { "nothing" } },
	{ "a limit of none is full once it has counted",
	  "warn time-wait-overflow=100\ncrit time-wait-overflow=1000\n"
	  "limit max_tw_buckets 0\ncounter time_wait_minisocks 0\ncounter time_wait_overflow 2\n"
	  "check\n",
	  { "critical time-wait-overflow, 0\n",
	    "; 2 connections closed without TIME_WAIT because it was full\n" } },
	{ "a limit of none is full and no more",
	  "warn time-wait-overflow=101\ncrit time-wait-overflow=1000\n"
	  "limit max_tw_buckets 0\ncounter time_wait_minisocks 0\ncounter time_wait_overflow 2\n"
	  "check\n",
	  { "nothing" } },
	{ "connections that kept their TIME_WAIT are not told",
	  "limit max_tw_buckets 1000\ncounter time_wait_minisocks 800\n"
	  "counter time_wait_overflow 0\ncheck\n",
	  { "holds 800 of 1,000 (tcp_max_tw_buckets)\n", "!because it was full" } },
	{ "one connection without TIME_WAIT has the singular in its sentence",
	  "limit max_tw_buckets 1000\ncounter time_wait_minisocks 800\n"
	  "counter time_wait_overflow 1\ncheck\n",
	  { "; 1 connection closed without TIME_WAIT" } },

	/* ---- fin-wait-2-held ---- */
	{ "two that wait for ever are not enough for a warning",
	  HELD "ms=300000 x=2\nsock fin-wait-2 10.0.0.1:4009 10.0.0.9:443 here ms=299999\ncheck\n",
	  { "nothing" } },
	{ "three that wait for five minutes are a warning",
	  HELD "ms=300000 x=3\ncheck\n", { "warning fin-wait-2-held, 3\n", "the oldest at least 5m00s ago" } },
	{ "two that wait for an hour do not make three critical",
	  HELD "ms=3600000 x=2 rq=1\nsock fin-wait-2 10.0.0.1:4009 10.0.0.9:443 here ms=3599999 rq=1\n"
	  "check\n", { "warning fin-wait-2-held, 3\n" } },
	{ "three that wait for an hour are critical",
	  HELD "ms=3600000 x=3 rq=1\ncheck\n", { "critical fin-wait-2-held, 3\n" } },
	{ "a transfer that still receives is not taken for one that is stuck",
	  HELD "ms=300000 recv=299999 x=3\ncheck\n", { "nothing" } },
	{ "what is spread over several addresses of a service is found",
	  HELD "ms=300000 x=2\nsock fin-wait-2 10.0.0.1:4009 10.0.0.8:443 here ms=300000\ncheck\n",
	  { "warning fin-wait-2-held, 3\n", "3 connections to port 443 at 2 addresses" } },
	{ "peers on this machine are counted, and the first one is named",
	  "process 5 first\nprocess 6 second\n"
	  HELD "ms=300000\n"
	  "sock fin-wait-2 10.0.0.1:4001 10.0.0.9:443 here ms=300000 x=2\n"
	  "sock close-wait 10.0.0.9:443 10.0.0.1:4001 peer ms=1\nhold 5\n"
	  "sock close-wait 10.0.0.9:443 10.0.0.1:4002 peer ms=1\nhold 6\ncheck\n",
	  { "peers_here 2, peer_pid 5, peer_comm first, peer_state CLOSE_WAIT\n",
	    "; the peer is on this machine: first[5], in CLOSE_WAIT; " } },
	{ "a peer that nobody is seen to hold is told without its process",
	  HELD "ms=300000 x=3\n"
	  "sock close-wait 10.0.0.9:443 10.0.0.1:4002 peer ms=1\ncheck\n",
	  { "peers_here 1, peer_pid ?, peer_comm ?, peer_state CLOSE_WAIT\n",
	    "; the peer is on this machine, in CLOSE_WAIT; " } },
	{ "a peer elsewhere is not told to be here",
	  HELD "ms=300000 x=3\ncheck\n",
	  { "peers_here 0, peer_pid ?, peer_comm ?, peer_state ?\n", "!on this machine" } },

	/* ---- close-wait-leak ---- */
	{ "a half-closed connection that still sends is not taken for a leak",
	  "warn close-wait-leak=60,count=1\n"
	  CLOSE_WAIT "here sq=5 ms=90000 ack=70000 sent=74999\ncheck\n", { "nothing" } },
	{ "a half-closed connection that has stopped sending is not taken for one that sends",
	  "warn close-wait-leak=60,count=1\n"
	  CLOSE_WAIT "here sq=5 ms=90000 ack=70000 sent=75000\ncheck\n",
	  { "warning close-wait-leak, 1\n" } },
	{ "a socket of which no times are known is not told to be sending",
	  "warn close-wait-leak=0,count=1\n" CLOSE_WAIT "sq=5\ncheck\n",
	  { "warning close-wait-leak, 1\n",
	    "has not closed 1 connection to 10.0.0.9:443 that its peer closed: it read to the end and "
	    "never called close()\n" } },
	{ "where most are still sending something is advised",
	  CLOSE_WAIT "here ms=90000 x=5\n"
	  "sock close-wait 10.0.0.1:5000 10.0.0.9:443 here ms=90000 sq=5 x=6\ncheck advice\n",
	  { "warning close-wait-leak, 11\n", "; on 5 they read to the end and never called close(); on 6 "
	    "they are still sending, which is legitimate\n", "  fix: Call close() when read() returns 0" } },
	{ "of each cause one has the singular",
	  CLOSE_WAIT "here ms=90000 rq=1\n"
	  "sock close-wait 10.0.0.1:5000 10.0.0.9:443 here ms=90000\n"
	  "sock close-wait 10.0.0.1:5001 10.0.0.9:443 here ms=90000 rq=2\n"
	  "sock close-wait 10.0.0.1:5002 10.0.0.9:443 here ms=90000 sq=5\n"
	  "warn close-wait-leak=60,count=3\ncheck\n",
	  { "ago; on 1 they have not read the end of file; on 1 they read to the end and never called "
	    "close(); on 1 they have not read data that came before the end; on 1 they are still sending, "
	    "which is legitimate\n", "unread_bytes 1 bytes" } },
	{ "unread bytes are counted without the end of file",
	  CLOSE_WAIT "here ms=90000 rq=1 x=2\n"
	  "sock close-wait 10.0.0.1:5000 10.0.0.9:443 here ms=90000\n"
	  "sock close-wait 10.0.0.1:5001 10.0.0.9:443 here ms=90000 rq=101 x=2\ncheck\n",
	  { "unread_bytes 200 bytes" } },
	{ "connections whose opener nobody knows are told as unknown",
	  "sock close-wait 10.0.0.1:4000 10.0.0.9:443 ms=90000 x=5\ncheck advice\n",
	  { "openers.opened_here 0, openers.accepted_here 0, openers.unknown 5", "!The program opened these",
	    "!The program accepted these" } },

	/* ---- last-ack-stuck ---- */
	{ "both of two peers that are gone are told",
	  "warn last-ack-stuck=1,count=1\n"
	  "sock last-ack 10.0.0.1:80 10.0.0.6:1000 ms=0 peer on=100 retrans=4 rto=3200 inode=0\n"
	  "sock last-ack 10.0.0.1:80 10.0.0.7:1000 ms=0 peer on=100 retrans=4 rto=3200\ncheck\n",
	  { "10.0.0.6 has not acknowledged the FIN of 1 connection (the oldest for at least 6.1 s); "
	    "it is an orphan,", "10.0.0.7 has not acknowledged the FIN of 1 connection (the oldest for "
	    "at least 6.1 s); a program holds it," } },
	{ "an end that nobody acknowledges has the age that is known",
	  "warn last-ack-stuck=0,count=1\n"
	  "sock last-ack 10.0.0.1:80 10.0.0.6:1000 ms=0 peer on=100 retrans=1 rto=200 inode=0\ncheck\n",
	  { "of 1 connection (the oldest for at least 200 ms); it is an orphan" } },

	/* ---- peer-silent ---- */
	{ "three whose data nobody acknowledges for five seconds are a warning",
	  SILENT "here sq=10 retrans=4 rto=3200 on=1200 x=3\ncheck\n",
	  { "warning peer-silent, 3\n", "get no answer on 3 connections to 10.0.0.9:443, the oldest for at "
	    "least 5 s; 30 B are not acknowledged, sent again up to 4 times; the kernel gives up after "
	    "15m24s (tcp_retries2 = 15), unless TCP_USER_TIMEOUT is set" } },
	{ "less than five seconds may be a pause",
	  SILENT "here sq=10 retrans=4 rto=3200 on=1201 x=3\ncheck\n", { "nothing" } },
	{ "two that are silent are not enough",
	  SILENT "here sq=10 retrans=8 rto=51200 on=1 x=2\ncheck\n", { "nothing" } },
	{ "a minute is critical",
	  SILENT "here sq=10 retrans=8 rto=51200 on=1 x=3\ncheck\n", { "critical peer-silent, 3\n" } },
	{ "a first retransmission or a tail loss probe says nothing",
	  SILENT "here sq=10 retrans=0 rto=51200 on=1 x=3\ncheck\n", { "nothing" } },
	{ "a CLOSE_WAIT whose data nobody acknowledges counts, too",
	  "sock close-wait 10.0.0.1:4000 10.0.0.9:443 here ms=6000 sq=10 retrans=5 rto=6400 on=1 x=3\ncheck\n",
	  { "warning peer-silent, 3\n" } },
	{ "keepalive probes count from the second on, since anything came",
	  SILENT "here ms=9000 ack=8000 retrans=2 keepalive=500 x=3\ncheck\n",
	  { "warning peer-silent, 3\n", "3 connections to 10.0.0.9:443, the oldest for at least 8 s; their "
	    "keepalive probes are not answered\n" } },
	{ "window probes that nobody answers are silence, too, in any state",
	  "sock fin-wait-1 10.0.0.1:4000 10.0.0.9:443 here ms=9000 ack=8000 sq=9 persist=500 retrans=2 rx=3\ncheck\n",
	  { "warning peer-silent, 3\n", "window probes are not answered on 3" } },
	{ "one keepalive probe may still be answered",
	  SILENT "here ms=9000 retrans=1 keepalive=500 x=3\ncheck\n", { "nothing" } },

	/* ---- peer-not-reading ---- */
	{ "three whose window is shut for a minute are a warning, however young the last answer to a probe",
	  SILENT "here ms=90000 sent=60200 ack=10 sq=5000 persist=500 x=3\ncheck\n",
	  { "warning peer-not-reading, 3\n", "have 14.6 KiB waiting on 3 connections to 10.0.0.9:443: their peers do "
	    "not read, or very slowly, the longest for at least 1m00s\n" } },
	{ "a timeout less than a minute after the last data may be the time of the answer",
	  SILENT "here ms=90000 sent=60199 ack=10 sq=5000 persist=500 x=3\ncheck\n", { "nothing" } },
	{ "ten minutes are critical",
	  SILENT "here ms=600200 sq=5000 persist=500 x=3\ncheck\n", { "critical peer-not-reading, 3\n" } },
	{ "an orphan with bytes for a peer that does not read counts, too",
	  "sock fin-wait-1 10.0.0.1:4000 10.0.0.9:443 here ms=70000 sq=5000 persist=5 inode=0 rx=3\ncheck\n",
	  { "warning peer-not-reading, 3\n", "all are orphans, which the kernel drops after some minutes" } },
	{ "a closed window with nothing to send is no trouble",
	  SILENT "here ms=90000 persist=500 x=3\ncheck\n", { "nothing" } },

	/* ---- not-reading ---- */
	{ "requests that lie unread for a minute are a warning",
	  UNREAD "peer ms=60000 rq=18 rx=3\ncheck\n",
	  { "warning not-reading, 3\n", "have not read 54 B on 3 connections accepted on port 80, the longest for at "
	    "least 1m00s\n" } },
	{ "less than a minute is a busy program", UNREAD "peer ms=59999 rq=18 rx=3\ncheck\n", { "nothing" } },
	{ "few bytes for ten minutes are critical",
	  UNREAD "peer ms=600000 rq=18 rx=3\ncheck\n", { "critical not-reading, 3\n" } },
	{ "long queues may be read slowly, a warning at most, and said as both",
	  UNREAD "peer ms=600000 rq=4097 rx=3\ncheck\n",
	  { "warning not-reading, 3\n", ": they do not read, or they read very slowly\n" } },
	{ "few unread bytes beside an answer that flows are usual in a server",
	  UNREAD "peer ms=600000 sent=59999 rq=4096 rx=3\ncheck\n", { "nothing" } },
	{ "few unread bytes count when the answer has stopped for a minute",
	  UNREAD "peer ms=600000 sent=60000 rq=4096 rx=3\ncheck\n", { "warning not-reading, 3\n" } },
	{ "more unread bytes count whatever is sent",
	  UNREAD "peer ms=60000 sent=10 rq=4097 rx=3\ncheck\n", { "warning not-reading, 3\n" } },
	{ "the few unread bytes of a client's idle pool are usual",
	  SILENT "here ms=600000 rq=4096 x=30\ncheck\n", { "nothing" } },
	{ "a client with more unread bytes does not read",
	  SILENT "here ms=60000 rq=4097 x=3\ncheck\n", { "warning not-reading, 3\n" } },
	{ "what was never accepted is accept-stalled's",
	  UNREAD "peer ms=60000 rq=18 inode=0 rx=3\ncheck\n", { "nothing" } },
};

int main(void)
{
	return TOLD_RUN(rows);
}
