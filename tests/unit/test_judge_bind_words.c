/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* What an answer about bind() says beside its verdict: who, why, and what helps. */

static const struct told_row rows[] = {
	/* ---- the probe ---- */
	{ "a probe that refuses a broadcast address is not taken for a missing address",
	  "bind 10.9.0.255:8080 kind=broadcast probe=99\n",
	  { "fails EADDRNOTAVAIL", "no rule of the network stack says so" } },
	{ "a probe that refuses a multicast address is not taken for a missing address",
	  "bind 224.0.0.9:8080 kind=multicast probe=99\n",
	  { "fails EADDRNOTAVAIL", "no rule of the network stack says so" } },
	{ "something refused by a security module is not answered with other addresses",
	  "local 10.9.0.1\nlocal 10.9.0.2\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "bind 10.9.0.1:8080 probe=13\n",
	  { "fails EACCES", "advice: Look for programs on the cgroup", "!instead" } },
	{ "where a socket that nobody saw conflicts, no other address is promised to be free",
	  "local 10.9.0.1\nlocal 10.9.0.2\n"
	  "bind 10.9.0.1:8080 probe=98\n",
	  { "fails EADDRINUSE", "no socket that was seen is in the way", "!advice:" } },
	{ "where a socket that nobody saw conflicts, IPV6_V6ONLY is not promised to help",
	  "bind [::]:8080 probe=98\n",
	  { "fails EADDRINUSE", "no socket that was seen is in the way", "!advice:" } },
	{ "the only socket that can be meant is certain when the kernel refused",
	  "sock time-wait 10.9.0.1:8080 10.9.0.9:99 timewait=1000\n"
	  "bind 10.9.0.1:8080 flags=a probe=98\n",
	  { "  blocked by 0 time-wait" } },
	{ "no socket is blamed for certain when the kernel was not asked",
	  "sock time-wait 10.9.0.1:8080 10.9.0.9:99 timewait=1000\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "depends", "  perhaps by 0 time-wait" } },

	/* ---- which blocker is named first ---- */
	{ "what may conflict is told after what certainly does",
	  "sock bound 10.9.0.1:8080 0.0.0.0:0\n"
	  "sock time-wait 10.9.0.1:8080 10.9.0.9:99 timewait=1000 flags=\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "  cause: 10.9.0.1:8080 to 10.9.0.9:99 in TIME_WAIT (no process)",
	    "  blocked by 1 time-wait frees in ms 1000\n    10.9.0.1:8080 to "
	    "10.9.0.9:99 in TIME_WAIT (no process), gone in 1 s\n  perhaps by 0 bound" } },
	{ "what certainly conflicts keeps its place at the head",
	  "sock time-wait 10.9.0.1:8080 10.9.0.9:99 timewait=1000 flags=\n"
	  "sock bound 10.9.0.1:8080 0.0.0.0:0\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "  cause: 10.9.0.1:8080 to 10.9.0.9:99 in TIME_WAIT (no process)" } },
	{ "what frees itself is told after a listener that came later",
	  "sock time-wait 10.9.0.1:8080 10.9.0.9:99 timewait=1000 flags=\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "  cause: a process hidden from you listens on 10.9.0.1:8080" } },
	{ "a listener keeps its place before what frees itself",
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "sock time-wait 10.9.0.1:8080 10.9.0.9:99 timewait=1000 flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "  cause: a process hidden from you listens on 10.9.0.1:8080" } },
	{ "equal ones come in the order in which they were met",
	  "sock listen 10.9.0.2:8080 0.0.0.0:0 flags=\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "sock listen 10.9.0.3:8080 0.0.0.0:0 flags=\n"
	  "bind 0.0.0.0:8080 kind=any\n",
	  { "  cause: a process hidden from you listens on 10.9.0.2:8080" } },

	/* ---- who opened a connection ---- */
	{ "a connection whose port was given to bind() is called outgoing",
	  "sock established 10.9.0.1:8080 10.9.0.9:99 explicit flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "has an outgoing connection from 10.9.0.1:8080 to 10.9.0.9:99 (ESTABLISHED)" } },
	{ "a connection whose port the kernel chose is not called outgoing without knowing it",
	  "sock established 10.9.0.1:8080 10.9.0.9:99 auto flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "has a connection from 10.9.0.1:8080 to 10.9.0.9:99 (ESTABLISHED)" } },

	/* ---- what is said of the one in the way ---- */
	{ "a bound dual-stack socket says that it has IPv4, too",
	  "sock bound [::]:8080 [::]:0 flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "has bound [::]:8080 (dual-stack: every IPv4 address as well) and neither listens" } },
	{ "a UDP socket says that it may have IPv4, too",
	  "sock close [::]:8080 [::]:0 udp\n"
	  "bind [::]:8080 udp kind=any\n",
	  { "has the UDP socket [::]:8080 (if it is not IPv6 only, IPv4 as well)" } },
	{ "an orphan that still waits for its peer says for how long",
	  "sock fin-wait-2 10.9.0.1:8080 10.9.0.9:99 inode=0 keepalive=5000 flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "in FIN_WAIT_2 (no process), until the peer closes or net.ipv4.tcp_fin_timeout runs out" } },
	{ "a device without a name has its number",
	  "link 2 eth0\nlocal 10.9.0.1 dev=9\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 dev=9 flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "listens on 10.9.0.1:8080, on the device number 9" } },
	{ "a container is named by its whole name",
	  "cgroup 7 /lxc.payload.customer-database/init.scope\nprocess 77 db cgroup=7\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:8080\n",
	  { "db[77] in the container customer-database listens" } },
	{ "a unit whose name is as long as the id of a container is not cut",
	  "cgroup 7 /system.slice/a-service-whose-name-has-as-many-letters-as-ids-have-123.service\n"
	  "process 77 db cgroup=7\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:8080\n",
	  { "db[77] of a-service-whose-name-has-as-many-letters-as-ids-have-123.service "
	    "listens" } },
	{ "the id of a container is told at the length that people type",
	  "cgroup 7 /docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
	  "process 77 db cgroup=7\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:8080\n",
	  { "db[77] in the container 0123456789ab listens" } },

	/* ---- who else holds it ---- */
	{ "an heir that the kernel listed before its elder is named",
	  "process 9 heir\nprocess 5 elder\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 5\nhold 9\n"
	  "bind 10.9.0.1:8080\n",
	  { "elder[5] listens on 10.9.0.1:8080; heir[9] holds it, too: the port" } },
	{ "an heir that holds the next socket as well is named",
	  "process 5 elder\nprocess 9 heir\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 5\nhold 9\n"
	  "sock listen 10.9.0.1:8081 0.0.0.0:0 flags=\nhold 9\n"
	  "bind 10.9.0.1:8080\n",
	  { "elder[5] listens on 10.9.0.1:8080; heir[9] holds it, too: the port" } },
	{ "an heir with two descriptors of one socket is counted once",
	  "process 5 elder\nprocess 9 heir\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 5\nhold 9\nhold 9\n"
	  "bind 10.9.0.1:8080\n",
	  { "; heir[9] holds it, too: the port", "Stop elder[5] and heir[9]." } },
};

int main(void)
{
	return TOLD_RUN(rows);
}
