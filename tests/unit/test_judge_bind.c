/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/grow.h"
#include "judge/bind.h"
#include "words/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/*
 * Tables that were measured against the kernel: one socket that is there, one
 * that would come, and what bind() said. Addresses as on the command line; flags
 * as letters: a SO_REUSEADDR, p SO_REUSEPORT, 6 IPV6_V6ONLY, ? not known.
 */

#define PORT 8080

static struct snapshot seen;
static struct bind_context context;
static struct bind_answer answer;

static struct addr ip(const char *text, enum family *family)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr, family));
	return addr;
}

static void know(struct known *what, int64_t value)
{
	*what = (struct known){ true, value };
}

static void add_local(const char *text, uint32_t ifindex)
{
	struct local *local = grow_add(&seen.locals);

	local->addr = ip(text, &local->family);
	local->ifindex = ifindex;
}

static int begin(void **state)
{
	struct limits *l = &seen.limits;

	(void)state;
	snapshot_init(&seen);
	memset(&context, 0, sizeof(context));
	memset(&answer, 0, sizeof(answer));
	know(&l->limit[LIMIT_PORT_LOW], 32768);
	know(&l->limit[LIMIT_PORT_HIGH], 60999);
	know(&l->limit[LIMIT_UNPRIVILEGED_PORT_START], 1024);
	know(&l->limit[LIMIT_NONLOCAL_BIND], 0);
	know(&l->limit[LIMIT_NONLOCAL_BIND6], 0);
	l->reserved_known = true;
	seen.locals_known = true;
	add_local("127.0.0.1", 1);
	add_local("10.9.0.1", 2);
	add_local("::1", 1);
	context.addr_kind = ADDR_KIND_LOCAL;
	know(&context.may_bind_low, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	bind_answer_fini(&answer);
	bind_context_fini(&context);
	snapshot_fini(&seen);
	return 0;
}

static void restart(void)
{
	end(NULL);
	begin(NULL);
}

static bool has(const char *flags, char flag)
{
	return strchr(flags, flag) != NULL;
}

/* A TCP socket with every flag known, or none with '?'. */
static struct sock *there(enum state state, const char *address, const char *flags, uint32_t uid)
{
	struct sock *s = grow_add(&seen.socks);

	s->protocol = PROTOCOL_TCP;
	s->state = state;
	s->local = ip(address, &s->family);
	s->local_port = PORT;
	s->inode = 100 + (uint32_t)seen.socks.count;
	s->uid = uid;
	s->have = HAVE_UID;
	s->reuseaddr = has(flags, 'a');
	s->reuseport = has(flags, 'p');
	s->v6only = has(flags, '6');
	if (!has(flags, '?'))
		s->have |= HAVE_REUSEADDR | HAVE_REUSEPORT | HAVE_V6ONLY;
	if (state == STATE_TIME_WAIT) {
		s->timer = TIMER_TIME_WAIT;
		s->timer_ms = 41000;
		s->inode = 0;
		s->have &= ~(unsigned)HAVE_UID;
	}
	if (state != STATE_LISTEN && state != STATE_BOUND) {
		s->remote = ip("10.9.0.9", &(enum family){ FAMILY_IPV4 });
		s->remote_port = 5555;
	}
	return s;
}

static void datagram(const char *address, const char *flags, uint32_t uid)
{
	there(STATE_CLOSE, address, flags, uid)->protocol = PROTOCOL_UDP;
}

static struct bind_ask asking(const char *address, const char *flags, uint32_t uid)
{
	struct bind_ask ask = { .protocol = PROTOCOL_TCP, .port = PORT, .uid = uid };

	ask.addr = ip(address, &ask.family);
	ask.reuseaddr = has(flags, 'a');
	ask.reuseport = has(flags, 'p');
	ask.v6only = has(flags, '6');
	return ask;
}

static void judge_this(const struct bind_ask *ask)
{
	bind_answer_fini(&answer);
	judge_bind(&seen, ask, &context, &answer);
	words_bind(&seen, ask, &context, &answer);
}

/* The verdict, and what has to hold of every answer. */
static enum verdict judged(const char *address, const char *flags, uint32_t uid)
{
	struct bind_ask ask = asking(address, flags, uid);
	enum bind_with with = (enum bind_with)((has(flags, 'a') ? WITH_REUSEADDR : 0) |
					       (has(flags, 'p') ? WITH_REUSEPORT : 0));

	judge_this(&ask);
	assert_int_equal(answer.with[with].verdict, answer.asked.verdict);
	assert_true(answer.cause.count);
	assert_false(answer.asked.at_listen);
	if (answer.asked.verdict == VERDICT_OK) {
		assert_int_equal(answer.blockers.count, 0);
		assert_int_equal(answer.advice.count, 0);
		assert_int_equal(answer.asked.err, 0);
	}
	if (answer.asked.verdict == VERDICT_DEPENDS)
		assert_true(answer.settles.count);
	for (size_t i = 0; i < answer.advice.count; i++)
		if (strstr(answer.advice.text[i], "Set SO_REUSEADDR before bind(): what"))
			assert_int_equal(answer.with[with | WITH_REUSEADDR].verdict, VERDICT_OK);
	return answer.asked.verdict;
}

static bool says_of_first(const char *needle)
{
	struct text text = { .at = NULL };
	bool says;

	words_blocker(&text, &seen, answer.blockers.at);
	says = text.count && strstr(text.at, needle);
	text_fini(&text);
	return says;
}

static const char *advised(const char *needle)
{
	for (size_t i = 0; i < answer.advice.count; i++)
		if (strstr(answer.advice.text[i], needle))
			return answer.advice.text[i];
	return NULL;
}

static const char *noted(const char *needle)
{
	for (size_t i = 0; i < answer.notes.count; i++)
		if (strstr(answer.notes.text[i], needle))
			return answer.notes.text[i];
	return NULL;
}

static void hold(struct sock *s, int32_t pid, const char *comm)
{
	uint32_t index = snapshot_process(&seen, pid);

	seen.holders_known = true;
	snapshot_name_process(&seen, index, comm, strlen(comm));
	*grow_add(&seen.holders) = (struct holder){ s->inode, index, 5 };
	snapshot_sort_holders(&seen);
}

/* ---- which addresses meet ---- */

#define TALKERS 8

static const char *const coming[TALKERS][2] = {
	{ "0.0.0.0", "" }, { "127.0.0.1", "" }, { "10.9.0.1", "" }, { "::", "" }, { "::", "6" },
	{ "::1", "" }, { "::ffff:127.0.0.1", "" }, { "::ffff:0.0.0.0", "" },
};

/* I: in use, o: works; the columns are those above. */
static const struct { const char *address, *flags, *said; } listening[] = {
	{ "0.0.0.0",          "",  "IIIIooII" },
	{ "127.0.0.1",        "",  "IIoIooII" },
	{ "::",               "",  "IIIIIIII" },
	{ "::",               "6", "oooIIIoo" },
	{ "::1",              "6", "oooIIIoo" },
	{ "::ffff:127.0.0.1", "",  "IIoIooII" },
};

static void addresses_of_listeners(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(listening) / sizeof(*listening); i++) {
		for (size_t j = 0; j < TALKERS; j++) {
			bool works = listening[i].said[j] == 'o';

			restart();
			there(STATE_LISTEN, listening[i].address, listening[i].flags, 0);
			if (judged(coming[j][0], coming[j][1], 0) != (works ? VERDICT_OK : VERDICT_FAILS))
				fail_msg("%s %s: %s", listening[i].address, coming[j][0], answer.cause);
			assert_int_equal(answer.asked.err, works ? 0 : EADDRINUSE);
			assert_int_equal(answer.blockers.count, works ? 0 : 1);
		}
	}
}

