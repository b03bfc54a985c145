/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load: many real sockets in a private place, and a command that runs there.
 *
 *   load sockets=100000 [KEY=VALUE...] -- COMMAND [ARGUMENT...]
 *
 * The place is a network namespace with a hash table of its own, as large as the machine's (in a shared one the
 * sockets of others would be walked, too), and process and mount namespaces, so that /proc shows the load alone.
 * Process 1 of it prepares, runs the command and leaves with its status; the kernel then ends all others. It also
 * ends with whoever started load, and after `seconds`.
 *
 * Both ends of a connection are here, over loopback. An end that connects gets exactly the port that was computed
 * for it, so that no destination is near its budget unless doubt=1 wants it: then every destination has 90 % of the
 * ephemeral range in use. Else only what goes to :443 has ephemeral ports, 2,000 for each destination.
 *
 * The connections whose server forgets to close are held by processes of their own; with cgroup=1 also in a control
 * group of their own, as a service is, if this machine lets us make one.
 *
 * Shares are in thousandths of all sockets. To :443 goes every fifth connection, which is every tenth socket.
 * TIME_WAIT lives for 60 s: SIGUSR1 to process 1 makes those again that are gone.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

enum {
	EPHEMERAL_LOW = 32768, EPHEMERAL_HIGH = 60999, EPHEMERAL = EPHEMERAL_HIGH - EPHEMERAL_LOW + 1,
	DOUBTFUL = EPHEMERAL * 9 / 10,
	PLAIN_LOW = 1024, PLAIN = 30000, /* client ports of connections that take nothing from any budget */
	HTTPS_EACH = 2000,
	LISTENERS = 30,
	AT_ONCE = 2,            /* processes that connect at the same time */
	MOST_DESCRIPTORS = 14000, /* of one process: below what is a finding of its own at the usual limit of 20,000 */
};

enum role { WEB, LEAK, PASSED };

/* Where the connections of a role go: 127.NET.x.y, so that no role takes a port of another. */
static const struct {
	int net;
	uint16_t port[4];
} roles[] = {
	[WEB] = { 1, { 80, 636, 990, 993 } }, [LEAK] = { 2, { 853, 853, 853, 853 } }, [PASSED] = { 3, { 25, 25, 25, 25 } },
};

static struct {
	char **keys;
	int listener[2][65536]; /* of IPv4 and IPv6, by port; 0 is none */
	long connections[3];    /* by role */
	long ipv6;              /* thousandths */
	bool doubt;
	pid_t first;            /* process 1 of the place, as this side numbers it */
	int ready[2];           /* a byte for each process that has its sockets */
	long passed;            /* connections that went to TIME_WAIT so far */
} load;

static long key(const char *name, long otherwise, long most)
{
	size_t length = strlen(name);
	char *end;
	long value;

	for (char **k = load.keys; *k && strcmp(*k, "--"); k++) {
		if (strncmp(*k, name, length) || (*k)[length] != '=')
			continue;
		value = strtol(*k + length + 1, &end, 10);
		if (!*end && value >= 0 && value <= most)
			return value;
		errno = EINVAL;
		die("%s, from 0 to %ld", *k, most);
	}
	return otherwise;
}

/* ---- connections --------------------------------------------------------- */

static int listener(bool ipv6, uint16_t port)
{
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	if (fd < 0 || (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes))) ||
	    (ipv6 ? bind(fd, (struct sockaddr *)&any6, sizeof(any6)) :
		    bind(fd, (struct sockaddr *)&any4, sizeof(any4))) || listen(fd, 1024))
		die("listen on %u", port);
	return fd;
}

static void listen_on(uint16_t port)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++)
		if (!load.listener[ipv6][port])
			load.listener[ipv6][port] = listener(ipv6, port);
}

static void listen_for(enum role role)
{
	for (int i = 0; i < 4; i++)
		listen_on(roles[role].port[i]);
}

static void listen_on_all(void)
{
	listen_on(443);
	listen_for(WEB);
	listen_for(PASSED);
	for (uint16_t port = 100; port < 100 + LISTENERS / 2 - 7; port++)
		listen_on(port);
}

/* One that connects, before it does. */
struct end {
	bool ipv6;
	int net, host;
	uint16_t from, to;
};

