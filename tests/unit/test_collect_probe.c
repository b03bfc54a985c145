/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What collect/ asks by borrowing a descriptor or by trying: flags of sockets,
 * bind() for real, ports without a packet; live, recorded and replayed.
 */
#include "test.h"

#include "base/grow.h"
#include "collect/flags.c"
#include "collect/lender.c"
#include "collect/handle.h"
#include "collect/sysctls.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"

static char folder[] = "/tmp/sockvet-probe-XXXXXX";
static char recording[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(recording, sizeof(recording), "%s/recording", folder);
	return 0;
}

static int drop_folder(void **state)
{
	(void)state;
	unlink(recording);
	return rmdir(folder);
}

/* ---- flags ---- */

static void test_same_class(void **state)
{
	static const char unified[] = "0::/user.slice\n";
	static const char old[] = "5:net_cls,net_prio:/web\n4:cpu:/a\n0::/\n";

	(void)state;
	assert_true(has_same_class("", ""));
	assert_true(has_same_class(unified, "0::/system.slice\n"));
	assert_true(has_same_class(old, "5:net_cls,net_prio:/web\n4:cpu:/b\n0::/x\n"));
	assert_false(has_same_class(old, "5:net_cls,net_prio:/webs\n4:cpu:/a\n0::/\n"));
	assert_false(has_same_class(old, "5:net_cls,net_prio:/\n0::/\n"));
	assert_false(has_same_class(old, unified));
	assert_false(has_same_class("6:net_prio:/a\n5:net_cls:/\n", "6:net_prio:/b\n5:net_cls:/\n"));
	assert_false(has_same_class("5:net_cls:/a\n", ""));
	/* a path may look like a controller */
	assert_true(has_same_class("1:cpu:/net_cls\n", "1:cpu:/b,net_cls:c\n"));
	assert_true(has_same_class("net_cls", ":"));
	assert_true(has_same_class("::\n:\n\n1:net_cls", "1:net_cls"));
}

static int listener(int family, int reuseaddr, int reuseport, int v6only)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuseaddr, sizeof(int)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &reuseport, sizeof(int)), 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(int)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static struct sock *add_sock(struct snapshot *seen, int fd, enum family family)
{
	struct sock *sock = grow_add(&seen->socks);
	socklen_t size = sizeof(sock->cookie);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	sock->family = family;
	sock->protocol = PROTOCOL_TCP;
	sock->state = STATE_LISTEN;
	sock->inode = (uint32_t)st.st_ino;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &sock->cookie, &size), 0);
	return sock;
}

static void add_holder(struct snapshot *seen, uint32_t inode, pid_t pid, int fd)
{
	struct holder holder = { .inode = inode, .process = snapshot_process(seen, pid), .fd = fd };

	*grow_add(&seen->holders) = holder;
}

/* Some sandboxes forbid to borrow, also from oneself. */
static bool may_borrow(void)
{
	int us = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int fd = us < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, us, 0, 0);

	if (fd >= 0)
		close(fd);
	if (us >= 0)
		close(us);
	return fd >= 0;
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

#define HAVE_FLAGS (HAVE_REUSEADDR | HAVE_REUSEPORT | HAVE_V6ONLY)

static void forget_flags(struct snapshot *seen)
{
	for (size_t i = 0; i < seen->socks.count; i++) {
		struct sock *sock = &seen->socks.at[i];

		sock->have = 0;
		sock->reuseaddr = sock->reuseport = sock->v6only = false;
	}
}

static void expect_flags(const struct snapshot *seen, size_t from)
{
	const struct sock *sock = seen->socks.at + from;

	assert_int_equal(sock[0].have, HAVE_REUSEADDR | HAVE_REUSEPORT);
	assert_true(sock[0].reuseaddr);
	assert_false(sock[0].reuseport);
	assert_int_equal(sock[1].have, HAVE_REUSEADDR | HAVE_REUSEPORT);
	assert_false(sock[1].reuseaddr);
	assert_true(sock[1].reuseport);
}

