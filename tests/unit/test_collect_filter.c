/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/filter_code.h"

#include <linux/inet_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ROUNDS 4000
#define SOCKS  24

/*
 * A second opinion: what the kernel does with a program, first its audit and
 * then the run, after net/ipv4/inet_diag.c of Linux 6.18.
 */

static unsigned data_size(const struct inet_diag_bc_op *op, unsigned left)
{
	const struct inet_diag_hostcond *cond = (const void *)(op + 1);

	switch (op->code) {
	case INET_DIAG_BC_NOP: case INET_DIAG_BC_JMP: case INET_DIAG_BC_AUTO:
		return 0;
	case INET_DIAG_BC_S_EQ: case INET_DIAG_BC_S_GE: case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_EQ: case INET_DIAG_BC_D_GE: case INET_DIAG_BC_D_LE:
	case INET_DIAG_BC_DEV_COND:
		return 4;
	case INET_DIAG_BC_MARK_COND: case INET_DIAG_BC_CGROUP_COND:
		return 8;
	case INET_DIAG_BC_S_COND: case INET_DIAG_BC_D_COND:
		assert_true(left >= sizeof(*op) + sizeof(*cond));
		assert_true(cond->prefix_len <= (cond->family == AF_INET ? 32 :
						 cond->family == AF_INET6 ? 128 : 0));
		return sizeof(*cond) + (cond->family == AF_INET ? 4 :
					cond->family == AF_INET6 ? 16 : 0);
	default:
		fail_msg("step %u", op->code);
		return 0;
	}
}

/* True when a step begins at @target. */
static bool is_step(const char *program, unsigned size, unsigned target)
{
	unsigned at = 0;

	while (at < target) {
		struct inet_diag_bc_op op;

		memcpy(&op, program + at, sizeof(op));
		if (op.yes < 4 || op.yes & 3)
			return false;
		at += op.yes;
	}
	return at == target && at <= size;
}

