/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/grow.h"
#include "judge/connect.h"
#include "judge/trend.h"
#include "words/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/*
 * The connect verdict: what an owner does to a port, what can be taken over,
 * and that the interval always holds, whatever is in the snapshot.
 */

#define FLOW (HAVE_FLOW | HAVE_SENT | HAVE_ACKED | HAVE_NOTSENT)
#define HERE "10.0.0.1"
#define THERE "10.0.0.9"

static struct snapshot seen;
static struct connect_answer answer;
static const struct threshold tight = { .warn = 80, .crit = 95, .least = 1 };

static struct addr ip(const char *text)
{
	struct addr addr;
	enum family family;

	assert_true(addr_parse(text, &addr, &family));
	return addr;
}

static void know(enum limit limit, int64_t value)
{
	seen.limits.limit[limit] = (struct known){ true, value };
}

static void begin(int64_t low, int64_t high)
{
	snapshot_init(&seen);
	snprintf(seen.version, sizeof(seen.version), "6.18.44");
	know(LIMIT_PORT_LOW, low);
	know(LIMIT_PORT_HIGH, high);
	know(LIMIT_TW_REUSE, 2);
	know(LIMIT_TW_REUSE_DELAY_MS, 1000);
	know(LIMIT_TIMESTAMPS, 1);
	seen.limits.reserved_known = true;
}

static void end(void)
{
	connect_answer_fini(&answer);
	snapshot_fini(&seen);
}

