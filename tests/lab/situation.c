/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * situation: makes one real TCP situation with real sockets, says READY, and waits until its standard input ends.
 *
 *   situation --list                     what it can make
 *   unshare -Urn situation NAME [KEY=VALUE...]
 *
 * It runs in a private user and network namespace and refuses any other. Two places are known: "here", the namespace it
 * was started in, which is the one to look at; and "far", a second namespace behind a veth link, where peers live whose
 * sockets must not be seen here. The far namespace answers for the hosts 10.77.0.2 .. 10.77.0.29 (fd77::2 .. fd77::29).
 * A far host vanishes when its neighbour entry here gets a hardware address that nobody has: what we send is dropped on
 * arrival, silently, and what it sends still comes in. All waiting is for an observed state, bounded by PATIENCE_MS.
 *
 * To add a situation: one function that makes it, one row in `situations`. Values that a test needs are told with
 * tell() and end up in the READY line. A row may have a `next` function: each line on standard input runs it once, and
 * what it tells ends up in a NEXT line.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 20000, /* for one awaited state; never reached on a machine that works */
	TICK_MS = 5,
	MAX_PAIRS = 8000,
	MAX_CHILDREN = 16,
	LAST_HOST = 29,
};

/* The kernel's numbers; libc's <netinet/tcp.h> has them too, but cannot live beside <linux/tcp.h>. */
enum { ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING };

enum place { HERE, FAR };

/* Both ends of one connection, as descriptors of this process. */
struct pair {
	int client, server;
};

struct situation {
	const char *name, *help;
	void (*make)(void);
	void (*next)(void);
};

static struct {
	char **keys;            /* KEY=VALUE words of the command line, NULL at the end */
	int family;
	int place[2];           /* namespaces: HERE, FAR (-1 until it is needed) */
	int host;               /* the far host handed out last */
	int port;               /* the listening port handed out last */
	pid_t child[MAX_CHILDREN];
	int children;
	char told[1024];
	void (*tick)(void);     /* what this process goes on doing while it waits */
	struct pair flow;       /* the connection that `tick` works on */
	struct pair pairs[MAX_PAIRS];
} lab = { .family = AF_INET, .place = { -1, -1 }, .host = 1, .port = 8079 };

/* ---- saying ------------------------------------------------------------------------------------------------------ */

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list ap;
	int error = errno;

	va_start(ap, format);
	fputs("situation: ", stderr);
	vfprintf(stderr, format, ap);
	fprintf(stderr, " (%s)\n", strerror(error));
	va_end(ap);
	exit(1);
}

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
	size_t used = strlen(lab.told);
	va_list ap;

	va_start(ap, format);
	if (used + 1 < sizeof lab.told)
		lab.told[used++] = ' ';
	vsnprintf(lab.told + used, sizeof lab.told - used, format, ap);
	va_end(ap);
}

static void print_told(const char *word)
{
	printf("%s%s\n", word, lab.told);
	fflush(stdout);
	lab.told[0] = 0;
}

/* ---- command line keys ------------------------------------------------------------------------------------------- */

static const char *key(const char *name, const char *otherwise)
{
	size_t length = strlen(name);

	for (char **k = lab.keys; *k; k++)
		if (!strncmp(*k, name, length) && (*k)[length] == '=')
			return *k + length + 1;
	return otherwise;
}

static int key_number(const char *name, int otherwise, int most)
{
	const char *text = key(name, NULL);
	char *end;

	if (!text)
		return otherwise;
	long value = strtol(text, &end, 10);
	if (*end || end == text || value < 0 || value > most) {
		errno = EINVAL;
		die("%s=%s: a number from 0 to %d is wanted", name, text, most);
	}
	return (int)value;
}

/* ---- waiting for what can be seen -------------------------------------------------------------------------------- */

static void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

#define AWAIT(condition)                                                        \
	do {                                                                    \
		long long give_up = now_ms() + PATIENCE_MS;                     \
		while (!(condition)) {                                          \
			if (now_ms() > give_up)                                 \
				die("never became true: %s", #condition);       \
			pause_ms(TICK_MS);                                      \
		}                                                               \
	} while (0)

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		die("TCP_INFO");
	return info;
}

static int state_of(int fd)
{
	return info_of(fd).tcpi_state;
}

static int count_in(const char *path, int state, unsigned retransmits)
{
	FILE *f = fopen(path, "re");
	char line[512];
	unsigned s, r;
	int n = 0;

	if (!f)
		die("%s", path);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, " %*d: %*s %*s %x %*x:%*x %*x:%*x %x", &s, &r) == 2 && (int)s == state && r >= retransmits)
			n++;
	fclose(f);
	return n;
}

/* Sockets here in that state, timewait and request sockets included, that were retransmitted at least that often. */
static int count_retransmitted(int state, unsigned retransmits)
{
	return count_in("/proc/net/tcp", state, retransmits) + count_in("/proc/net/tcp6", state, retransmits);
}

static int count(int state)
{
	return count_retransmitted(state, 0);
}