static void test_flags(void **state)
{
	int fds[2] = { listener(AF_INET, 1, 0, 0), listener(AF_INET, 0, 1, 0) };
	struct collect handle = { 0 };
	struct snapshot seen;
	unsigned before;

	(void)state;
	if (!may_borrow())
		skip();
	snapshot_init(&seen);
	for (int i = 0; i < 2; i++)
		add_sock(&seen, fds[i], FAMILY_IPV4);
	/* a holder that is gone, one that has another file there, and a good one */
	add_holder(&seen, seen.socks.at[0].inode, getpid(), 9999);
	add_holder(&seen, seen.socks.at[0].inode, getpid(), fds[1]);
	add_holder(&seen, seen.socks.at[0].inode, getpid(), fds[0]);
	add_holder(&seen, seen.socks.at[1].inode, getpid(), fds[1]);
	snapshot_sort_holders(&seen);
	before = open_descriptors();
	collect_flags(&handle, &seen);
	expect_flags(&seen, 0);
	assert_int_equal(open_descriptors(), before);

	assert_int_equal(recorder_open(&handle.recorder, NULL, recording, NULL), 0);
	forget_flags(&seen);
	collect_flags(&handle, &seen);
	assert_int_equal(recorder_close(&handle.recorder, true, NULL), 0);
	close(fds[0]);
	close(fds[1]);

	/* nobody is asked any more, and another row in front changes nothing */
	assert_int_equal(recorder_open(&handle.recorder, recording, NULL, NULL), 0);
	forget_flags(&seen);
	for (size_t i = 0; i < 2; i++) {
		struct sock again = seen.socks.at[i];

		*grow_add(&seen.socks) = again;
	}
	seen.socks.at[0].cookie++;
	collect_flags(&handle, &seen);
	assert_int_equal(seen.socks.at[0].have, 0);
	expect_flags(&seen, 2);
	recorder_close(&handle.recorder, false, NULL);
	snapshot_fini(&seen);
}

static void test_flags_of_ipv6(void **state)
{
	int fd = listener(AF_INET6, 0, 0, 1);
	struct collect handle = { 0 };
	struct snapshot seen;

	(void)state;
	if (fd < 0 || !may_borrow())
		skip();
	snapshot_init(&seen);
	add_holder(&seen, add_sock(&seen, fd, FAMILY_IPV6)->inode, getpid(), fd);
	collect_flags(&handle, &seen);
	assert_int_equal(seen.socks.at[0].have, HAVE_FLAGS);
	assert_true(seen.socks.at[0].v6only);
	assert_false(seen.socks.at[0].reuseaddr);
	snapshot_fini(&seen);
	close(fd);
}

/* Another socket under the same numbers, and another protocol, tell nothing. */
static void test_flags_of_others(void **state)
{
	int fd = listener(AF_INET, 1, 1, 0);
	struct collect handle = { 0 };
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	add_holder(&seen, add_sock(&seen, fd, FAMILY_IPV4)->inode, getpid(), fd);
	seen.socks.at[0].cookie ^= 1;
	collect_flags(&handle, &seen);
	assert_int_equal(seen.socks.at[0].have, 0);
	seen.socks.at[0].cookie ^= 1;
	seen.socks.at[0].protocol = PROTOCOL_UDP;
	collect_flags(&handle, &seen);
	assert_int_equal(seen.socks.at[0].have, 0);
	snapshot_fini(&seen);
	close(fd);
}

/* ---- bind ---- */

static uint16_t port_of(int fd)
{
	struct sockaddr_in local;
	socklen_t size = sizeof(local);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &size), 0);
	return ntohs(local.sin_port);
}

static struct bind_ask ask_any(uint16_t port)
{
	static const uint8_t any[4];

	return (struct bind_ask){ .protocol = PROTOCOL_TCP, .family = FAMILY_IPV4, .port = port,
				  .addr = addr_from_v4(any), .uid = geteuid() };
}