static struct sock *add(enum state state, const char *local, unsigned port, const char *remote,
			unsigned remote_port)
{
	struct sock *s = grow_add(&seen.socks);

	s->state = state;
	s->family = strchr(local, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
	s->protocol = PROTOCOL_TCP;
	s->local = ip(local);
	s->remote = ip(remote);
	s->local_port = (uint16_t)port;
	s->remote_port = (uint16_t)remote_port;
	s->have = HAVE_PORT_ORIGIN;
	return s;
}

/* A live connection, opened here or accepted. */
static struct sock *live(unsigned port, const char *remote, unsigned remote_port, bool opened)
{
	struct sock *s = add(STATE_ESTABLISHED, HERE, port, remote, remote_port);

	s->inode = 1000 + (uint32_t)seen.socks.count;
	s->have |= FLOW | HAVE_SOCKOPT;
	s->flow.bytes_acked = opened;
	return s;
}

static struct sock *time_wait(unsigned port, const char *local, const char *remote,
			      unsigned remote_port, uint32_t age_ms)
{
	struct sock *s = add(STATE_TIME_WAIT, local, port, remote, remote_port);

	s->timer = TIMER_TIME_WAIT;
	s->timer_ms = 60000 - age_ms;
	return s;
}

static void hold(const struct sock *s, int32_t pid, const char *comm)
{
	uint32_t index = snapshot_process(&seen, pid);

	snapshot_name_process(&seen, index, comm, strlen(comm));
	*grow_add(&seen.holders) = (struct holder){ s->inode, index, 5 };
	seen.holders_known = true;
	snapshot_sort_holders(&seen);
}

static struct connect_ask ask_of(const char *source, const char *destination, unsigned port)
{
	return (struct connect_ask){
		.family = strchr(source, ':') ? FAMILY_IPV6 : FAMILY_IPV4, .source = ip(source),
		.destination = ip(destination), .port = (uint16_t)port,
	};
}

static void judge_it(const struct connect_ask *ask, const struct port_probe *probe)
{
	connect_answer_fini(&answer);
	assert_true(judge_connect(&seen, ask, probe, &tight, &answer));
	words_connect(&seen, ask, &answer);
	assert_true(answer.ports.left_min <= answer.ports.left);
	assert_true(answer.ports.left <= answer.ports.left_max);
	assert_true(answer.ports.left_max <= answer.capacity);
	assert_int_equal(answer.ports.verdict == CONNECT_EXHAUSTED, answer.ports.left == 0);
}

static void judge_there(void)
{
	struct connect_ask ask = ask_of(HERE, THERE, 443);

	judge_it(&ask, NULL);
}

static bool says(const struct advice *advice, const char *word)
{
	for (size_t i = 0; i < advice->count; i++)
		if (strstr(advice->text[i], word))
			return true;
	return false;
}

/* ---- one owner of one port of four; another destination asks ---- */

static struct sock *put_none(void) { return NULL; }
static struct sock *put_client(void) { return live(40000, "10.0.0.7", 80, true); }
static struct sock *put_syn_sent(void)
{
	return add(STATE_SYN_SENT, HERE, 40000, "10.0.0.7", 80);
}
static struct sock *put_no_port(void)
{
	struct sock *s = put_client();

	s->sockopt = SOCKOPT_BIND_ADDRESS_NO_PORT;
	return s;
}
static struct sock *put_no_port_explicit(void)
{
	struct sock *s = put_no_port();

	s->port_explicit = true;
	return s;
}
static struct sock *put_no_port_child(void)
{
	struct sock *s = live(40000, "10.0.0.7", 80, false);

	s->sockopt = SOCKOPT_BIND_ADDRESS_NO_PORT;
	return s;
}
static struct sock *put_no_port_old_kernel(void)
{
	strcpy(seen.version, "6.12.0-18-amd64");
	return put_no_port();
}
static struct sock *put_no_port_opener_unknown(void)
{
	struct sock *s = put_no_port();

	s->have &= ~(uint32_t)HAVE_SENT;
	return s;
}
static struct sock *put_no_port_origin_unknown(void)
{
	struct sock *s = put_no_port();

	s->have &= ~(uint32_t)HAVE_PORT_ORIGIN;
	return s;
}
static struct sock *put_child(void) { return live(40000, "10.0.0.7", 80, false); }
static struct sock *put_listener(void)
{
	return add(STATE_LISTEN, "127.0.0.1", 40000, "0.0.0.0", 0);
}
static struct sock *put_listener6(void) { return add(STATE_LISTEN, "::1", 40000, "::", 0); }
static struct sock *put_bound(void)
{
	return add(STATE_BOUND, "127.0.0.1", 40000, "0.0.0.0", 0);
}
static struct sock *put_bound_device(void)
{
	struct sock *s = add(STATE_BOUND, "0.0.0.0", 40000, "0.0.0.0", 0);

	s->ifindex = 7;
	return s;
}
static struct sock *put_explicit(void)
{
	struct sock *s = live(40000, "10.0.0.7", 80, true);

	s->port_explicit = true;
	return s;
}
static struct sock *put_time_wait(void) { return time_wait(40000, HERE, "10.0.0.7", 80, 9000); }
static struct sock *put_orphan(void)
{
	struct sock *s = time_wait(40000, HERE, "10.0.0.7", 80, 9000);

	s->state = STATE_FIN_WAIT_2;
	return s;
}
static struct sock *put_request(void)
{
	return add(STATE_SYN_RECV, HERE, 40000, "10.0.0.7", 80);
}
static struct sock *put_below(void) { return live(39999, THERE, 443, true); }
static struct sock *put_child_of_listener(void)
{
	put_listener();
	return time_wait(40000, HERE, "10.0.0.7", 80, 9000);
}

static void an_owner_blocks_its_port(void **state)
{
	static const struct {
		const char *what;
		struct sock *(*put)(void);
		uint32_t min, left, max, lost, ambiguous;
	} cases[] = {
		{ "nobody", put_none, 4, 4, 4, 0, 0 },
		{ "client that just connected, or bound first", put_client, 3, 4, 4, 0, 1 },
		{ "SYN_SENT", put_syn_sent, 3, 4, 4, 0, 1 },
		{ "IP_BIND_ADDRESS_NO_PORT client", put_no_port, 4, 4, 4, 0, 0 },
		{ "the same with bind() to a port", put_no_port_explicit, 3, 3, 3, 1, 0 },
		{ "accepted by a listener with that option", put_no_port_child, 3, 3, 3, 1, 0 },
		{ "the option, before 6.18", put_no_port_old_kernel, 3, 4, 4, 0, 1 },
		{ "the option, perhaps accepted", put_no_port_opener_unknown, 3, 4, 4, 0, 1 },
		{ "the option, origin not known", put_no_port_origin_unknown, 3, 4, 4, 0, 1 },
		{ "accepted, listener gone", put_child, 3, 3, 3, 1, 0 },
		{ "listener", put_listener, 3, 3, 3, 1, 0 },
		{ "listener of the other family", put_listener6, 3, 3, 3, 1, 0 },
		{ "bound and idle", put_bound, 3, 3, 3, 1, 0 },
		{ "bound on another device", put_bound_device, 3, 3, 3, 1, 0 },
		{ "bind() to that port", put_explicit, 3, 3, 3, 1, 0 },
		{ "TIME_WAIT", put_time_wait, 3, 4, 4, 0, 1 },
		{ "orphaned FIN_WAIT_2", put_orphan, 3, 4, 4, 0, 1 },
		{ "request", put_request, 4, 4, 4, 0, 0 },
		{ "out of the range", put_below, 4, 4, 4, 0, 0 },
		{ "TIME_WAIT of a listener", put_child_of_listener, 3, 3, 3, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(40000, 40003);
		cases[i].put();
		judge_there();
		if (answer.ports.left_min != cases[i].min || answer.ports.left != cases[i].left ||
		    answer.ports.left_max != cases[i].max || answer.blocked_for_all != cases[i].lost ||
		    answer.ambiguous != cases[i].ambiguous)
			fail_msg("%s: %u <= %u <= %u, %u lost, %u ambiguous", cases[i].what,
				 answer.ports.left_min, answer.ports.left, answer.ports.left_max,
				 answer.blocked_for_all, answer.ambiguous);
		assert_int_equal(answer.ports.used, 0);
		assert_int_equal(answer.open[40000 / 8] >> (40000 % 8) & 1, cases[i].ambiguous);
		end();
	}
}

/* ---- the same four numbers ---- */

static void a_time_wait_is_taken_over_or_not(void **state)
{
	static const struct {
		int64_t reuse, stamps, delay_ms;        /* -1: not known */
		const char *source;
		uint32_t age_ms, left, max, recyclable;
	} cases[] = {
		{ 1, 1, 1000, HERE, 1500, 4, 4, 1 },
		{ 1, 1, 1000, HERE, 900, 3, 3, 0 },
		{ 1, 1, 1000, HERE, 1010, 3, 4, 0 },
		{ 1, 0, 1000, HERE, 9000, 3, 3, 0 },
		{ 0, 1, 1000, HERE, 9000, 3, 3, 0 },
		{ 2, 1, 1000, HERE, 9000, 3, 3, 0 },
		{ 2, 1, 1000, "127.0.0.1", 9000, 4, 4, 1 },
		{ 2, 1, 1000, "127.0.0.1", 500, 3, 3, 0 },
		{ 2, 1, 60000, "127.0.0.1", 30000, 3, 3, 0 },
		{ 1, 1, 1, HERE, 100, 4, 4, 1 },
		{ 1, 1, -1, HERE, 1500, 4, 4, 1 },
		{ 1, 1, -1, HERE, 400, 3, 4, 0 },
		{ -1, 1, 1000, HERE, 9000, 3, 4, 0 },
		{ 1, -1, 1000, HERE, 9000, 3, 4, 0 },
	};
	struct connect_ask ask;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(40000, 40003);
		know(LIMIT_TW_REUSE, cases[i].reuse);
		know(LIMIT_TIMESTAMPS, cases[i].stamps);
		know(LIMIT_TW_REUSE_DELAY_MS, cases[i].delay_ms);
		seen.limits.limit[LIMIT_TW_REUSE].is = cases[i].reuse >= 0;
		seen.limits.limit[LIMIT_TIMESTAMPS].is = cases[i].stamps >= 0;
		seen.limits.limit[LIMIT_TW_REUSE_DELAY_MS].is = cases[i].delay_ms >= 0;
		time_wait(40000, cases[i].source, THERE, 443, cases[i].age_ms);
		ask = ask_of(cases[i].source, THERE, 443);
		judge_it(&ask, NULL);
		if (answer.ports.left != cases[i].left || answer.ports.left_max != cases[i].max ||
		    answer.ports.recyclable != cases[i].recyclable)
			fail_msg("row %zu: left %u, at most %u, recyclable %u", i, answer.ports.left,
				 answer.ports.left_max, answer.ports.recyclable);
		assert_int_equal(answer.ports.left_min, 3);   /* bind() is never excluded */
		assert_int_equal(answer.ports.used, 1);
		assert_int_equal(answer.next_free_ms.is, !cases[i].recyclable);
		end();
	}
}

static void a_held_fin_wait_2_is_not_taken_over(void **state)
{
	(void)state;
	begin(40000, 40003);
	know(LIMIT_TW_REUSE, 1);
	time_wait(40000, HERE, THERE, 443, 9000)->state = STATE_FIN_WAIT_2;
	judge_there();
	assert_int_equal(answer.ports.left, 3);
	assert_int_equal(answer.ports.left_max, 3);
	end();
}

static void only_the_same_four_numbers_count(void **state)
{
	struct connect_ask mapped;

	(void)state;
	begin(40000, 40009);
	live(40000, THERE, 443, true);
	live(40001, THERE, 444, true);
	live(40002, "10.0.0.8", 443, true);
	add(STATE_ESTABLISHED, "10.0.0.2", 40003, THERE, 443);
	add(STATE_ESTABLISHED, "::ffff:10.0.0.1", 40004, "::ffff:10.0.0.9", 443);
	judge_there();
	assert_int_equal(answer.ports.used, 2);
	assert_int_equal(answer.states[STATE_ESTABLISHED], 2);
	assert_int_equal(answer.ports.left, 8);
	assert_int_equal(answer.ports.left_min, 5);
	mapped = ask_of("::ffff:10.0.0.1", "::ffff:10.0.0.9", 443);
	judge_it(&mapped, NULL);
	assert_int_equal(answer.ports.left, 8);
	end();
}

static void a_device_meets_itself_and_none(void **state)
{
	struct connect_ask ask = ask_of(HERE, THERE, 443);

	(void)state;
	begin(40000, 40009);
	live(40000, THERE, 443, true);
	live(40001, THERE, 443, true)->ifindex = 7;
	live(40002, THERE, 443, true)->ifindex = 8;
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left, 9);
	ask.ifindex = 7;
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left, 8);
	assert_int_equal(answer.ports.used, 2);
	end();
}

