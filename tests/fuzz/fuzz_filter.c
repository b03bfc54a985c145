/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filter expressions: one word in each line, or a whole file where the first line is
 * "#". What parses has to come back from its own text, to decide sample sockets the
 * same way as that text, and to compile into a program that the kernel takes: it is
 * asked, for no socket at all.
 */
#include "fuzz.h"

#include "../unit/filter_format.h"

#include "base/grow.h"
#include "collect/filter_code.h"
#include "value/filter.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- names: a small world that is everywhere the same ---- */

static size_t find_host(void *ctx, const char *name, enum family family,
			struct filter_host *hosts, size_t room)
{
	static const char *const addresses[] = { "127.0.0.1", "::1", "10.0.0.1" };
	size_t count = 0;

	(void)ctx;
	for (size_t i = 0; strcmp(name, "host") == 0 && i < 3 && count < room; i++) {
		struct filter_host *host = &hosts[count];

		addr_parse(addresses[i], &host->addr, &host->family);
		host->prefix = host->family == FAMILY_IPV4 ? 32 : 128;
		count += !family || family == host->family;
	}
	return count;
}

static int32_t find_service(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "http") == 0 ? 80 : strcmp(name, "twice") == 0 ? -1 : 0;
}

static uint32_t find_link(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "lo") == 0 ? 1 : strcmp(name, "eth0") == 0 ? UINT32_MAX : 0;
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *id)
{
	(void)ctx;
	*id = 100;
	return path[0] == '/';
}

static bool find_user(void *ctx, const char *name, uint32_t *uid)
{
	(void)ctx;
	*uid = 33;
	return strcmp(name, "www-data") == 0;
}

static bool find_number(void *ctx, enum filter_realm realm, const char *name, uint32_t *number)
{
	(void)ctx;
	*number = realm == REALM_NETLINK ? 16 : 0x806;
	return strcmp(name, "arp") == 0 || strcmp(name, "genl") == 0;
}

static const struct filter_names names = {
	.host = find_host, .service = find_service, .link = find_link,
	.cgroup = find_cgroup, .user = find_user, .number = find_number,
};

/* ---- sockets to be tested ---- */

#define SAMPLES 24

static struct snapshot world;
static struct sock samples[SAMPLES];
static struct other unix_ends = {
	.local_size = 6, .local = "/run/x", .local_service_size = 2, .local_service = "17",
};

static struct addr address(const char *text)
{
	struct addr addr = { { 0 } };
	enum family family;

	addr_parse(text, &addr, &family);
	return addr;
}

static void make_sample(struct sock *sock, unsigned i)
{
	static const char *const local[] = { "127.0.0.1", "::1", "10.0.0.1", "fe80::1" };

	*sock = (struct sock){
		.family = i & 1 ? FAMILY_IPV6 : FAMILY_IPV4, .protocol = PROTOCOL_TCP,
		.state = (enum state)(1 + i % (STATE_COUNT - 1)), .local_port = 80,
		.remote_port = (uint16_t)(40000 + i), .ifindex = i % 3, .recv_queue = i * 100,
		.cookie = i, .inode = i % 4 ? i : 0, .mark = i, .cgroup_id = i % 2 ? 100 : 7,
		.have = i % 5 ? ~0u : 0, .retransmits = i % 3,
		.flow = { .last_data_recv_ms = i * 1000, .bytes_acked = 1 },
	};
	sock->local = address(i & 1 ? local[i % 4] : i % 4 ? "10.0.0.1" : "127.0.0.1");
	sock->remote = address(i % 3 ? "192.0.2.7" : "::");
	if (i % 8 == 7) {
		sock->other = &unix_ends;
		sock->protocol = PROTOCOL_UNIX_STREAM;
	}
}

static void make_world(void)
{
	uint32_t process;

	snapshot_init(&world);
	world.holders_known = true;
	process = snapshot_process(&world, 4711);
	snapshot_name_process(&world, process, "nginx", 5);
	world.processes.at[process].cgroup_id = 100;
	*grow_add(&world.holders) = (struct holder){ .inode = 5, .process = process, .fd = 3 };
	snapshot_sort_holders(&world);
	snapshot_add_cgroup(&world, 100, "/system.slice/nginx.service");
	for (unsigned i = 0; i < SAMPLES; i++)
		make_sample(&samples[i], i);
}

/* ---- the kernel's audit ---- */

static int kernel = -1;                 /* a sock_diag socket; -1: none to be had */
static bool may_mark;                   /* marks are for CAP_NET_ADMIN */

/* The answer: 0, or the errno that refused the program. */
static int hear(void)
{
	char answer[8192];
	struct nlmsghdr head;
	struct nlmsgerr told;

	for (;;) {
		ssize_t got = recv(kernel, answer, sizeof(answer), 0);

		if (got < (ssize_t)sizeof(head))
			return got < 0 ? errno : EIO;
		memcpy(&head, answer, sizeof(head));
		if (head.nlmsg_type == NLMSG_DONE)
			return 0;
		if (head.nlmsg_type != NLMSG_ERROR)
			continue;
		memcpy(&told, answer + sizeof(head), sizeof(told));
		return -told.error;
	}
}