static void test_bind(void **state)
{
	int fd = listener(AF_INET, 0, 0, 0);
	struct bind_ask ask = ask_any(port_of(fd));
	struct collect handle = { 0 };
	struct bind_probe probe;
	unsigned before = open_descriptors();

	(void)state;
	collect_probe_bind(&handle, &ask, &probe);
	assert_true(probe.made);
	assert_int_equal(probe.err, EADDRINUSE);
	assert_string_equal(probe.refusal, "");
	close(fd);
	/* twice: the first left nothing behind */
	for (int i = 0; i < 2; i++) {
		collect_probe_bind(&handle, &ask, &probe);
		assert_true(probe.made);
		assert_int_equal(probe.err, 0);
	}
	assert_int_equal(open_descriptors(), before - 1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_bind_reuseport(void **state)
{
	int fd = listener(AF_INET, 0, 1, 0);
	struct bind_ask ask = ask_any(port_of(fd));
	struct collect handle = { 0 };
	struct bind_probe probe;

	(void)state;
	collect_probe_bind(&handle, &ask, &probe);
	assert_int_equal(probe.err, EADDRINUSE);
	ask.reuseport = true;
	collect_probe_bind(&handle, &ask, &probe);
	assert_true(probe.made);
	assert_int_equal(probe.err, 0);
	ask.uid++;
	collect_probe_bind(&handle, &ask, &probe);
	if (probe.made)
		assert_int_equal(probe.err, EADDRINUSE);
	else
		assert_non_null(strstr(probe.refusal, "uid"));
	close(fd);
}

static void test_bind_refused(void **state)
{
	struct bind_ask ask = ask_any(1);
	struct collect handle = { 0 };
	struct bind_probe probe;

	(void)state;
	ask.protocol = PROTOCOL_UDP;
	collect_probe_bind(&handle, &ask, &probe);
	assert_false(probe.made);
	assert_non_null(strstr(probe.refusal, "UDP"));
	ask.protocol = PROTOCOL_TCP;
	ask.uid = UINT32_MAX;
	collect_probe_bind(&handle, &ask, &probe);
	assert_false(probe.made);
	ask = ask_any(40000);
	ask.ifindex = INT32_MAX;
	collect_probe_bind(&handle, &ask, &probe);
	assert_false(probe.made);
	assert_non_null(strstr(probe.refusal, "device"));
}

static void test_bind_replay(void **state)
{
	int fd = listener(AF_INET, 0, 0, 0);
	struct bind_ask ask = ask_any(port_of(fd)), other = ask, udp = ask;
	struct bind_probe probe;
	struct collect handle;

	(void)state;
	udp.protocol = PROTOCOL_UDP;
	other.reuseaddr = true;
	assert_int_equal(recorder_open(&handle.recorder, NULL, recording, NULL), 0);
	collect_probe_bind(&handle, &ask, &probe);
	collect_probe_bind(&handle, &udp, &probe);
	assert_int_equal(recorder_close(&handle.recorder, true, NULL), 0);
	close(fd);
	assert_int_equal(recorder_open(&handle.recorder, recording, NULL, NULL), 0);
	collect_probe_bind(&handle, &ask, &probe);
	assert_true(probe.made);
	assert_int_equal(probe.err, EADDRINUSE);
	collect_probe_bind(&handle, &udp, &probe);
	assert_false(probe.made);
	assert_non_null(strstr(probe.refusal, "UDP"));
	collect_probe_bind(&handle, &other, &probe);
	assert_false(probe.made);
	assert_string_equal(probe.refusal, "the recording holds no such probe");
	recorder_close(&handle.recorder, false, NULL);
}

/* A recording is somebody else's file: cut, overlong, with bytes for a terminal. */
static void test_strange_recording(void **state)
{
	struct bind_ask ask = ask_any(9), short_one = ask_any(10);
	uint32_t key[13] = { PROTOCOL_TCP, FAMILY_IPV4, 9, 0, 0, geteuid() };
	struct { int32_t made, err; char refusal[200]; } told = { 7, -5, "" };
	struct bind_probe probe;
	struct collect handle;

	(void)state;
	memcpy(key + 9, ask.addr.b, sizeof(ask.addr.b));
	memset(told.refusal, '\33', sizeof(told.refusal));
	assert_int_equal(recorder_open(&handle.recorder, NULL, recording, NULL), 0);
	put_answer(&handle.recorder, ANSWER_PROBE_BIND, key, sizeof(key), &told, sizeof(told));
	key[2] = 10;
	put_answer(&handle.recorder, ANSWER_PROBE_BIND, key, sizeof(key), &told, sizeof(told) - 1);
	put_answer(&handle.recorder, ANSWER_FLAGS, "", 0, "too short", 9);
	assert_int_equal(recorder_close(&handle.recorder, true, NULL), 0);
	assert_int_equal(recorder_open(&handle.recorder, recording, NULL, NULL), 0);
	collect_probe_bind(&handle, &ask, &probe);
	assert_false(probe.made);
	assert_int_equal(probe.err, 0);
	assert_non_null(strstr(probe.refusal, "\\x1b"));
	assert_null(strchr(probe.refusal, '\33'));
	collect_probe_bind(&handle, &short_one, &probe);
	assert_string_equal(probe.refusal, "the recording holds no such probe");
	recorder_close(&handle.recorder, false, NULL);
}

/* ---- in a namespace of one's own ---- */

enum { SKIPPED = 77 };

#define CHECK(is) \
	do { \
		if (!(is)) { \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #is); \
			_exit(1); \
		} \
	} while (0)

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return is;
}

static void lo_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		_exit(SKIPPED);
	close(fd);
}