/* ---- the probe ---- */

static void answer_port(struct port_probe *probe, unsigned port, bool usable)
{
	probe->made = true;
	probe->asked++;
	probe->answered[port / 8] |= (uint8_t)(1u << (port % 8));
	probe->usable[port / 8] |= (uint8_t)((unsigned)usable << (port % 8));
}

static void a_probe_decides(void **state)
{
	struct connect_ask ask = ask_of(HERE, THERE, 443);
	struct port_probe probe = { .made = false };

	(void)state;
	begin(40000, 40009);
	know(LIMIT_TW_REUSE, 1);
	live(40000, THERE, 443, true);                          /* a hit */
	hold(live(40001, "10.0.0.8", 443, true), 88, "pool");    /* bound first */
	live(40002, "10.0.0.8", 443, true);
	time_wait(40003, HERE, THERE, 443, 9000);               /* can be taken over */
	time_wait(40004, HERE, THERE, 443, 9000);               /* could, but was bound */
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left_min, 5);
	assert_int_equal(answer.ports.left, 9);
	assert_int_equal(answer.ports.left_max, 9);
	assert_true(says(&answer.notes, "--probe asks it"));
	for (unsigned port = 40000; port < 40005; port++) {
		assert_true(answer.open[port / 8] >> (port % 8) & 1);
		answer_port(&probe, port, port != 40001 && port != 40004);
	}
	judge_it(&ask, &probe);
	assert_int_equal(answer.ports.left_min, 7);
	assert_int_equal(answer.ports.left, 7);
	assert_int_equal(answer.ports.left_max, 7);
	assert_int_equal(answer.ambiguous, 0);
	assert_int_equal(answer.blocked_for_all, 2);
	assert_int_equal(answer.ports.recyclable, 1);
	assert_false(says(&answer.notes, "--probe"));
	end();
}

static void a_probe_that_ended_early_leaves_an_interval(void **state)
{
	struct connect_ask ask = ask_of(HERE, THERE, 443);
	struct port_probe probe = { .made = false };

	(void)state;
	begin(40000, 40009);
	live(40000, "10.0.0.8", 443, true);
	live(40001, "10.0.0.8", 443, true);
	answer_port(&probe, 40000, false);
	judge_it(&ask, &probe);
	assert_int_equal(answer.ports.left_min, 8);
	assert_int_equal(answer.ports.left_max, 9);
	assert_true(says(&answer.notes, "1 port may be blocked: the kernel was not asked about it."));
	end();
}