/* A counter of /proc/net/netstat: a line of names, then a line of values. */
static long counter(const char *name)
{
	char names[8192], values[8192], *n, *v, *keep_n, *keep_v;
	FILE *f = fopen("/proc/net/netstat", "re");
	long found = 0;

	if (!f)
		die("netstat");
	while (fgets(names, sizeof names, f) && fgets(values, sizeof values, f)) {
		n = strtok_r(names, " \n", &keep_n);
		v = strtok_r(values, " \n", &keep_v);
		for (; n && v; n = strtok_r(NULL, " \n", &keep_n), v = strtok_r(NULL, " \n", &keep_v))
			if (!strcmp(n, name))
				found = strtol(v, NULL, 10);
	}
	fclose(f);
	return found;
}

/* ---- the two places ---------------------------------------------------------------------------------------------- */

static void set_sysctl(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof path, "/proc/sys/net/ipv4/%s", name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		die("%s = %s", path, value);
	close(fd);
}

static void set_sysctl_from_key(const char *sysctl, const char *name)
{
	const char *value = key(name, NULL);

	if (value)
		set_sysctl(sysctl, value);
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		die("loopback up");
	close(fd);
}

static void enter(enum place where)
{
	if (setns(lab.place[where], CLONE_NEWNET))
		die("setns");
}

static int this_namespace(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("own namespace");
	return fd;
}

static FILE *ip_begin(void)
{
	FILE *ip = popen("ip -batch -", "we");

	if (!ip)
		die("ip");
	return ip;
}

static void ip_end(FILE *ip)
{
	if (pclose(ip))
		die("ip -batch failed");
}

static void address_far_end(void)
{
	FILE *ip = ip_begin();

	fprintf(ip, "link add far0 address 02:00:00:00:77:02 type veth peer name near0 address 02:00:00:00:77:01 netns /proc/%d/fd/%d\n",
		getpid(), lab.place[HERE]);
	for (int h = 2; h <= LAST_HOST; h++)
		fprintf(ip, "addr add 10.77.0.%d/24 dev far0\naddr add fd77::%d/64 dev far0 nodad\n", h, h);
	fprintf(ip, "link set lo up\nlink set far0 up\n");
	fprintf(ip, "neigh add 10.77.0.1 lladdr 02:00:00:00:77:01 nud permanent dev far0\n");
	fprintf(ip, "neigh add fd77::1 lladdr 02:00:00:00:77:01 nud permanent dev far0\n");
	ip_end(ip);
}

static void address_near_end(void)
{
	FILE *ip = ip_begin();

	fprintf(ip, "addr add 10.77.0.1/24 dev near0\naddr add fd77::1/64 dev near0 nodad\nlink set near0 up\n");
	for (int h = 2; h <= LAST_HOST; h++) {
		fprintf(ip, "neigh add 10.77.0.%d lladdr 02:00:00:00:77:02 nud permanent dev near0\n", h);
		fprintf(ip, "neigh add fd77::%d lladdr 02:00:00:00:77:02 nud permanent dev near0\n", h);
	}
	ip_end(ip);
}

static void need_far(void)
{
	if (lab.place[FAR] >= 0)
		return;
	if (unshare(CLONE_NEWNET))
		die("second network namespace");
	lab.place[FAR] = this_namespace();
	address_far_end();
	enter(HERE);
	address_near_end();
}

/* A far host that no other connection of this run uses. */
static int new_host(void)
{
	need_far();
	if (lab.host == LAST_HOST)
		die("too many far hosts");
	return ++lab.host;
}

/* From now on nothing that is sent from here reaches that host. */
static void vanish(int host)
{
	FILE *ip = ip_begin();

	fprintf(ip, "neigh replace 10.77.0.%d lladdr 02:00:00:00:77:99 nud permanent dev near0\n", host);
	fprintf(ip, "neigh replace fd77::%d lladdr 02:00:00:00:77:99 nud permanent dev near0\n", host);
	ip_end(ip);
}

/* ---- addresses and sockets --------------------------------------------------------------------------------------- */

struct address {
	struct sockaddr_storage storage;
	socklen_t length;
};

static struct address address(const char *ip, int port)
{
	struct address a = { 0 };
	struct sockaddr_in *v4 = (void *)&a.storage;
	struct sockaddr_in6 *v6 = (void *)&a.storage;

	if (strchr(ip, ':')) {
		*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port) };
		inet_pton(AF_INET6, ip, &v6->sin6_addr);
		a.length = sizeof *v6;
	} else {
		*v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
		inet_pton(AF_INET, ip, &v4->sin_addr);
		a.length = sizeof *v4;
	}
	return a;
}

static struct address host_address(int host, int port)
{
	char ip[32];

	snprintf(ip, sizeof ip, lab.family == AF_INET6 ? "fd77::%d" : "10.77.0.%d", host);
	return address(ip, port);
}

static struct address loopback(int port)
{
	return address(lab.family == AF_INET6 ? "::1" : "127.0.0.1", port);
}

static struct address anywhere(int port)
{
	return address(lab.family == AF_INET6 ? "::" : "0.0.0.0", port);
}

static int port_of(int fd)
{
	struct sockaddr_storage s;
	socklen_t length = sizeof s;

	if (getsockname(fd, (void *)&s, &length))
		die("getsockname");
	return ntohs(((struct sockaddr_in *)(void *)&s)->sin_port);
}

