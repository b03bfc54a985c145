/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a place is: addresses, ways, rights, unix names, other namefound. Each
 * answer is compared with what the kernel does then, and with its replay.
 */
#include "test.h"

#include "collect/handle.h"
#include "collect/links.h"
#include "collect/netns.h"
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

enum { DONE = 0, WRONG = 1, NOT_PERMITTED = 77 };

/* Counts what is not so, and says where; a child cannot use cmocka's asserts. */
static int wrongs;
#define EXPECT(what)                                                                    \
	do {                                                                            \
		if (!(what)) {                                                          \
			wrongs++;                                                       \
			fprintf(stderr, "%s:%d: not so: %s\n", __func__, __LINE__, #what); \
		}                                                                       \
	} while (0)

static int put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return size < 0 ? -1 : 0;
}

/* Root of a user namespace, in a network namespace with nothing in it. */
static bool enter_lab(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (put("/proc/self/uid_map", map) < 0)
		return false;
	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return put("/proc/self/gid_map", map) == 0;
}

static void in_lab(void (*run)(void))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!enter_lab())
			exit(NOT_PERMITTED);
		run();
		exit(wrongs ? WRONG : DONE);    /* and not _exit(): libnl tidies up */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_PERMITTED)
		skip();
	assert_int_equal(WEXITSTATUS(status), DONE);
}

static bool have_ip(void)
{
	return system("ip -V >/dev/null 2>&1") == 0;
}

static void ip(const char *rest)
{
	char command[200];

	snprintf(command, sizeof(command), "ip %s", rest);
	EXPECT(system(command) == 0);
}

/* ---- a recording of one run, and its replay ---- */

static char recording[] = "/tmp/sockvet-test-place.XXXXXX";

static void record_begin(struct recorder *recorder)
{
	EXPECT(recorder_open(recorder, NULL, recording, NULL) == 0);
	recorder_put(recorder, FRAME_BASICS, NULL, NULL, 0);
}

/* The same file as a recording that replays. */
static void record_replay(struct recorder *recorder)
{
	EXPECT(recorder_close(recorder, true, NULL) == 0);
	EXPECT(recorder_open(recorder, recording, NULL, NULL) == 0);
}

static int make_name(void **state)
{
	int fd = mkstemp(recording);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int drop_name(void **state)
{
	(void)state;
	unlink(recording);
	return 0;
}

/* ---- targets in words: "10.0.0.1%va", "10.0.0.1@6" (by an IPv6 socket) ---- */

struct target {
	enum family family;
	struct addr addr;
	uint32_t    ifindex;
	const char *device;
	struct sockaddr_storage name;
	socklen_t   size;
};

static void target_name(struct target *target, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&target->name;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&target->name;

	memset(&target->name, 0, sizeof(target->name));
	if (target->family == FAMILY_IPV4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, target->addr.b + 12, 4);
		target->size = sizeof(*four);
	} else {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		memcpy(&six->sin6_addr, target->addr.b, 16);
		six->sin6_scope_id = target->addr.b[0] == 0xfe ? target->ifindex : 0;
		target->size = sizeof(*six);
	}
}

static struct target parse_target(const char *text, uint16_t port)
{
	static char words[64];
	struct target target = { 0 };
	char *device, *six;

	snprintf(words, sizeof(words), "%s", text);
	device = strchr(words, '%');
	six = strchr(words, '@');
	if (device) {
		*device = '\0';
		target.device = device + 1;
		target.ifindex = if_nametoindex(target.device);
	}
	if (six)
		*six = '\0';
	EXPECT(addr_parse(words, &target.addr, &target.family));
	if (six)
		target.family = FAMILY_IPV6;
	target_name(&target, port);
	return target;
}

static int make_socket(const struct target *target, int type)
{
	int fd = socket(target->family == FAMILY_IPV4 ? AF_INET : AF_INET6,
			type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (target->device)
		EXPECT(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, target->device,
				  (socklen_t)strlen(target->device)) == 0);
	return fd;
}

/* ---- own addresses of a recording ---- */

static void record_local(struct recorder *recorder, const char *text, uint32_t ifindex,
			 uint32_t flags)
{
	struct target target = parse_target(text, 1);
	struct frame_local local = { .family = target.family | flags, .ifindex = ifindex };

	memcpy(local.addr, target.addr.b, sizeof(local.addr));
	recorder_put(recorder, FRAME_LOCAL, &local, NULL, 0);
}