static void ports_where_a_probe_would_collide_are_not_asked(void **state)
{
	(void)state;
	begin(40000, 40009);
	time_wait(40000, "127.0.0.1", "127.0.0.1", 1, 9000);
	time_wait(40001, "127.0.0.1", "127.0.0.1", 2, 9000);
	judge_there();
	assert_int_equal(answer.open[40000 / 8], 2);
	end();
}

/* ---- what is missing ---- */

static void an_odd_range_can_miss_an_end(void **state)
{
	static const struct { unsigned low, high, taken; uint32_t min, left; } cases[] = {
		{ 40000, 40003, 0, 4, 4 }, { 40000, 40004, 0, 4, 5 }, { 40000, 40000, 0, 1, 1 },
		{ 40000, 40004, 40000, 3, 4 },          /* the other end is free */
		{ 40000, 40004, 40002, 3, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(cases[i].low, cases[i].high);
		if (cases[i].taken)
			add(STATE_BOUND, HERE, cases[i].taken, "0.0.0.0", 0);
		judge_there();
		assert_int_equal(answer.ports.left_min, cases[i].min);
		assert_int_equal(answer.ports.left, cases[i].left);
		assert_int_equal(answer.ports.left_max, cases[i].left);
		end();
	}
	begin(40000, 40004);                            /* both ends taken: nothing to miss */
	add(STATE_BOUND, HERE, 40000, "0.0.0.0", 0);
	add(STATE_BOUND, HERE, 40004, "0.0.0.0", 0);
	judge_there();
	assert_int_equal(answer.ports.left_min, 3);
	end();
	begin(40000, 40004);                            /* reserved ones too */
	assert_true(limits_reserve(&seen.limits, "40000,40004"));
	judge_there();
	assert_int_equal(answer.ports.left_min, 3);
	assert_int_equal(answer.reserved, 2);
	end();
}

static void what_was_not_seen_is_never_ok(void **state)
{
	struct connect_ask ask = { .port = 1 };
	struct destinations all;

	(void)state;
	begin(40000, 40099);
	seen.socks_complete = false;
	live(40000, THERE, 443, true);
	judge_there();
	assert_int_equal(answer.ports.verdict, CONNECT_UNKNOWN);
	assert_int_equal(answer.ports.left_min, 0);
	assert_int_equal(answer.ports.left, 99);
	assert_true(judge_destinations(&seen, &tight, true, true, &all));
	assert_int_equal(all.worst, CONNECT_UNKNOWN);
	assert_int_equal(all.list.at[0].verdict, CONNECT_UNKNOWN);
	assert_int_equal(all.list.at[0].left_min, 0);
	destinations_fini(&all);
	end();
	begin(40000, 40099);
	seen.limits.reserved_known = false;
	assert_false(judge_connect(&seen, &ask, NULL, &tight, &answer));
	words_connect(&seen, &ask, &answer);
	assert_int_equal(answer.ports.verdict, CONNECT_UNKNOWN);
	assert_true(answer.cause.count);
	assert_false(judge_destinations(&seen, &tight, true, true, &all));
	assert_int_equal(all.worst, CONNECT_UNKNOWN);
	end();
}

static void an_old_kernel_hides_bound_sockets(void **state)
{
	(void)state;
	begin(40000, 40003);
	snapshot_gap(&seen, GAP_BOUND, 1, "not listed");
	judge_there();
	assert_int_equal(answer.ports.left_min, 0);
	assert_int_equal(answer.ports.left, 4);
	assert_int_equal(answer.open[40000 / 8] & 15, 15);
	assert_true(says(&answer.notes, "does not list"));
	end();
}

/* ---- bind() first ---- */

static void bind_first_meets_every_owner_of_its_address(void **state)
{
	static const struct {
		const char *local;
		enum state state;
		int v6only;                     /* -1: not known */
		uint32_t ifindex, min, left;
	} cases[] = {
		{ HERE, STATE_ESTABLISHED, -1, 0, 3, 3 },
		{ HERE, STATE_TIME_WAIT, -1, 0, 3, 3 },
		{ "10.0.0.2", STATE_ESTABLISHED, -1, 0, 4, 4 },
		{ "0.0.0.0", STATE_LISTEN, -1, 0, 3, 3 },
		{ "127.0.0.1", STATE_LISTEN, -1, 0, 4, 4 },
		{ "::", STATE_LISTEN, 0, 0, 3, 3 },
		{ "::", STATE_LISTEN, 1, 0, 4, 4 },
		{ "::", STATE_LISTEN, -1, 0, 3, 4 },
		{ "::1", STATE_LISTEN, 0, 0, 4, 4 },
		{ "::ffff:10.0.0.1", STATE_BOUND, -1, 0, 3, 3 },
		{ HERE, STATE_BOUND, -1, 7, 4, 4 },     /* another device */
		{ HERE, STATE_BOUND, -1, 8, 3, 3 },
	};
	struct connect_ask ask = ask_of(HERE, THERE, 443);

	(void)state;
	ask.bind_first = true;
	ask.ifindex = 8;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sock *s;

		begin(40000, 40003);
		s = add(cases[i].state, cases[i].local, 40000, "10.0.0.7", 80);
		s->timer = cases[i].state == STATE_TIME_WAIT ? TIMER_TIME_WAIT : TIMER_NONE;
		s->ifindex = cases[i].ifindex;
		s->v6only = cases[i].v6only == 1;
		s->have |= cases[i].v6only < 0 ? 0 : HAVE_V6ONLY;
		judge_it(&ask, NULL);
		if (answer.ports.left_min != cases[i].min || answer.ports.left != cases[i].left)
			fail_msg("row %zu: %u <= %u", i, answer.ports.left_min, answer.ports.left);
		assert_int_equal(answer.open[40000 / 8], 0);
		end();
	}
}