/* The connection of that number among those of its role. */
static struct end end_of(enum role role, long number)
{
	struct end end = {
		.ipv6 = number / 5 * 7 % 40 * 25 < load.ipv6, .net = roles[role].net,
		.host = (int)(number / PLAIN), .from = (uint16_t)(PLAIN_LOW + number % PLAIN),
		.to = roles[role].port[number % 4],
	};

	if (role == WEB && load.doubt) {
		end.host = 1 + (int)(number / DOUBTFUL);
		end.ipv6 = (4 - number / DOUBTFUL % 5) * 200 < load.ipv6; /* one destination, one family */
		end.from = (uint16_t)(EPHEMERAL_LOW + number % DOUBTFUL);
		end.to = 443;
	} else if (role == WEB && number % 5 == 0) {
		end.host = 40 + (int)(number / 5 / HTTPS_EACH);
		end.from = (uint16_t)(EPHEMERAL_LOW + number / 5 % HTTPS_EACH);
		end.to = 443;
	}
	return end;
}

static int connect_ipv4(int fd, const struct end *end)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(end->to) };

	to.sin_addr.s_addr = htonl(127u << 24 | (unsigned)end->net << 16 | (unsigned)(end->host + 1));
	return connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static int connect_ipv6(int fd, const struct end *end)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(end->to) };

	inet_pton(AF_INET6, "fd5c::", &to.sin6_addr);
	to.sin6_addr.s6_addr[15] = (uint8_t)(1 + end->host % PLACE_IPV6_ADDRESSES);
	return connect(fd, (struct sockaddr *)&to, sizeof(to));
}

/* Both ends; which of the listener's connections is accepted does not matter. */
static void connect_one(enum role role, long number, int ends[2])
{
	struct end end = end_of(role, number);
	uint32_t exactly = (uint32_t)end.from << 16 | end.from;

	ends[0] = socket(end.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ends[0] < 0 || setsockopt(ends[0], IPPROTO_IP, IP_LOCAL_PORT_RANGE, &exactly, sizeof(exactly)))
		die("a socket with a port of its own");
	if (end.ipv6 ? connect_ipv6(ends[0], &end) : connect_ipv4(ends[0], &end))
		die("connection %ld from port %u to %u", number, end.from, end.to);
	ends[1] = accept4(load.listener[end.ipv6][end.to], NULL, NULL, SOCK_CLOEXEC);
	if (ends[1] < 0)
		die("accept");
}

static int state_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) ? -1 : info.tcpi_state;
}

/* The acknowledgement comes at once, unless the machine is busy. */
static void close_half(int fd)
{
	int patience_ms = 10000;

	if (shutdown(fd, SHUT_WR))
		die("shutdown");
	while (state_of(fd) != TCP_FIN_WAIT2)
		if (usleep(1000) || !patience_ms--)
			die("the other end does not see the end");
}

/* ---- processes that hold them -------------------------------------------- */

static void __attribute__((noreturn)) hold(enum role role, long first, long count)
{
	int ends[2];

	close(load.ready[0]);
	for (long number = first; number < first + count; number++) {
		connect_one(role, number, ends);
		if (role == LEAK)
			close_half(ends[0]);
	}
	if (write(load.ready[1], "", 1) != 1)
		exit(1);
	close(load.ready[1]);
	for (;;)
		pause();
}

static void await_one(void)
{
	char byte;

	if (read(load.ready[0], &byte, 1) != 1)
		die("a process of the load ended early");
}

static void start_role(enum role role, long each)
{
	long total = load.connections[role];
	int under_way = 0;

	for (long first = 0; first < total; first += each) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			hold(role, first, total - first < each ? total - first : each);
		if (++under_way > AT_ONCE) {
			await_one();
			under_way--;
		}
	}
	while (under_way--)
		await_one();
}

static long descriptors_each(void)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("descriptor limit");
	return limit.rlim_max < 2 * MOST_DESCRIPTORS ? (long)limit.rlim_max * 7 / 10 : MOST_DESCRIPTORS;
}

/* ---- TIME_WAIT ----------------------------------------------------------- */

static long time_waits(void)
{
	FILE *f = fopen("/proc/net/sockstat", "re");
	char line[256];
	long count = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "TCP: inuse %*d orphan %*d tw %ld", &count) == 1)
			break;
	if (f)
		fclose(f);
	return count;
}