static void replay_locals(struct recorder *recorder, struct snapshot *seen)
{
	struct cursor cursor;
	struct frame frame;

	EXPECT(recorder_section(recorder, FRAME_BASICS, &frame, &cursor));
	while (load_next(&cursor, &frame))
		links_replay(seen, &frame);
}

/* ---- addresses ---- */

static int really_bind(const struct target *target)
{
	int fd = make_socket(target, SOCK_STREAM);
	int err = bind(fd, (const struct sockaddr *)&target->name, target->size) < 0 ? errno : 0;

	close(fd);
	return err;
}

static bool kind_works(const struct target *target, enum addr_kind kind)
{
	switch (kind) {
	case ADDR_KIND_ANY: case ADDR_KIND_LOCAL: case ADDR_KIND_BROADCAST:
		return true;
	case ADDR_KIND_MULTICAST:
		return addr_is_v4(&target->addr);
	default:
		return false;
	}
}

static struct bind_ask bind_ask_of(const struct target *target)
{
	return (struct bind_ask){
		.protocol = PROTOCOL_TCP, .family = target->family, .addr = target->addr,
		.port = 5555, .ifindex = target->ifindex, .uid = geteuid(),
	};
}

static void check_kind(struct collect *handle, struct snapshot *seen, const char *text,
		       enum addr_kind kind)
{
	struct target target = parse_target(text, 5555);
	struct bind_ask ask = bind_ask_of(&target);
	struct bind_context context = { 0 };
	int err = recorder_replays(&handle->recorder) ? -1 : really_bind(&target);

	collect_bind_context(handle, &ask, &context, seen);
	if (context.addr_kind != kind)
		fprintf(stderr, "%s is kind %d, not %d\n", text, (int)context.addr_kind, (int)kind);
	EXPECT(context.addr_kind == kind);
	if (err >= 0 && kind != ADDR_KIND_UNKNOWN)
		EXPECT(kind_works(&target, kind) == (err == 0));
	EXPECT(context.may_bind_low.is && context.may_bind_low.value == 1);
}

struct kind_row { const char *text; enum addr_kind kind; };

static void check_kinds(const struct kind_row *rows, size_t count)
{
	struct snapshot seen;
	struct collect handle;

	snapshot_init(&seen);
	record_begin(&handle.recorder);
	links_collect(&handle.recorder, &seen);
	for (size_t i = 0; i < count; i++)
		check_kind(&handle, &seen, rows[i].text, rows[i].kind);
	record_replay(&handle.recorder);
	for (size_t i = 0; i < count; i++)
		check_kind(&handle, &seen, rows[i].text, rows[i].kind);
	recorder_close(&handle.recorder, true, NULL);
	snapshot_fini(&seen);
}

/* Without any address the kernel has no local table, and takes what it is given. */
static void kinds_of_nothing(void)
{
	static const struct kind_row fresh[] = {
		{ "127.0.0.1", ADDR_KIND_BROADCAST }, { "10.1.1.1", ADDR_KIND_BROADCAST },
		{ "::1", ADDR_KIND_NONE }, { "::", ADDR_KIND_ANY },
	}, down[] = {
		{ "127.0.0.1", ADDR_KIND_LOCAL }, { "10.1.1.1", ADDR_KIND_NONE },
		{ "0.0.0.0", ADDR_KIND_ANY }, { "::1", ADDR_KIND_NONE },
	};

	check_kinds(fresh, COUNT(fresh));
	ip("link set lo up");
	ip("link set lo down");
	check_kinds(down, COUNT(down));
}

static void build_place(void)
{
	ip("link set lo up");
	ip("link add va type veth peer name vb");
	ip("link add vc type veth peer name vd");
	ip("addr add 10.9.0.1/24 dev va");
	ip("addr add 10.9.0.2/24 dev va");
	ip("addr add 10.77.0.1/16 dev vc");
	ip("-6 addr add 2001:db8:1::1/64 dev va nodad");
	ip("-6 addr add fe80::77/64 dev vc nodad");
	ip("link set va up");
	ip("link set vb up");
	ip("link set vc up");
	ip("link set vd up");
	EXPECT(put("/proc/sys/net/ipv6/conf/va/dad_transmits", "60") == 0);
	ip("-6 addr add 2001:db8:1::dad/64 dev va");
	ip("route add local 172.16.0.0/12 dev lo");
	ip("route add default via 10.9.0.254 dev va");
	ip("route add 198.51.100.0/24 via 10.77.0.9 src 10.9.0.2");
	ip("route add blackhole 192.0.2.1");
	ip("route add unreachable 192.0.2.2");
	ip("route add prohibit 192.0.2.3");
	ip("-6 route add prohibit 2001:db8:99::3");
	ip("-6 route add default via 2001:db8:1::fe dev va");
}