static void bind_first_ends_in_eaddrinuse(void **state)
{
	struct connect_ask ask = ask_of(HERE, THERE, 443);

	(void)state;
	begin(40000, 40009);
	for (unsigned port = 40000; port < 40010; port++)
		live(port, "10.0.0.8", 80, true);
	ask.bind_first = true;
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left, 0);
	assert_int_equal(answer.ports.left_max, 0);
	assert_int_equal(answer.err, EADDRINUSE);
	assert_true(answer.ports.cliff);
	assert_true(says(&answer.advice, "IP_BIND_ADDRESS_NO_PORT"));
	assert_true(says(&answer.advice, "10 more work"));
	assert_int_equal(answer.blocked_for_all, 10);
	ask.bind_first = false;
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left, 10);
	end();
}

static void bind_first_takes_no_time_wait_over(void **state)
{
	struct connect_ask ask = ask_of(HERE, THERE, 443);

	(void)state;
	begin(40000, 40009);
	know(LIMIT_TW_REUSE, 1);
	for (unsigned i = 0; i < 5; i++)
		time_wait(40000 + i, HERE, i ? "10.0.0.8" : THERE, 443, 10000 + i * 1000);
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left, 10);
	assert_int_equal(answer.ports.recyclable, 1);
	assert_false(answer.next_free_ms.is);
	ask.bind_first = true;
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left, 5);
	assert_int_equal(answer.ports.left_max, 5);
	assert_int_equal(answer.ports.recyclable, 0);
	assert_int_equal(answer.ports.used, 1);
	assert_int_equal(answer.used_and_blocked, 1);
	assert_int_equal(answer.next_free_ms.value, 46000);
	end();
}

/* ---- users, verdicts, words ---- */

static void users_are_who_holds_the_ports(void **state)
{
	struct map inodes = { 0 };
	struct sock *s;

	(void)state;
	begin(40000, 40099);
	for (unsigned i = 0; i < 5; i++)
		hold(live(40000 + i, THERE, 443, true), 10, "crawler");
	for (unsigned i = 0; i < 7; i++)
		time_wait(40010 + i, HERE, THERE, 443, 5000);
	s = add(STATE_LISTEN, "0.0.0.0", 40050, "0.0.0.0", 0);
	s->inode = 5;
	hold(s, 20, "server");
	for (unsigned i = 0; i < 30; i++)               /* one port, however many */
		hold(live(40050, "10.0.0.7", 5000 + i, false), 20, "server");
	for (unsigned i = 0; i < 2; i++) {
		s = live(40060 + i, "10.0.0.7", 80, true);
		s->port_explicit = true;
		s->have |= HAVE_CGROUP;
		s->cgroup_id = 77;
	}
	live(40070, "10.0.0.7", 80, true);              /* ambiguous: not to blame yet */
	judge_there();
	assert_int_equal(answer.users.count, 4);
	assert_int_equal(answer.users.at[0].process, -1);
	assert_int_equal(answer.users.at[0].count, 7);
	assert_int_equal(answer.users.at[0].states[STATE_TIME_WAIT], 7);
	assert_int_equal(answer.users.at[1].process, 0);
	assert_int_equal(answer.users.at[1].count, 5);
	assert_false(answer.users.at[1].blocks_all);
	assert_int_equal(answer.users.at[2].cgroup_id, 77);
	assert_int_equal(answer.users.at[2].count, 2);
	assert_true(answer.users.at[2].blocks_all);
	assert_int_equal(answer.users.at[3].process, 1);
	assert_int_equal(answer.users.at[3].count, 1);
	assert_int_equal(answer.users.at[3].states[STATE_LISTEN], 1);
	assert_int_equal(answer.blocked_for_all, 3);
	assert_int_equal(answer.ports.left, 100 - 5 - 7 - 3);
	judge_connect_wants(&seen, &(struct connect_ask){
		.source = ip(HERE), .destination = ip(THERE), .port = 443 }, &inodes);
	assert_int_equal(inodes.count, 5 + 1 + 2 + 1);  /* and the ambiguous one */
	map_fini(&inodes);
	end();
}

static void fill_time_waits(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		time_wait(40000 + i, HERE, THERE, 443, 1500 + i % 50 * 1000);
}