static int new_socket(enum place where)
{
	if (where == FAR)
		enter(FAR);
	int fd = socket(lab.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (where == FAR)
		enter(HERE);
	return fd;
}

static void set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof value))
		die("setsockopt %d %d", level, option);
}

/* A named port is taken as a server takes it, with SO_REUSEADDR; port 0 as a plain client does. */
static void bind_to(int fd, struct address a)
{
	if (((struct sockaddr_in *)(void *)&a.storage)->sin_port)
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (void *)&a.storage, a.length))
		die("bind");
}

static int listen_at(enum place where, struct address a, int backlog)
{
	int fd = new_socket(where);

	bind_to(fd, a);
	if (listen(fd, backlog))
		die("listen");
	return fd;
}

static void start_connect(int fd, struct address to)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		die("O_NONBLOCK");
	if (connect(fd, (void *)&to.storage, to.length) && errno != EINPROGRESS)
		die("connect");
}

/* One connection to a listener that this process holds; `from` may be NULL. */
static struct pair connect_pair(enum place from_place, const struct address *from, int listener, struct address to)
{
	struct pair p = { .client = new_socket(from_place) };

	if (from)
		bind_to(p.client, *from);
	if (connect(p.client, (void *)&to.storage, to.length))
		die("connect");
	p.server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (p.server < 0)
		die("accept");
	return p;
}

/* n connections opened from here to a far host. */
static void pairs_out(struct pair *p, int n, int host)
{
	struct address to = host_address(host, 8080);
	int listener = listen_at(FAR, to, 16);

	for (int i = 0; i < n; i++)
		p[i] = connect_pair(HERE, NULL, listener, to);
	close(listener);
}

/* n connections opened by a far host to a listener here, which stays open; gives the listener. */
static int pairs_in(struct pair *p, int n, int host)
{
	int port = ++lab.port;
	int listener = listen_at(HERE, anywhere(port), 16);
	struct address from = host_address(host, 0), to = host_address(1, port);

	for (int i = 0; i < n; i++)
		p[i] = connect_pair(FAR, &from, listener, to);
	tell("port=%d", port);
	return listener;
}

/* n connections with both ends here. */
static int pairs_local(struct pair *p, int n)
{
	int port = ++lab.port;
	int listener = listen_at(HERE, anywhere(port), 16);

	for (int i = 0; i < n; i++)
		p[i] = connect_pair(HERE, NULL, listener, loopback(port));
	tell("port=%d", port);
	return listener;
}

static void await_eof(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, 0) != 0)
		die("end of stream was expected");
}

/* The first closes, the second sees it and closes too. */
static void close_in_order(int first, int second)
{
	close(first);
	await_eof(second);
	close(second);
}

static int number_of_pairs(void)
{
	int n = key_number("n", 1, MAX_PAIRS);

	tell("n=%d", n);
	return n;
}

/* ---- other processes --------------------------------------------------------------------------------------------- */

static void end_children(void)
{
	for (int i = 0; i < lab.children; i++)
		kill(lab.child[i], SIGKILL);
}

/* Like fork(), but the child goes when this process goes, and is called lab-peer. */
static pid_t fork_peer(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0 || lab.children == MAX_CHILDREN)
		die("fork");
	if (pid > 0) {
		lab.child[lab.children++] = pid;
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	prctl(PR_SET_NAME, "lab-peer");
	lab.children = 0;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	return 0;
}

/* Another process, in `where`, holds the servers' ends; this one keeps the clients' ends. */
static void give_servers_to_peer(struct pair *p, int n, enum place where)
{
	pid_t pid = fork_peer();

	if (!pid) {
		for (int i = 0; i < n; i++)
			close(p[i].client);
		enter(where);
		for (;;)
			pause();
	}
	for (int i = 0; i < n; i++)
		close(p[i].server);
	tell("peer_pid=%d", pid);
}

static void read_slowly(int fd)
{
	static char buffer[16384];

	if (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) < 0 && errno != EAGAIN)
		die("recv");
}

