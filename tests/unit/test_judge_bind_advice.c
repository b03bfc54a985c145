/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* Advice and notes about bind(): only what works in the case at hand, and all of it. */

static const struct told_row rows[] = {
	/* ---- options ---- */
	{ "two sockets that need one option each are answered with both",
	  "sock bound 10.9.0.1:8080 0.0.0.0:0 flags=a uid=0\n"
	  "sock listen 10.9.0.2:8080 0.0.0.0:0 flags=p uid=0\n"
	  "bind 0.0.0.0:8080 kind=any\n",
	  { "reuseaddr+reuseport ok", "advice: Set SO_REUSEADDR and SO_REUSEPORT before bind().\n",
	  "!Set SO_REUSEPORT before" } },
	{ "an option that was set already is not asked for again",
	  "sock bound 10.9.0.1:8080 0.0.0.0:0 flags=p uid=0\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "reuseport ok", "advice: Set SO_REUSEPORT before bind()", "!Set SO_REUSEADDR" } },

	/* ---- whom to stop ---- */
	{ "of somebody's login session only the program is stopped",
	  "cgroup 7 /user.slice/user-1000.slice/session-1.scope\nprocess 77 httpd cgroup=7\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:8080\n",
	  { "advice: Stop httpd[77] of session-1.scope.\n", "!systemctl" } },
	{ "of a user's service only the program is stopped",
	  "cgroup 7 /user.slice/user-1000.slice/user@1000.service\nprocess 77 httpd cgroup=7\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:8080\n",
	  { "advice: Stop httpd[77] of user@1000.service.\n", "!systemctl" } },
	{ "a service whose name begins with user is stopped as a service",
	  "cgroup 7 /system.slice/userdb.service\nprocess 77 db cgroup=7\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:8080\n",
	  { "advice: Stop the unit: systemctl stop userdb.service.\n" } },
	{ "the listener that a connection waits for is looked for at every place",
	  "process 77 web\n"
	  "sock established 10.9.0.1:8080 10.9.0.9:99 inode=0 flags=\n"
	  "sock listen 10.9.0.1:22 0.0.0.0:0 flags=\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:8080\n",
	  { "advice: Stop web[77].\n", "!service of the kernel" } },
	{ "a listener that is not there any more is not stopped",
	  "process 77 web\n"
	  "sock established 10.9.0.1:8080 10.9.0.9:99 inode=0 flags=\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 77\ngone sock\n"
	  "bind 10.9.0.1:8080\n",
	  { "still waits to be accepted", "!web" } },
	{ "three owners are named, and others are hinted at",
	  "process 5 a\nprocess 6 b\nprocess 7 c\nprocess 8 d\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 5\n"
	  "sock listen 10.9.0.2:8080 0.0.0.0:0 flags=\nhold 6\n"
	  "sock listen 10.9.0.3:8080 0.0.0.0:0 flags=\nhold 7\n"
	  "sock listen 10.9.0.4:8080 0.0.0.0:0 flags=\nhold 8\n"
	  "bind 0.0.0.0:8080 kind=any\n",
	  { "advice: Stop a[5], b[6], c[7] and the other owners.\n" } },
	{ "two owners are named, and no others are hinted at",
	  "process 5 a\nprocess 6 b\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\nhold 5\n"
	  "sock listen 10.9.0.2:8080 0.0.0.0:0 flags=\nhold 6\n"
	  "sock listen 10.9.0.3:8080 0.0.0.0:0 flags=\nhold 5\n"
	  "bind 0.0.0.0:8080 kind=any\n",
	  { "advice: Stop a[5] and b[6].\n" } },

	/* ---- other addresses ---- */
	{ "an address that is not there any more is not offered",
	  "local 10.9.0.1\nlocal 10.9.0.3\ngone local\n"
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "bind 10.9.0.1:8080\n",
	  { "fails EADDRINUSE", "!instead" } },
	{ "of own addresses that are all listed none is said to be missing",
	  "local 10.9.0.1\nlocal 10.9.0.2\nlocal 10.9.0.3\n"
	  "bind 10.8.0.1:8080 kind=none\n",
	  { "it has 10.9.0.1, 10.9.0.2, 10.9.0.3.\n" } },
	{ "own addresses beyond the listed ones are hinted at",
	  "local 10.9.0.1\nlocal 10.9.0.2\nlocal 10.9.0.3\nlocal 10.9.0.4\nlocal 10.9.0.5\n"
	  "bind 10.8.0.1:8080 kind=none\n",
	  { "it has 10.9.0.1, 10.9.0.2, 10.9.0.3 and others.\n" } },
	{ "IPV6_V6ONLY is not advised where a socket for IPv6 conflicts",
	  "sock listen [::]:8080 [::]:0 flags=6\n"
	  "bind [::]:8080 kind=any\n",
	  { "fails EADDRINUSE", "!IPV6_V6ONLY" } },
	{ "IPV6_V6ONLY is not advised to whoever has set it",
	  "sock listen [::]:8080 [::]:0 flags=6\n"
	  "bind [::]:8080 kind=any flags=6\n",
	  { "fails EADDRINUSE", "!IPV6_V6ONLY" } },
	{ "IPV6_V6ONLY is not advised to a socket for IPv4",
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "bind 0.0.0.0:8080 kind=any\n",
	  { "fails EADDRINUSE", "!IPV6_V6ONLY" } },
	{ "IPV6_V6ONLY is not advised to an IPv6 socket with an IPv4 address",
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "bind [::ffff:10.9.0.1]:8080\n",
	  { "fails EADDRINUSE", "!IPV6_V6ONLY" } },
	{ "IPV6_V6ONLY is not advised to a socket with one IPv6 address",
	  "sock listen [fd00::1]:8080 [::]:0 flags=\n"
	  "bind [fd00::1]:8080\n",
	  { "fails EADDRINUSE", "!IPV6_V6ONLY" } },
	{ "IPV6_V6ONLY is advised where only IPv4 conflicts",
	  "sock listen 10.9.0.1:8080 0.0.0.0:0 flags=\n"
	  "bind [::]:8080 kind=any\n",
	  { "advice: Set IPV6_V6ONLY: the conflict is on IPv4 only" } },

	/* ---- outgoing connections on the port ---- */
	{ "an outgoing connection is seen behind a listener",
	  "process 77 web\n"
	  "sock listen 10.9.0.1:40000 0.0.0.0:0 flags=\nhold 77\n"
	  "sock established 10.9.0.1:40000 10.9.0.9:99 explicit flags=\n"
	  "bind 10.9.0.1:40000\n",
	  { "  advice: Add 40000 to net.ipv4.ip_local_reserved_ports", "!  note: Add 40000" } },
	{ "a port of the range that no connection has is a note, not an advice",
	  "process 77 web\n"
	  "sock listen 10.9.0.1:40000 0.0.0.0:0 flags=\nhold 77\n"
	  "bind 10.9.0.1:40000\n",
	  { "  note: Add 40000 to net.ipv4.ip_local_reserved_ports", "!  advice: Add 40000" } },

	/* ---- notes ---- */
	{ "the race for listen() is told once",
	  "process 5 a\nprocess 6 b\n"
	  "sock bound 10.9.0.1:8080 0.0.0.0:0 flags=a\nhold 5\n"
	  "sock bound 10.9.0.1:8080 0.0.0.0:0 flags=a\nhold 6\n"
	  "bind 10.9.0.1:8080 flags=a\n",
	  { "note: a[5] has bound the port, too, without listening", "!b[6] has bound" } },
	{ "three other namespaces are told and one more is said to exist",
	  "elsewhere red listeners=1\nelsewhere green others=1\nelsewhere blue listeners=1\n"
	  "bind 10.9.0.1:8080\n",
	  { "The same port is also listened on in the network namespace red; used in the network "
	    "namespace green; listened on in the network namespace blue: that does not block here" } },
	{ "a fourth other namespace is hinted at",
	  "elsewhere red listeners=1\nelsewhere green others=1\nelsewhere blue listeners=1\n"
	  "elsewhere grey listeners=1\n"
	  "bind 10.9.0.1:8080\n",
	  { "namespace blue; and in others: that does not block here", "!grey" } },
};

int main(void)
{
	return TOLD_RUN(rows);
}