static void audit(const char *program, unsigned size)
{
	unsigned at = 0;

	while (at < size) {
		const struct inet_diag_bc_op *op = (const void *)(program + at);
		unsigned left = size - at, least = 4 + data_size(op, left);

		assert_true(least <= left);
		if (op->code != INET_DIAG_BC_NOP) {
			assert_true(op->no >= least && op->no <= left + 4 && !(op->no & 3));
			assert_true(op->no >= left || is_step(program, size, at + op->no));
		}
		assert_true(op->yes >= least && op->yes <= left + 4 && !(op->yes & 3));
		at += op->yes;
	}
	assert_int_equal(at, size);
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static bool host_passes(const struct inet_diag_hostcond *cond, const struct addr *addr,
			uint16_t port, enum family family)
{
	const uint8_t *bytes = family == FAMILY_IPV4 ? addr->b + 12 : addr->b;
	int own = family == FAMILY_IPV4 ? AF_INET : AF_INET6;

	if (cond->port != -1 && cond->port != port)
		return false;
	if (cond->family != AF_UNSPEC && cond->family != own)
		return own == AF_INET6 && cond->family == AF_INET && addr_is_v4(addr) &&
		       same_bits(addr->b + 12, (const uint8_t *)cond->addr, cond->prefix_len);
	return same_bits(bytes, (const uint8_t *)cond->addr, cond->prefix_len);
}

static bool step_passes(const struct inet_diag_bc_op *op, const struct sock *s)
{
	const void *data = op + 1;
	const struct inet_diag_markcond *mark = data;
	uint32_t index;
	uint64_t id;

	switch (op->code) {
	case INET_DIAG_BC_NOP:  return true;
	case INET_DIAG_BC_JMP:  return false;
	case INET_DIAG_BC_S_GE: return s->local_port >= op[1].no;
	case INET_DIAG_BC_S_LE: return s->local_port <= op[1].no;
	case INET_DIAG_BC_S_EQ: return s->local_port == op[1].no;
	case INET_DIAG_BC_D_GE: return s->remote_port >= op[1].no;
	case INET_DIAG_BC_D_LE: return s->remote_port <= op[1].no;
	case INET_DIAG_BC_D_EQ: return s->remote_port == op[1].no;
	case INET_DIAG_BC_AUTO: return !s->port_explicit;
	case INET_DIAG_BC_S_COND:
		return host_passes(data, &s->local, s->local_port, s->family);
	case INET_DIAG_BC_D_COND:
		return host_passes(data, &s->remote, s->remote_port, s->family);
	case INET_DIAG_BC_DEV_COND:
		memcpy(&index, data, sizeof(index));
		return s->ifindex == index;
	case INET_DIAG_BC_MARK_COND:
		return (s->mark & mark->mask) == mark->mark;
	default:
		memcpy(&id, data, sizeof(id));
		return s->cgroup_id == id;
	}
}

static bool passes(const struct filter_code *code, const struct sock *s)
{
	const char *program = text_str(&code->program);
	long at = 0, size = (long)code->program.count;

	while (at < size) {
		const struct inet_diag_bc_op *op = (const void *)(program + at);

		at += step_passes(op, s) ? op->yes : op->no;
	}
	return at == size;
}

/* ---- random filters and sockets ---- */

static unsigned seed;
static struct snapshot seen;

static unsigned dice(unsigned sides)
{
	return (unsigned)rand_r(&seed) % sides;
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *id)
{
	(void)ctx;
	*id = (uint64_t)(path[1] - 'a') + 1;
	return true;
}

static size_t find_host(void *ctx, const char *name, enum family family,
			struct filter_host *hosts, size_t room)
{
	static const char *const found[] = { "10.0.0.1", "10.0.1.1", "fe80::1" };
	size_t count = 0;

	(void)ctx, (void)name, (void)family, (void)room;
	for (size_t i = 0; i < COUNT(found); i++) {
		assert_true(addr_parse(found[i], &hosts[count].addr, &hosts[count].family));
		hosts[count].prefix = hosts[count].family == FAMILY_IPV4 ? 32 : 128;
		count++;
	}
	return count;
}

static const char *const hosts[] = {
	"10.0.0.0/8", "10.0.0.1", "10.0.0.1:80", "0.0.0.0/0", "[::/0]", "[fe80::/10]",
	"[fe80::1]:81",
	"*", "*:80", ":81", "10.0.0.0/31:82", "[::ffff:10.0.0.1]", "[::ffff:0:0/96]", "many",
	"many:80", "127.0.0.0/9", "[fe80::/66]",
};
static const char *const ops[] = { "=", "!=", ">", "<", ">=", "<=" };
static const char *const kernel_words[] = {
	"dev = 1", "dev != 2", "fwmark = 1", "fwmark != 0x2/0x3", "fwmark = 2/2", "cgroup = /a",
	"cgroup != /b", "autobound", "sport = *", "dport != *",
};
static const char *const our_words[] = {
	"recvq > 1", "sendq = 0", "retrans < 2", "user = 1", "user != 2", "pid = 1", "comm != x",
	"age > 5", "netns = red", "recvq <= 1",
};

static void put_word(struct text *text, bool ours)
{
	switch (dice(ours ? 5 : 4)) {
	case 0:
		text_addf(text, "%s %s %s", dice(2) ? "src" : "dst", ops[dice(2)],
			  hosts[dice(COUNT(hosts))]);
		break;
	case 1:
	case 2:
		text_addf(text, "%s %s :%u", dice(2) ? "sport" : "dport", ops[dice(6)],
			  dice(3) ? 79 + dice(5) : 32767 + dice(3));
		break;
	case 3:
		text_addf(text, "%s", kernel_words[dice(COUNT(kernel_words))]);
		break;
	default:
		text_addf(text, "%s", our_words[dice(COUNT(our_words))]);
	}
}

static void put_filter(struct text *text, unsigned depth, bool ours)
{
	static const char *const joints[] = { " and ", " or ", " " };
	unsigned parts = 1 + dice(3);

	for (unsigned i = 0; i < parts; i++) {
		text_addf(text, "%s%s", i ? joints[dice(3)] : "", dice(3) ? "" : "not ");
		if (depth && dice(2)) {
			text_addf(text, "( ");
			put_filter(text, depth - 1, ours);
			text_addf(text, " )");
		} else {
			put_word(text, ours);
		}
	}
}

static void make_addr(struct addr *addr, enum family family)
{
	static const char *const v4[] = {
		"10.0.0.1", "10.0.0.2", "127.0.0.1", "0.0.0.0", "11.0.0.1",
	};
	static const char *const v6[] = {
		"::", "::1", "fe80::1", "::ffff:10.0.0.1", "2001:db8::1",
	};
	enum family read;

	assert_true(addr_parse(family == FAMILY_IPV4 ? v4[dice(5)] : v6[dice(5)], addr, &read));
}

static uint16_t make_port(void)
{
	return (uint16_t)(dice(3) ? 79 + dice(5) : dice(2) ? 32767 + dice(3) : 0);
}

/* With @told everything that the kernel tests is known here too. */
static struct sock make_sock(bool told)
{
	static const enum state states[] = {
		STATE_ESTABLISHED, STATE_LISTEN, STATE_TIME_WAIT, STATE_CLOSE_WAIT, STATE_SYN_RECV,
	};
	struct sock s = {
		.family = dice(2) ? FAMILY_IPV4 : FAMILY_IPV6, .protocol = PROTOCOL_TCP,
		.state = states[dice(5)], .local_port = make_port(), .remote_port = make_port(),
		.ifindex = dice(3), .mark = dice(4), .recv_queue = dice(3), .send_queue = dice(3),
		.retransmits = dice(4), .uid = dice(3), .inode = dice(2) ? 5 : 0,
		.have = dice(2) ? HAVE_UID : 0,
	};

	make_addr(&s.local, s.family);
	make_addr(&s.remote, s.family);
	s.timer = s.state == STATE_TIME_WAIT ? TIMER_TIME_WAIT : TIMER_NONE;
	if (s.state == STATE_TIME_WAIT || (s.state == STATE_SYN_RECV && !s.inode)) {
		s.have |= told || dice(2) ? HAVE_MARK : 0;
		return s;
	}
	s.cgroup_id = 1 + dice(3);
	s.port_explicit = dice(2);
	s.have |= told ? HAVE_MARK | HAVE_CGROUP | HAVE_PORT_ORIGIN :
		  (dice(2) ? HAVE_MARK : 0) | (dice(2) ? HAVE_CGROUP : 0) |
		  (dice(2) ? HAVE_PORT_ORIGIN : 0);
	return s;
}

/* A question that leaves out nothing. */
static const struct collect_ask no_window;

static struct filter_kernel make_kernel(void)
{
	bool all = dice(2);

	return (struct filter_kernel){
		.device = all || dice(2), .mark = all || dice(2), .cgroup = all || dice(2),
		.has_range = all || dice(2), .port_low = 32768, .port_high = 60999,
		.most_bytes = all ? 0 : 8 + dice(200),
	};
}

static void must_read(struct filter *filter, const char *text)
{
	static const struct filter_names names = { .host = find_host, .cgroup = find_cgroup };
	struct filter_source source = { .words = &text, .word_count = 1 };
	struct filter_error error;
	struct fault fault = { 0 };

	if (filter_parse(filter, &source, &error, &fault) ||
	    filter_resolve(filter, &names, &error, &fault))
		fail_msg("%s: %s", text, fault.text);
}

static void setup(void)
{
	snapshot_init(&seen);
	seen.limits.limit[LIMIT_PORT_LOW] = (struct known){ true, 32768 };
	seen.limits.limit[LIMIT_PORT_HIGH] = (struct known){ true, 60999 };
}

/* ---- tests ---- */

struct tally { unsigned passed, matched, exact, empty; };

/* The program drops nothing that matches, and with the rest it is the filter. */
static void compare(const struct filter *filter, const struct filter_code *code, bool told,
		    const char *text, struct tally *tally)
{
	struct filter_view whole = { .seen = &seen };
	struct filter_view rest = { .seen = &seen, .granted = code->granted };

	for (int i = 0; i < SOCKS; i++) {
		struct sock s = make_sock(told);
		bool matches = filter_matches(filter, &whole, &s);
		bool passed = passes(code, &s);

		tally->passed += passed;
		tally->matched += matches;
		if (matches && !passed)
			fail_msg("lost a socket: %s", text);
		if (told && matches != (passed && filter_matches(filter, &rest, &s)))
			fail_msg("differs: %s", text);
		if (told && code->exact && matches != passed)
			fail_msg("not exact: %s", text);
	}
}

static void try_filters(bool ours, bool told, struct tally *tally)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct filter_kernel kernel = make_kernel();
		struct text text = { 0 };
		struct filter_code code;
		struct filter filter;

		put_filter(&text, dice(4), ours);
		must_read(&filter, text_str(&text));
		filter_compile(&code, &no_window, &filter, &kernel);
		audit(text_str(&code.program), (unsigned)code.program.count);
		assert_true(!kernel.most_bytes || code.program.count <= kernel.most_bytes);
		tally->exact += code.exact;
		tally->empty += !code.program.count;
		compare(&filter, &code, told, text_str(&text), tally);
		filter_code_fini(&code);
		filter_fini(&filter);
		text_fini(&text);
	}
}

