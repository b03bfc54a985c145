/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that the kernel refuses, one at a time: the functions below stand before
 * those of the C library. A refusal is a sentence or a second way, never an answer.
 */
#include "test.h"

#include "base/bits.h"
#include "collect/collect.h"
#include "collect/handle.h"
#include "collect/inet.h"
#include "collect/recorder.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* The call that fails: after @skip good ones, @times times; -1 is an answer of nothing. */
struct refusal {
	const char *call;
	int         err;
	unsigned    skip, times;
};
static struct refusal now;

/* Of TCP_INFO and SO_MEMINFO: one number of them. */
static uint32_t told_number;
static bool     tells_number;

/* What recvmsg() gives instead of waiting. */
static struct {
	const void *bytes;
	size_t      size;
	uint32_t    sender;
	int         flags;
} datagram;

static bool fails(const char *call)
{
	if (!now.call || strcmp(call, now.call) != 0)
		return false;
	if (now.skip) {
		now.skip--;
		return false;
	}
	if (!now.times)
		return false;
	now.times--;
	errno = now.err;
	return true;
}

static int result(long value)
{
	return (int)value;
}

int socket(int family, int type, int protocol)
{
	return fails("socket") ? -1 : result(syscall(SYS_socket, family, type, protocol));
}

int bind(int fd, const struct sockaddr *at, socklen_t size)
{
	return fails("bind") ? -1 : result(syscall(SYS_bind, fd, at, size));
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
	return fails("connect") ? -1 : result(syscall(SYS_connect, fd, to, size));
}

int getsockname(int fd, struct sockaddr *restrict at, socklen_t *restrict size)
{
	return fails("getsockname") ? -1 : result(syscall(SYS_getsockname, fd, at, size));
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	return fails("setsockopt") ? -1 : result(syscall(SYS_setsockopt, fd, level, name, value, size));
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict size)
{
	size_t at = name == SO_MEMINFO && level == SOL_SOCKET ? SK_MEMINFO_DROPS * sizeof(uint32_t) :
		    offsetof(struct tcp_info, tcpi_segs_out);
	long got;

	if (fails("getsockopt"))
		return -1;
	got = syscall(SYS_getsockopt, fd, level, name, value, size);
	if (tells_number && got == 0 && at + sizeof(told_number) <= *size)
		memcpy((char *)value + at, &told_number, sizeof(told_number));
	return result(got);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	return fails("send") ? -1 : syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct sockaddr_nl sender = { .nl_family = AF_NETLINK, .nl_pid = datagram.sender };

	if (fails("recvmsg"))
		return -1;
	if (!datagram.bytes)
		return syscall(SYS_recvmsg, fd, message, flags);
	assert_true(datagram.size <= message->msg_iov->iov_len);
	memcpy(message->msg_iov->iov_base, datagram.bytes, datagram.size);
	memcpy(message->msg_name, &sender, sizeof(sender));
	message->msg_namelen = sizeof(sender);
	message->msg_flags = datagram.flags;
	return (ssize_t)datagram.size;
}

int poll(struct pollfd *ready, nfds_t count, int timeout_ms)
{
	struct timespec wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	if (fails("poll"))
		return now.err == -1 ? 0 : -1;
	return datagram.bytes ? 1 : ppoll(ready, count, &wait, NULL);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
		   void *(*run)(void *), void *restrict ctx)
{
	int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		(__typeof__(create))dlsym(RTLD_NEXT, "pthread_create");

	return fails("pthread_create") ? errno : create(thread, attr, run, ctx);
}

ssize_t read(int fd, void *bytes, size_t size)
{
	if (fails("read"))
		return now.err == -1 ? 0 : -1;
	return syscall(SYS_read, fd, bytes, size);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	return fails("write") ? -1 : syscall(SYS_write, fd, bytes, size);
}

int fsync(int fd)
{
	return fails("fsync") ? -1 : result(syscall(SYS_fsync, fd));
}

int linkat(int from, const char *name, int to, const char *other, int flags)
{
	return fails("linkat") ? -1 : result(syscall(SYS_linkat, from, name, to, other, flags));
}

int renameat(int from, const char *name, int to, const char *other)
{
	return fails("renameat") ? -1 : result(syscall(SYS_renameat2, from, name, to, other, 0));
}

ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
	return fails("getrandom") ? -1 : syscall(SYS_getrandom, bytes, size, flags);
}

/* What a compiler that checks bounds makes of some of them. */
int __poll_chk(struct pollfd *ready, nfds_t count, int timeout_ms, size_t room);
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room);

int __poll_chk(struct pollfd *ready, nfds_t count, int timeout_ms, size_t room)
{
	assert_true(count * sizeof(*ready) <= room);
	return poll(ready, count, timeout_ms);
}

ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room)
{
	assert_true(size <= room);
	return read(fd, bytes, size);
}