/* An IPv6 connection that is not IPv6 only blocks 0.0.0.0 and no other IPv4 address. */
static void native_connection_and_ipv4(void **state)
{
	(void)state;
	there(STATE_ESTABLISHED, "::1", "", 0);
	assert_int_equal(judged("0.0.0.0", "", 0), VERDICT_FAILS);
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_OK);
	assert_int_equal(judged("::ffff:0.0.0.0", "", 0), VERDICT_OK);
	seen.socks.at[0].v6only = true;
	assert_int_equal(judged("0.0.0.0", "", 0), VERDICT_OK);
	seen.socks.at[0].have = 0;
	assert_int_equal(judged("0.0.0.0", "", 0), VERDICT_DEPENDS);
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_OK);
	/* a wildcard of which it is not known */
	restart();
	there(STATE_LISTEN, "::", "?", 0);
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_DEPENDS);
	assert_int_equal(judged("::1", "", 0), VERDICT_FAILS);
}

static void devices(void **state)
{
	static const uint32_t device[3] = { 0, 2, 3 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 3; j++) {
			struct bind_ask ask = asking("0.0.0.0", "", 0);

			restart();
			there(STATE_LISTEN, "0.0.0.0", "", 0)->ifindex = device[i];
			ask.ifindex = device[j];
			judge_this(&ask);
			assert_int_equal(answer.asked.verdict, device[i] && device[j] && i != j ?
					 VERDICT_OK : VERDICT_FAILS);
		}
	}
}

/* ---- which flags let them share ---- */