static void write_until_full(int fd)
{
	static const char buffer[16384];

	while (send(fd, buffer, sizeof buffer, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	if (errno != EAGAIN)
		die("send");
}

/* A peer that goes on with `work` on one end for ever. */
static void peer_works(void (*work)(int fd), int mine, int other)
{
	if (fork_peer()) {
		close(mine);
		return;
	}
	close(other);
	for (;;) {
		work(mine);
		pause_ms(2 * TICK_MS);
	}
}

/* ---- one state each ---------------------------------------------------------------------------------------------- */

static void make_established(void)
{
	int n = number_of_pairs();

	pairs_out(lab.pairs, n, new_host());
}

static void make_listen(void)
{
	listen_at(HERE, anywhere(++lab.port), key_number("backlog", 128, 4096));
	tell("port=%d", lab.port);
}

static void make_bound_idle(void)
{
	int n = number_of_pairs(), fd = -1;

	for (int i = 0; i < n; i++) {
		fd = new_socket(HERE);
		bind_to(fd, loopback(0));
	}
	tell("bound=%d", port_of(fd));
}

static void make_syn_sent(void)
{
	int host = new_host(), n = number_of_pairs(), fd = -1;

	vanish(host);
	for (int i = 0; i < n; i++) {
		fd = new_socket(HERE);
		start_connect(fd, host_address(host, 8080));
	}
	AWAIT(state_of(fd) == SYN_SENT && info_of(fd).tcpi_retransmits >= 1);
	AWAIT(count_retransmitted(SYN_SENT, 1) >= n);
}

/* The kernel keeps a deferred connection a request until data comes: its client is ESTABLISHED, the server SYN_RECV. */
static void make_syn_recv(void)
{
	int n = number_of_pairs();
	int listener = listen_at(HERE, anywhere(++lab.port), 128);
	struct address from = host_address(new_host(), 0);

	set_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
	for (int i = 0; i < n; i++) {
		int fd = new_socket(FAR);
		bind_to(fd, from);
		start_connect(fd, host_address(1, lab.port));
		AWAIT(state_of(fd) == ESTABLISHED);
	}
	AWAIT(count(SYN_RECV) == n);
	tell("port=%d", lab.port);
}

static void fin_to_nobody(bool orphan)
{
	int host = new_host(), n = number_of_pairs();

	pairs_out(lab.pairs, n, host);
	vanish(host);
	for (int i = 0; i < n; i++)
		if (orphan)
			close(lab.pairs[i].client);
		else
			shutdown(lab.pairs[i].client, SHUT_WR);
	AWAIT(count_retransmitted(FIN_WAIT_1, 1) >= n);
}

static void make_fin_wait_1(void)
{
	fin_to_nobody(false);
}

static void make_fin_wait_1_orphan(void)
{
	fin_to_nobody(true);
}

static void make_fin_wait_2_owned(void)
{
	int n = number_of_pairs();

	pairs_out(lab.pairs, n, new_host());
	for (int i = 0; i < n; i++) {
		shutdown(lab.pairs[i].client, SHUT_WR);
		AWAIT(state_of(lab.pairs[i].client) == FIN_WAIT_2);
	}
}

static void make_fin_wait_2_orphan(void)
{
	int n = number_of_pairs(), before = count(FIN_WAIT_2);

	pairs_out(lab.pairs, n, new_host());
	for (int i = 0; i < n; i++)
		close(lab.pairs[i].client);
	AWAIT(count(FIN_WAIT_2) == before + n);
}

static void make_time_wait(void)
{
	int n = number_of_pairs(), before = count(TIME_WAIT);

	pairs_out(lab.pairs, n, new_host());
	for (int i = 0; i < n; i++)
		close_in_order(lab.pairs[i].client, lab.pairs[i].server);
	AWAIT(count(TIME_WAIT) == before + n);
}

static void make_close_wait(void)
{
	int n = number_of_pairs();

	pairs_out(lab.pairs, n, new_host());
	for (int i = 0; i < n; i++) {
		close(lab.pairs[i].server);
		AWAIT(state_of(lab.pairs[i].client) == CLOSE_WAIT);
	}
}

static void make_last_ack(void)
{
	int host = new_host(), n = number_of_pairs();

	pairs_out(lab.pairs, n, host);
	for (int i = 0; i < n; i++) {
		shutdown(lab.pairs[i].server, SHUT_WR);
		AWAIT(state_of(lab.pairs[i].client) == CLOSE_WAIT);
	}
	vanish(host);
	for (int i = 0; i < n; i++) {
		await_eof(lab.pairs[i].client);
		close(lab.pairs[i].client);
	}
	AWAIT(count_retransmitted(LAST_ACK, 1) >= n);
}

/* Both close at once: our FIN is lost on the way, theirs arrives and does not acknowledge ours. */
static void make_closing(void)
{
	int host = new_host(), n = number_of_pairs();

	pairs_out(lab.pairs, n, host);
	vanish(host);
	for (int i = 0; i < n; i++) {
		shutdown(lab.pairs[i].client, SHUT_WR);
		shutdown(lab.pairs[i].server, SHUT_WR);
		AWAIT(state_of(lab.pairs[i].client) == CLOSING);
	}
	AWAIT(count_retransmitted(CLOSING, 1) >= n);
}

/* Each maker reuses lab.pairs: the descriptors of the earlier ones stay open all the same, which is what is wanted. */
static void make_all_states(void)
{
	make_established();
	make_listen();
	make_bound_idle();
	make_syn_recv();
	make_fin_wait_2_owned();
	make_close_wait();
	make_syn_sent();
	make_closing();
	make_last_ack();
	make_fin_wait_1();
	make_fin_wait_2_orphan();
	make_time_wait();
}

/* ---- who closes first -------------------------------------------------------------------------------------------- */

static void make_server_closes_first(void)
{
	pairs_local(lab.pairs, 1);
	close(lab.pairs[0].server);
	AWAIT(state_of(lab.pairs[0].client) == CLOSE_WAIT && count(FIN_WAIT_2) == 1);
	lab.flow.client = lab.pairs[0].client;
}

static void make_client_closes_first(void)
{
	pairs_local(lab.pairs, 1);
	close(lab.pairs[0].client);
	AWAIT(state_of(lab.pairs[0].server) == CLOSE_WAIT && count(FIN_WAIT_2) == 1);
	lab.flow.client = lab.pairs[0].server;
}

static void other_side_closes(void)
{
	close(lab.flow.client);
	AWAIT(count(TIME_WAIT) == 1);
}

/* The server closed first and is in TIME_WAIT; the same client port connects again at once and revives it. */
static void make_reconnect_at_once(void)
{
	int listener = listen_at(HERE, anywhere(8080), 16);
	struct address from = loopback(20001), to = loopback(8080);
	struct pair p = connect_pair(HERE, &from, listener, to);

	close_in_order(p.server, p.client);
	AWAIT(count(TIME_WAIT) == 1);
	p = connect_pair(HERE, &from, listener, to);
	AWAIT(state_of(p.server) == ESTABLISHED);
	tell("port=8080 client_port=20001");
}

/* ---- leaks ------------------------------------------------------------------------------------------------------- */

/* A server process that closes every connection as soon as it has it. */
static void peer_closes_all(int listener)
{
	if (fork_peer())
		return;
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			close(fd);
	}
}

static void make_close_wait_leak_client(void)
{
	int limit = key_number("limit", 2000, MAX_PAIRS), n = key_number("n", limit * 97 / 100, limit);
	int listener = listen_at(HERE, loopback(8080), 128);
	struct address to = loopback(8080);

	peer_closes_all(listener);
	close(listener);
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)limit, (rlim_t)limit }))
		die("RLIMIT_NOFILE");
	for (int i = 0; i < n; i++) {
		int fd = new_socket(HERE);
		if (connect(fd, (void *)&to.storage, to.length))
			die("connect");
		await_eof(fd);
	}
	AWAIT(count(CLOSE_WAIT) == n);
	tell("n=%d limit=%d port=8080", n, limit);
}