static int forget(void **state)
{
	(void)state;
	now = (struct refusal){ 0 };
	tells_number = false;
	memset(&datagram, 0, sizeof(datagram));
	return 0;
}

/* ---- recordings ---- */

static char folder[] = "/tmp/sockvet-test-refused.XXXXXX";

static size_t count_files(void)
{
	DIR *files = opendir(folder);
	size_t count = 0;

	assert_non_null(files);
	while (readdir(files))
		count++;
	closedir(files);
	return count - 2;
}

static int write_recording(bool keep, struct fault *fault)
{
	char path[sizeof(folder) + 8];
	struct save *save;
	int err;

	snprintf(path, sizeof(path), "%s/name", folder);
	err = save_open(&save, path, fault);
	if (err)
		return err;
	save_put(save, FRAME_BASICS, NULL, NULL, 0);
	return save_close(save, keep, fault);
}

static void test_recording_that_failed_leaves_a_file_or_is_called_whole(void **state)
{
	/* linkat() is tried twice for each name */
	static const struct { struct refusal refusal; bool is_there, good; } rows[] = {
		{ { "write", ENOSPC, 0, 1 }, false, false }, { { "write", EINTR, 0, 1 }, false, true },
		{ { "fsync", EIO, 0, 1 }, false, false }, { { "fsync", EINVAL, 0, 2 }, false, true },
		{ { "linkat", EPERM, 0, 1 }, false, true }, { { "linkat", EPERM, 0, 2 }, false, true },
		{ { "linkat", EPERM, 0, 4 }, false, false },
		{ { "linkat", EEXIST, 0, 1 }, false, true }, { { "linkat", EIO, 1, 2 }, true, false },
		{ { "renameat", EIO, 0, 1 }, true, false },
		{ { "getrandom", ENOSYS, 0, 1 }, true, true },
		{ { "read", EIO, 0, 1 }, true, false },
	};
	char path[sizeof(folder) + 8];

	(void)state;
	snprintf(path, sizeof(path), "%s/name", folder);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault fault = { 0 };
		size_t before;
		int err;

		unlink(path);
		forget(NULL);
		if (rows[i].is_there)
			assert_int_equal(write_recording(true, &fault), 0);
		before = count_files();
		now = rows[i].refusal;
		err = write_recording(true, &fault);
		assert_int_equal(err, rows[i].good ? 0 : -rows[i].refusal.err);
		assert_int_equal(count_files(), rows[i].good ? 1 : before);
		if (!rows[i].good)
			assert_non_null(strstr(fault.text, strerror(rows[i].refusal.err)));
	}
	/* the last step: it is there, and perhaps not for long */
	forget(NULL);
	now = (struct refusal){ "fsync", EIO, 1, 1 };
	assert_int_equal(write_recording(true, NULL), -EIO);
	forget(NULL);
	unlink(path);
	assert_int_equal(write_recording(false, NULL), 0);
	assert_int_equal(count_files(), 0);
}

/* ---- events ---- */

static int open_events(struct collect_events **events, struct fault *fault)
{
	const struct collect_ask asks[2] = {
		{ .protocol = PROTOCOL_TCP, .ipv4 = true, .ipv6 = true },
		{ .protocol = PROTOCOL_UDP, .ipv6 = true },
	};

	return collect_events_open(events, asks, 2, fault);
}

static void test_events_are_followed_by_half(void **state)
{
	static const struct refusal rows[] = {
		{ "socket", EMFILE, 0, 1 }, { "connect", EPERM, 0, 1 },
		/* the first asks for room, for which there is another way */
		{ "setsockopt", ENOMEM, 1, 1 }, { "setsockopt", EPERM, 3, 1 },
	};
	struct collect_events *events;
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		now = rows[i];
		assert_int_equal(open_events(&events, &fault), -rows[i].err);
		assert_non_null(strstr(fault.text, strerror(rows[i].err)));
		forget(NULL);
	}
	now = (struct refusal){ "setsockopt", EPERM, 0, 2 };
	assert_int_equal(open_events(&events, &fault), 0);
	collect_events_close(events);
	collect_events_close(NULL);
}

/* A message about a freed socket, as the kernel sends it. */
struct freed {
	struct nlmsghdr      head;
	struct inet_diag_msg sock;
	struct nlattr        attr;
	uint8_t              protocol, pad[3];
};