static void kinds_of_place(void)
{
	static const struct kind_row rows[] = {
		{ "0.0.0.0", ADDR_KIND_ANY }, { "127.9.9.9", ADDR_KIND_LOCAL },
		{ "127.255.255.255", ADDR_KIND_BROADCAST }, { "10.9.0.1", ADDR_KIND_LOCAL },
		{ "10.9.0.2", ADDR_KIND_LOCAL }, { "10.9.0.255", ADDR_KIND_BROADCAST },
		{ "10.9.0.7", ADDR_KIND_NONE }, { "0.0.0.7", ADDR_KIND_NONE },
		{ "172.20.3.4", ADDR_KIND_LOCAL }, { "224.0.0.5", ADDR_KIND_MULTICAST },
		{ "255.255.255.255", ADDR_KIND_BROADCAST }, { "10.9.0.1%vc", ADDR_KIND_LOCAL },
		{ "10.9.0.1@6", ADDR_KIND_LOCAL }, { "10.8.0.1@6", ADDR_KIND_NONE },
		{ "0.0.0.0@6", ADDR_KIND_ANY }, { "::", ADDR_KIND_ANY },
		{ "::1", ADDR_KIND_LOCAL }, { "::1%va", ADDR_KIND_ELSEWHERE },
		{ "2001:db8:1::1", ADDR_KIND_LOCAL }, { "2001:db8:1::1%vc", ADDR_KIND_LOCAL },
		{ "2001:db8:1::2", ADDR_KIND_NONE }, { "2001:db8:1::dad", ADDR_KIND_TENTATIVE },
		{ "fe80::77%vc", ADDR_KIND_LOCAL }, { "fe80::77%va", ADDR_KIND_ELSEWHERE },
		{ "ff02::1", ADDR_KIND_MULTICAST },
	};

	build_place();
	check_kinds(rows, COUNT(rows));
	/* a longer prefix of the other table: the two may be one */
	ip("route add 172.20.0.0/16 via 10.9.0.9");
	check_kinds((const struct kind_row[]){ { "172.20.3.4", ADDR_KIND_UNKNOWN } }, 1);
}

static void test_kinds(void **state)
{
	(void)state;
	if (!have_ip())
		skip();
	in_lab(kinds_of_nothing);
	in_lab(kinds_of_place);
}

/* A recording that was made for something else. */
static void test_kinds_inferred(void **state)
{
	static const struct kind_row rows[] = {
		{ "0.0.0.0", ADDR_KIND_ANY }, { "127.9.9.9", ADDR_KIND_LOCAL },
		{ "10.9.0.1", ADDR_KIND_LOCAL }, { "10.9.0.9", ADDR_KIND_UNKNOWN },
		{ "224.0.0.1", ADDR_KIND_MULTICAST }, { "::1", ADDR_KIND_LOCAL },
		{ "2001:db8::1", ADDR_KIND_TENTATIVE }, { "2001:db8::2", ADDR_KIND_NONE },
	};
	struct collect handle;
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	record_begin(&handle.recorder);
	record_local(&handle.recorder, "127.0.0.1", 1, 0);
	record_local(&handle.recorder, "10.9.0.1", 2, 0);
	record_local(&handle.recorder, "::1", 1, 0);
	record_local(&handle.recorder, "2001:db8::1", 2, 0x100);
	record_replay(&handle.recorder);
	replay_locals(&handle.recorder, &seen);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target target = parse_target(rows[i].text, 1);
		struct bind_ask ask = bind_ask_of(&target);
		struct bind_context context = { 0 };

		seen.locals_known = true;
		collect_bind_context(&handle, &ask, &context, &seen);
		assert_int_equal(context.addr_kind, rows[i].kind);
		assert_false(context.may_bind_low.is);
		context = (struct bind_context){ 0 };
		seen.locals_known = false;
		collect_bind_context(&handle, &ask, &context, &seen);
		assert_true(context.addr_kind == ADDR_KIND_UNKNOWN ||
			    context.addr_kind == ADDR_KIND_ANY ||
			    context.addr_kind == ADDR_KIND_MULTICAST);
	}
	assert_int_equal(wrongs, 0);
	recorder_close(&handle.recorder, true, NULL);
	snapshot_fini(&seen);
}

