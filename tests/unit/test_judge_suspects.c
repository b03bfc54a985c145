/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"
#include "world.h"

#include <stdlib.h>

/*
 * Random machines, each judged twice: from every row, and from the rows that rules
 * pick. The findings have to be the same, to the last number and word.
 */

#define FLOW (HAVE_FLOW | HAVE_SENT | HAVE_ACKED | HAVE_NOTSENT)

enum { WORLDS = 300, LOW = 40000, SERVER_PORT = 443, MINUTE = 60000 };

static uint64_t dice;

static unsigned roll(unsigned sides)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((dice >> 33) % sides);
}

static bool chance(unsigned percent)
{
	return roll(100) < percent;
}

static struct sock *add(struct world *world, enum state state, unsigned port, unsigned host,
			unsigned remote_port, enum opener opener)
{
	uint8_t there[4] = { 10, 1, (uint8_t)(host >> 8), (uint8_t)host };
	struct sock *s = put(world, state, port);

	if (state != STATE_LISTEN && state != STATE_BOUND) {
		s->remote = addr_from_v4(there);
		s->remote_port = (uint16_t)remote_port;
		s->have = FLOW;
		s->flow.bytes_acked = opener == OPENER_HERE;
		s->flow.last_data_recv_ms = s->flow.last_data_sent_ms = roll(10 * MINUTE);
		s->flow.last_ack_recv_ms = s->flow.last_data_recv_ms;
	}
	return s;
}

static void make_mini(struct sock *s)
{
	s->timer = TIMER_TIME_WAIT;
	s->timer_ms = roll(MINUTE);
	s->inode = 0;
	s->have = 0;
}

static enum state some_state(unsigned established, unsigned time_wait)
{
	static const enum state rare[] = {
		STATE_CLOSE_WAIT, STATE_SYN_SENT, STATE_FIN_WAIT_1, STATE_FIN_WAIT_2, STATE_LAST_ACK,
	};
	unsigned n = roll(100);

	if (n < established)
		return STATE_ESTABLISHED;
	if (n < established + time_wait)
		return STATE_TIME_WAIT;
	return rare[roll(sizeof(rare) / sizeof(*rare))];
}

/* A client that uses about that share of the range towards one destination. */
static void add_client(struct world *world, unsigned host, unsigned percent)
{
	unsigned established = roll(100), time_wait = roll(101 - established);
	unsigned remote_port = 80 + roll(3), device = chance(10) ? 2 : 0;

	for (unsigned port = LOW; port < LOW + world->range; port++) {
		enum state state = some_state(established, time_wait);
		struct sock *s;

		if (!chance(percent))
			continue;
		s = add(world, state, port, host, remote_port, OPENER_HERE);
		s->ifindex = device;
		if (state == STATE_TIME_WAIT || (state == STATE_FIN_WAIT_2 && chance(50)))
			make_mini(s);
	}
}

/* Ports that are lost to all: connections of listeners long gone, and idle ones. */
static void add_losses(struct world *world, unsigned percent, bool bound)
{
	for (unsigned port = LOW; port < LOW + world->range; port++) {
		if (!chance(percent))
			continue;
		if (bound)
			add(world, STATE_BOUND, port, 0, 0, OPENER_UNKNOWN);
		else
			add(world, STATE_ESTABLISHED, port, 9000 + roll(50), 1 + roll(60000),
			    OPENER_PEER);
	}
}

static void add_server(struct world *world, unsigned port, unsigned connections, unsigned waiting)
{
	struct sock *listener = add(world, STATE_LISTEN, port, 0, 0, OPENER_UNKNOWN);

	listener->recv_queue = waiting;
	listener->send_queue = 5 + roll(200);
	for (unsigned i = 0; i < connections + waiting; i++) {
		struct sock *s = add(world, chance(2) ? STATE_CLOSE_WAIT : STATE_ESTABLISHED, port,
				     5000 + i / 50, 20000 + i % 50, OPENER_PEER);

		if (i >= connections)
			s->inode = 0;
	}
}

