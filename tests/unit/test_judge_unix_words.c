/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_row.h"

/* Who is behind a unix path or abstract name, each told once. */

#define PATH "unix path stream 10 file=socket listed elsewhere\n"

static const struct told_row rows[] = {
	{ "a process is to be stopped once for a listener and its connections",
	  "process 5 app\n"
	  "usock stream 70 listens pid=5\nusock stream 71 pid=5\nusock stream 72 pid=5\n" PATH,
	  { "cause: live: app[5] listens on it (stream); app[5] has it without listening "
	    "(stream); and 1 more\n",
	    "advice: Stop app[5], then remove the file if it is still there.\n" } },
	{ "an heir of one socket is to be stopped once, also as the owner of the next one",
	  "cgroup 7 /system.slice/heir.service\nprocess 5 app\nprocess 6 heir cgroup=7\n"
	  "usock stream 70 listens pid=5\nusock stream 70 pid=6\nusock stream 71 pid=6\n" PATH,
	  { "advice: Stop app[5] and heir[6] of heir.service, then remove" } },
	{ "three owners are named and others are hinted at",
	  "process 5 a\nprocess 6 b\nprocess 7 c\n"
	  "usock stream 70 pid=5\nusock stream 71 pid=6\nusock stream 72 pid=7\n"
	  "usock stream 73 pid=5\n" PATH,
	  { "[7] has it without listening (stream); and 1 more\n",
	    "advice: Stop a[5], b[6] and c[7], then remove" } },
	{ "the fourth owner is hinted at",
	  "process 5 a\nprocess 6 b\nprocess 7 c\nprocess 8 d\n"
	  "usock stream 70 pid=5\nusock stream 71 pid=6\nusock stream 72 pid=7\n"
	  "usock stream 73 pid=8\n" PATH,
	  { "[7] has it without listening (stream); and 1 more\n",
	    "advice: Stop a[5], b[6], c[7] and the other owners, then remove", "!d[8]" } },
	{ "the fourth holder of one socket is hinted at",
	  "process 5 a\nprocess 6 b\nprocess 7 c\nprocess 8 d\nprocess 9 e\n"
	  "usock stream 70 pid=5\nusock stream 70 pid=6\nusock stream 70 pid=7\n"
	  "usock stream 70 pid=8\nusock stream 70 pid=9\n" PATH,
	  { "advice: Stop a[5], b[6], c[7] and the other owners, then remove" } },
	{ "one who is named and one who is not are counted apart",
	  "process 5 a\nprocess 6 b\nprocess 7 c\nprocess 8 d\n"
	  "usock stream 70 pid=5\nusock stream 71 pid=5\nusock stream 72 pid=6\n"
	  "usock stream 73 pid=7\nusock stream 74 pid=8\n" PATH,
	  { "[7] has it without listening (stream); and 2 more\n" } },
	{ "systemd itself is not to be stopped, and its service is named once",
	  "process 1 systemd\nprocess 5 app\n"
	  "usock stream 70 listens pid=1\nusock stream 70 pid=5\nusock stream 71 pid=5\n" PATH,
	  { "advice: Stop the socket unit of systemd (systemctl list-sockets names it) and app[5], "
	    "then remove" } },
	{ "the unit of an owner is told",
	  "cgroup 7 /system.slice/app.service\nprocess 5 app cgroup=7\n"
	  "usock stream 70 listens pid=5\nunix abstract stream 10 listed\n",
	  { "cause: app[5] of app.service listens on it (stream)\n",
	    "advice: Stop the unit: systemctl stop app.service; the name is free with the last descriptor.\n" } },
};

int main(void)
{
	return TOLD_RUN(rows);
}