/* ---- rights ---- */

/* May a program of @uid bind a low port here? */
static struct known rights_of(uint32_t uid)
{
	struct bind_ask ask = { .family = FAMILY_IPV4, .addr = addr_from_v4((const uint8_t[]){ 0, 0, 0, 0 }),
				.uid = uid };
	struct collect handle = { .recorder = { 0 } };
	struct bind_context context = { .addr_kind = ADDR_KIND_UNKNOWN };
	struct snapshot seen;

	snapshot_init(&seen);
	collect_bind_context(&handle, &ask, &context, &seen);
	snapshot_fini(&seen);
	return context.may_bind_low;
}

static void rights_of_lab(void)
{
	struct known root = rights_of(0), other = rights_of(4711);

	EXPECT(root.is && root.value == 1);
	EXPECT(other.is && other.value == 0);
	/* somebody else's rights are not of this network namespace */
	EXPECT(unshare(CLONE_NEWUSER) == 0);
	root = rights_of(geteuid());
	EXPECT(root.is && root.value == 0);
}

static void test_rights(void **state)
{
	(void)state;
	in_lab(rights_of_lab);
}

/* ---- ways ---- */

/* @from: bind() to it first, or NULL */
static int really_connect(const struct target *target, const struct target *from,
			  struct addr *source)
{
	/* a datagram socket goes the same way, and nothing is sent */
	int fd = make_socket(target, SOCK_DGRAM);
	struct sockaddr_storage name = { 0 };
	socklen_t size = sizeof(name);
	int err;

	EXPECT(!from || bind(fd, (const struct sockaddr *)&from->name, from->size) == 0);
	err = connect(fd, (const struct sockaddr *)&target->name, target->size) < 0 ? errno : 0;
	getsockname(fd, (struct sockaddr *)&name, &size);
	if (name.ss_family == AF_INET)
		*source = addr_from_v4(&((struct sockaddr_in *)&name)->sin_addr);
	else
		*source = addr_from_v6(&((struct sockaddr_in6 *)&name)->sin6_addr);
	close(fd);
	return err;
}

static void check_way(struct collect *handle, struct snapshot *seen, const char *text)
{
	struct target target = parse_target(text, 5555);
	struct addr source;
	struct chosen_route chosen;
	int err = really_connect(&target, NULL, &source);

	collect_route(handle, &(struct connect_ask){ .family = target.family,
		    .destination = target.addr, .ifindex = target.ifindex }, &chosen, seen);
	if (chosen.err != err || (!err && !addr_equal(&source, &chosen.source)))
		fprintf(stderr, "%s: told %s, is %s\n", text, strerror(chosen.err), strerror(err));
	EXPECT(chosen.known);
	EXPECT(chosen.err == err);
	EXPECT(err || addr_equal(&source, &chosen.source));
	EXPECT(err || chosen.ifindex);
}

static void check_ways(const char *const *texts, size_t count)
{
	struct snapshot seen;
	struct collect handle;

	snapshot_init(&seen);
	record_begin(&handle.recorder);
	links_collect(&handle.recorder, &seen);
	for (size_t i = 0; i < count; i++)
		check_way(&handle, &seen, texts[i]);
	record_replay(&handle.recorder);
	for (size_t i = 0; i < count; i++)
		check_way(&handle, &seen, texts[i]);
	recorder_close(&handle.recorder, true, NULL);
	snapshot_fini(&seen);
}

static void check_way_from(struct collect *handle, struct snapshot *seen, const char *from,
			   const char *to)
{
	struct target target = parse_target(to, 5555), bound = parse_target(from, 0);
	struct addr source;
	struct chosen_route chosen;
	int err = really_connect(&target, &bound, &source);

	collect_route(handle, &(struct connect_ask){ .family = target.family, .source = bound.addr,
		    .destination = target.addr, .ifindex = target.ifindex }, &chosen, seen);
	if (chosen.err != err)
		fprintf(stderr, "%s from %s: told %s, is %s\n", to, from, strerror(chosen.err),
			strerror(err));
	EXPECT(chosen.known);
	EXPECT(chosen.err == err);
	EXPECT(err || addr_equal(&source, &chosen.source));
}