static void in_namespace(void (*run)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		uid_t uid = geteuid();
		char map[32];

		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
			_exit(SKIPPED);
		snprintf(map, sizeof(map), "0 %u 1", uid);
		if (!write_file("/proc/self/uid_map", map))
			_exit(SKIPPED);
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

#define RANGE "/proc/sys/net/ipv4/ip_local_port_range"

static uint8_t ports[65536 / 8];
static struct port_probe probe;         /* too large for a careful stack */

static void ask_ports(unsigned low, unsigned high)
{
	struct collect handle = { 0 };

	memset(ports, 0, sizeof(ports));
	for (unsigned port = low; port <= high; port++)
		ports[port / 8] = (uint8_t)(ports[port / 8] | 1u << (port % 8));
	collect_probe_ports(&handle, ports, &probe);
}

static bool is_usable(unsigned port)
{
	return probe.answered[port / 8] & probe.usable[port / 8] & 1u << (port % 8);
}

static bool is_blocked(unsigned port)
{
	return probe.answered[port / 8] & ~probe.usable[port / 8] & 1u << (port % 8);
}

/* Segments and packets that this namespace has sent. */
static int64_t sent(void)
{
	static const char *const names[][2] = {
		{ "Ip:", "OutRequests" }, { "Tcp:", "ActiveOpens" }, { "Tcp:", "OutSegs" },
		{ "Tcp:", "OutRsts" }, { "Icmp:", "OutMsgs" },
	};
	struct text snmp = { 0 };
	int64_t sum = 0, value;

	CHECK(file_read(AT_FDCWD, "/proc/thread-self/net/snmp", &snmp) == 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		CHECK(counter_pairs(text_str(&snmp), names[i][0], names[i][1], &value));
		sum += value;
	}
	text_fini(&snmp);
	return sum;
}

static int bind_loopback(uint16_t port, int reuseaddr)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuseaddr, sizeof(int)) == 0);
	CHECK(bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	return fd;
}

static void run_ports(void)
{
	int64_t before;
	int idle;

	ask_ports(40000, 40003);
	CHECK(!probe.made && strstr(probe.refusal, "ip link set lo up"));
	lo_up();
	before = sent();
	idle = bind_loopback(40001, 0);
	ask_ports(40000, 40003);
	if (!probe.made && strstr(probe.refusal, "Linux 6.3"))
		_exit(SKIPPED);
	CHECK(probe.made && probe.asked == 4 && !*probe.refusal);
	CHECK(is_usable(40000) && is_blocked(40001) && is_usable(40002) && is_usable(40003));
	close(idle);
	ask_ports(40001, 40001);
	CHECK(is_usable(40001));
	ask_ports(32768, 60999);
	CHECK(probe.made && probe.asked == 28232 && !probe.packets_sent);
	CHECK(sent() == before);
	ask_ports(1, 0);
	CHECK(probe.made && !probe.asked && !*probe.refusal);
	ask_ports(32767, 32768);
	CHECK(probe.made && probe.asked == 1 && strstr(probe.refusal, "1 port was outside of"));
	ask_ports(100, 101);
	CHECK(!probe.made && strstr(probe.refusal, "outside of ip_local_port_range"));
}

static void test_ports(void **state)
{
	(void)state;
	in_namespace(run_ports);
}

/* An owner that connect() chose leaves the port to other destinations. */
static void run_clients(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(700),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server, client, bound;

	lo_up();
	server = bind_loopback(700, 0);
	CHECK(listen(server, 8) == 0);
	if (!write_file(RANGE, "40000 40000"))
		_exit(SKIPPED);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(connect(client, (struct sockaddr *)&to, sizeof(to)) == 0);
	CHECK(write_file(RANGE, "40000 40009"));
	bound = bind_loopback(40005, 0);
	CHECK(connect(bound, (struct sockaddr *)&to, sizeof(to)) == 0);
	ask_ports(40000, 40009);
	CHECK(probe.made && is_usable(40000) && is_blocked(40005));
}