static void advice_is_about_this_case(void **state)
{
	(void)state;
	begin(40000, 40099);                            /* little in use: nothing to say */
	fill_time_waits(10);
	judge_there();
	assert_int_equal(answer.ports.verdict, CONNECT_OK);
	assert_int_equal(answer.advice.count + answer.avoid.count, 0);
	end();
	begin(40000, 40099);                            /* the default, which does not help */
	fill_time_waits(100);
	judge_there();
	assert_int_equal(answer.ports.verdict, CONNECT_EXHAUSTED);
	assert_int_equal(answer.err, EADDRNOTAVAIL);
	assert_true(says(&answer.advice, "tcp_tw_reuse=1"));
	assert_true(says(&answer.avoid, "tcp_tw_reuse=2"));
	assert_true(says(&answer.avoid, "tcp_fin_timeout"));
	assert_true(answer.next_free_ms.is);
	assert_int_equal(answer.next_free_ms.value, 60000 - 1500 - 49000);
	know(LIMIT_TIMESTAMPS, 0);
	judge_there();
	assert_true(says(&answer.advice, "tcp_timestamps=1"));
	assert_true(says(&answer.avoid, "without tcp_timestamps"));
	end();
	begin(40000, 40099);                            /* already on */
	know(LIMIT_TW_REUSE, 1);
	know(LIMIT_TW_REUSE_DELAY_MS, 60000);
	fill_time_waits(100);
	judge_there();
	assert_int_equal(answer.ports.left, 0);
	assert_false(says(&answer.advice, "tcp_tw_reuse=1"));
	assert_true(says(&answer.advice, "tcp_tw_reuse_delay"));
	end();
	begin(40000, 40099);                            /* live connections of one process */
	for (unsigned i = 0; i < 90; i++)
		hold(live(40000 + i, THERE, 443, true), 4021, "pool\x1b");
	judge_there();
	assert_int_equal(answer.ports.verdict, CONNECT_TIGHT);
	assert_true(answer.ports.cliff);
	assert_true(says(&answer.advice, "pool\\x1b[4021]: Use fewer"));
	assert_true(says(&answer.advice, "IP_LOCAL_PORT_RANGE to 40000-40099"));
	assert_false(says(&answer.advice, "tcp_tw_reuse"));
	strcpy(seen.version, "6.1.0");
	judge_there();
	assert_false(says(&answer.advice, "IP_LOCAL_PORT_RANGE"));
	end();
	begin(40000, 40099);                            /* bind() to a port of the range */
	for (unsigned i = 0; i < 90; i++) {
		struct sock *s = live(40000 + i, "10.0.0.8", 80, true);

		s->port_explicit = true;
		hold(s, 88, "binder");
	}
	judge_there();
	assert_int_equal(answer.ports.left, 10);
	assert_true(says(&answer.advice, "binder[88]"));
	assert_true(says(&answer.advice, "IP_BIND_ADDRESS_NO_PORT"));
	assert_false(says(&answer.advice, "Add destination addresses"));
	assert_false(answer.ports.cliff);
	end();
	begin(40000, 40099);
	for (unsigned i = 0; i < 90; i++)
		add(STATE_BOUND, HERE, 40000 + i, "0.0.0.0", 0);
	judge_there();
	assert_true(says(&answer.advice, "90 are bound and idle"));
	assert_true(says(&answer.avoid, "ip_local_reserved_ports"));
	end();
}

static void the_rate_tells_when_it_ends(void **state)
{
	(void)state;
	begin(40000, 40999);
	for (unsigned second = 0; second < 42; second++)
		for (unsigned i = 0; i < 20; i++)
			time_wait(40000 + second * 20 + i, HERE, THERE, 443, second * 1000 + 500);
	judge_there();
	assert_int_equal(answer.ports.left, 160);
	assert_true(answer.ports.exhaustion_known);
	assert_int_equal(answer.ports.close_rate_per_s, 20);
	assert_int_equal(answer.ports.exhausted_in_s, 8);
	assert_string_equal(text_str(&answer.cause), "160 of 1,000 local ports are left from 10.0.0.1 to "
			    "10.0.0.9:443; no port is left in 8 s at the present rate; 840 are in "
			    "TIME_WAIT");
	end();
}

static void destinations_are_fullest_first(void **state)
{
	struct destinations all;

	(void)state;
	begin(40000, 40099);
	for (unsigned i = 0; i < 30; i++)
		live(40000 + i, "10.0.0.8", 80, true);
	for (unsigned i = 0; i < 85; i++)
		live(40000 + i, THERE, 443, true);
	add(STATE_BOUND, HERE, 40099, "0.0.0.0", 0);
	live(40098, "10.0.0.7", 5000, false);           /* accepted: no destination of ours */
	assert_true(judge_destinations(&seen, &tight, true, true, &all));
	assert_int_equal(all.list.count, 2);
	assert_int_equal(all.capacity, 100);
	assert_int_equal(all.blocked_for_all, 2);
	assert_int_equal(all.worst, CONNECT_TIGHT);
	assert_int_equal(all.list.at[0].port, 443);
	assert_int_equal(all.list.at[0].used, 85);
	assert_int_equal(all.list.at[0].established, 85);
	assert_int_equal(all.list.at[0].left, 13);
	assert_int_equal(all.list.at[0].left_min, 13);
	assert_true(all.list.at[0].cliff);
	assert_int_equal(all.list.at[1].verdict, CONNECT_OK);
	assert_int_equal(all.list.at[1].left, 68);
	assert_int_equal(all.list.at[1].left_min, 13);
	destinations_fini(&all);
	end();
	begin(40000, 40003);                            /* nobody connects: bind() has it all */
	for (unsigned i = 0; i < 4; i++)
		add(STATE_BOUND, HERE, 40000 + i, "0.0.0.0", 0);
	assert_true(judge_destinations(&seen, &tight, true, true, &all));
	assert_int_equal(all.worst, CONNECT_EXHAUSTED);
	assert_int_equal(all.list.count, 0);
	destinations_fini(&all);
	end();
}

static void destinations_are_of_the_families_wanted(void **state)
{
	struct destinations all;

	(void)state;
	begin(40000, 40099);
	live(40000, THERE, 443, true);
	add(STATE_ESTABLISHED, "fd00::1", 40001, "fd00::2", 443);
	add(STATE_LISTEN, "::", 40002, "::", 0);
	assert_true(judge_destinations(&seen, &tight, true, false, &all));
	assert_int_equal(all.list.count, 1);
	assert_true(addr_is_v4(&all.list.at[0].destination));
	assert_int_equal(all.list.at[0].left, 98);      /* IPv6 took one of its ports */
	destinations_fini(&all);
	assert_true(judge_destinations(&seen, &tight, false, true, &all));
	assert_int_equal(all.list.count, 1);
	assert_false(addr_is_v4(&all.list.at[0].destination));
	destinations_fini(&all);
	end();
}