static void the_kernel_and_the_rest_make_the_filter(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	seed = 4;
	try_filters(false, true, &tally);
	assert_true(tally.exact > ROUNDS / 2);
	assert_true(tally.matched > ROUNDS * 4);
	memset(&tally, 0, sizeof(tally));
	try_filters(true, true, &tally);
	assert_true(tally.exact > ROUNDS / 10 && tally.exact < ROUNDS);
	assert_true(tally.passed < ROUNDS * SOCKS * 9 / 10);
}

static void what_is_not_told_here_is_never_lost(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	seed = 5;
	try_filters(true, false, &tally);
	assert_true(tally.matched > ROUNDS * 2);
}

static const struct filter_kernel everything = {
	.device = true, .mark = true, .cgroup = true, .has_range = true,
	.port_low = 32768, .port_high = 60999,
};

static const struct { const char *text; size_t bytes; bool exact; } sizes[] = {
	{ "", 0, true }, { "sport = :80", 12, true }, { "sport != :80", 16, true },
	{ "sport >= :80", 8, true }, { "sport > :80", 12, true }, { "not sport > :80", 8, true },
	{ "src 10.0.0.0/8", 16, true }, { "dst [fe80::/10]:443", 28, true },
	{ "src *", 0, true }, { "not src *", 4, true }, { "src * or comm = x", 0, false },
	{ "not src * and comm = x", 4, false }, { "comm = x", 0, false },
	{ "comm = x and sport = :80", 12, false }, { "comm = x or sport = :80", 0, false },
	{ "not ( comm = x or sport = :80 )", 16, false },
	{ "not ( comm = x and sport = :80 )", 0, false },
	{ "sport = :80 or sport = :81", 28, true }, { "autobound", 20, true },
	{ "state established sport = :80", 12, true }, { "src * sport = :80", 12, true },
	{ "sport = inet:80", 12, true },
	{ "( sport = :80 and comm = x ) or dport = :81", 28, false },
	{ "dev = 1", 8, true }, { "fwmark = 1", 12, true }, { "cgroup = /a", 12, true },
};