static const struct freed freed = {
	.head = { .nlmsg_len = sizeof(freed), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
	.sock = { .idiag_family = AF_INET, .idiag_state = STATE_CLOSE },
	.attr = { .nla_len = sizeof(struct nlattr) + 1, .nla_type = INET_DIAG_PROTOCOL },
	.protocol = IPPROTO_UDP,
};

static void test_lost_event_is_not_told(void **state)
{
	struct collect_events *events;
	struct event event;
	struct fault fault;

	(void)state;
	assert_int_equal(open_events(&events, &fault), 0);
	now = (struct refusal){ "recvmsg", EAGAIN, 0, 1 };
	assert_int_equal(collect_events_next(events, &event, &fault), 0);
	now = (struct refusal){ "recvmsg", EINTR, 0, 1 };
	assert_int_equal(collect_events_next(events, &event, &fault), 0);
	now = (struct refusal){ "recvmsg", EIO, 0, 1 };
	assert_int_equal(collect_events_next(events, &event, &fault), -EIO);
	/* how many is told by the socket, as a sum */
	tells_number = true;
	told_number = 5;
	now = (struct refusal){ "recvmsg", ENOBUFS, 0, 1 };
	assert_int_equal(collect_events_next(events, &event, &fault), 1);
	assert_int_equal(event.lost, 5);
	told_number = 7;
	now.times = 2;
	assert_int_equal(collect_events_next(events, &event, &fault), 1);
	assert_int_equal(event.lost, 2);
	/* at least one, where it is not told */
	assert_int_equal(collect_events_next(events, &event, &fault), 1);
	assert_int_equal(event.lost, 1);
	collect_events_close(events);
}

static void test_event_of_somebody_else_is_believed(void **state)
{
	struct collect_events *events;
	struct event event;

	(void)state;
	assert_int_equal(open_events(&events, NULL), 0);
	datagram.bytes = &freed;
	datagram.size = sizeof(freed);
	assert_int_equal(collect_events_next(events, &event, NULL), 1);
	assert_int_equal(event.lost, 0);
	assert_int_equal(event.sock.protocol, PROTOCOL_UDP);
	datagram.sender = 77;
	assert_int_equal(collect_events_next(events, &event, NULL), 0);
	assert_int_equal(event.sock.protocol + event.lost, 0);
	datagram.sender = 0;
	datagram.flags = MSG_TRUNC;
	assert_int_equal(collect_events_next(events, &event, NULL), 1);
	assert_int_equal(event.lost, 1);
	datagram.flags = 0;
	datagram.size = sizeof(freed) - 4;
	assert_int_equal(collect_events_next(events, &event, NULL), 1);
	assert_int_equal(event.lost, 1);
	collect_events_close(events);
}

/* ---- a listing ---- */

static void test_program_without_a_filter_is_sent_again(void **state)
{
	const struct collect_ask ask = {
		.states = STATE_ALL, .ipv4 = true, .protocol = PROTOCOL_TCP, .explicit_port = true,
	};
	struct recorder none = { 0 };
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	now = (struct refusal){ "send", EPERM, 0, 9 };
	assert_int_equal(inet_collect(&none, &ask, snapshot_sink(&seen), "6.1.0", 100, &seen, NULL),
			 -EPERM);
	assert_int_equal(now.times, 8);
	snapshot_fini(&seen);
}

/* ---- closing a socket ---- */

static int destroy(struct kill_result *result, struct fault *fault)
{
	const struct sock sock = {
		.protocol = PROTOCOL_TCP, .state = STATE_ESTABLISHED, .family = FAMILY_IPV4,
		.local_port = 9, .remote_port = 9, .cookie = 0x123456789,
	};

	struct collect handle = { .release = "6.1.0", .source.deadline_ms = 100 };

	*result = (struct kill_result){ 0 };
	return collect_destroy(&handle, &sock, &(struct destroy_ask){ 0 }, result, fault);
}

static void test_socket_is_called_closed_without_an_answer(void **state)
{
	static const struct { struct refusal refusal; int err; } rows[] = {
		{ { "socket", EMFILE, 0, 1 }, EMFILE }, { { "connect", EPERM, 0, 1 }, EPERM },
		{ { "send", EPERM, 0, 1 }, EPERM }, { { "recvmsg", EIO, 0, 1 }, EIO },
	};
	struct fault fault;
	struct kill_result result;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		now = rows[i].refusal;
		assert_int_equal(destroy(&result, &fault), -rows[i].err);
		assert_non_null(strstr(fault.text, strerror(rows[i].err)));
		assert_int_equal(result.outcome, (struct kill_result){ 0 }.outcome);
	}
	/* only others are heard, for ever */
	datagram.bytes = "12345678901234567890";
	datagram.size = 20;
	datagram.sender = 77;
	assert_int_equal(destroy(&result, &fault), -ETIMEDOUT);
	datagram.sender = 0;
	assert_int_equal(destroy(&result, &fault), -EBADMSG);
}

/* ---- probes ---- */