/* One socket with the device and one without can have the same four numbers. */
static void a_port_counts_once(void **state)
{
	struct connect_ask ask = ask_of(HERE, THERE, 443);
	struct destinations all;

	(void)state;
	begin(40000, 40003);
	ask.ifindex = 7;
	for (unsigned i = 0; i < 4; i++) {
		hold(live(40000 + i, THERE, 443, true), 100, "one");
		live(40000 + i, THERE, 443, true)->ifindex = 7;
	}
	judge_it(&ask, NULL);
	assert_int_equal(answer.ports.left, 0);
	assert_int_equal(answer.ports.used, 4);
	assert_int_equal(answer.states[STATE_ESTABLISHED], 4);
	assert_int_equal(answer.users.count, 1);
	assert_int_equal(answer.users.at[0].count, 4);
	assert_true(judge_destinations(&seen, &tight, true, true, &all));
	assert_int_equal(all.list.count, 2);
	assert_int_equal(all.list.at[0].used, 4);
	assert_int_equal(all.list.at[1].used, 4);
	destinations_fini(&all);
	end();
}

static void a_client_beside_a_listener_is_one(void **state)
{
	(void)state;
	begin(40000, 40003);
	add(STATE_LISTEN, "127.0.0.1", 40001, "0.0.0.0", 0);
	live(40001, THERE, 443, true);
	live(40001, THERE, 443, false)->local = ip("127.0.0.1");
	judge_there();
	assert_int_equal(answer.ports.used, 1);
	assert_int_equal(answer.used_and_blocked, 1);
	assert_int_equal(answer.ports.left, 3);
	end();
}

/* Given alone, a critical share below the warning share counts too. */
static void critical_may_come_before_warning(void **state)
{
	struct threshold before = tight;
	struct connect_ask ask = ask_of(HERE, THERE, 443);

	(void)state;
	begin(40000, 40099);
	for (unsigned i = 0; i < 40; i++)
		live(40000 + i, THERE, 443, true);
	judge_there();
	assert_int_equal(answer.ports.verdict, CONNECT_OK);
	connect_answer_fini(&answer);
	before.crit = 30;
	assert_true(judge_connect(&seen, &ask, NULL, &before, &answer));
	assert_int_equal(answer.ports.verdict, CONNECT_TIGHT);
	end();
}

/* What is old enough may have been taken over: only the young tell how many close. */
static void the_rate_is_of_those_that_nobody_took_over(void **state)
{
	struct trend trend = { .oldest_ms = 0 };
	struct limits limits = { .reserved_known = true };
	struct sock s = { .state = STATE_TIME_WAIT, .timer = TIMER_TIME_WAIT };

	(void)state;
	limits.limit[LIMIT_TIMESTAMPS] = (struct known){ true, 1 };
	limits.limit[LIMIT_TW_REUSE] = (struct known){ true, 1 };
	limits.limit[LIMIT_TW_REUSE_DELAY_MS] = (struct known){ true, 1000 };
	for (unsigned i = 0; i < 15; i++) {
		s.timer_ms = 60000 - i * 60;
		trend_add(&trend, &limits, &s, true);
	}
	s.timer_ms = 60000 - 30000;
	trend_add(&trend, &limits, &s, true);
	assert_true(trend_rate(&trend) > 14.9 && trend_rate(&trend) < 15.1);
	trend = (struct trend){ .oldest_ms = 0 };
	for (unsigned i = 0; i < 121; i++) {            /* 20 a second since 6 s */
		s.timer_ms = 60000 - i * 50;
		trend_add(&trend, &limits, &s, false);
	}
	assert_true(trend_rate(&trend) > 19.5 && trend_rate(&trend) < 20.5);
}

/* ---- random snapshots ---- */

static uint64_t seed;

static unsigned pick(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % below;
}

static const char *const sources[] = { HERE, "10.0.0.2", "127.0.0.1", "::1", "::ffff:10.0.0.1" };
static const char *const targets[] = { THERE, "127.0.0.1", "::1", "::ffff:10.0.0.9" };

static void add_random(unsigned low, unsigned size)
{
	static const enum state idle[] = { STATE_LISTEN, STATE_BOUND, STATE_CLOSE };
	static const enum state connected[] = {
		STATE_ESTABLISHED, STATE_SYN_SENT, STATE_CLOSE_WAIT, STATE_FIN_WAIT_2,
		STATE_SYN_RECV, STATE_TIME_WAIT, STATE_TIME_WAIT,
	};
	bool is_idle = pick(10) == 0;
	struct sock *s = add(is_idle ? idle[pick(3)] : connected[pick(7)], sources[pick(5)],
			     low - 2 + pick(size + 4), is_idle ? "0.0.0.0" : targets[pick(4)],
			     is_idle ? 0 : 443 + pick(2));

	s->ifindex = pick(8) ? 0 : 1 + pick(2);
	s->have = (pick(2) ? HAVE_PORT_ORIGIN : 0) | (pick(2) ? FLOW : 0) |
		  (pick(2) ? HAVE_SOCKOPT : 0) | (pick(2) ? HAVE_V6ONLY : 0);
	s->port_explicit = !pick(6);
	s->v6only = pick(2);
	s->sockopt = pick(2) ? SOCKOPT_BIND_ADDRESS_NO_PORT : 0;
	s->flow.bytes_acked = pick(3);
	s->inode = pick(3) ? 1 + pick(50) : 0;
	s->timer = s->state == STATE_TIME_WAIT ? TIMER_TIME_WAIT : TIMER_NONE;
	s->timer_ms = s->timer ? (pick(2) ? 59100 - pick(200) : pick(60000)) : 0;
}

static void make_random(void)
{
	unsigned size = 1 + pick(60), low = 40000 + pick(2);

	begin(low, low + size - 1);
	if (pick(3) == 0)
		strcpy(seen.version, pick(2) ? "6.1.0" : "");
	know(LIMIT_TW_REUSE, pick(3));
	know(LIMIT_TIMESTAMPS, pick(4) != 0);
	seen.limits.limit[LIMIT_TW_REUSE_DELAY_MS].is = pick(2);
	if (pick(3) == 0)
		limits_reserve(&seen.limits, "40001,40003-40005,40020");
	seen.socks_complete = pick(8) != 0;
	for (unsigned i = pick(80); i; i--)
		add_random(low, size);
	if (pick(2))
		for (unsigned inode = 1; inode < 40; inode++)
			hold(&(struct sock){ .inode = inode }, 100 + (int)inode % 5, "p");
}