static void test_clients(void **state)
{
	(void)state;
	in_namespace(run_clients);
}

static void run_preconditions(void)
{
	lo_up();
	if (!write_file("/proc/sys/net/ipv4/ip_local_reserved_ports", "40001"))
		_exit(SKIPPED);
	ask_ports(40000, 40001);
	CHECK(is_usable(40000) && is_blocked(40001));
	CHECK(write_file("/proc/sys/net/ipv4/tcp_fastopen", "2"));
	ask_ports(40000, 40001);
	CHECK(!probe.made && strstr(probe.refusal, "net.ipv4.tcp_fastopen"));
	CHECK(!probe.packets_sent);
}

static void test_preconditions(void **state)
{
	(void)state;
	in_namespace(run_preconditions);
}

static void run_ports_replay(void)
{
	struct collect handle;
	static struct port_probe live;

	lo_up();
	bind_loopback(40001, 0);
	ask_ports(40000, 40003);
	CHECK(recorder_open(&handle.recorder, NULL, recording, NULL) == 0);
	collect_probe_ports(&handle, ports, &live);
	CHECK(recorder_close(&handle.recorder, true, NULL) == 0);
	CHECK(recorder_open(&handle.recorder, recording, NULL, NULL) == 0);
	collect_probe_ports(&handle, ports, &probe);
	CHECK(memcmp(&live, &probe, sizeof(live)) == 0 && probe.made);
	ports[40000 / 8] ^= 1;
	collect_probe_ports(&handle, ports, &probe);
	CHECK(!probe.made && strcmp(probe.refusal, "the recording holds no such probe") == 0);
	recorder_close(&handle.recorder, false, NULL);
}

static void test_ports_replay(void **state)
{
	(void)state;
	in_namespace(run_ports_replay);
}

/* Low ports: of uid 0 here, and of a uid that nobody can take here. */
static void run_low_port(void)
{
	struct bind_ask ask = ask_any(80);
	struct collect handle = { 0 };
	struct bind_probe told;

	collect_probe_bind(&handle, &ask, &told);
	CHECK(told.made && told.err == 0);
	ask.uid = 1000;
	collect_probe_bind(&handle, &ask, &told);
	CHECK(told.made && told.err == EACCES);
	ask.port = 8080;
	collect_probe_bind(&handle, &ask, &told);
	CHECK(told.made && told.err == 0);
	ask.reuseport = true;
	collect_probe_bind(&handle, &ask, &told);
	CHECK(!told.made && strstr(told.refusal, "user namespace"));
	/* it is still us: nothing was given up but in the child */
	ask = ask_any(80);
	collect_probe_bind(&handle, &ask, &told);
	CHECK(told.made && told.err == 0);
}

static void test_low_port(void **state)
{
	(void)state;
	in_namespace(run_low_port);
}

/* Without descriptors, and with nobody waiting for children. */
static void run_poor(void)
{
	struct rlimit few = { 3, 3 };
	struct bind_ask ask = ask_any(8080);
	struct collect handle = { 0 };
	struct bind_probe told;

	signal(SIGCHLD, SIG_IGN);
	collect_probe_bind(&handle, &ask, &told);
	CHECK(told.made && told.err == 0);
	lo_up();
	/* valgrind keeps the limit to itself */
	if (setrlimit(RLIMIT_NOFILE, &few) < 0 && errno == EPERM)
		return;
	collect_probe_bind(&handle, &ask, &told);
	CHECK(!told.made && *told.refusal);
	ask_ports(40000, 40001);
	CHECK(!probe.made && *probe.refusal);
}

static void test_poor(void **state)
{
	(void)state;
	in_namespace(run_poor);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_class), cmocka_unit_test(test_flags),
		cmocka_unit_test(test_flags_of_ipv6), cmocka_unit_test(test_flags_of_others),
		cmocka_unit_test(test_bind), cmocka_unit_test(test_bind_reuseport),
		cmocka_unit_test(test_bind_refused), cmocka_unit_test(test_bind_replay),
		cmocka_unit_test(test_strange_recording), cmocka_unit_test(test_ports),
		cmocka_unit_test(test_clients), cmocka_unit_test(test_preconditions),
		cmocka_unit_test(test_ports_replay), cmocka_unit_test(test_low_port),
		cmocka_unit_test(test_poor),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