/* Without SO_REUSEPORT on the new one nothing is softened. */
static void leftovers(void **state)
{
	static const enum state states[] = {
		STATE_TIME_WAIT, STATE_ESTABLISHED, STATE_FIN_WAIT_1, STATE_FIN_WAIT_2,
		STATE_CLOSE_WAIT, STATE_LAST_ACK, STATE_BOUND, STATE_CLOSE,
	};
	static const struct { const char *flags, *said; } left[] = {    /* none a p ap */
		{ "", "IISS" }, { "a", "IoSo" }, { "p", "IIoo" }, { "ap", "Iooo" }, { "?", "ID??" },
	};
	static const char *const news[4] = { "", "a", "p", "ap" };

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		for (size_t j = 0; j < 20; j++) {
			char said = left[j / 4].said[j % 4];
			enum verdict wanted = said == 'o' ? VERDICT_OK : said == 'I' ?
					      VERDICT_FAILS : VERDICT_DEPENDS;

			restart();
			there(states[i], "127.0.0.1", left[j / 4].flags, 7);
			if (judged("127.0.0.1", news[j % 4], 7) != wanted)
				fail_msg("%s [%s] [%s]: %s", state_table[states[i]].name,
					 left[j / 4].flags, news[j % 4], text_str(&answer.cause));
			/* S: a rule says no, and only the shortcut says otherwise */
			if (said == 'S')
				assert_non_null(strstr(text_str(&answer.cause), "only one shortcut"));
			assert_int_equal(answer.free_in_ms.is, states[i] == STATE_TIME_WAIT &&
					 wanted != VERDICT_OK);
		}
	}
}

static void listeners_never_share_by_address(void **state)
{
	(void)state;
	there(STATE_LISTEN, "127.0.0.1", "a", 0);
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_FAILS);
	assert_null(advised("SO_REUSEADDR"));
	assert_int_equal(judged("127.0.0.1", "p", 0), VERDICT_DEPENDS);
	assert_int_equal(judged("127.0.0.1", "ap", 0), VERDICT_DEPENDS);
	restart();
	there(STATE_LISTEN, "127.0.0.1", "?", 0);
	assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_FAILS);
}

static void groups_are_of_one_uid(void **state)
{
	(void)state;
	there(STATE_LISTEN, "127.0.0.1", "p", 1000);
	assert_int_equal(judged("127.0.0.1", "p", 1000), VERDICT_OK);
	assert_non_null(noted("shared among 2"));
	assert_int_equal(judged("0.0.0.0", "ap", 1000), VERDICT_OK);
	assert_int_equal(judged("127.0.0.1", "", 1000), VERDICT_FAILS);
	assert_non_null(advised("Set SO_REUSEPORT"));
	/* another uid, root included; the shortcut remains: fchown() may have made the uid */
	assert_int_equal(judged("127.0.0.1", "p", 0), VERDICT_DEPENDS);
	assert_non_null(strstr(text_str(&answer.cause), "uid 1000 there, 0 here"));
	assert_non_null(strstr(text_str(&answer.cause), "only one shortcut"));
	assert_int_equal(answer.with[WITH_REUSEPORT].depends, DEPENDS_SHORTCUT);
	/* it is all that can help, also where the privilege for the port is not known */
	seen.limits.limit[LIMIT_UNPRIVILEGED_PORT_START].is = false;
	context.may_bind_low.is = false;
	assert_int_equal(judged("127.0.0.1", "p", 0), VERDICT_DEPENDS);
	assert_int_equal(answer.with[WITH_REUSEPORT].depends, DEPENDS_SHORTCUT);
	assert_int_equal(answer.with[WITH_REUSEADDR].verdict, VERDICT_FAILS);
	/* what waits in TIME_WAIT is of no uid */
	restart();
	there(STATE_TIME_WAIT, "127.0.0.1", "p", 0);
	assert_int_equal(judged("127.0.0.1", "p", 1000), VERDICT_OK);
	/* an orphan is */
	restart();
	there(STATE_FIN_WAIT_1, "127.0.0.1", "p", 1000)->inode = 0;
	assert_int_equal(judged("127.0.0.1", "p", 1000), VERDICT_OK);
	assert_int_equal(judged("127.0.0.1", "p", 0), VERDICT_DEPENDS);
}

static void requests_own_nothing(void **state)
{
	struct sock *s = there(STATE_SYN_RECV, "127.0.0.1", "", 0);

	(void)state;
	s->inode = 0;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_OK);
	s->inode = 9;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	s->local_port = PORT + 1;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_OK);
}

/* ---- UDP ---- */