/* Some possible truth about the ambiguous ports, as the kernel would tell it. */
static struct port_probe random_truth(const uint8_t *open)
{
	struct port_probe probe = { .made = true };

	for (unsigned port = 0; port < 65536; port++)
		if (open[port / 8] >> (port % 8) & 1)
			answer_port(&probe, port, pick(2));
	return probe;
}

static void check_sums(void)
{
	uint32_t states = 0, own = 0, all = 0;

	for (int i = 0; i < STATE_COUNT; i++)
		states += answer.states[i];
	for (size_t i = 0; i < answer.users.count; i++) {
		const struct port_user *user = &answer.users.at[i];
		uint32_t sum = 0;

		for (int j = 0; j < STATE_COUNT; j++)
			sum += user->states[j];
		assert_int_equal(sum, user->count);
		*(user->blocks_all ? &all : &own) += user->count;
		assert_true(!i || user->count <= answer.users.at[i - 1].count);
	}
	assert_int_equal(states, answer.ports.used);
	assert_true(own <= answer.ports.used);
	assert_true(all >= answer.blocked_for_all);     /* nobody blocks unnamed */
	assert_true(answer.ports.left + answer.blocked_for_all <= answer.capacity);
	assert_true(answer.used_and_blocked <= answer.blocked_for_all);
	assert_true(answer.ports.left + answer.blocked_for_all + answer.ports.used -
		    answer.used_and_blocked - answer.ports.recyclable >= answer.capacity);
	if (!snapshot_is_complete(&seen))
		assert_true(answer.ports.verdict != CONNECT_OK && answer.ports.left_min == 0);
	assert_true(answer.cause.count);
}

static void whatever_the_truth_the_interval_holds_it(const struct connect_ask *ask)
{
	struct port_probe truth;
	uint32_t min, max, ambiguous;

	judge_it(ask, NULL);
	check_sums();
	min = answer.ports.left_min;
	max = answer.ports.left_max;
	ambiguous = answer.ambiguous;
	truth = random_truth(answer.open);
	judge_it(ask, &truth);
	check_sums();
	if (ask->bind_first)
		return;
	assert_true(min <= answer.ports.left_min && answer.ports.left_max <= max);
	assert_true(answer.ambiguous <= ambiguous);
}

static void the_list_agrees_with_the_question(void)
{
	struct destinations all;

	assert_true(judge_destinations(&seen, &tight, true, true, &all));
	for (size_t i = 0; i < all.list.count; i++) {
		const struct destination *d = &all.list.at[i];
		struct connect_ask ask = {
			.source = d->source, .destination = d->destination, .port = d->port,
			.ifindex = d->ifindex,
		};

		judge_it(&ask, NULL);
		assert_int_equal(d->used, answer.ports.used);
		assert_int_equal(d->left, answer.ports.left);
		assert_int_equal(d->left_min, answer.ports.left_min);
		assert_int_equal(d->left_max, answer.ports.left_max);
		assert_int_equal(d->recyclable, answer.ports.recyclable);
		assert_int_equal(d->verdict, answer.ports.verdict);
		assert_int_equal(d->cliff, answer.ports.cliff);
		assert_true(!i || d->percent_gone <= all.list.at[i - 1].percent_gone);
	}
	destinations_fini(&all);
}

static void random_snapshots_keep_the_promises(void **state)
{
	(void)state;
	seed = 20240229;
	for (int i = 0; i < 3000; i++) {
		const char *source = sources[pick(5)];
		struct connect_ask ask = ask_of(source, targets[pick(4)], 443 + pick(2));

		make_random();
		ask.ifindex = pick(4) ? 0 : 1 + pick(2);
		ask.bind_first = pick(4) == 0;
		whatever_the_truth_the_interval_holds_it(&ask);
		if (i % 8 == 0)
			the_list_agrees_with_the_question();
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_blocks_its_port),
		cmocka_unit_test(a_time_wait_is_taken_over_or_not),
		cmocka_unit_test(a_held_fin_wait_2_is_not_taken_over),
		cmocka_unit_test(only_the_same_four_numbers_count),
		cmocka_unit_test(a_device_meets_itself_and_none),
		cmocka_unit_test(a_probe_decides),
		cmocka_unit_test(a_probe_that_ended_early_leaves_an_interval),
		cmocka_unit_test(ports_where_a_probe_would_collide_are_not_asked),
		cmocka_unit_test(an_odd_range_can_miss_an_end),
		cmocka_unit_test(what_was_not_seen_is_never_ok),
		cmocka_unit_test(an_old_kernel_hides_bound_sockets),
		cmocka_unit_test(bind_first_meets_every_owner_of_its_address),
		cmocka_unit_test(bind_first_ends_in_eaddrinuse),
		cmocka_unit_test(bind_first_takes_no_time_wait_over),
		cmocka_unit_test(users_are_who_holds_the_ports),
		cmocka_unit_test(advice_is_about_this_case),
		cmocka_unit_test(the_rate_tells_when_it_ends),
		cmocka_unit_test(destinations_are_fullest_first),
		cmocka_unit_test(destinations_are_of_the_families_wanted),
		cmocka_unit_test(a_port_counts_once),
		cmocka_unit_test(a_client_beside_a_listener_is_one),
		cmocka_unit_test(critical_may_come_before_warning),
		cmocka_unit_test(the_rate_is_of_those_that_nobody_took_over),
		cmocka_unit_test(random_snapshots_keep_the_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