static void check_ways_from(const char *const (*pairs)[2], size_t count)
{
	struct snapshot seen;
	struct collect handle;

	snapshot_init(&seen);
	record_begin(&handle.recorder);
	links_collect(&handle.recorder, &seen);
	for (size_t i = 0; i < count; i++)
		check_way_from(&handle, &seen, pairs[i][0], pairs[i][1]);
	record_replay(&handle.recorder);
	for (size_t i = 0; i < count; i++)
		check_way_from(&handle, &seen, pairs[i][0], pairs[i][1]);
	recorder_close(&handle.recorder, true, NULL);
	snapshot_fini(&seen);
}

static void ways_of_sources(void)
{
	static const char *const pairs[][2] = {
		{ "127.0.0.1", "10.9.0.77" }, { "127.0.0.1", "10.9.0.1" },
		{ "127.0.0.1", "127.0.0.9" }, { "10.9.0.1", "127.0.0.1" },
		{ "10.9.0.1", "10.9.0.77" }, { "10.9.0.2", "10.9.0.77" },
		{ "10.9.0.1", "198.51.100.7" }, { "10.9.0.1", "8.8.4.4" },
		{ "::1", "::1" }, { "2001:db8:1::1", "2001:db8:1::77" },
	};
	static const char *const ruled[][2] = {
		{ "10.9.0.1", "8.8.4.4" }, { "10.9.0.2", "8.8.4.4" },
	};

	build_place();
	check_ways_from(pairs, COUNT(pairs));
	ip("route add default via 10.77.0.9 table 100");
	ip("rule add from 10.9.0.2 lookup 100");
	check_ways_from(ruled, COUNT(ruled));
}

static void ways_of_nothing(void)
{
	static const char *const texts[] = {
		"127.0.0.1", "10.0.0.1", "::1", "2001:db8::1", "10.0.0.1@6",
	};

	check_ways(texts, COUNT(texts));
}

static void ways_of_place(void)
{
	static const char *const texts[] = {
		"127.0.0.1", "127.0.0.5", "0.0.0.0", "10.9.0.1", "10.9.0.2", "10.9.0.77",
		"10.77.0.1", "10.77.3.3", "8.8.8.8", "8.8.8.8%vc", "198.51.100.7", "172.20.3.4",
		"192.0.2.1", "192.0.2.2", "192.0.2.3", "127.0.0.5@6", "192.0.2.3@6", "8.8.8.8@6",
		"::1", "::", "2001:db8:1::1", "2001:db8:1::77", "2001:db8:5::1",
		"2001:db8:99::3", "fe80::9%va", "fe80::77%vc", "fe80::9",
	};
	static const char *const ruled[] = { "8.8.8.8", "8.8.4.4", "10.44.0.1" };

	build_place();
	check_ways(texts, COUNT(texts));
	ip("route add default via 10.77.0.9 table 100");
	ip("rule add to 8.8.8.8 lookup 100");
	ip("rule add to 10.44.0.0/16 prohibit");
	check_ways(ruled, COUNT(ruled));
}

static void test_routes(void **state)
{
	(void)state;
	if (!have_ip())
		skip();
	in_lab(ways_of_nothing);
	in_lab(ways_of_place);
	in_lab(ways_of_sources);
}

/* A group has no connections; loopback needs no recording. */
static void test_routes_inferred(void **state)
{
	static const struct { const char *text, *source; } rows[] = {
		{ "127.0.0.9", "127.0.0.1" }, { "::1", "::1" }, { "10.9.0.1", "10.9.0.1" },
		{ "10.9.0.2", NULL }, { "10.7.0.1", NULL },
	};
	struct snapshot seen;
	struct collect handle;

	(void)state;
	snapshot_init(&seen);
	record_begin(&handle.recorder);
	record_local(&handle.recorder, "10.9.0.1", 2, 0);
	record_local(&handle.recorder, "10.9.0.2", 2, 0);
	record_replay(&handle.recorder);
	replay_locals(&handle.recorder, &seen);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target target = parse_target(rows[i].text, 1);
		struct chosen_route chosen;

		collect_route(&handle, &(struct connect_ask){ .family = target.family,
			    .destination = target.addr }, &chosen, &seen);
		assert_int_equal(chosen.known, rows[i].source != NULL);
		if (rows[i].source) {
			struct target source = parse_target(rows[i].source, 1);

			assert_true(addr_equal(&chosen.source, &source.addr));
		}
	}
	assert_int_equal(wrongs, 0);
	recorder_close(&handle.recorder, true, NULL);
	snapshot_fini(&seen);
}