/* The server's side of n connections whose far clients sent `sent` bytes and closed. */
static int handlers(int sent)
{
	static const char data[4096];
	int n = key_number("n", 8, 1000);

	pairs_in(lab.pairs, n, new_host());
	for (int i = 0; i < n; i++) {
		if (sent && send(lab.pairs[i].client, data, (size_t)sent, 0) != sent)
			die("send");
		close(lab.pairs[i].client);
		AWAIT(state_of(lab.pairs[i].server) == CLOSE_WAIT);
	}
	tell("n=%d", n);
	return n;
}

static void make_handler_sleeps(void)
{
	int n = handlers(0);

	for (int i = 0; i < n; i++)
		await_eof(lab.pairs[i].server);
}

static void make_handler_eof_unread(void)
{
	handlers(0);
}

static void make_handler_data_unread(void)
{
	handlers(100);
}

static void tick_write(void)
{
	write_until_full(lab.flow.server);
}

static void tick_read(void)
{
	read_slowly(lab.flow.client);
}

static bool moved(int fd, unsigned long long least)
{
	struct tcp_info info = info_of(fd);

	lab.tick();
	return info.tcpi_bytes_acked + info.tcpi_bytes_received > least;
}

/* The far client has said all it has to say and still listens; the handler here goes on answering. */
static void make_handler_still_sending(void)
{
	pairs_in(&lab.flow, 1, new_host());
	shutdown(lab.flow.client, SHUT_WR);
	await_eof(lab.flow.server);
	peer_works(read_slowly, lab.flow.client, lab.flow.server);
	lab.tick = tick_write;
	AWAIT(moved(lab.flow.server, 2500000));
}

/* This program has said all it has to say; the far server goes on answering. */
static void make_half_close_transfer(void)
{
	pairs_out(&lab.flow, 1, new_host());
	shutdown(lab.flow.client, SHUT_WR);
	await_eof(lab.flow.server);
	peer_works(write_until_full, lab.flow.server, lab.flow.client);
	lab.tick = tick_read;
	AWAIT(state_of(lab.flow.client) == FIN_WAIT_2 && moved(lab.flow.client, 4000000));
}

static void make_never_accepted(void)
{
	int n = key_number("n", 8, 1000), port = ++lab.port;
	struct address from = host_address(new_host(), 0), to = host_address(1, port);

	listen_at(HERE, anywhere(port), n + 8);
	for (int i = 0; i < n; i++) {
		int fd = new_socket(FAR);
		bind_to(fd, from);
		if (connect(fd, (void *)&to.storage, to.length))
			die("connect");
		close(fd);
	}
	AWAIT(count(CLOSE_WAIT) == n);
	tell("n=%d port=%d", n, port);
}

/* ---- peers that are gone ----------------------------------------------------------------------------------------- */

/* The peer has closed completely; what is sent to it is answered with a reset, and the socket leaves every table. */
static void make_rst_after_full_close(void)
{
	int n = number_of_pairs();

	pairs_out(lab.pairs, n, new_host());
	for (int i = 0; i < n; i++) {
		close(lab.pairs[i].server);
		AWAIT(state_of(lab.pairs[i].client) == CLOSE_WAIT);
		if (send(lab.pairs[i].client, "late", 4, MSG_NOSIGNAL) != 4)
			die("send");
		AWAIT(state_of(lab.pairs[i].client) == CLOSE);
	}
}

static void make_peer_crashed(void)
{
	int host = new_host(), n = number_of_pairs();

	pairs_out(lab.pairs, n, host);
	vanish(host);
	for (int i = 0; i < n; i++)
		if (send(lab.pairs[i].client, "hello", 5, 0) != 5)
			die("send");
	AWAIT(count_retransmitted(ESTABLISHED, 2) >= n);
}

