/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* What lies behind the last row is nobody's, and what is counted is called as one or as many. */

#define CROWDED "process 7 app fds=99 limit=100\nseen owners\n"
#define TO_PORT " 10.0.0.1:40000 10.0.0.9:443 "

static const struct told_row rows[] = {
	{ "a socket that is off the list is not counted",
	  CROWDED "sock established" TO_PORT "here inode=50\nhold 7\n"
	  "sock established 10.0.0.1:40001 10.0.0.9:443 here inode=51\nhold 7\ngone sock\ncheck",
	  { "1 of them is a TCP socket of this namespace" } },
	{ "sockets of a second program are found where the first had none",
	  CROWDED "process 8 other fds=99 limit=100\n"
	  "sock established" TO_PORT "here inode=50\nhold 8\ncheck",
	  { "sockets 0\n", "1 of them is a TCP socket" } },
	{ "a peer that is off the list is not said to be waited for",
	  "process 7 a\nsock fin-wait-2" TO_PORT "x=3 ms=300000 here\nhold 7\n"
	  "sock close-wait 10.0.0.9:443 10.0.0.1:40000 peer ms=9\ngone sock\ncheck",
	  { "peers_here 0", "!the peer is on this machine" } },
	{ "a process is to be stopped once",
	  "process 5 a\nprocess 6 b\nsock listen 0.0.0.0:80 0.0.0.0:0 inode=50\nhold 5\nhold 6\n"
	  "sock listen 10.0.0.1:80 0.0.0.0:0 inode=51\nhold 6\nbind 0.0.0.0:80",
	  { "Stop a[5] and b[6]." } },
	{ "a process is to be stopped once where its sockets are in two cgroups",
	  "cgroup 3 /one.slice/a.scope\ncgroup 4 /two.slice/b.scope\nprocess 5 a\n"
	  "sock listen 10.0.0.1:80 0.0.0.0:0 inode=50 cgroup=3\nhold 5\n"
	  "sock listen 10.0.0.2:80 0.0.0.0:0 inode=51 cgroup=4\nhold 5\nbind 0.0.0.0:80",
	  { "Stop a[5] of a.scope." } },
	{ "others are hinted at beside four that hold a listener",
	  "process 5 a\nprocess 6 b\nprocess 7 c\nprocess 8 d\n"
	  "sock listen 0.0.0.0:80 0.0.0.0:0 inode=50\nhold 5\nhold 6\nhold 7\nhold 8\n"
	  "bind 0.0.0.0:80", { "b[6], c[7], d[8] hold it, too: the port" } },
	{ "a socket that was not seen does not spoil the list of those that were",
	  "bind 0.0.0.0:80 probe=98", { "reuseaddr+reuseport depends",
	    "no socket that was seen is in the way" } },
	{ "a unit is named beside another one",
	  "cgroup 3 /system.slice/x.service\ncgroup 4 /system.slice/y.service\n"
	  "process 5 a\nprocess 6 b\n"
	  "sock listen 10.0.0.1:80 0.0.0.0:0 inode=50 cgroup=3\nhold 5\n"
	  "sock listen 10.0.0.2:80 0.0.0.0:0 inode=51 cgroup=4\nhold 6\nbind 0.0.0.0:80",
	  { "Stop the unit: systemctl stop x.service; and the unit: systemctl stop y.service." } },
	{ "no unit is blamed for a socket that nobody there is seen to hold",
	  "cgroup 3 /system.slice/x.service\n"
	  "sock listen 10.0.0.1:80 0.0.0.0:0 inode=50 cgroup=3\nbind 0.0.0.0:80",
	  { "Stop whoever has it (a process hidden from you)." } },
	{ "two with the same name are both to be stopped",
	  "process 5 a\nprocess 6 a\nsock listen 0.0.0.0:80 0.0.0.0:0 inode=50\nhold 5\n"
	  "sock listen 10.0.0.1:80 0.0.0.0:0 inode=51\nhold 6\nbind 0.0.0.0:80",
	  { "Stop a[5] and a[6]." } },
	{ "a network namespace that was not entered is named as what is missing",
	  "gap netns\nbind 0.0.0.0:80", { "could be seen: a gap: netns" } },
	{ "one connection has the singular",
	  "sock listen 0.0.0.0:80 0.0.0.0:0 rq=1 sq=16\n"
	  "sock close-wait 10.0.0.1:80 10.0.0.9:5000 inode=0 ms=20000 peer\ncheck",
	  { "0.0.0.0:80 has 1 connection that", "; its client has already closed; the accept queue" } },
	{ "some connections have the plural",
	  "sock listen 0.0.0.0:80 0.0.0.0:0 rq=2 sq=16\n"
	  "sock close-wait 10.0.0.1:80 10.0.0.9:5000 rx=2 inode=0 ms=20000 peer\ncheck",
	  { "; all their clients have already closed; the accept queue" } },
	{ "one descriptor has the singular",
	  "warn fd-exhaustion=50%,count=0\nprocess 7 app fds=1 limit=1\ncheck",
	  { "has 1 descriptor open" } },
	{ "one port of many that is left has the singular",
	  "range 40000 40001\nsock established" TO_PORT "here\nwarn port-exhaustion=40,count=0\n"
	  "warn connect-search-cliff=40,count=0\ncheck",
	  { "1 of 2 local ports is left", "searched 1, searched_percent 50", "!connect-search-cliff" } },
	{ "one port in use of many has the singular",
	  "range 40000 40001\nsock established" TO_PORT "here\n"
	  "warn connect-search-cliff=40,count=0\ncheck",
	  { "1 of 2 local ports (50%) is in use", "!scans" } },
	{ "the only port of the range has the singular",
	  "range 40000 40000\nsock established" TO_PORT "here\nwarn port-exhaustion=40,count=0\n"
	  "warn connect-search-cliff=40,count=0\ncheck",
	  { "no local port is left", "searched 1, searched_percent 100", "!connect-search-cliff" } },
	{ "one connection without TIME_WAIT has the singular",
	  "limit max_tw_buckets 10\ncounter time_wait_minisocks 10\ncounter time_wait_overflow 1\n"
	  "connect 10.0.0.1 10.0.0.9:443", { "1 connection has closed without TIME_WAIT since boot, and its port came back" } },
	{ "orphans are not counted where their number is not known",
	  "limit max_orphans 100\ncounter machine_orphans ?\ncounter machine_tcp_memory_pages 99\n"
	  "limit tcp_mem_high_pages 100\ncheck",
	  { "orphan-pressure", "orphans ?" } },
};

int main(void)
{
	return TOLD_RUN(rows);
}