static void datagrams_by_order(void **state)
{
	static const struct {
		const char *first, *second, *address, *flags;
		enum verdict verdict;
	} cases[] = {
		{ "a",  "ap", "0.0.0.0", "p",  VERDICT_FAILS },
		{ "ap", "a",  "0.0.0.0", "p",  VERDICT_OK },
		{ "a",  "a",  "0.0.0.0", "a",  VERDICT_OK },
		{ "a",  "",   "0.0.0.0", "a",  VERDICT_FAILS },
		{ "p",  "",   "0.0.0.0", "p",  VERDICT_OK },
		{ "",   "p",  "0.0.0.0", "p",  VERDICT_FAILS },
		{ "?",  "p",  "0.0.0.0", "p",  VERDICT_DEPENDS },
		{ "p",  "?",  "0.0.0.0", "p",  VERDICT_OK },
		{ "?",  "",   "0.0.0.0", "a",  VERDICT_FAILS },
		{ "?",  "?",  "0.0.0.0", "",   VERDICT_FAILS },
		{ "",   "",   "127.0.0.1", "", VERDICT_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bind_ask ask = asking(cases[i].address, cases[i].flags, 0);
		const char *where = strcmp(cases[i].address, "127.0.0.1") ? "127.0.0.1" : "10.9.0.1";

		restart();
		datagram(where, cases[i].first, 0);
		datagram(where, cases[i].second, 0);
		ask.protocol = PROTOCOL_UDP;
		judge_this(&ask);
		if (answer.asked.verdict != cases[i].verdict)
			fail_msg("case %zu: %s", i, answer.cause);
	}
}

/*
 * One address is searched in other chains when this one is long, to which other
 * ports and namespaces add: the order that was seen counts for the wildcard alone.
 */
static void datagrams_in_another_order(void **state)
{
	struct bind_ask ask = asking("127.0.0.1", "p", 0);

	(void)state;
	ask.protocol = PROTOCOL_UDP;
	datagram("0.0.0.0", "p", 0);
	datagram("127.0.0.1", "a", 0);
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_DEPENDS);
	assert_true(answer.settles.count);
	assert_int_equal(answer.blockers.count, 1);
	assert_false(answer.blockers.at[0].certain);
	seen.socks.at[0].reuseport = false;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_FAILS);
	seen.socks.at[0].protocol = PROTOCOL_TCP;
	seen.socks.count = 1;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_OK);
}

/* ---- what the kernel looks at before the sockets ---- */

static void order_of_errors(void **state)
{
	static const struct {
		const char *address, *flags;
		enum addr_kind kind;
		uint16_t port;
		bool privileged, nonlocal;
		int err;
	} cases[] = {
		{ "10.1.1.1", "", ADDR_KIND_NONE, 80, false, false, EADDRNOTAVAIL },
		{ "fd00::9",  "", ADDR_KIND_NONE, 80, false, false, EACCES },
		{ "10.1.1.1", "", ADDR_KIND_NONE, 80, true, false, EADDRNOTAVAIL },
		{ "10.1.1.1", "", ADDR_KIND_NONE, 80, true, true, 0 },
		{ "10.1.1.1", "", ADDR_KIND_NONE, 80, false, true, EACCES },
		{ "::ffff:10.1.1.1", "", ADDR_KIND_NONE, 80, true, false, EADDRNOTAVAIL },
		{ "::ffff:10.1.1.1", "6", ADDR_KIND_NONE, 80, true, false, EINVAL },
		{ "::ffff:10.1.1.1", "6", ADDR_KIND_NONE, 80, false, false, EACCES },
		{ "127.0.0.1", "", ADDR_KIND_LOCAL, 80, false, false, EACCES },
		{ "127.0.0.1", "", ADDR_KIND_LOCAL, 1024, false, false, 0 },
		{ "ff02::1", "", ADDR_KIND_MULTICAST, 80, false, false, EINVAL },
		{ "224.0.0.1", "", ADDR_KIND_MULTICAST, 8081, false, false, 0 },
		{ "255.255.255.255", "", ADDR_KIND_BROADCAST, 8081, false, false, 0 },
		{ "fe80::1", "", ADDR_KIND_LOCAL, 8081, true, false, EINVAL },
		{ "fe80::1", "", ADDR_KIND_LOCAL, 80, false, false, EACCES },
		{ "fd00::9", "", ADDR_KIND_TENTATIVE, 8081, true, false, EADDRNOTAVAIL },
		{ "fd00::9", "", ADDR_KIND_TENTATIVE, 8081, true, true, 0 },
		{ "::1", "", ADDR_KIND_ELSEWHERE, 8081, true, false, EADDRNOTAVAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bind_ask ask = asking(cases[i].address, cases[i].flags, 65534);

		restart();
		there(STATE_LISTEN, "::", "", 0)->local_port = 80;
		if (!cases[i].err)
			seen.socks.count = 0;
		context.addr_kind = cases[i].kind;
		know(&context.may_bind_low, cases[i].privileged);
		know(&seen.limits.limit[LIMIT_NONLOCAL_BIND], cases[i].nonlocal);
		know(&seen.limits.limit[LIMIT_NONLOCAL_BIND6], cases[i].nonlocal);
		ask.port = cases[i].port;
		judge_this(&ask);
		if (answer.asked.err != cases[i].err)
			fail_msg("case %zu: %d, %s", i, answer.asked.err, answer.cause);
		assert_int_equal(answer.asked.verdict, cases[i].err ? VERDICT_FAILS : VERDICT_OK);
		if (cases[i].err) {
			assert_int_equal(answer.blockers.count, 0);
			assert_true(answer.advice.count > 0);
		}
	}
}

static void scopes(void **state)
{
	struct bind_ask ask = asking("fe80::1", "", 0);

	(void)state;
	there(STATE_LISTEN, "fe80::1", "6", 0)->ifindex = 2;
	ask.scope = 3;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_OK);
	ask.scope = 2;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_FAILS);
}