static struct bind_probe probe_port(void)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	const struct bind_ask ask = {
		.protocol = PROTOCOL_TCP, .family = FAMILY_IPV4, .addr = addr_from_v4(loopback),
		.port = 40123, .uid = geteuid(), .reuseaddr = true,
	};
	struct collect handle = { 0 };
	struct bind_probe probe;

	collect_probe_bind(&handle, &ask, &probe);
	return probe;
}

static void test_bind_probe_that_was_not_made_has_an_answer(void **state)
{
	static const struct { struct refusal refusal; const char *says; } rows[] = {
		{ { "pthread_create", EAGAIN, 0, 1 }, "no thread could be had" },
		{ { "socket", ENOMEM, 0, 1 }, "memory" }, { { "bind", ENOBUFS, 0, 1 }, "memory" },
		{ { "setsockopt", EPERM, 0, 1 }, "not permitted" },
	};
	struct bind_probe probe;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		now = rows[i].refusal;
		probe = probe_port();
		assert_false(probe.made);
		if (!strcasestr(probe.refusal, rows[i].says))
			fail_msg("%s: %s", rows[i].refusal.call, probe.refusal);
	}
	now = (struct refusal){ "bind", EADDRINUSE, 0, 1 };
	probe = probe_port();
	assert_true(probe.made);
	assert_int_equal(probe.err, EADDRINUSE);
}

enum { ASKED = 40124 };

static struct port_probe *ask_one(void)
{
	static struct port_probe probe;
	static uint8_t ports[8192];
	struct collect handle = { 0 };

	bits_add(ports, ASKED);
	collect_probe_ports(&handle, ports, &probe);
	return &probe;
}

static void test_port_probe_that_was_not_made_has_an_answer(void **state)
{
	static const struct { struct refusal refusal; const char *says; } rows[] = {
		{ { "socket", EMFILE, 0, 1 }, "could not be made" },
		{ { "setsockopt", ENOPROTOOPT, 0, 1 }, "needs Linux 6.3" },
		{ { "setsockopt", EOPNOTSUPP, 1, 1 }, "bit 0 off" },
		{ { "setsockopt", EPERM, 1, 1 }, "needs TCP fast open" },
		{ { "setsockopt", EPERM, 2, 1 }, "needs TCP fast open" },
		{ { "getsockopt", ENOPROTOOPT, 0, 1 }, "does not tell" },
		{ { "connect", ENETUNREACH, 0, 1 }, "lo is down" },
		{ { "connect", EHOSTUNREACH, 0, 1 }, "lo is down" },
		{ { "connect", EPERM, 0, 1 }, "not permitted" },
	};
	const struct port_probe *probe = ask_one();

	(void)state;
	if (!probe->made)
		skip();
	assert_true(bits_has(probe->answered, ASKED));
	for (size_t i = 0; i < COUNT(rows); i++) {
		now = rows[i].refusal;
		probe = ask_one();
		assert_false(probe->made);
		assert_false(bits_has(probe->answered, ASKED));
		if (!strcasestr(probe->refusal, rows[i].says))
			fail_msg("%s: %s", rows[i].refusal.call, probe->refusal);
	}
}

static void test_port_without_an_answer_is_usable(void **state)
{
	static const struct refusal none[] = {
		{ "connect", ENOMEM, 0, 1 }, { "connect", ENOBUFS, 0, 1 }, { "getsockname", EINVAL, 0, 1 },
	};
	const struct port_probe *probe = ask_one();

	(void)state;
	if (!probe->made)
		skip();
	for (size_t i = 0; i < COUNT(none); i++) {
		now = none[i];
		probe = ask_one();
		assert_false(probe->made);
		assert_int_equal(probe->asked, 1);
		assert_false(bits_has(probe->answered, ASKED));
	}
	now = (struct refusal){ "connect", EADDRNOTAVAIL, 0, 1 };
	probe = ask_one();
	assert_true(probe->made && bits_has(probe->answered, ASKED));
	assert_false(bits_has(probe->usable, ASKED));
	/* the promise that no packet is sent is measured */
	forget(NULL);
	tells_number = true;
	told_number = 1;
	probe = ask_one();
	assert_false(probe->made);
	assert_int_equal(probe->packets_sent, 1);
	assert_non_null(strstr(probe->refusal, "did not hold back"));
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, forget, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_recording_that_failed_leaves_a_file_or_is_called_whole),
		TEST(test_events_are_followed_by_half),
		TEST(test_lost_event_is_not_told),
		TEST(test_event_of_somebody_else_is_believed),
		TEST(test_program_without_a_filter_is_sent_again),
		TEST(test_socket_is_called_closed_without_an_answer),
		TEST(test_bind_probe_that_was_not_made_has_an_answer),
		TEST(test_port_probe_that_was_not_made_has_an_answer),
		TEST(test_port_without_an_answer_is_usable),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