/* ---- unix ---- */

static char folder[] = "/tmp/sockvet-test-names.XXXXXX";

static int unix_bound(const char *name, size_t size, int type, bool listens)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path, name, size);
	EXPECT(bind(fd, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 0);
	if (listens)
		EXPECT(listen(fd, 5) == 0);
	return fd;
}

static int unix_at(const char *path, int type, bool listens)
{
	return unix_bound(path, strlen(path), type, listens);
}

static void unix_connect(const char *name, size_t size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path, name, size);
	EXPECT(connect(fd, (struct sockaddr *)&addr,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 0);
}

struct name_row {
	const char *name;
	enum unix_file file;
	int parent_err;
	unsigned count;         /* sockets */
	enum unix_type type;    /* of the first */
	bool listens;
};

static void check_name(struct collect *collect, const struct name_row *row)
{
	struct unix_ask ask = {
		.name = row->name + (*row->name == '@'), .abstract = *row->name == '@',
		.type = UNIX_STREAM,
	};
	struct unix_context context = { 0 };
	struct snapshot seen;

	ask.size = strlen(ask.name);
	snapshot_init(&seen);
	collect_unix(collect, &ask, &context, &seen);
	if (context.file != row->file || context.parent_err != row->parent_err ||
	    context.socks.count != row->count)
		fprintf(stderr, "%s: file %d, %s, %zu sockets\n", row->name, (int)context.file,
			strerror(context.parent_err), context.socks.count);
	EXPECT(context.file == row->file);
	EXPECT(context.parent_err == row->parent_err);
	EXPECT(context.socks.count == row->count);
	EXPECT(context.listed);
	EXPECT(context.name_max.is && context.name_max.value == 107);
	EXPECT(seen.gaps.count == 0);
	if (row->count && context.socks.count) {
		EXPECT(context.socks.at[0].type == row->type);
		EXPECT(context.socks.at[0].listens == row->listens);
		EXPECT(context.socks.at[0].inode);
	}
	unix_context_fini(&context);
	snapshot_fini(&seen);
}