static int ask_kernel(const struct text *program)
{
	struct nlattr attr = {
		(uint16_t)(sizeof(attr) + program->count), INET_DIAG_REQ_BYTECODE,
	};
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 ask;
	} request = {
		.head = { .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.ask = { .sdiag_family = AF_INET, .sdiag_protocol = PROTOCOL_TCP },
	};
	struct text message = { 0 };
	int err;

	request.head.nlmsg_len = (uint32_t)(sizeof(request) +
					    (program->count ? sizeof(attr) + program->count : 0));
	text_add(&message, (const char *)&request, sizeof(request));
	if (program->count)
		text_add(&message, (const char *)&attr, sizeof(attr));
	text_add(&message, text_str(program), program->count);
	err = send(kernel, message.at, message.count, 0) < 0 ? errno : hear();
	text_fini(&message);
	return err;
}

/* Where the program runs, no socket is; and it does not run, as no state is asked for. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct timeval patience = { .tv_sec = 60 };
	static const struct text none;

	(void)argc;
	(void)argv;
	may_mark = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 || geteuid() == 0;
	kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	setsockopt(kernel, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* one that lists nothing at all has no say */
	if (kernel >= 0 && ask_kernel(&none) != 0) {
		close(kernel);
		kernel = -1;
	}
	make_world();
	return 0;
}

static void require_taken(const struct filter_code *code, const char *text)
{
	int err = kernel >= 0 && code->program.count ? ask_kernel(&code->program) : 0;

	fuzz_require(!err, "the kernel refuses (%s) the program of: %s", strerror(err), text);
}

static void compile(const struct filter *filter, const char *text)
{
	struct filter_kernel kinds[] = {
		{ .device = true, .mark = may_mark, .cgroup = true, .has_range = true,
		  .port_low = 32768, .port_high = 60999,
		  .most_bytes = 65000 },
		{ .has_range = false, .most_bytes = 200 },
	};

	static const struct collect_ask asks[] = {
		{ .states = 0 }, { .port_low = 80, .port_high = 8080, .explicit_port = true },
	};

	for (size_t i = 0; i < 4; i++) {
		const struct filter_kernel *kind = &kinds[i / 2];
		struct filter_code code;

		filter_compile(&code, &asks[i % 2], filter, kind);
		fuzz_require(code.program.count <= kind->most_bytes, "a program of %zu bytes",
			     code.program.count);
		require_taken(&code, text);
		filter_code_fini(&code);
	}
}

/* ---- the way back from text ---- */

static void require_same(const struct filter *one, const struct filter *two, const char *text)
{
	struct filter_view view = { .seen = &world };

	for (unsigned i = 0; i < SAMPLES; i++)
		fuzz_require(filter_test(one, &view, &samples[i]) == filter_test(two, &view, &samples[i]),
			     "socket %u is decided differently by: %s", i, text);
	fuzz_require(filter_is_idle(one) == filter_is_idle(two) &&
		     filter_need(one) == filter_need(two), "another need of: %s", text);
}

static void read_again(const struct filter *filter, const struct filter_source *source)
{
	struct text text = { 0 }, again = { 0 };
	const char *word;
	struct filter_source second = {
		.words = &word, .word_count = 1, .family = source->family, .realm = source->realm,
	};
	struct filter copy = { 0 };
	struct filter_error error = { 0 };
	struct fault fault = { 0 };

	filter_format(&text, filter);
	word = text_str(&text);
	fuzz_require(strlen(word) == text.count, "a NUL in %s", word);
	/* escapes make it longer than what may be typed */
	if (text.count < FILTER_BYTES_MAX) {
		fuzz_require(filter_parse(&copy, &second, &error, &fault) == 0 &&
			     filter_resolve(&copy, &names, &error, &fault) == 0,
			     "its own text is refused (%s): %s", fault.text, word);
		filter_format(&again, &copy);
		fuzz_require(strcmp(word, text_str(&again)) == 0, "the text of %s is %s", word,
			     text_str(&again));
		require_same(filter, &copy, word);
	}
	compile(filter, word);
	filter_fini(&copy);
	text_fini(&text);
	text_fini(&again);
}

static void require_place(const struct filter *filter, const struct filter_error *error)
{
	struct text text = { 0 };

	fuzz_require(error->offset <= filter->source.count, "a caret behind the expression");
	filter_error_format(&text, filter, error, 60);
	fuzz_require_safe("filter_error_format", text_str(&text), text.count);
	fuzz_require_safe("what was expected", error->expected, strlen(error->expected));
	text_fini(&text);
}

static void try_source(const struct filter_source *source)
{
	struct filter filter;
	struct filter_error error = { 0 };
	struct fault fault = { 0 };

	if (filter_parse(&filter, source, &error, &fault) < 0 ||
	    filter_resolve(&filter, &names, &error, &fault) < 0) {
		fuzz_require(*fault.text, "refused without a word");
		require_place(&filter, &error);
	} else {
		read_again(&filter, source);
	}
	filter_fini(&filter);
}

#define WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct filter_source source = { 0 };
	char *words[WORDS];

	if (size > 1 && bytes[0] == '#' && bytes[1] == '\n') {
		char *file = fuzz_string(bytes, size);

		source.file = file;
		source.file_size = strlen(file);
		try_source(&source);
		free(file);
		return 0;
	}
	source.word_count = fuzz_words(bytes, size, words, WORDS);
	source.words = (const char *const *)words;
	for (int i = 0; i < 3; i++) {
		source.family = i == 1 ? FAMILY_IPV4 : 0;
		source.realm = i == 2 ? REALM_UNIX : REALM_INET;
		try_source(&source);
	}
	fuzz_words_free(words, source.word_count);
	return 0;
}