static void make_world(struct world *world, unsigned seed)
{
	struct limits *l = &world->limits;

	memset(world, 0, sizeof(*world));
	dice = seed * 2654435761u + 1;
	world->range = chance(10) ? 1 + roll(3) : 100 + roll(1500);
	know(&l->limit[LIMIT_PORT_LOW], LOW);
	know(&l->limit[LIMIT_PORT_HIGH], LOW + world->range - 1);
	know(&l->limit[LIMIT_FIN_TIMEOUT_S], 60);
	know(&l->limit[LIMIT_MAX_TW_BUCKETS], chance(30) ? 1000 + roll(2000) : 262144);
	know(&l->limit[LIMIT_TW_REUSE], roll(3));
	know(&l->limit[LIMIT_TW_REUSE_DELAY_MS], 1000);
	know(&l->limit[LIMIT_TIMESTAMPS], chance(80));
	l->reserved_known = true;
	if (chance(20))
		limits_reserve(l, chance(20) ? "39999-50000" : "40010-40040");
	for (unsigned i = roll(4); i > 0; i--)
		add_client(world, i, 30 + roll(71));
	if (chance(30))
		add_losses(world, roll(100), false);
	if (chance(30))
		add_losses(world, roll(60), true);
	add_server(world, SERVER_PORT, 4200 + roll(2000), chance(30) ? roll(300) : 0);
	if (chance(30))
		add_server(world, LOW + roll(world->range), roll(50), chance(50) ? roll(20) : 0);
	for (unsigned i = chance(10) ? 7 : 0; i > 0; i--)
		add_server(world, 1000 + 100 * i, roll(50), roll(20));
	world->descriptors = chance(30) ? 1000 : 10;
	set_counters(world);
	count(world, COUNTER_SOCKETS, roll(60));
}

static void look_at_all(const struct world *world, struct snapshot *seen)
{
	struct sink sink = snapshot_sink(seen);

	for (size_t i = 0; i < world->socks.count; i++)
		sink.take(sink.ctx, &world->socks.at[i]);
}

static void begin(const struct world *world, struct snapshot *seen)
{
	struct process_files *files;
	uint32_t index;

	snapshot_init(seen);
	seen->limits = world->limits;
	index = snapshot_process(seen, 77);
	files = snapshot_process_files(seen, index);
	know(&files->open, world->descriptors);
	know(&files->limit, 1000);
}

/* Known only after the look: every fourth socket, and one descriptor that is none of them. */
static void hold_some(const struct world *world, struct snapshot *seen)
{
	seen->holders_known = true;
	for (size_t i = 0; i < world->socks.count; i += 4)
		*grow_add(&seen->holders) = (struct holder){
			.inode = world->socks.at[i].inode ? world->socks.at[i].inode : 5,
			.process = snapshot_process(seen, 77), .fd = (int32_t)i,
		};
	snapshot_sort_holders(seen);
}

static bool is_same_fact(const struct fact *a, const struct fact *b)
{
	return strcmp(a->name, b->name) == 0 && a->known == b->known &&
	       memcmp(&a->value, &b->value, sizeof(a->value)) == 0 &&
	       strcmp(text_str(&a->text), text_str(&b->text)) == 0;
}

static bool is_same(const struct finding *a, const struct finding *b)
{
	if (strcmp(a->id, b->id) != 0 || a->severity != b->severity || a->count != b->count ||
	    a->facts.count != b->facts.count ||
	    a->age.min_ms != b->age.min_ms ||
	    !a->strip != !b->strip ||
	    (a->strip && memcmp(a->strip, b->strip, sizeof(*a->strip)) != 0) ||
	    (a->has_ages && memcmp(a->ages, b->ages, sizeof(a->ages)) != 0))
		return false;
	for (size_t i = 0; i < a->facts.count; i++)
		if (!is_same_fact(&a->facts.at[i], &b->facts.at[i]))
			return false;
	return true;
}

/* Findings of one severity and rule come in the order of their sockets. */
static bool has(const struct report *report, const struct finding *f)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (is_same(&report->findings.at[i], f))
			return true;
	return false;
}

static void compare(unsigned seed, const struct report *whole, const struct report *steps)
{
	for (size_t i = 0; i < whole->findings.count; i++)
		if (!has(steps, &whole->findings.at[i]))
			fail_msg("world %u: not found in steps: %s", seed,
				 whole->findings.at[i].id);
	if (whole->findings.count != steps->findings.count)
		fail_msg("world %u: %zu findings from all rows, %zu in steps", seed,
			 whole->findings.count, steps->findings.count);
	assert_int_equal(whole->worst, steps->worst);
	for (int i = 1; i < STATE_COUNT; i++)
		if (!steps->summary.untold[i])
			assert_int_equal(whole->summary.count[i], steps->summary.count[i]);
}