static void what_was_not_seen(void **state)
{
	struct bind_ask ask = asking("10.1.1.1", "", 0);

	(void)state;
	context.addr_kind = ADDR_KIND_UNKNOWN;
	assert_int_equal(judged("10.1.1.1", "", 0), VERDICT_UNKNOWN);
	assert_int_equal(judged("0.0.0.0", "", 0), VERDICT_OK);
	context.addr_kind = ADDR_KIND_NONE;
	seen.limits.limit[LIMIT_NONLOCAL_BIND].is = false;
	assert_int_equal(judged("10.1.1.1", "", 0), VERDICT_DEPENDS);
	/* it fails in any case, with which error is not known */
	there(STATE_LISTEN, "0.0.0.0", "", 0);
	assert_int_equal(judged("10.1.1.1", "", 0), VERDICT_FAILS);
	assert_int_equal(answer.asked.err, 0);
	restart();
	context.may_bind_low.is = false;
	ask = asking("127.0.0.1", "", 0);
	ask.port = 80;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_DEPENDS);
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_OK);
	seen.limits.limit[LIMIT_UNPRIVILEGED_PORT_START].is = false;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_DEPENDS);
}

static void incomplete_is_never_ok(void **state)
{
	static const enum gap_kind kinds[] = {
		GAP_DUMP, GAP_BOUND, GAP_ATTRIBUTE, GAP_RECORDING, GAP_RESOURCES,
	};
	struct bind_ask ask = asking("127.0.0.1", "", 0);

	(void)state;
	for (size_t i = 0; i <= sizeof(kinds) / sizeof(*kinds); i++) {
		restart();
		if (i < sizeof(kinds) / sizeof(*kinds))
			snapshot_gap(&seen, kinds[i], 1, "something is missing");
		else
			seen.socks_complete = false;
		assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_UNKNOWN);
		for (int with = 0; with < WITH_COUNT; with++)
			assert_int_not_equal(answer.with[with].verdict, VERDICT_OK);
		there(STATE_TIME_WAIT, "127.0.0.1", "?", 0);
		assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_UNKNOWN);
		assert_false(answer.free_in_ms.is);
		assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
		assert_int_equal(answer.asked.err, EADDRINUSE);
		assert_false(answer.free_in_ms.is);
	}
	/* UDP has no idle sockets that only newer kernels list */
	restart();
	snapshot_gap(&seen, GAP_BOUND, 1, "bound sockets are not listed");
	ask.protocol = PROTOCOL_UDP;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_OK);
	snapshot_gap(&seen, GAP_DUMP, 1, "something is missing");
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_UNKNOWN);
	/* one that was not seen may let a group in first */
	datagram("127.0.0.1", "", 0);
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_FAILS);
	ask.reuseport = true;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_UNKNOWN);
}

/* ---- the kernel's own word ---- */

static void probe_decides(void **state)
{
	(void)state;
	there(STATE_TIME_WAIT, "127.0.0.1", "?", 0);
	context.probe.made = true;
	assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_OK);
	assert_int_equal(answer.with[WITH_NONE].verdict, VERDICT_FAILS);
	assert_int_equal(answer.with[WITH_BOTH].verdict, VERDICT_OK);
	assert_int_equal(answer.with[WITH_REUSEPORT].verdict, VERDICT_DEPENDS);
	context.probe.err = EADDRINUSE;
	assert_int_equal(judged("127.0.0.1", "ap", 0), VERDICT_FAILS);
	assert_true(answer.blockers.count == 1 && answer.blockers.at[0].certain);
	for (int with = 0; with < WITH_COUNT; with++)
		assert_int_equal(answer.with[with].verdict, VERDICT_FAILS);
	/* the shortcut that cannot be seen */
	restart();
	there(STATE_LISTEN, "127.0.0.1", "", 0);
	context.probe.made = true;
	assert_int_equal(judged("127.0.0.1", "p", 0), VERDICT_OK);
	assert_non_null(strstr(text_str(&answer.cause), "kernel was asked"));
	/* what no rule knows */
	context.probe.err = EPERM;
	assert_int_equal(judged("127.0.0.2", "", 0), VERDICT_FAILS);
	assert_int_equal(answer.asked.err, EPERM);
	assert_int_equal(answer.with[WITH_BOTH].err, EPERM);
	/* the address is here: the probe's word for it has another cause */
	context.probe.err = EADDRNOTAVAIL;
	assert_int_equal(judged("127.0.0.2", "", 0), VERDICT_FAILS);
	assert_null(strstr(text_str(&answer.cause), "not an address"));
	assert_null(advised("Bind an address"));
}