static void make_names(void)
{
	int fd;

	unix_at("live", SOCK_STREAM, true);
	unix_at("bound", SOCK_STREAM, false);
	unix_at("datagram", SOCK_DGRAM, false);
	unix_at("packets", SOCK_SEQPACKET, true);
	close(unix_at("stale", SOCK_STREAM, true));
	unix_at("gone", SOCK_STREAM, true);
	EXPECT(unlink("gone") == 0);
	unix_at("before", SOCK_STREAM, true);
	EXPECT(rename("before", "moved") == 0);
	unix_at("replaced", SOCK_STREAM, true);
	EXPECT(unlink("replaced") == 0);
	close(unix_at("replaced", SOCK_STREAM, true));
	close(open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	EXPECT(mkdir("dir", 0700) == 0);
	EXPECT(symlink("nowhere", "dangling") == 0);
	EXPECT(symlink("live", "link") == 0);
	unix_connect("live", 4);
	/* its connection outlives a listener, and has its name */
	fd = unix_at("child", SOCK_STREAM, true);
	unix_connect("child", 5);
	EXPECT(accept(fd, NULL, NULL) >= 0);
	close(fd);
	unix_bound("\0two", 4, SOCK_STREAM, true);
	unix_bound("\0two", 4, SOCK_DGRAM, false);
	unix_bound("\0nul\0", 5, SOCK_STREAM, true);
	fd = unix_bound("\0child", 6, SOCK_STREAM, true);
	unix_connect("\0child", 6);
	EXPECT(accept(fd, NULL, NULL) >= 0);
	close(fd);
}

static void names_of_lab(void)
{
	static const struct name_row rows[] = {
		{ "live", UNIX_FILE_SOCKET, 0, 1, UNIX_STREAM, true },
		{ "live/", UNIX_FILE_SOCKET, 0, 1, UNIX_STREAM, true },
		{ "./dir/../live", UNIX_FILE_SOCKET, 0, 1, UNIX_STREAM, true },
		{ "link", UNIX_FILE_SOCKET, 0, 1, UNIX_STREAM, true },
		{ "moved", UNIX_FILE_SOCKET, 0, 1, UNIX_STREAM, true },
		{ "bound", UNIX_FILE_SOCKET, 0, 1, UNIX_STREAM, false },
		{ "datagram", UNIX_FILE_SOCKET, 0, 1, UNIX_DGRAM, false },
		{ "packets", UNIX_FILE_SOCKET, 0, 1, UNIX_SEQPACKET, true },
		{ "stale", UNIX_FILE_SOCKET, 0, 0, 0, false },
		{ "replaced", UNIX_FILE_SOCKET, 0, 0, 0, false },
		{ "child", UNIX_FILE_SOCKET, 0, 0, 0, false },
		{ "gone", UNIX_FILE_NONE, 0, 0, 0, false },
		{ "new", UNIX_FILE_NONE, 0, 0, 0, false },
		{ "new/", UNIX_FILE_NONE, ENOENT, 0, 0, false },
		{ "nodir/x", UNIX_FILE_NONE, ENOENT, 0, 0, false },
		{ "file/x", UNIX_FILE_NONE, ENOTDIR, 0, 0, false },
		{ "file", UNIX_FILE_OTHER, 0, 0, 0, false },
		{ "dir", UNIX_FILE_OTHER, 0, 0, 0, false },
		{ "dangling", UNIX_FILE_DANGLING, 0, 0, 0, false },
		/* a file system that has no socket files */
		{ "/proc/x", UNIX_FILE_NONE, ENOENT, 0, 0, false },
		{ "@two", UNIX_FILE_UNKNOWN, 0, 1, UNIX_STREAM, true },
		{ "@tw", UNIX_FILE_UNKNOWN, 0, 0, 0, false },
		/* as `list` shows the NUL at the end of it */
		{ "@nul@", UNIX_FILE_UNKNOWN, 0, 1, UNIX_STREAM, true },
		{ "@child", UNIX_FILE_UNKNOWN, 0, 0, 0, false },
	};
	struct collect handle = { .source.deadline_ms = 5000 };

	make_names();
	record_begin(&handle.recorder);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_name(&handle, &rows[i]);
	record_replay(&handle.recorder);
	EXPECT(chdir("/") == 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_name(&handle, &rows[i]);
	recorder_close(&handle.recorder, true, NULL);
}

static void test_names(void **state)
{
	char command[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	in_lab(names_of_lab);
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void test_names_unrecorded(void **state)
{
	struct unix_ask ask = { .name = "/x", .size = 2, .type = UNIX_STREAM };
	struct unix_context context = { 0 };
	struct collect handle = { 0 };
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	record_begin(&handle.recorder);
	record_replay(&handle.recorder);
	collect_unix(&handle, &ask, &context, &seen);
	assert_false(context.listed);
	assert_int_equal(context.file, UNIX_FILE_UNKNOWN);
	assert_int_equal(seen.gaps.count, 1);
	assert_int_equal(seen.gaps.at[0].kind, GAP_RECORDING);
	assert_int_equal(wrongs, 0);
	recorder_close(&handle.recorder, true, NULL);
	snapshot_fini(&seen);
}

/* ---- elsewhere ---- */

/* A process in a namespace of its own, with a listener; it ends with its pipe. */
static pid_t make_neighbour(uint16_t port, int *end)
{
	int there[2], back[2];
	char byte = 0;
	pid_t child;

	EXPECT(pipe(there) == 0 && pipe(back) == 0);
	child = fork();
	if (child == 0) {
		struct target target = parse_target("127.0.0.1", port);
		int fd;

		close(back[1]);
		EXPECT(unshare(CLONE_NEWNET) == 0);
		fd = make_socket(&target, SOCK_STREAM);
		EXPECT(bind(fd, (struct sockaddr *)&target.name, target.size) == 0);
		EXPECT(listen(fd, 1) == 0);
		EXPECT(write(there[1], "x", 1) == 1);
		EXPECT(read(back[0], &byte, 1) == 0);
		exit(wrongs ? WRONG : DONE);
	}
	close(back[0]);
	EXPECT(read(there[0], &byte, 1) == 1);
	*end = back[1];
	return child;
}

static void check_elsewhere(struct collect *handle, uint16_t port, enum protocol protocol,
			    pid_t pid)
{
	struct bind_ask ask = { .protocol = protocol, .family = FAMILY_IPV4, .port = port };
	struct bind_context context = { 0 };

	collect_elsewhere(handle, &ask, &context);
	EXPECT(context.elsewhere.count == (pid ? 1 : 0));
	if (context.elsewhere.count) {
		EXPECT(context.elsewhere.at[0].pid == pid);
		EXPECT(context.elsewhere.at[0].listeners == 1);
		EXPECT(context.elsewhere.at[0].others == 0);
		EXPECT(context.elsewhere.at[0].comm_size > 0);
		EXPECT(context.elsewhere.at[0].netns_inode != 0);
	}
	bind_context_fini(&context);
}

static void elsewhere_of_lab(void)
{
	struct collect handle = { .source.deadline_ms = 5000 };
	struct stat before, after;
	int end, status;
	pid_t child = make_neighbour(23456, &end);

	EXPECT(stat("/proc/thread-self/ns/net", &before) == 0);
	record_begin(&handle.recorder);
	check_elsewhere(&handle, 23456, PROTOCOL_TCP, child);
	check_elsewhere(&handle, 23457, PROTOCOL_TCP, 0);
	check_elsewhere(&handle, 23456, PROTOCOL_UDP, 0);
	EXPECT(stat("/proc/thread-self/ns/net", &after) == 0);
	EXPECT(before.st_ino == after.st_ino);
	close(end);
	EXPECT(waitpid(child, &status, 0) == child && status == 0);
	check_elsewhere(&handle, 23458, PROTOCOL_TCP, 0);
	record_replay(&handle.recorder);
	check_elsewhere(&handle, 23456, PROTOCOL_TCP, child);
	check_elsewhere(&handle, 23457, PROTOCOL_TCP, 0);
	check_elsewhere(&handle, 4444, PROTOCOL_TCP, 0);
	recorder_close(&handle.recorder, true, NULL);
}

static void test_elsewhere(void **state)
{
	(void)state;
	in_lab(elsewhere_of_lab);
}

struct found { uint64_t at[4096]; size_t count; };

static bool note(void *ctx, struct netns *netns)
{
	struct found *found = ctx;

	if (found->count < COUNT(found->at))
		found->at[found->count++] = netns->inode;
	return true;
}

static bool has(const struct found *found, uint64_t inode)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->at[i] == inode)
			return true;
	return false;
}

/* One that only a descriptor holds is found when it is asked for. */
static void spaces_of_lab(void)
{
	struct found quick = { .count = 0 }, all = { .count = 0 };
	struct stat held, ours;
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	EXPECT(fstat(fd, &held) == 0);
	EXPECT(unshare(CLONE_NEWNET) == 0);
	EXPECT(stat("/proc/self/ns/net", &ours) == 0);
	(void)netns_tour(NETNS_OWN, note, &quick, NULL, NULL);
	(void)netns_tour(NETNS_OWN | NETNS_HELD, note, &all, NULL, NULL);
	EXPECT(quick.at[0] == ours.st_ino && all.at[0] == ours.st_ino);
	EXPECT(!has(&quick, held.st_ino) && has(&all, held.st_ino));
	for (size_t i = 2; i < all.count; i++)
		EXPECT(all.at[i - 1] < all.at[i]);
}

static void test_spaces(void **state)
{
	(void)state;
	in_lab(spaces_of_lab);
}

static void test_mounts(void **state)
{
	char good[] = "31 23 8:17 net:[4026532290] /run/netns/a\\040b\\134 rw shared:9 - nsfs nsfs rw\n";
	char plain[] = "1 2 0:3 / /x rw - ext4 /dev/x rw";
	static const char *const bad[] = {
		"", "31", " - ", "31 23 8:17", "31 23 8:17 / - x", "31 23 8:17 / /x rw x\n",
		"a b c:d / /x rw - y z",
	};
	struct mount mount;
	char line[64];

	(void)state;
	assert_true(mount_parse(good, &mount));
	assert_int_equal(mount.id, 31);
	assert_int_equal(mount.major, 8);
	assert_int_equal(mount.minor, 17);
	assert_string_equal(mount.root, "net:[4026532290]");
	assert_string_equal(mount.point, "/run/netns/a b\\");
	assert_string_equal(mount.type, "nsfs");
	assert_true(mount_parse(plain, &mount));
	assert_string_equal(mount.type, "ext4");
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(line, sizeof(line), "%s", bad[i]);
		assert_false(mount_parse(line, &mount));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mounts), cmocka_unit_test(test_kinds_inferred),
		cmocka_unit_test(test_routes_inferred), cmocka_unit_test(test_names_unrecorded),
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_rights),
		cmocka_unit_test(test_routes), cmocka_unit_test(test_names),
		cmocka_unit_test(test_spaces), cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, make_name, drop_name);
}