static void a_program_is_as_small_as_it_can_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct filter filter;
		struct filter_code code;

		must_read(&filter, sizes[i].text);
		filter_compile(&code, &no_window, &filter, &everything);
		audit(text_str(&code.program), (unsigned)code.program.count);
		if (code.program.count != sizes[i].bytes || code.exact != sizes[i].exact)
			fail_msg("%s: %zu bytes", sizes[i].text, code.program.count);
		filter_code_fini(&code);
		filter_fini(&filter);
	}
}

/* A thousand tests with several addresses each are more than an attribute holds. */
static void a_long_filter_keeps_what_fits(void **state)
{
	struct text text = { 0 };
	struct filter filter;
	struct filter_code code;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "src != many:%d ", 1 + i);
	must_read(&filter, text_str(&text));
	filter_compile(&code, &no_window, &filter, &everything);
	audit(text_str(&code.program), (unsigned)code.program.count);
	assert_true(code.program.count > 60000 && code.program.count <= 65528);
	assert_false(code.exact);
	filter_code_fini(&code);
	filter_fini(&filter);
	text_fini(&text);
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "%ssrc many:%d", i ? " or " : "", 1 + i);
	must_read(&filter, text_str(&text));
	filter_compile(&code, &no_window, &filter, &everything);
	assert_int_equal(code.program.count, 0);
	assert_false(code.exact);
	filter_code_fini(&code);
	filter_fini(&filter);
	text_fini(&text);
}

