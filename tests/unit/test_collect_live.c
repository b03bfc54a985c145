/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live kernel, and its recording replayed: both tell of the sockets that are made here. */
#include "test.h"

#include "recording.h"

#include <errno.h>

/* The emulator of another kind of machine hands these messages to nobody. */
static void need_kernel(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0 && (errno == EPFNOSUPPORT || errno == EPROTONOSUPPORT))
		skip();
	close(fd);
}

static int bound_socket(int family, int type, uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(family, type | SOCK_CLOEXEC, 0), one = 1;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, family == AF_INET ? (void *)&four : (void *)&six,
			      family == AF_INET ? sizeof(four) : sizeof(six)), 0);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, (void *)&address, &size), 0);
	return ntohs(address.sin6_port);
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
	return cookie;
}

static const struct sock *find_sock(const struct snapshot *seen, int fd)
{
	for (size_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].cookie == cookie_of(fd))
			return &seen->socks.at[i];
	return NULL;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (void *)&address, sizeof(address)), 0);
	return fd;
}

/* Explicit, chosen by the kernel, connected, accepted; all on this machine. */
struct origins { int given, chosen, client, child; };

static void make_origins(struct origins *origins)
{
	uint16_t port;

	origins->chosen = bound_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(listen(origins->chosen, 5), 0);
	/* a port that was free a moment ago */
	origins->given = bound_socket(AF_INET, SOCK_STREAM, 0);
	port = port_of(origins->given);
	close(origins->given);
	origins->given = bound_socket(AF_INET, SOCK_STREAM, port);
	origins->client = connect_to(port_of(origins->chosen));
	origins->child = accept4(origins->chosen, NULL, NULL, SOCK_CLOEXEC);
	assert_true(origins->child >= 0);
}

static void check_origins(const struct snapshot *seen, const struct origins *origins)
{
	const struct sock *given = find_sock(seen, origins->given);
	const struct sock *chosen = find_sock(seen, origins->chosen);
	const struct sock *client = find_sock(seen, origins->client);
	const struct sock *child = find_sock(seen, origins->child);

	assert_true(given && chosen && client && child);
	assert_true(given->have & HAVE_PORT_ORIGIN && given->port_explicit);
	assert_true(chosen->have & HAVE_PORT_ORIGIN && !chosen->port_explicit);
	assert_true(client->have & HAVE_PORT_ORIGIN && !client->port_explicit);
	assert_false(child->have & HAVE_PORT_ORIGIN);
}

static void see_origins(const struct collect_source *source, struct snapshot *seen)
{
	struct collect_ask ask = { .states = STATE_ALL, .need = NEED_FLOW, .ipv4 = true, .ipv6 = true };
	struct fault fault = { 0 };
	struct collect *collect;

	snapshot_init(seen);
	assert_int_equal(collect_open(&collect, source, &fault), 0);
	take_socks(collect, &ask, seen);
	collect_explicit(collect, &ask, seen);
	assert_int_equal(collect_close(collect, true, &fault), 0);
}

static void test_origin_live(void **state)
{
	struct collect_source record = { .record = recorded.path }, from = { .from = recorded.path };
	struct origins origins;
	struct snapshot seen;

	(void)state;
	need_kernel();
	make_origins(&origins);
	see_origins(&record, &seen);
	check_origins(&seen, &origins);
	snapshot_fini(&seen);
	see_origins(&from, &seen);
	check_origins(&seen, &origins);
	snapshot_fini(&seen);
	close(origins.given);
	close(origins.chosen);
	close(origins.client);
	close(origins.child);
}

/* Only the one port is looked at, bound and idle or not. */
static void test_window_live(void **state)
{
	int fds[] = { bound_socket(AF_INET, SOCK_STREAM, 0), bound_socket(AF_INET6, SOCK_STREAM, 0) };
	struct collect_ask ask = { .states = STATE_ALL, .ipv4 = true, .ipv6 = true };
	struct collect_source source = { 0 };
	struct fault fault = { 0 };
	struct collect *collect;
	struct snapshot seen;

	(void)state;
	need_kernel();
	assert_int_equal(collect_open(&collect, &source, &fault), 0);
	for (unsigned i = 0; i < 2; i++) {
		ask.port_low = ask.port_high = port_of(fds[i]);
		take_socks(collect, &ask, &seen);
		assert_non_null(find_sock(&seen, fds[i]));
		for (size_t at = 0; at < seen.socks.count; at++)
			assert_int_equal(seen.socks.at[at].local_port, ask.port_low);
		snapshot_fini(&seen);
	}
	collect_close(collect, true, NULL);
	close(fds[0]);
	close(fds[1]);
}