/* What was not seen may have any options: no combination is promised then. */
static void probe_meets_the_unseen(void **state)
{
	(void)state;
	context.probe.made = true;
	context.probe.err = EADDRINUSE;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_int_equal(answer.blockers.count, 0);
	for (unsigned with = WITH_NONE + 1; with < WITH_COUNT; with++)
		assert_int_equal(answer.with[with].verdict, VERDICT_DEPENDS);
	assert_null(advised("SO_REUSE"));
}

/* ---- what is told ---- */

static void blockers_and_time(void **state)
{
	(void)state;
	there(STATE_TIME_WAIT, "127.0.0.1", "?", 0);
	there(STATE_TIME_WAIT, "127.0.0.1", "?", 0)->timer_ms = 7200;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_true(answer.free_in_ms.is && answer.free_in_ms.value == 41000);
	assert_true(answer.blockers.count == 2 && answer.blockers.at[1].frees_in_ms.value == 7200);
	assert_non_null(advised("Wait 41 s"));
	assert_non_null(advised("only if the old server set it, too"));
	assert_non_null(advised("ss -K state time-wait"));
	assert_null(advised("Stop"));
	/* with RA on this side it hangs on flags that nobody can ask for */
	assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_DEPENDS);
	assert_false(answer.blockers.at[0].certain);
	assert_true(answer.free_in_ms.is);
	assert_non_null(strstr(text_str(&answer.settles), "--probe"));
	/* a live sibling makes it likely and decides nothing */
	there(STATE_ESTABLISHED, "127.0.0.1", "a", 0);
	assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_DEPENDS);
	assert_non_null(strstr(text_str(&answer.cause), "likely"));
	/* one that stays: the port does not get free by itself; the certain one first */
	there(STATE_LISTEN, "0.0.0.0", "a", 0);
	assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_FAILS);
	assert_false(answer.free_in_ms.is);
	assert_int_equal(answer.blockers.at[0].why, WHY_LISTENER);
	assert_true(answer.blockers.at[0].certain);
	assert_false(answer.blockers.at[1].certain);
	assert_null(advised("Wait"));
	assert_null(advised("ss -K"));
}