static void make_keepalive_peer_gone(void)
{
	int host = new_host();

	pairs_out(lab.pairs, 1, host);
	set_option(lab.pairs[0].client, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_option(lab.pairs[0].client, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_option(lab.pairs[0].client, IPPROTO_TCP, TCP_KEEPCNT, 60);
	set_option(lab.pairs[0].client, SOL_SOCKET, SO_KEEPALIVE, 1);
	vanish(host);
	AWAIT(info_of(lab.pairs[0].client).tcpi_probes >= 1);
}

/* ---- ephemeral ports --------------------------------------------------------------------------------------------- */

/* The i-th destination: 127.0.0.(i+1) (IPv6 has only ::1), or the i-th far host with route=far. All listen on 8080. */
static struct address destination(int i, int port)
{
	char ip[32];

	if (!strcmp(key("route", "lo"), "far"))
		return host_address(2 + i, port);
	if (lab.family == AF_INET6)
		return loopback(port);
	snprintf(ip, sizeof ip, "127.0.0.%d", 1 + i);
	return address(ip, port);
}

static int destination_listener(int port)
{
	enum place where = HERE;

	if (!strcmp(key("route", "lo"), "far")) {
		need_far();
		where = FAR;
	}
	return listen_at(where, anywhere(port), 4096);
}

static void narrow_the_range(void)
{
	int low, high;

	if (sscanf(key("range", "40000-40099"), "%d-%d", &low, &high) != 2)
		die("range=LOW-HIGH");
	char both[32];
	snprintf(both, sizeof both, "%d %d", low, high);
	set_sysctl("ip_local_port_range", both);
	set_sysctl_from_key("ip_local_reserved_ports", "reserved");
	set_sysctl_from_key("tcp_tw_reuse", "tw_reuse");
	set_sysctl_from_key("tcp_tw_reuse_delay", "reuse_delay");
	set_sysctl_from_key("tcp_timestamps", "timestamps");
	tell("range=%d-%d", low, high);
}

/* Everything is opened before anything is closed: so no port of a TIME_WAIT is taken again while this is made. */
static void fill_destination(int listener, int i, int established, int time_wait)
{
	struct pair *p = lab.pairs;

	for (int k = 0; k < established + time_wait; k++)
		p[k] = connect_pair(HERE, NULL, listener, destination(i, 8080));
	for (int k = established; k < established + time_wait; k++)
		close_in_order(p[k].client, p[k].server);
}

static void make_ephemeral_full(void)
{
	int established = key_number("established", 40, MAX_PAIRS / 2), time_wait = key_number("time_wait", 60, MAX_PAIRS / 2);
	int destinations = key_number("destinations", 1, 20), bind_first = key_number("bind_first", 0, 1000);
	struct address any_port = destination(-1, 0);

	narrow_the_range();
	lab.flow.server = destination_listener(8080);
	int other = destination_listener(8081);
	if (!strcmp(key("route", "lo"), "lo"))
		any_port = loopback(0);
	for (int k = 0; k < bind_first; k++)
		connect_pair(HERE, &any_port, other, destination(0, 8081));
	for (int i = 0; i < destinations; i++)
		fill_destination(lab.flow.server, i, established, time_wait);
	AWAIT(count(TIME_WAIT) == destinations * time_wait);
	close(other);
	tell("port=8080");
}

/* Now really connect to the first destination: once, or with exhaust=1 until the kernel says no. */
static void connect_really(void)
{
	struct address to = destination(0, 8080);
	int more = 0, error = 0, most = key_number("exhaust", 0, 1) ? 70000 : 1;

	while (!error && more < most) {
		int fd = new_socket(HERE);
		if (connect(fd, (void *)&to.storage, to.length))
			error = errno;
		else if (++more && accept4(lab.flow.server, NULL, NULL, SOCK_CLOEXEC) < 0)
			die("accept");
	}
	tell("more=%d next=%s", more, !error ? "OK" : error == EADDRNOTAVAIL ? "EADDRNOTAVAIL" : strerror(error));
}

static void make_ephemeral_listener(void)
{
	set_sysctl_from_key("ip_local_reserved_ports", "reserved");
	listen_at(HERE, anywhere(40001), 128);
	tell("port=40001");
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static void make_tw_buckets(void)
{
	int limit = key_number("limit", 50, 1000), n = key_number("n", limit + 30, 2000);
	char text[16];

	snprintf(text, sizeof text, "%d", limit);
	set_sysctl("tcp_max_tw_buckets", text);
	pairs_local(lab.pairs, n);
	for (int i = 0; i < n; i++)
		close_in_order(lab.pairs[i].client, lab.pairs[i].server);
	AWAIT(n < limit ? count(TIME_WAIT) == n : counter("TCPTimeWaitOverflow") >= n - limit);
	tell("limit=%d overflow=%ld time_wait=%d", limit, counter("TCPTimeWaitOverflow"), count(TIME_WAIT));
}

/* The queue holds backlog + 1; later clients stay in SYN_SENT, far away, and their SYNs are dropped here and counted. */
static void make_accept_queue_full(void)
{
	int backlog = key_number("backlog", 4, 128), n = key_number("n", backlog + 8, 200), port = ++lab.port;
	int listener = listen_at(HERE, anywhere(port), backlog);
	struct address from = host_address(new_host(), 0);

	for (int i = 0; i < n; i++) {
		int fd = new_socket(FAR);
		bind_to(fd, from);
		start_connect(fd, host_address(1, port));
	}
	AWAIT((int)info_of(listener).tcpi_unacked > backlog && counter("ListenOverflows") > 0);
	tell("port=%d backlog=%d queued=%u", port, backlog, info_of(listener).tcpi_unacked);
}

/* Our SYN-ACKs are lost, so the requests stay; what does not fit gets a cookie or is dropped. */
static void make_syn_queue(void)
{
	int n = key_number("n", 16, 100), backlog = key_number("backlog", 256, 256), port = ++lab.port, host = new_host();
	struct address from = host_address(host, 0);

	set_sysctl_from_key("tcp_syncookies", "syncookies");
	set_sysctl_from_key("tcp_max_syn_backlog", "max_syn_backlog");
	listen_at(HERE, anywhere(port), backlog);
	vanish(host);
	for (int i = 0; i < n; i++) {
		int fd = new_socket(FAR);
		bind_to(fd, from);
		start_connect(fd, host_address(1, port));
	}
	AWAIT(count_retransmitted(SYN_RECV, 1) >= n ||
	      (counter("SyncookiesSent") + counter("ListenDrops") > 0 &&
	       count(SYN_RECV) + counter("SyncookiesSent") + counter("ListenDrops") >= n));
	tell("port=%d n=%d", port, n);
}

static void make_linger0(void)
{
	int n = number_of_pairs();
	struct linger no_linger = { 1, 0 };

	pairs_out(lab.pairs, n, new_host());
	for (int i = 0; i < n; i++) {
		if (setsockopt(lab.pairs[i].client, SOL_SOCKET, SO_LINGER, &no_linger, sizeof no_linger))
			die("SO_LINGER");
		close(lab.pairs[i].client);
		AWAIT(state_of(lab.pairs[i].server) == CLOSE);
	}
}

/* ---- FIN_WAIT_2 and who is to blame ------------------------------------------------------------------------------ */

static void half_close_all(int n)
{
	for (int i = 0; i < n; i++) {
		shutdown(lab.pairs[i].client, SHUT_WR);
		AWAIT(state_of(lab.pairs[i].client) == FIN_WAIT_2);
	}
}

static void make_fin_wait_2_peer_local(void)
{
	int n = key_number("n", 4, 1000), listener = pairs_local(lab.pairs, n);

	close(listener);
	half_close_all(n);
	give_servers_to_peer(lab.pairs, n, HERE);
}

static void make_fin_wait_2_peer_other_netns(void)
{
	int n = key_number("n", 4, 1000);

	pairs_out(lab.pairs, n, new_host());
	half_close_all(n);
	give_servers_to_peer(lab.pairs, n, FAR);
}

/* ---- a machine that is well -------------------------------------------------------------------------------------- */

static struct pair busy_pair(int listener, int i)
{
	char ip[32];

	snprintf(ip, sizeof ip, "127.0.0.%d", 1 + i % 30);
	return connect_pair(HERE, NULL, listener, address(ip, 8080));
}

/* TIME_WAIT over 30 destinations, half of them made by a server that closes first; ESTABLISHED; a young burst. */
static void make_healthy_busy(void)
{
	int time_wait = key_number("time_wait", 3000, 20000), established = key_number("established", 300, 2000);
	int burst = key_number("burst", 50, 1000), listener;
	struct pair p;

	lab.family = AF_INET; /* ::1 is alone, 127.0.0.x are many */
	listener = listen_at(HERE, anywhere(8080), 128);
	for (int i = 0; i < time_wait; i++) {
		p = busy_pair(listener, i);
		close_in_order(i % 2 ? p.client : p.server, i % 2 ? p.server : p.client);
	}
	for (int i = 0; i < established; i++)
		busy_pair(listener, i);
	for (int i = 0; i < burst; i++) {
		p = busy_pair(listener, i);
		shutdown(p.server, SHUT_WR);
		await_eof(p.client);
	}
	AWAIT(count(ESTABLISHED) == 2 * established && count(TIME_WAIT) >= time_wait * 9 / 10);
	tell("established=%d time_wait=%d burst=%d", 2 * established, count(TIME_WAIT), burst);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static const struct situation situations[] = {
	{ "established", "n connections from here", make_established, NULL },
	{ "listen", "one listener", make_listen, NULL },
	{ "bound-idle", "n ports bound and not used", make_bound_idle, NULL },
	{ "syn-sent", "n connects to a silent address", make_syn_sent, NULL },
	{ "syn-recv", "n requests that wait for data (TCP_DEFER_ACCEPT)", make_syn_recv, NULL },
	{ "fin-wait-1", "half-closed, the peer is gone: FIN retransmitted by a held socket", make_fin_wait_1, NULL },
	{ "fin-wait-1-orphan", "closed, the peer is gone: FIN retransmitted by an orphan", make_fin_wait_1_orphan, NULL },
	{ "fin-wait-2-owned", "half-closed by its holder, the peer keeps its side", make_fin_wait_2_owned, NULL },
	{ "fin-wait-2-orphan", "closed, the peer keeps its side", make_fin_wait_2_orphan, NULL },
	{ "time-wait", "n connections closed from here first", make_time_wait, NULL },
	{ "close-wait", "n connections closed by the peer only", make_close_wait, NULL },
	{ "last-ack", "the peer closed, then we, and it is gone", make_last_ack, NULL },
	{ "closing", "both closed at once and our FIN was lost", make_closing, NULL },
	{ "all-states", "one of each", make_all_states, NULL },
	{ "server-closes-first", "FIN_WAIT_2 there, CLOSE_WAIT at the client; next: it closes",
	  make_server_closes_first, other_side_closes },
	{ "client-closes-first", "FIN_WAIT_2 there, CLOSE_WAIT at the server; next: it closes",
	  make_client_closes_first, other_side_closes },
	{ "reconnect-at-once", "the same client port again, over the server's TIME_WAIT", make_reconnect_at_once, NULL },
	{ "close-wait-leak-client", "a client that never closes, just below its descriptor limit (limit= n=)",
	  make_close_wait_leak_client, NULL },
	{ "handler-sleeps", "n handlers that read the end of stream and sleep", make_handler_sleeps, NULL },
	{ "handler-eof-unread", "n handlers that have not read the end of stream", make_handler_eof_unread, NULL },
	{ "handler-data-unread", "n handlers with unread data", make_handler_data_unread, NULL },
	{ "handler-still-sending", "the client half-closed and the handler still answers: healthy", make_handler_still_sending, NULL },
	{ "never-accepted", "n connections closed by their peers, never accepted", make_never_accepted, NULL },
	{ "half-close-transfer", "shutdown(SHUT_WR) here and data still coming back: healthy", make_half_close_transfer, NULL },
	{ "rst-after-full-close", "data sent to a peer that closed completely", make_rst_after_full_close, NULL },
	{ "peer-crashed", "data unanswered: retransmissions", make_peer_crashed, NULL },
	{ "keepalive-peer-gone", "keepalive probes unanswered", make_keepalive_peer_gone, NULL },
	{ "ephemeral-full",
	  "range= established= time_wait= destinations= reserved= tw_reuse= reuse_delay= timestamps= bind_first= "
	  "route=lo|far exhaust=; next: connects really", make_ephemeral_full, connect_really },
	{ "ephemeral-listener", "a listener inside the ephemeral range (reserved=)", make_ephemeral_listener, NULL },
	{ "tw-buckets", "more closes than tcp_max_tw_buckets (limit= n=)", make_tw_buckets, NULL },
	{ "accept-queue-full", "a listener that nobody accepts from (backlog= n=)", make_accept_queue_full, NULL },
	{ "syn-queue", "n requests whose SYN-ACK is lost", make_syn_queue, NULL },
	{ "linger0", "closed with a reset: no TIME_WAIT", make_linger0, NULL },
	{ "fin-wait-2-peer-local", "half-closed; another process here keeps the other side", make_fin_wait_2_peer_local, NULL },
	{ "fin-wait-2-peer-other-netns", "half-closed; a process in another namespace keeps the other side",
	  make_fin_wait_2_peer_other_netns, NULL },
	{ "healthy-busy", "much of everything, nothing wrong (time_wait= established= burst=)", make_healthy_busy, NULL },
};

static const struct situation *find(const char *name)
{
	for (size_t i = 0; i < sizeof situations / sizeof *situations; i++)
		if (!strcmp(situations[i].name, name))
			return &situations[i];
	errno = ENOENT;
	die("%s: no such situation, see --list", name);
}

static int list(void)
{
	for (size_t i = 0; i < sizeof situations / sizeof *situations; i++)
		printf("%-28s %s\n", situations[i].name, situations[i].help);
	return 0;
}

/* It changes sysctls and breaks links: only in a namespace that was made for it. */
static void refuse_the_real_machine(void)
{
	FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside, length;

	if (!f || fscanf(f, "%u %u %u", &inside, &outside, &length) != 3 || length != 1 || geteuid()) {
		errno = EPERM;
		die("run me with: unshare -Urn");
	}
	fclose(f);
}

static void serve_until_eof(const struct situation *s)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	for (;;) {
		int ready = poll(&in, 1, lab.tick ? 2 * TICK_MS : -1);
		if (lab.tick)
			lab.tick();
		if (ready <= 0)
			continue;
		if (read(STDIN_FILENO, &byte, 1) != 1)
			return;
		if (byte == '\n' && s->next) {
			s->next();
			print_told("NEXT");
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;

	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	if (argc < 2) {
		fputs("usage: situation --list | unshare -Urn situation NAME [KEY=VALUE...]\n", stderr);
		return 1;
	}
	const struct situation *s = find(argv[1]);
	lab.keys = argv + 2;
	lab.family = key_number("family", 4, 6) == 6 ? AF_INET6 : AF_INET;
	refuse_the_real_machine();
	atexit(end_children);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	loopback_up();
	lab.place[HERE] = this_namespace();
	tell("pid=%d", getpid());
	s->make();
	print_told("READY");
	serve_until_eof(s);
	return 0;
}