static void see_chain(const struct collect_source *source, const int fds[3])
{
	struct fault fault = { 0 };
	struct collect *collect;
	struct snapshot seen;

	snapshot_init(&seen);
	assert_int_equal(collect_open(&collect, source, &fault), 0);
	assert_int_equal(collect_chain(collect, port_of(fds[0]), &seen, &fault), 0);
	assert_int_equal(collect_close(collect, true, &fault), 0);
	assert_int_equal(seen.socks.count, 3);
	/* what was bound last is met first */
	for (unsigned i = 0; i < 3; i++)
		assert_true(seen.socks.at[i].cookie == cookie_of(fds[2 - i]));
	assert_int_equal(seen.socks.at[1].family, FAMILY_IPV6);
	snapshot_fini(&seen);
}

static void test_chain_live(void **state)
{
	struct collect_source record = { .record = recorded.path }, from = { .from = recorded.path };
	int fds[3];

	(void)state;
	need_kernel();
	fds[0] = bound_socket(AF_INET, SOCK_DGRAM, 0);
	fds[1] = bound_socket(AF_INET6, SOCK_DGRAM, port_of(fds[0]));
	fds[2] = bound_socket(AF_INET, SOCK_DGRAM, port_of(fds[0]));
	see_chain(&record, fds);
	see_chain(&from, fds);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
}

/* A live run and its replay see the same. */
static int take_hash(void *ctx, const struct sock *sock)
{
	struct sock plain = *sock;
	uint64_t *hash = ctx;

	plain.detail = NULL;
	*hash = *hash * 31 + map_hash(&plain.cookie, sizeof(plain.cookie)) +
		map_hash(&plain.flow, sizeof(plain.flow));
	return 0;
}

static void look(const struct collect_source *source, struct snapshot *seen, uint64_t *hash)
{
	struct collect_ask ask = { .states = STATE_ALL, .need = NEED_ALL, .ipv4 = true, .ipv6 = true };
	struct sink sink = { take_hash, hash };
	struct fault fault = { 0 };
	struct collect *collect;

	if (source->record)
		unlink(source->record);
	snapshot_init(seen);
	assert_int_equal(collect_open(&collect, source, &fault), 0);
	assert_false(collect_basics(collect, seen, BASICS_WHOLE));
	assert_int_equal(collect_socks(collect, &ask, sink, seen, &fault), 0);
	collect_holders(collect, seen, NULL);
	collect_descriptors(collect, seen);
	collect_cgroups(collect, seen, NULL);
	assert_int_equal(collect_close(collect, true, &fault), 0);
}

static void assert_same_process(const struct process *a, const struct process *b)
{
	assert_true(a->pid == b->pid && a->tid == b->tid && a->cgroup_id == b->cgroup_id);
	assert_true(a->comm_size == b->comm_size && !a->comm == !b->comm);
	assert_memory_equal(a->comm, b->comm, a->comm_size);
	assert_true(!a->files == !b->files);
	if (a->files)
		assert_true(a->files->open.is == b->files->open.is &&
			    a->files->open.value == b->files->open.value &&
			    a->files->limit.is == b->files->limit.is &&
			    a->files->limit.value == b->files->limit.value);
}

static void test_live_and_replay(void **state)
{
	struct collect_source record = { .record = recorded.path }, from = { .from = recorded.path };
	struct snapshot live, again;
	uint64_t a = 0, b = 0;

	(void)state;
	look(&record, &live, &a);
	look(&from, &again, &b);
	assert_true(a == b);
	assert_true(live.time_ms == again.time_ms);
	assert_true(live.netns->inode == again.netns->inode);
	assert_memory_equal(&live.limits, &again.limits, sizeof(live.limits));
	assert_int_equal(live.holders.count, again.holders.count);
	assert_int_equal(live.processes.count, again.processes.count);
	for (size_t i = 0; i < live.processes.count; i++)
		assert_same_process(&live.processes.at[i], &again.processes.at[i]);
	assert_int_equal(live.cgroups.count, again.cgroups.count);
	assert_int_equal(live.links.count, again.links.count);
	assert_int_equal(live.locals.count, again.locals.count);
	assert_int_equal(live.gaps.count, again.gaps.count);
	for (size_t i = 0; i < live.gaps.count; i++)
		assert_string_equal(live.gaps.at[i].text, again.gaps.at[i].text);
	snapshot_fini(&live);
	snapshot_fini(&again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origin_live), cmocka_unit_test(test_window_live),
		cmocka_unit_test(test_chain_live), cmocka_unit_test(test_live_and_replay),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