/* As somebody might set them: always, at once, at the very end, for a single socket. */
static struct thresholds *some_thresholds(void)
{
	static const char *const specs[] = {
		"port-exhaustion=0", "port-exhaustion=100", "port-exhaustion=1,count=1",
		"connect-search-cliff=0,count=1", "connect-search-cliff=100",
		"time-wait-overflow=0,count=0", "time-wait-overflow=1000", "bound-unused=0,count=1",
		"bound-unused=0,count=0", "accept-stalled=0,count=1", "accept-queue-full=1,count=1",
		"syn-queue-full=1,count=1", "fd-exhaustion=1,count=1", "close-wait-leak=0,count=1", "fin-wait-2-orphans=1",
	};
	struct thresholds *thresholds = thresholds_new();

	for (unsigned i = chance(50) ? roll(4) : 0; i > 0; i--)
		assert_int_equal(thresholds_set(thresholds,
						specs[roll(sizeof(specs) / sizeof(*specs))],
						chance(30)), THRESHOLD_TAKEN);
	return thresholds;
}

struct tried { unsigned worlds, sparing, untold, findings, port_findings; };

static void judge_both(unsigned seed, struct tried *tried)
{
	struct thresholds *thresholds;
	struct snapshot all, some;
	struct report whole, steps;
	struct world world;

	make_world(&world, seed);
	thresholds = some_thresholds();
	begin(&world, &all);
	begin(&world, &some);
	look_at_all(&world, &all);
	look_stepwise(&world, thresholds, &some);
	hold_some(&world, &all);
	hold_some(&world, &some);
	report_init(&whole);
	report_init(&steps);
	judge(&all, thresholds, &whole);
	judge(&some, thresholds, &steps);
	compare(seed, &whole, &steps);
	tried->worlds++;
	tried->sparing += some.socks.count < all.socks.count;
	tried->untold += steps.summary.untold[STATE_BOUND];
	tried->findings += whole.findings.count > 0;
	for (size_t i = 0; i < whole.findings.count; i++)
		tried->port_findings += strcmp(whole.findings.at[i].id, "port-exhaustion") == 0;
	report_fini(&whole);
	report_fini(&steps);
	snapshot_fini(&all);
	snapshot_fini(&some);
	grow_fini(&world.socks);
	thresholds_free(thresholds);
}

static void rows_that_rules_pick_and_all_rows_give_the_same_findings(void **state)
{
	struct tried tried = { .worlds = 0 };

	(void)state;
	for (unsigned seed = 1; seed <= WORLDS; seed++)
		judge_both(seed, &tried);
	/* and it was about something */
	assert_int_equal(tried.worlds, WORLDS);
	assert_int_equal(tried.sparing, WORLDS);
	assert_true(tried.untold > WORLDS / 8);
	assert_true(tried.findings > WORLDS / 3);
	assert_true(tried.port_findings > WORLDS / 5);
}

/* One look in steps and what it says. */
struct look {
	struct thresholds *thresholds;
	struct snapshot seen;
	struct report report;
};

static void look_at(struct look *look, const struct world *world)
{
	look->thresholds = thresholds_new();
	snapshot_init(&look->seen);
	look->seen.limits = world->limits;
	look_stepwise(world, look->thresholds, &look->seen);
	report_init(&look->report);
	judge(&look->seen, look->thresholds, &look->report);
}

static void look_away(struct look *look, struct world *world)
{
	report_fini(&look->report);
	snapshot_fini(&look->seen);
	thresholds_free(look->thresholds);
	grow_fini(&world->socks);
}

/* Privileged ports may be ephemeral ones, too. */
static void a_range_that_begins_with_port_1_is_looked_at(void **state)
{
	struct look look;
	struct world world;

	(void)state;
	memset(&world, 0, sizeof(world));
	add_server(&world, 50000, 5000, 0);
	for (unsigned port = 1; port <= 1000; port++)
		add(&world, STATE_ESTABLISHED, port, 1, 80, OPENER_HERE);
	set_counters(&world);
	know(&world.limits.limit[LIMIT_PORT_LOW], 1);
	know(&world.limits.limit[LIMIT_PORT_HIGH], 1000);
	world.limits.reserved_known = true;
	look_at(&look, &world);
	assert_true(finds(&look.report, "port-exhaustion"));
	look_away(&look, &world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_that_rules_pick_and_all_rows_give_the_same_findings),
		cmocka_unit_test(a_range_that_begins_with_port_1_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