/* A window of local ports and the filter: both have to be passed. */
static void a_window_and_a_filter_are_one_program(void **state)
{
	static const struct collect_ask asks[] = {
		{ .port_low = 80, .port_high = 81 }, { .explicit_port = true },
		{ .port_low = 80, .port_high = 40000, .explicit_port = true }, { 0 },
	};

	(void)state;
	seed = 6;
	for (int round = 0; round < ROUNDS; round++) {
		const struct collect_ask *ask = &asks[dice(COUNT(asks))];
		bool any = !ask->port_low && !ask->port_high;
		struct text text = { 0 };
		struct filter_code code, both;
		struct filter filter;

		put_filter(&text, dice(3), false);
		must_read(&filter, text_str(&text));
		filter_compile(&code, &no_window, &filter, &everything);
		filter_compile(&both, ask, &filter, &everything);
		audit(text_str(&both.program), (unsigned)both.program.count);
		assert_int_equal(both.exact, code.exact);
		for (int i = 0; i < SOCKS; i++) {
			struct sock s = make_sock(true);
			bool inside = any || (s.local_port >= ask->port_low &&
					      s.local_port <= ask->port_high);

			inside = inside && (s.port_explicit || !ask->explicit_port);
			assert_int_equal(passes(&both, &s), inside && passes(&code, &s));
		}
		filter_code_fini(&both);
		filter_code_fini(&code);
		filter_fini(&filter);
		text_fini(&text);
	}
}

static void check_ports(const struct collect_ask *ask)
{
	static const uint16_t ports[] = { 0, 1, 79, 80, 81, 1023, 1024, 32767, 32768, 65535 };
	bool any = !ask->port_low && !ask->port_high;
	struct filter_code code;

	filter_compile(&code, ask, NULL, NULL);
	audit(text_str(&code.program), (unsigned)code.program.count);
	assert_true(code.exact);
	assert_null(code.granted);
	for (size_t i = 0; i < 2 * COUNT(ports); i++) {
		struct sock s = { .local_port = ports[i / 2], .port_explicit = i % 2,
				  .have = HAVE_PORT_ORIGIN };
		bool inside = any || (s.local_port >= ask->port_low && s.local_port <= ask->port_high);

		assert_int_equal(passes(&code, &s), inside && (s.port_explicit || !ask->explicit_port));
	}
	filter_code_fini(&code);
}

static void a_window_without_a_filter_is_right_for_every_port(void **state)
{
	static const struct collect_ask asks[] = {
		{ .port_low = 80, .port_high = 80 }, { .port_high = 1023 },
		{ .port_low = 32768, .port_high = 65535 }, { .explicit_port = true },
		{ .port_low = 80, .port_high = 80, .explicit_port = true },
		{ .port_low = 1, .port_high = 65535, .explicit_port = true }, { 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(asks); i++)
		check_ports(&asks[i]);
}

static void an_old_kernel_is_asked_less(void **state)
{
	struct filter_kernel kernel;

	(void)state;
	filter_kernel_init(&kernel, "6.18.0", true, &seen.limits);
	assert_true(kernel.device && kernel.mark && kernel.cgroup && kernel.has_range);
	filter_kernel_init(&kernel, "6.18.0", false, &seen.limits);
	assert_true(kernel.device && !kernel.mark);
	filter_kernel_init(&kernel, "4.19.1", true, &seen.limits);
	assert_true(kernel.mark && !kernel.cgroup);
	filter_kernel_init(&kernel, "", true, &seen.limits);
	assert_false(kernel.device || kernel.mark || kernel.cgroup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_and_the_rest_make_the_filter),
		cmocka_unit_test(what_is_not_told_here_is_never_lost),
		cmocka_unit_test(a_program_is_as_small_as_it_can_be),
		cmocka_unit_test(a_long_filter_keeps_what_fits),
		cmocka_unit_test(a_window_and_a_filter_are_one_program),
		cmocka_unit_test(a_window_without_a_filter_is_right_for_every_port),
		cmocka_unit_test(an_old_kernel_is_asked_less),
	};
	int failed;

	setup();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snapshot_fini(&seen);
	return failed;
}