static void pass_to_time_wait(void)
{
	int ends[2];

	for (long missing = load.connections[PASSED] - time_waits(); missing > 0; missing--) {
		connect_one(PASSED, load.passed++ % 1000000, ends);
		close_half(ends[0]);
		close(ends[1]);
		close(ends[0]);
	}
}

/* While connecting: a socket can narrow the range of its namespace, not leave it. */
static void widen_range(void)
{
	place_sysctl("ip_local_port_range", PLAIN_LOW, 65535);
}

static void set_range(void)
{
	long in_use = load.doubt && load.connections[WEB] < DOUBTFUL ? load.connections[WEB] * 10 / 9 : EPHEMERAL;

	place_sysctl("ip_local_port_range", EPHEMERAL_LOW, EPHEMERAL_LOW + (in_use < 10 ? 10 : in_use) - 1);
}

static void renew(void)
{
	widen_range();
	pass_to_time_wait();
	set_range();
}

/* ---- the story ----------------------------------------------------------- */

static void make_sockets(void)
{
	long sockets = key("sockets", 1000, 4000000), each = descriptors_each() / 2;

	load.ipv6 = key("ipv6", 200, 1000);
	load.doubt = key("doubt", 0, 1);
	load.connections[LEAK] = sockets * key("close_wait", 25, 500) / 1000;
	load.connections[PASSED] = sockets * key("time_wait", 20, 1000) / 1000;
	load.connections[WEB] = (sockets - load.connections[PASSED] - LISTENERS) / 2 - load.connections[LEAK];
	if (pipe2(load.ready, O_CLOEXEC))
		die("pipe");
	listen_on_all();
	widen_range();
	start_role(WEB, each);
	place_enter_cgroup();
	listen_for(LEAK);
	start_role(LEAK, each);
	renew();
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Children that are not the command are the load's, or orphans of the command's. */
static int await_command(pid_t command, const sigset_t *events)
{
	int status = 0, event;
	pid_t ended = 0;

	while (ended != command) {
		if (sigwait(events, &event))
			die("wait");
		if (event == SIGALRM)
			return 124;
		if (event == SIGUSR1)
			renew();
		do
			ended = waitpid(-1, &status, WNOHANG);
		while (ended > 0 && ended != command);
	}
	return status_of(status);
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	sigprocmask(SIG_SETMASK, &(sigset_t){ 0 }, NULL);
	execvp(*command, command);
	die("%s", *command);
}

static void __attribute__((noreturn)) on_late(int signal)
{
	(void)signal;
	_exit(124);
}

static int run_as_first(char **command)
{
	sigset_t events;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&events);
	sigaddset(&events, SIGCHLD);
	sigaddset(&events, SIGUSR1);
	sigaddset(&events, SIGALRM);
	signal(SIGALRM, on_late);
	alarm((unsigned)key("seconds", 600, 36000));
	place_prepare();
	make_sockets();
	sigprocmask(SIG_BLOCK, &events, NULL);
	return await_command(start(command), &events);
}

static void on_end(int signal)
{
	(void)signal;
	kill(load.first, SIGKILL);
}

/* The kernel ends all of the place before it tells of the end of its process 1. */
static int run_in_place(char **command)
{
	sigset_t ends;
	int status;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	load.first = fork();
	if (load.first < 0)
		die("fork");
	if (!load.first)
		exit(run_as_first(command));
	signal(SIGTERM, on_end);
	signal(SIGINT, on_end);
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
	if (waitpid(load.first, &status, 0) != load.first)
		die("wait");
	return status_of(status);
}

int main(int argc, char **argv)
{
	int status;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	load.keys = argv + 1;
	while (*argv && strcmp(*argv, "--"))
		argv++;
	if (argc < 3 || !*argv || !argv[1]) {
		fputs("usage: load sockets=N [doubt=1 cgroup=1 ipv6=200 close_wait=25 time_wait=20 seconds=600] -- "
		      "COMMAND...\n", stderr);
		return 125;
	}
	if (key("cgroup", 0, 1))
		place_make_cgroup();
	place_enter();
	status = run_in_place(argv + 1);
	place_remove_cgroup();
	return status;
}