static void whys(void **state)
{
	static const struct { enum state state; uint32_t inode; enum bind_why why; } cases[] = {
		{ STATE_LISTEN, 5, WHY_LISTENER },       { STATE_BOUND, 5, WHY_BOUND },
		{ STATE_CLOSE, 5, WHY_BOUND },           { STATE_SYN_SENT, 5, WHY_CLIENT },
		{ STATE_ESTABLISHED, 5, WHY_CONNECTION }, { STATE_ESTABLISHED, 0, WHY_CHILD },
		{ STATE_CLOSE_WAIT, 5, WHY_CLOSING },    { STATE_CLOSE_WAIT, 0, WHY_CHILD },
		{ STATE_FIN_WAIT_1, 0, WHY_ORPHAN },     { STATE_LAST_ACK, 0, WHY_ORPHAN },
		{ STATE_FIN_WAIT_2, 5, WHY_CLOSING },    { STATE_TIME_WAIT, 0, WHY_TIME_WAIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		restart();
		there(cases[i].state, "127.0.0.1", "", 0)->inode = cases[i].inode;
		assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
		assert_int_equal(answer.blockers.at[0].why, cases[i].why);
		assert_true(says_of_first(""));
	}
	/* who connected from a port of its own choice was not accepted */
	seen.socks.at[0].state = STATE_ESTABLISHED;
	seen.socks.at[0].timer = TIMER_NONE;
	seen.socks.at[0].inode = 5;
	seen.socks.at[0].have |= HAVE_PORT_ORIGIN;
	seen.socks.at[0].port_explicit = true;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_int_equal(answer.blockers.at[0].why, WHY_CLIENT);
}

static void holders(void **state)
{
	struct sock *s = there(STATE_LISTEN, "::", "", 0);

	(void)state;
	hold(s, 12, "nginx\033[2J");
	hold(s, 900, "worker");
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_true(says_of_first("nginx\\x1b\\x5b2J[12]"));
	assert_true(says_of_first("; worker[900] holds it, too"));
	assert_true(says_of_first("dual-stack"));
	assert_non_null(advised(" and worker[900]."));
	/* a socket unit */
	restart();
	s = there(STATE_LISTEN, "0.0.0.0", "", 0);
	hold(s, 1, "systemd");
	snapshot_add_cgroup(&seen, 77, "/system.slice/web.socket");
	s->have |= HAVE_CGROUP;
	s->cgroup_id = 77;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_non_null(advised("systemctl stop web.socket"));
	restart();
	s = there(STATE_LISTEN, "0.0.0.0", "", 0);
	hold(s, 40, "docker-proxy");
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_non_null(advised("publish=8080"));
	restart();
	there(STATE_LISTEN, "0.0.0.0", "", 0)->inode = 0;
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_non_null(strstr(text_str(&answer.cause), "the kernel itself"));
}

static void other_addresses(void **state)
{
	(void)state;
	there(STATE_LISTEN, "127.0.0.1", "", 0);
	assert_int_equal(judged("0.0.0.0", "", 0), VERDICT_FAILS);
	assert_null(advised("127.0.0.1:8080 instead"));
	assert_non_null(advised("10.9.0.1:8080 instead"));
	assert_int_equal(judged("::", "", 0), VERDICT_FAILS);
	assert_non_null(advised("IPV6_V6ONLY"));
	assert_non_null(advised("[::1]:8080 instead"));
	there(STATE_LISTEN, "0.0.0.0", "", 0);
	assert_int_equal(judged("0.0.0.0", "", 0), VERDICT_FAILS);
	assert_null(advised("instead"));
	there(STATE_LISTEN, "::", "", 0);
	assert_int_equal(judged("::", "", 0), VERDICT_FAILS);
	assert_null(advised("IPV6_V6ONLY"));
}

static void client_in_the_range(void **state)
{
	struct sock *s = there(STATE_SYN_SENT, "10.9.0.1", "", 0);
	struct bind_ask ask = asking("0.0.0.0", "a", 0);

	(void)state;
	s->local_port = ask.port = 40000;
	judge_this(&ask);
	assert_int_equal(answer.asked.verdict, VERDICT_FAILS);
	assert_int_equal(answer.blockers.at[0].why, WHY_CLIENT);
	assert_non_null(advised("Add 40000 to net.ipv4.ip_local_reserved_ports"));
	limits_reserve(&seen.limits, "40000");
	judge_this(&ask);
	assert_null(advised("reserved_ports"));
}

static void two_idle_ones(void **state)
{
	struct sock *s = there(STATE_BOUND, "127.0.0.1", "a", 0);

	(void)state;
	hold(s, 55, "old");
	assert_int_equal(judged("127.0.0.1", "a", 0), VERDICT_OK);
	assert_non_null(noted("old[55] has bound the port, too"));
	assert_int_equal(judged("127.0.0.1", "", 0), VERDICT_FAILS);
	assert_non_null(advised("Set SO_REUSEADDR before bind(): what"));
}

/* ---- unix ---- */

static void unix_names(void **state)
{
	static const struct {
		enum unix_file file;
		int parent_err;
		bool listed, socks, abstract;
		enum unix_type type;
		enum verdict verdict;
		int err;
		const char *cause, *advice;
	} cases[] = {
		{ UNIX_FILE_NONE, 0, true, false, false, UNIX_STREAM, VERDICT_OK, 0, "nothing", NULL },
		{ UNIX_FILE_NONE, ENOENT, true, false, false, UNIX_STREAM, VERDICT_FAILS, ENOENT,
		  "folder", "Make" },
		{ UNIX_FILE_NONE, EPERM, true, false, false, UNIX_STREAM, VERDICT_FAILS, EPERM,
		  "no socket files", "Take a path" },
		{ UNIX_FILE_SOCKET, 0, true, false, false, UNIX_STREAM, VERDICT_FAILS, EADDRINUSE,
		  "stale", "Remove the file" },
		{ UNIX_FILE_SOCKET, 0, true, true, false, UNIX_STREAM, VERDICT_FAILS, EADDRINUSE,
		  "live: app[7] listens", "Stop app[7]" },
		{ UNIX_FILE_SOCKET, 0, true, true, false, UNIX_DGRAM, VERDICT_FAILS, EADDRINUSE,
		  "live: app", "Stop" },
		{ UNIX_FILE_SOCKET, 0, false, false, false, UNIX_STREAM, VERDICT_FAILS, EADDRINUSE,
		  "not known", "another path" },
		{ UNIX_FILE_OTHER, 0, true, false, false, UNIX_STREAM, VERDICT_FAILS, EADDRINUSE,
		  "regular file", "another path" },
		{ UNIX_FILE_DANGLING, 0, true, false, false, UNIX_STREAM, VERDICT_FAILS, EADDRINUSE,
		  "symbolic link", "symbolic link" },
		{ UNIX_FILE_UNKNOWN, 0, true, false, false, UNIX_STREAM, VERDICT_UNKNOWN, 0,
		  "could not", NULL },
		{ UNIX_FILE_UNKNOWN, 0, true, true, true, UNIX_STREAM, VERDICT_FAILS, EADDRINUSE,
		  "app[7]", "last descriptor" },
		{ UNIX_FILE_UNKNOWN, 0, false, false, true, UNIX_STREAM, VERDICT_UNKNOWN, 0,
		  "listed", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct unix_ask ask = { "/run/x", 6, cases[i].abstract, cases[i].type };
		struct unix_context there_is = {
			.file = cases[i].file, .file_kind = "regular file",
			.parent_err = cases[i].parent_err, .listed = cases[i].listed,
			.name_max = { true, 107 }, .elsewhere_known = true,
		};
		struct bind_answer said;
		struct sock held = { .inode = 31 };

		restart();
		hold(&held, 7, "app");
		if (cases[i].socks)
			*grow_add(&there_is.socks) = (struct unix_sock){
				.inode = 31, .type = UNIX_STREAM, .listens = true };
		judge_unix(&ask, &there_is, &said);
		words_unix(&seen, &ask, &there_is, &said);
		if (said.asked.verdict != cases[i].verdict || said.asked.err != cases[i].err ||
		    !strstr(text_str(&said.cause), cases[i].cause))
			fail_msg("case %zu: %s", i, text_str(&said.cause));
		assert_int_equal(said.with[WITH_REUSEADDR].verdict, cases[i].verdict);
		assert_int_equal(said.with[WITH_REUSEPORT].verdict, VERDICT_UNKNOWN);
		if (cases[i].advice)
			assert_non_null(strstr(said.advice.text[0], cases[i].advice));
		for (size_t j = 0; j < said.advice.count; j++)
			if (strstr(said.advice.text[j], "unlink") ||
			    strncmp(said.advice.text[j], "Remove the file", 15) == 0)
				assert_non_null(strstr(text_str(&said.cause), "stale"));
		bind_answer_fini(&said);
		unix_context_fini(&there_is);
	}
}

/* Socket files are shared by all network namespaces, and each lists only its own sockets. */
static void unix_file_that_others_may_use(void **state)
{
	struct unix_ask ask = { "/run/x", 6, false, UNIX_STREAM };
	struct unix_context there_is = {
		.file = UNIX_FILE_SOCKET, .listed = true, .name_max = { true, 107 },
	};
	struct bind_answer said;

	(void)state;
	restart();
	judge_unix(&ask, &there_is, &said);
	words_unix(&seen, &ask, &there_is, &said);
	assert_int_equal(said.asked.err, EADDRINUSE);
	assert_null(strstr(text_str(&said.cause), "stale"));
	assert_non_null(strstr(text_str(&said.cause), "other namespaces"));
	assert_non_null(strstr(said.advice.text[0], "connect()"));
	bind_answer_fini(&said);
}

static void unix_long_name(void **state)
{
	char name[108];
	struct unix_ask ask = { name, sizeof(name), false, UNIX_STREAM };
	struct unix_context there_is = { .file = UNIX_FILE_NONE, .name_max = { true, 107 } };
	struct bind_answer said;

	(void)state;
	memset(name, 'x', sizeof(name));
	judge_unix(&ask, &there_is, &said);
	words_unix(&seen, &ask, &there_is, &said);
	assert_int_equal(said.asked.err, EINVAL);
	bind_answer_fini(&said);
	ask.size = 107;
	judge_unix(&ask, &there_is, &said);
	words_unix(&seen, &ask, &there_is, &said);
	assert_int_equal(said.asked.verdict, VERDICT_OK);
	bind_answer_fini(&said);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_of_listeners), TEST(native_connection_and_ipv4), TEST(devices),
		TEST(leftovers), TEST(listeners_never_share_by_address), TEST(groups_are_of_one_uid),
		TEST(requests_own_nothing), TEST(datagrams_by_order), TEST(datagrams_in_another_order),
		TEST(order_of_errors), TEST(scopes), TEST(what_was_not_seen),
		TEST(incomplete_is_never_ok), TEST(probe_decides), TEST(probe_meets_the_unseen), TEST(blockers_and_time),
		TEST(whys), TEST(holders), TEST(other_addresses), TEST(client_in_the_range),
		TEST(two_idle_ones), TEST(unix_names),
		TEST(unix_file_that_others_may_use), TEST(unix_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
