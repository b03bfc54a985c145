/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/grow.h"
#include "judge/judge.h"
#include "model/snapshot.h"
#include "words/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/*
 * Few sockets in, findings out. A case is a function that fills a snapshot and
 * what has to be found: "nothing" matters as much as something.
 */

#define FLOW (HAVE_FLOW | HAVE_SENT | HAVE_ACKED | HAVE_NOTSENT)
#define MINUTE 60000u

static struct snapshot seen;

static struct addr ip(const char *text)
{
	struct addr addr;
	enum family family;

	assert_true(addr_parse(text, &addr, &family));
	return addr;
}

static void know(struct known *what, int64_t value)
{
	*what = (struct known){ true, value };
}

static void begin(void)
{
	struct limits *l = &seen.limits;

	snapshot_init(&seen);
	know(&l->limit[LIMIT_PORT_LOW], 32768);
	know(&l->limit[LIMIT_PORT_HIGH], 60999);
	know(&l->limit[LIMIT_FIN_TIMEOUT_S], 60);
	know(&l->limit[LIMIT_MAX_TW_BUCKETS], 262144);
	know(&l->limit[LIMIT_TW_REUSE], 2);
	know(&l->limit[LIMIT_TW_REUSE_DELAY_MS], 1000);
	know(&l->limit[LIMIT_TIMESTAMPS], 1);
	know(&l->limit[LIMIT_MAX_ORPHANS], 65536);
	know(&l->limit[LIMIT_ORPHAN_RETRIES], 0);
	know(&l->limit[LIMIT_RETRIES2], 15);
	l->reserved_known = true;
}

static void range(int64_t low, int64_t high)
{
	know(&seen.limits.limit[LIMIT_PORT_LOW], low);
	know(&seen.limits.limit[LIMIT_PORT_HIGH], high);
}

static struct sock *add(enum state state, const char *local, unsigned port, const char *remote,
			unsigned remote_port)
{
	struct sock *s = grow_add(&seen.socks);

	s->state = state;
	s->family = strchr(local, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
	s->local = ip(local);
	s->remote = ip(remote);
	s->local_port = (uint16_t)port;
	s->remote_port = (uint16_t)remote_port;
	return s;
}

/* All stamps so old; opened here or, with @opened false, accepted. */
static struct sock *full(enum state state, unsigned port, const char *remote,
			 unsigned remote_port, uint32_t age_ms, bool opened)
{
	struct sock *s = add(state, "10.0.0.1", port, remote, remote_port);
	bool fin = state == STATE_FIN_WAIT_2;

	s->inode = 1000 + (uint32_t)seen.socks.count;
	s->have = FLOW;
	s->flow.last_data_recv_ms = s->flow.last_data_sent_ms = age_ms;
	s->flow.last_ack_recv_ms = age_ms;
	s->flow.bytes_acked = opened + fin;
	return s;
}

static void time_waits(unsigned first, unsigned count, const char *remote, unsigned port,
		       uint32_t age_ms)
{
	for (unsigned i = 0; i < count; i++) {
		struct sock *s = add(STATE_TIME_WAIT, "10.0.0.1", first + i, remote, port);

		s->timer = TIMER_TIME_WAIT;
		s->timer_ms = 60000 - age_ms;
	}
}

static struct process *process(int32_t pid, const char *comm)
{
	uint32_t index = snapshot_process(&seen, pid);
	struct process *p = &seen.processes.at[index];

	snapshot_name_process(&seen, index, comm, strlen(comm));
	return p;
}

static void hold(const struct sock *s, int32_t pid)
{
	seen.holders_known = true;
	*grow_add(&seen.holders) = (struct holder){ s->inode, snapshot_process(&seen, pid), 5 };
	snapshot_sort_holders(&seen);
}

static void judge_as(struct report *report, const char *warn, const char *crit)
{
	struct thresholds *thresholds = thresholds_new();

	if (warn && thresholds_set(thresholds, warn, false))
		fail_msg("%s", warn);
	if (crit && thresholds_set(thresholds, crit, true))
		fail_msg("%s", crit);
	report_init(report);
	judge(&seen, thresholds, report);
	thresholds_free(thresholds);
}

static void end(struct report *report)
{
	report_fini(report);
	snapshot_fini(&seen);
}

static double fact(const struct finding *f, const char *group, const char *name)
{
	const struct fact *found;
	char whole[64];

	snprintf(whole, sizeof(whole), "%s%s%s", group ? group : "", group ? "." : "", name);
	found = facts_find(&f->facts, whole);
	if (!found || !found->known)
		fail_msg("%s: no %s", f->id, name);
	return found->value;
}

static void expect_only(const struct report *report, const char *id, enum severity severity)
{
	if (report->findings.count != 1 || strcmp(report->findings.at[0].id, id) ||
	    report->findings.at[0].severity != severity)
		fail_msg("wanted %s %d, got %zu: %s %d", id, (int)severity, report->findings.count,
			 report->findings.count ? report->findings.at[0].id : "-",
			 (int)report->worst);
}

/* ---- one row for each rule and each side of its threshold -------------- */

static void leak(uint32_t count, uint32_t age_ms)
{
	for (uint32_t i = 0; i < count; i++)
		full(STATE_CLOSE_WAIT, 40000 + i, "10.0.0.9", 443, age_ms, true);
}

/* Idle for so long, probes answered so long ago. */
static void leak_behind_keepalive(uint32_t count, uint32_t idle_ms, uint32_t probe_ms)
{
	for (uint32_t i = 0; i < count; i++) {
		struct sock *s = full(STATE_CLOSE_WAIT, 40000 + i, "10.0.0.9", 443, idle_ms, true);

		s->timer = TIMER_KEEPALIVE;
		s->flow.last_ack_recv_ms = probe_ms;
	}
}

static void make_leak_hidden(void) { leak_behind_keepalive(5, 20 * MINUTE, 9000); }
static void make_leak_hidden_few(void) { leak_behind_keepalive(4, 20 * MINUTE, 9000); }
static void make_burst_of_idle(void) { leak_behind_keepalive(4000, 20 * MINUTE, 900); }
static void make_leak(void) { leak(5, MINUTE); }
static void make_leak_old(void) { leak(5, 10 * MINUTE); }
static void idle_pool(unsigned count)
{
	leak(count, 10 * MINUTE);
	for (size_t i = 0; i < seen.socks.count; i++) {
		struct sock *s = &seen.socks.at[i];

		s->recv_queue = 1;
		s->flow.bytes_sent = 90;
		s->flow.bytes_acked += 90;
		s->flow.bytes_received = 900;
	}
}

static void make_idle_pool(void) { idle_pool(99); }
static void make_more_than_a_pool(void) { idle_pool(100); }
static void make_leak_young(void) { leak(4000, MINUTE - 1); }
static void make_leak_few(void) { leak(4, 20 * MINUTE); }

static void make_still_sending(void)
{
	for (uint32_t i = 0; i < 50; i++)
		full(STATE_CLOSE_WAIT, 40000 + i, "10.0.0.9", 443, 5 * MINUTE, true)->send_queue = 99;
}

static void make_leak_spread(void)      /* a crawler: one for each host */
{
	char host[32];

	for (uint32_t i = 0; i < 5; i++) {
		snprintf(host, sizeof(host), "10.1.0.%u", i);
		full(STATE_CLOSE_WAIT, 40000 + i, host, 443, MINUTE, true);
	}
}

static void make_leak_server(void)
{
	for (uint32_t i = 0; i < 5; i++)
		full(STATE_CLOSE_WAIT, 80, "10.0.0.9", 40000 + i, MINUTE, false);
}

static void make_leak_workers(void)     /* fork()ed: one for each worker */
{
	make_leak_server();
	for (uint32_t i = 0; i < 5; i++)
		hold(&seen.socks.at[i], (int32_t)(10 + i));
}

static void listener(unsigned port, uint32_t queue, uint32_t limit)
{
	struct sock *s = add(STATE_LISTEN, "0.0.0.0", port, "0.0.0.0", 0);

	s->inode = 7;
	s->recv_queue = queue;
	s->send_queue = limit;
}

static void unaccepted(uint32_t age_ms)
{
	listener(80, 2, 16);
	full(STATE_CLOSE_WAIT, 80, "10.0.0.9", 50000, age_ms, false)->inode = 0;
	full(STATE_ESTABLISHED, 80, "10.0.0.9", 50001, age_ms, false)->inode = 0;
}

static void make_unaccepted(void) { unaccepted(10000); }
static void make_unaccepted_old(void) { unaccepted(MINUTE); }
static void make_unaccepted_young(void) { unaccepted(9000); }
static void make_orphan_no_listener(void)
{
	full(STATE_CLOSE_WAIT, 80, "10.0.0.9", 50000, 90 * MINUTE, false)->inode = 0;
}

static void make_queue_at_limit(void) { listener(80, 16, 16); }
static void make_queue_full(void) { listener(80, 17, 16); }
static void make_queue_full_large(void) { listener(80, 4097, 4096); }
static void make_queue_zero(void) { listener(80, 0, 0); }
static void make_queue_zero_passing(void) { listener(80, 1, 0); }
static void make_queue_zero_full(void)
{
	listener(80, 1, 0);
	full(STATE_ESTABLISHED, 80, "10.0.0.9", 50000, 1000, false)->inode = 0;
}
static void make_queue_below(void) { listener(80, 15, 16); }

static void ports_in_use(unsigned count)
{
	range(40000, 40099);
	time_waits(40000, count, "10.0.0.9", 443, 5000);
}

static void make_ports_half(void) { ports_in_use(50); }
static void make_ports_cliff(void) { ports_in_use(51); }
static void make_ports_unknown(void)
{
	ports_in_use(100);
	seen.limits.limit[LIMIT_PORT_LOW].is = false;
}

static void make_ports_recyclable(void)
{
	ports_in_use(100);
	know(&seen.limits.limit[LIMIT_TW_REUSE], 1);
}

static void make_ports_of_a_server(void)        /* it closed first: its own port */
{
	listener(8080, 0, 128);
	range(40000, 40099);
	for (unsigned i = 0; i < 300; i++) {
		struct sock *s = add(STATE_TIME_WAIT, "10.0.0.1", 8080, "10.0.0.9", 30000 + i);

		s->timer = TIMER_TIME_WAIT;
		s->timer_ms = 30000;
	}
}

static void make_ports_many_destinations(void)
{
	char host[32];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(host, sizeof(host), "10.2.0.%u", i);
		time_waits(33000, 2000, host, 443, 5000);
	}
}

static void table(int64_t tw, int64_t overflow)
{
	know(&seen.limits.limit[LIMIT_MAX_TW_BUCKETS], 100);
	know(&seen.limits.counter[COUNTER_TW], tw);
	know(&seen.limits.counter[COUNTER_TIME_WAIT_OVERFLOW], overflow);
}

static void make_table_80(void) { table(80, 0); }
static void make_table_79(void) { table(79, 0); }
static void make_table_full(void) { table(100, 30); }
static void make_table_overflowed(void) { table(80, 1); }
static void make_table_history(void) { table(10, 5000); }

static void held(unsigned count, uint32_t age_ms)
{
	for (unsigned i = 0; i < count; i++)
		full(STATE_FIN_WAIT_2, 40000 + i, "10.0.0.9", 443, age_ms, true);
}

static void make_held(void) { held(3, 5 * MINUTE); }
static void make_held_old(void) { held(3, 60 * MINUTE); }
static void make_held_unread(void)
{
	held(3, 60 * MINUTE);
	for (size_t i = 0; i < seen.socks.count; i++)
		seen.socks.at[i].recv_queue = 100;
}
static void make_held_young(void) { held(50, 4 * MINUTE); }
static void make_held_receiving(void)
{
	held(50, 60 * MINUTE);
	for (size_t i = 0; i < seen.socks.count; i++)
		seen.socks.at[i].flow.last_data_recv_ms = 40;
}

static void orphans(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct sock *s = add(STATE_FIN_WAIT_2, "10.0.0.1", 80, "10.0.0.9", 10000 + i);

		s->timer = TIMER_TIME_WAIT;
		s->timer_ms = 30000;
	}
}

static void make_orphans(void) { orphans(1000); }
static void make_orphans_less(void) { orphans(999); }

static void unacked(enum state state, unsigned count, uint32_t rto_ms, uint32_t doublings)
{
	for (unsigned i = 0; i < count; i++) {
		struct sock *s = full(state, 40000 + i, "10.0.0.9", 443, 0, true);

		s->timer = TIMER_RETRANSMIT;
		s->retransmits = s->flow.backoff = doublings;
		s->flow.rto_us = rto_ms * 1000;
		s->flow.last_data_sent_ms = 3600000;    /* the end is no data */
	}
}

static void make_last_ack(void) { unacked(STATE_LAST_ACK, 10, 25600, 7); }
static void make_last_ack_young(void) { unacked(STATE_FIN_WAIT_1, 500, 12800, 6); }
static void make_last_ack_few(void) { unacked(STATE_CLOSING, 9, 25600, 7); }
static void make_syn_sent(void) { unacked(STATE_SYN_SENT, 3, 4000, 2); }
static void make_syn_sent_young(void) { unacked(STATE_SYN_SENT, 50, 2000, 1); }
static void make_syn_sent_single(void) { unacked(STATE_SYN_SENT, 2, 64000, 6); }

static void descriptors(int64_t open, int64_t limit)
{
	struct process *p = process(77, "leaker");
	struct process_files *files = snapshot_process_files(&seen, (uint32_t)(p - seen.processes.at));

	know(&files->open, open);
	know(&files->limit, limit);
}

static void make_fds(void) { descriptors(820, 1024); }
static void make_fds_over(void) { descriptors(65, 64); }
static void make_fds_below(void) { descriptors(819, 1024); }
static void make_fds_unlimited(void) { descriptors(100000, -1); }
static void make_fds_small(void) { descriptors(16, 16); }

static void make_pressure_orphans(void) { know(&seen.limits.counter[COUNTER_ORPHANS], 53000); }
static void make_pressure_memory(void)
{
	know(&seen.limits.counter[COUNTER_MEM_PAGES], 960);
	know(&seen.limits.limit[LIMIT_TCP_MEM_HIGH], 1000);
}
static void make_pressure_none(void) { know(&seen.limits.counter[COUNTER_ORPHANS], 50000); }

static void make_ephemeral(void)
{
	listener(40001, 0, 128);
	add(STATE_LISTEN, "::", 40001, "::", 0);
}

static void make_ephemeral_reserved(void)
{
	make_ephemeral();
	assert_true(limits_reserve(&seen.limits, "40001"));
}

static void make_ephemeral_loopback(void) { add(STATE_LISTEN, "127.0.0.1", 40001, "0.0.0.0", 0); }
static void make_ephemeral_outside(void) { listener(8080, 0, 128); }

static void bound(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		add(STATE_BOUND, "10.0.0.1", 20000 + i, "0.0.0.0", 0)->inode = 100 + i;
}

static void make_bound(void) { bound(100); }
static void make_bound_few(void) { bound(99); }
static void make_bound_one(void) { bound(1); }

static void make_healthy(void)
{
	make_ports_many_destinations();
	listener(80, 3, 128);
	for (unsigned i = 0; i < 300; i++) {
		full(STATE_ESTABLISHED, 80, "10.0.0.9", 10000 + i, MINUTE, false);
		full(STATE_CLOSE_WAIT, 80, "10.0.0.9", 11000 + i, 900, false);
		full(STATE_FIN_WAIT_1, 80, "10.0.0.9", 12000 + i, 90, false)->inode = 0;
	}
	full(STATE_ESTABLISHED, 80, "10.0.0.8", 10000, 200, false)->inode = 0;
	orphans(400);
}

static const struct {
	const char *what;
	void (*make)(void);
	const char *id;                 /* NULL: nothing is found */
	enum severity severity;
	const char *warn, *crit;        /* thresholds, NULL: the usual */
} cases[] = {
	{ "CLOSE_WAIT leak", make_leak, "close-wait-leak", SEVERITY_WARNING, NULL, NULL },
	{ "old CLOSE_WAIT leak", make_leak_old, "close-wait-leak", SEVERITY_CRITICAL, NULL, NULL },
	{ "burst of young CLOSE_WAIT", make_leak_young, NULL, 0, NULL, NULL },
	{ "few CLOSE_WAIT", make_leak_few, NULL, 0, NULL, NULL },
	{ "idle pool that its server closed", make_idle_pool, "close-wait-leak", SEVERITY_WARNING, NULL, NULL },
	{ "more than a pool", make_more_than_a_pool, "close-wait-leak", SEVERITY_CRITICAL, NULL, NULL },
	{ "few are enough when asked", make_leak_few, "close-wait-leak", SEVERITY_CRITICAL,
	  "close-wait-leak=1s,count=1", NULL },
	{ "many more are asked for", make_leak_old, NULL, 0, "close-wait-leak=60,count=6", NULL },
	{ "another critical age", make_leak_old, "close-wait-leak", SEVERITY_WARNING, NULL,
	  "close-wait-leak=1h" },
	{ "half-close still sending", make_still_sending, NULL, 0, NULL, NULL },
	{ "leak spread over hosts", make_leak_spread, "close-wait-leak", SEVERITY_WARNING, NULL, NULL },
	{ "leak of a handler", make_leak_server, "close-wait-leak", SEVERITY_WARNING, NULL, NULL },
	{ "leak spread over workers", make_leak_workers, "close-wait-leak", SEVERITY_WARNING, NULL, NULL },
	{ "never accepted", make_unaccepted, "accept-stalled", SEVERITY_WARNING, NULL, NULL },
	{ "never accepted for long", make_unaccepted_old, "accept-stalled", SEVERITY_CRITICAL, NULL, NULL },
	{ "not yet accepted", make_unaccepted_young, NULL, 0, NULL, NULL },
	{ "no inode and no listener", make_orphan_no_listener, NULL, 0, NULL, NULL },
	{ "a leak whose age keepalive hides", make_leak_hidden, "close-wait-leak", SEVERITY_WARNING, NULL, NULL },
	{ "few whose age keepalive hides", make_leak_hidden_few, NULL, 0, NULL, NULL },
	{ "idle connections closed this second", make_burst_of_idle, NULL, 0, NULL, NULL },
	{ "accept queue at its limit", make_queue_at_limit, "accept-queue-full", SEVERITY_WARNING, NULL, NULL },
	{ "accept queue full", make_queue_full, "accept-queue-full", SEVERITY_CRITICAL, NULL, NULL },
	{ "long accept queue full", make_queue_full_large, "accept-queue-full", SEVERITY_CRITICAL, NULL, NULL },
	{ "listen(0), empty", make_queue_zero, NULL, 0, NULL, NULL },
	{ "listen(0), full for a moment", make_queue_zero_passing, NULL, 0, NULL, NULL },
	{ "listen(0), full", make_queue_zero_full, "accept-queue-full", SEVERITY_CRITICAL, NULL, NULL },
	{ "accept queue below its limit", make_queue_below, NULL, 0, NULL, NULL },
	{ "half of the ports", make_ports_half, NULL, 0, NULL, NULL },
	{ "more than half", make_ports_cliff, "connect-search-cliff", SEVERITY_NOTICE, NULL, NULL },
	{ "more than half, asked for", make_ports_cliff, "connect-search-cliff", SEVERITY_WARNING,
	  "connect-search-cliff=50", NULL },
	{ "more than half, critical", make_ports_cliff, "connect-search-cliff", SEVERITY_CRITICAL,
	  NULL, "connect-search-cliff=50" },
	{ "range unknown", make_ports_unknown, NULL, 0, NULL, NULL },
	{ "all ports recyclable", make_ports_recyclable, NULL, 0, NULL, NULL },
	{ "a server that closes first", make_ports_of_a_server, NULL, 0, NULL, NULL },
	{ "TIME_WAIT over many destinations", make_ports_many_destinations, NULL, 0, NULL, NULL },
	{ "TIME_WAIT table nearly full", make_table_80, "time-wait-overflow", SEVERITY_WARNING, NULL, NULL },
	{ "TIME_WAIT table with room", make_table_79, NULL, 0, NULL, NULL },
	{ "TIME_WAIT table full", make_table_full, "time-wait-overflow", SEVERITY_CRITICAL, NULL, NULL },
	{ "it overflows", make_table_overflowed, "time-wait-overflow", SEVERITY_CRITICAL, NULL, NULL },
	{ "it once overflowed", make_table_history, NULL, 0, NULL, NULL },
	{ "FIN_WAIT_2 held", make_held, "fin-wait-2-held", SEVERITY_WARNING, NULL, NULL },
	{ "FIN_WAIT_2 held for an hour", make_held_old, "fin-wait-2-held", SEVERITY_WARNING, NULL, NULL },
	{ "FIN_WAIT_2 unread for an hour", make_held_unread, "fin-wait-2-held", SEVERITY_CRITICAL, NULL, NULL },
	{ "FIN_WAIT_2 held, young", make_held_young, NULL, 0, NULL, NULL },
	{ "half-close transfer", make_held_receiving, NULL, 0, NULL, NULL },
	{ "orphaned FIN_WAIT_2", make_orphans, "fin-wait-2-orphans", SEVERITY_WARNING, NULL, NULL },
	{ "fewer orphans", make_orphans_less, NULL, 0, NULL, NULL },
	{ "fewer orphans, asked for", make_orphans_less, "fin-wait-2-orphans", SEVERITY_WARNING,
	  "fin-wait-2-orphans=999", NULL },
	{ "LAST_ACK retransmitting", make_last_ack, "last-ack-stuck", SEVERITY_WARNING, NULL, NULL },
	{ "FIN_WAIT_1 not for long", make_last_ack_young, NULL, 0, NULL, NULL },
	{ "single peers vanish", make_last_ack_few, NULL, 0, NULL, NULL },
	{ "SYN unanswered", make_syn_sent, "syn-sent-stuck", SEVERITY_WARNING, NULL, NULL },
	{ "SYN not yet answered", make_syn_sent_young, NULL, 0, NULL, NULL },
	{ "SYN into silence, single", make_syn_sent_single, NULL, 0, NULL, NULL },
	{ "descriptors", make_fds, "fd-exhaustion", SEVERITY_WARNING, NULL, NULL },
	{ "descriptors over the limit", make_fds_over, "fd-exhaustion", SEVERITY_CRITICAL, NULL, NULL },
	{ "descriptors left", make_fds_below, NULL, 0, NULL, NULL },
	{ "no limit", make_fds_unlimited, NULL, 0, NULL, NULL },
	{ "a sandbox", make_fds_small, NULL, 0, NULL, NULL },
	{ "orphans", make_pressure_orphans, "orphan-pressure", SEVERITY_WARNING, NULL, NULL },
	{ "memory", make_pressure_memory, "orphan-pressure", SEVERITY_CRITICAL, NULL, NULL },
	{ "fewer orphans", make_pressure_none, NULL, 0, NULL, NULL },
	{ "ephemeral listener", make_ephemeral, "ephemeral-listener", SEVERITY_NOTICE, NULL, NULL },
	{ "ephemeral listener, asked for", make_ephemeral, "ephemeral-listener", SEVERITY_WARNING,
	  "ephemeral-listener=1", NULL },
	{ "reserved port", make_ephemeral_reserved, NULL, 0, NULL, NULL },
	{ "on loopback", make_ephemeral_loopback, NULL, 0, NULL, NULL },
	{ "on loopback, asked for", make_ephemeral_loopback, "ephemeral-listener", SEVERITY_WARNING,
	  "ephemeral-listener=0", NULL },
	{ "outside of the range", make_ephemeral_outside, NULL, 0, NULL, NULL },
	{ "bound", make_bound, "bound-unused", SEVERITY_WARNING, NULL, NULL },
	{ "few bound", make_bound_few, NULL, 0, NULL, NULL },
	{ "one bound, asked for", make_bound_one, "bound-unused", SEVERITY_WARNING,
	  "bound-unused=0,count=1", NULL },
	{ "bound, an age asked for", make_bound, NULL, 0, "bound-unused=1s", NULL },
	{ "a healthy busy machine", make_healthy, NULL, 0, NULL, NULL },
	{ "nothing at all", begin, NULL, 0, NULL, NULL },
};

static bool has_words(const struct finding *f)
{
	struct text cause = { .at = NULL };
	struct advice fix, avoid;
	bool has;

	words_cause(&cause, &seen, f);
	words_advice(&fix, &avoid, &seen, f);
	has = cause.count && fix.count;
	advice_fini(&fix);
	advice_fini(&avoid);
	text_fini(&cause);
	return has;
}

static void assert_said(const struct finding *f, const char *part)
{
	struct text cause = { .at = NULL };

	words_cause(&cause, &seen, f);
	if (!strstr(text_str(&cause), part))
		fail_msg("%s is not in: %s", part, text_str(&cause));
	text_fini(&cause);
}

static void every_rule_has_its_threshold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct report report;

		begin();
		cases[i].make();
		judge_as(&report, cases[i].warn, cases[i].crit);
		if (report.findings.count != (cases[i].id != NULL) ||
		    (cases[i].id && (strcmp(report.findings.at[0].id, cases[i].id) ||
				     report.findings.at[0].severity != cases[i].severity)) ||
		    report.worst != (cases[i].severity == SEVERITY_NOTICE ? SEVERITY_NONE :
				     cases[i].severity))
			fail_msg("%s: %zu findings, first %s, worst %d", cases[i].what,
				 report.findings.count,
				 report.findings.count ? report.findings.at[0].id : "-",
				 (int)report.worst);
		for (size_t j = 0; j < report.findings.count; j++)
			if (!has_words(&report.findings.at[j]))
				fail_msg("%s: no words", cases[i].what);
		assert_int_equal(report.summary.total, seen.socks.count);
		end(&report);
	}
}

/* ---- what a finding says ----------------------------------------------- */

static void a_leak_is_split_by_cause_and_opener(void **state)
{
	static const uint32_t unread[] = { 0, 0, 0, 1, 1, 101, 0 };
	struct report report;
	const struct finding *f;

	(void)state;
	begin();
	for (uint32_t i = 0; i < 7; i++)
		full(STATE_CLOSE_WAIT, 40000 + i, "10.0.0.9", 443, 2 * MINUTE, true)->recv_queue =
			unread[i];
	seen.socks.at[6].send_queue = 50;
	seen.socks.at[6].flow.bytes_sent = 50;
	judge_as(&report, NULL, NULL);
	expect_only(&report, "close-wait-leak", SEVERITY_WARNING);
	f = &report.findings.at[0];
	assert_int_equal(f->count, 7);
	assert_int_equal(fact(f, "causes", "close_forgotten"), 3);
	assert_int_equal(fact(f, "causes", "eof_unread"), 2);
	assert_int_equal(fact(f, "causes", "data_unread"), 1);
	assert_int_equal(fact(f, "causes", "still_sending"), 1);
	assert_int_equal(fact(f, "openers", "opened_here"), 7);
	assert_int_equal(fact(f, "openers", "accepted_here"), 0);
	assert_int_equal(fact(f, "openers", "unknown"), 0);
	assert_int_equal(fact(f, NULL, "unread_bytes"), 100);
	assert_int_equal(f->age.min_ms, 2 * MINUTE);
	assert_int_equal(f->subject.port, 443);
	assert_true(f->subject.has_destination);
	assert_said(f, "10.0.0.9:443");
	end(&report);
}

static void a_leak_near_the_descriptor_limit_is_critical(void **state)
{
	struct report report;

	(void)state;
	begin();
	make_leak();
	descriptors(60, 64);
	for (size_t i = 0; i < seen.socks.count; i++)
		hold(&seen.socks.at[i], 77);
	judge_as(&report, NULL, NULL);
	assert_int_equal(report.findings.count, 2);
	assert_string_equal(report.findings.at[0].id, "close-wait-leak");
	assert_int_equal(report.findings.at[0].severity, SEVERITY_CRITICAL);
	assert_said(&report.findings.at[0], "leaker[77]");
	assert_string_equal(report.findings.at[1].id, "fd-exhaustion");
	assert_int_equal(fact(&report.findings.at[1], NULL, "sockets"), 5);
	end(&report);
}

static void two_processes_are_two_leaks(void **state)
{
	struct report report;

	(void)state;
	begin();
	leak(12, 2 * MINUTE);
	for (size_t i = 0; i < seen.socks.count; i++)
		hold(&seen.socks.at[i], i < 5 ? 20 : 30);
	judge_as(&report, NULL, NULL);
	assert_int_equal(report.findings.count, 2);
	assert_int_equal(report.findings.at[0].count, 7);
	assert_int_equal(report.findings.at[1].count, 5);
	end(&report);
}

static void foreign_names_are_made_safe(void **state)
{
	struct report report;

	(void)state;
	begin();
	make_leak();
	process(9, "\033[2Jx");
	for (size_t i = 0; i < seen.socks.count; i++)
		hold(&seen.socks.at[i], 9);
	judge_as(&report, NULL, NULL);
	expect_only(&report, "close-wait-leak", SEVERITY_WARNING);
	assert_said(&report.findings.at[0], "\\x1b\\x5b2Jx[9]");
	end(&report);
}

static void unaccepted_belong_to_their_listener(void **state)
{
	struct report report;
	const struct finding *f;

	(void)state;
	begin();
	make_unaccepted();
	judge_as(&report, "close-wait-leak=0,count=1", NULL);
	expect_only(&report, "accept-stalled", SEVERITY_WARNING);
	f = &report.findings.at[0];
	assert_int_equal(f->subject.kind, SUBJECT_LISTENER);
	assert_int_equal(f->subject.listener_inode, 7);
	assert_int_equal(f->subject.port, 80);
	assert_int_equal(f->count, 2);
	assert_int_equal(fact(f, NULL, "closed_by_peer"), 1);
	end(&report);
}

static void a_budget_adds_up(void **state)
{
	struct report report;
	const struct finding *f;

	(void)state;
	begin();
	range(40000, 40099);
	assert_true(limits_reserve(&seen.limits, "40090-40094"));
	time_waits(40000, 60, "10.0.0.9", 443, 20000);          /* held for 40 s more */
	for (unsigned i = 0; i < 20; i++)
		full(STATE_ESTABLISHED, 40060 + i, "10.0.0.9", 443, 0, true);
	full(STATE_SYN_SENT, 40080, "10.0.0.9", 443, 0, true);
	full(STATE_ESTABLISHED, 40081, "10.0.0.10", 443, 0, true);      /* another one's */
	listener(40082, 0, 1);
	add(STATE_BOUND, "10.0.0.1", 40083, "0.0.0.0", 0)->inode = 5;
	full(STATE_ESTABLISHED, 40084, "10.0.0.9", 443, 0, false);      /* listener closed */
	judge_as(&report, NULL, NULL);
	assert_true(report.findings.count >= 1);
	f = &report.findings.at[0];
	assert_string_equal(f->id, "port-exhaustion");
	assert_int_equal(f->severity, SEVERITY_WARNING);
	assert_int_equal(fact(f, NULL, "capacity"), 95);
	assert_int_equal(fact(f, NULL, "reserved"), 5);
	assert_int_equal(fact(f, NULL, "used"), 81);
	assert_int_equal(fact(f, NULL, "time_wait"), 60);
	assert_int_equal(fact(f, NULL, "established"), 20);
	assert_int_equal(fact(f, NULL, "other"), 1);
	assert_int_equal(fact(f, NULL, "blocked_for_all"), 3);
	assert_int_equal(fact(f, NULL, "recyclable"), 0);
	assert_int_equal(fact(f, NULL, "left"), 11);
	assert_int_equal(fact(f, NULL, "left_max"), 11);
	assert_int_equal(fact(f, NULL, "left_min"), 10);
	assert_true(f->strip);
	end(&report);
}

static void the_rate_tells_when_ports_are_gone(void **state)
{
	struct report report;
	const struct finding *f;

	(void)state;
	begin();
	range(40000, 40999);
	for (unsigned second = 0; second < 42; second++)        /* 20 a second since 42 s */
		time_waits(40000 + second * 20, 20, "10.0.0.9", 443, second * 1000 + 500);
	judge_as(&report, NULL, NULL);
	f = &report.findings.at[0];
	assert_string_equal(f->id, "port-exhaustion");
	assert_int_equal(fact(f, NULL, "close_rate_per_s"), 20);
	assert_int_equal(fact(f, NULL, "left"), 160);
	assert_int_equal(fact(f, NULL, "exhausted_in_s"), 8);
	end(&report);
	begin();                                                /* stopped 20 s ago */
	range(40000, 40999);
	time_waits(40000, 850, "10.0.0.9", 443, 20000);
	judge_as(&report, NULL, NULL);
	f = &report.findings.at[0];
	assert_int_equal(fact(f, NULL, "close_rate_per_s"), 0);
	assert_false(facts_find(&f->facts, "exhausted_in_s")->known);
	end(&report);
}

static void loopback_recycles_with_the_usual_reuse(void **state)
{
	struct report report;

	(void)state;
	begin();
	ports_in_use(100);
	for (size_t i = 0; i < seen.socks.count; i++) {
		seen.socks.at[i].local = ip("127.0.0.1");
		seen.socks.at[i].remote = ip("127.0.0.1");
		seen.socks.at[i].timer_ms = i < 90 ? 59500 : 58000;
	}
	judge_as(&report, NULL, NULL);
	assert_string_equal(report.findings.at[0].id, "port-exhaustion");
	assert_int_equal(fact(&report.findings.at[0], NULL, "recyclable"), 10);
	assert_int_equal(fact(&report.findings.at[0], NULL, "left"), 10);
	know(&seen.limits.limit[LIMIT_TIMESTAMPS], 0);
	report_fini(&report);
	judge_as(&report, NULL, NULL);
	assert_int_equal(fact(&report.findings.at[0], NULL, "left"), 0);
	assert_int_equal(fact(&report.findings.at[0], NULL, "exhausted_in_s"), 0);
	assert_int_equal(report.worst, SEVERITY_CRITICAL);
	end(&report);
}

static void an_odd_range_may_miss_an_end(void **state)
{
	struct report report;

	(void)state;
	begin();
	range(40000, 40100);
	time_waits(40000, 90, "10.0.0.9", 443, 5000);
	judge_as(&report, NULL, NULL);
	assert_int_equal(fact(&report.findings.at[0], NULL, "left"), 11);
	assert_int_equal(fact(&report.findings.at[0], NULL, "left_min"), 10);
	end(&report);
}

static void bound_ports_make_one_finding(void **state)
{
	struct report report;
	size_t found = 0;

	(void)state;
	begin();
	range(40000, 40099);
	for (unsigned i = 0; i < 85; i++)
		add(STATE_BOUND, "10.0.0.1", 40000 + i, "0.0.0.0", 0)->inode = 1 + i;
	full(STATE_ESTABLISHED, 40090, "10.0.0.9", 443, 0, true);
	full(STATE_ESTABLISHED, 40091, "10.0.0.8", 443, 0, true);
	full(STATE_ESTABLISHED, 40092, "10.0.0.8", 443, 0, true);
	judge_as(&report, NULL, NULL);
	for (size_t i = 0; i < report.findings.count; i++)
		found += strcmp(report.findings.at[i].id, "port-exhaustion") == 0;
	assert_int_equal(found, 1);
	assert_int_equal(fact(&report.findings.at[0], NULL, "used"), 2);
	end(&report);
}

/* The peer is an IPv6 socket with a mapped address: the same connection. */
static void how_many_bound_ports_are_ephemeral_is_told_where_it_is_known(void **state)
{
	struct report report;

	(void)state;
	for (int known = 0; known < 2; known++) {
		begin();
		range(20050, 22049);
		seen.limits.reserved_known = known;
		bound(100);
		judge_as(&report, NULL, NULL);
		assert_string_equal(report.findings.at[0].id, "bound-unused");
		if (known)
			assert_int_equal(fact(report.findings.at, NULL, "ephemeral_ports"), 50);
		else
			assert_false(facts_find(&report.findings.at->facts, "ephemeral_ports")->known);
		end(&report);
	}
}

static void the_guilty_peer_is_named(void **state)
{
	struct wants wants;
	struct report report;
	const struct finding *f;
	struct sock *peer;

	(void)state;
	begin();
	held(3, 10 * MINUTE);
	peer = add(STATE_CLOSE_WAIT, "::ffff:10.0.0.9", 443, "::ffff:10.0.0.1", 40001);
	peer->inode = 4242;
	judge_as(&report, NULL, NULL);
	expect_only(&report, "fin-wait-2-held", SEVERITY_WARNING);
	f = &report.findings.at[0];
	assert_int_equal(fact(f, NULL, "peers_here"), 1);
	assert_false(facts_find(&f->facts, "peer_pid")->known);
	judge_wants(&seen, &report, &wants);
	assert_int_equal(wants.inodes.count, 4);
	assert_non_null(map_find(&wants.inodes, 4242));
	wants_fini(&wants);
	report_fini(&report);
	process(66, "guilty");
	hold(&seen.socks.at[3], 66);
	judge_as(&report, NULL, NULL);
	f = &report.findings.at[0];
	assert_int_equal(fact(f, NULL, "peer_pid"), 66);
	assert_string_equal(text_str(&facts_find(&f->facts, "peer_comm")->text), "guilty");
	assert_string_equal(text_str(&facts_find(&f->facts, "peer_state")->text), "CLOSE_WAIT");
	assert_said(f, "guilty[66]");
	end(&report);
}

static void wanted_are_all_listeners_of_a_port_and_processes_short_of_descriptors(void **state)
{
	struct wants wants;
	struct report report;

	(void)state;
	begin();
	make_unaccepted();
	add(STATE_LISTEN, "0.0.0.0", 80, "0.0.0.0", 0)->inode = 8;      /* SO_REUSEPORT */
	add(STATE_LISTEN, "0.0.0.0", 81, "0.0.0.0", 0)->inode = 9;
	judge_as(&report, NULL, NULL);
	judge_wants(&seen, &report, &wants);
	assert_int_equal(wants.inodes.count, 2);
	assert_non_null(map_find(&wants.inodes, 8));
	assert_true(wants.thorough);
	assert_int_equal(wants.pids.count, 0);
	report_fini(&report);
	wants_fini(&wants);
	make_fds_over();
	judge_as(&report, NULL, NULL);
	judge_wants(&seen, &report, &wants);
	assert_int_equal(wants.pids.count, 1);
	wants_fini(&wants);
	end(&report);
}

static void worst_come_first_then_rules_then_numbers(void **state)
{
	struct report report;

	(void)state;
	begin();
	make_bound();
	make_ephemeral();
	make_queue_full();
	make_leak();
	judge_as(&report, NULL, NULL);
	assert_int_equal(report.findings.count, 4);
	assert_string_equal(report.findings.at[0].id, "accept-queue-full");
	assert_string_equal(report.findings.at[1].id, "close-wait-leak");
	assert_string_equal(report.findings.at[2].id, "bound-unused");
	assert_string_equal(report.findings.at[3].id, "ephemeral-listener");
	assert_int_equal(report.worst, SEVERITY_CRITICAL);
	assert_int_equal(report.summary.count[STATE_LISTEN], 3);
	end(&report);
}

/* ---- thresholds --------------------------------------------------------- */

static void thresholds_are_read_in_their_measure(void **state)
{
	static const struct { const char *spec, *id; double warn; uint64_t least; } good[] = {
		{ "close-wait-leak=90s", "close-wait-leak", 90e3, 5 },
		{ "close-wait-leak=500ms", "close-wait-leak", 500, 5 },
		{ "close-wait-leak=5m,count=50", "close-wait-leak", 300e3, 50 },
		{ "close-wait-leak=2h", "close-wait-leak", 7200e3, 5 },
		{ "close-wait-leak=30", "close-wait-leak", 30e3, 5 },
		{ "close-wait-leak=1.5", "close-wait-leak", 1500, 5 },
		{ "close-wait-leak=0,count=1", "close-wait-leak", 0, 1 },
		{ "port-exhaustion=70%", "port-exhaustion", 70, 1 },
		{ "port-exhaustion=70,count=0", "port-exhaustion", 70, 0 },
		{ "ephemeral-listener=0", "ephemeral-listener", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct thresholds *t = thresholds_new();

		if (thresholds_set(t, good[i].spec, false))
			fail_msg("%s", good[i].spec);
		if (thresholds_get(t, good[i].id)->warn != good[i].warn ||
		    thresholds_get(t, good[i].id)->least != good[i].least)
			fail_msg("%s", good[i].spec);
		thresholds_free(t);
	}
}

static void bad_thresholds_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "=", "close-wait-leak", "close-wait-leak=", "close-wait=5", "x=5",
		"close-wait-leak=-5", "close-wait-leak=5x", "close-wait-leak=5 s",
		"close-wait-leak=1e3", "close-wait-leak=inf", "close-wait-leak=nan",
		"close-wait-leak=5m,count=", "close-wait-leak=5m,count=x", "close-wait-leak=5m,",
		"close-wait-leak=5m,count=5x", "close-wait-leak=5m,count=-1", "close-wait-leak=.5",
		"close-wait-leak=5.", "close-wait-leak=5%", "port-exhaustion=5s",
		"port-exhaustion=5000", "fin-wait-2-orphans=1.5", "fin-wait-2-orphans=5%",
		"close-wait-leak=99999999999999999999d", "close-wait-leak=5,count=1,count=2",
		"CLOSE-WAIT-LEAK=5", "\033[2J=5",
	};
	struct thresholds *t = thresholds_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (thresholds_set(t, bad[i], false) == THRESHOLD_TAKEN)
			fail_msg("%s is taken", bad[i]);
	for (size_t i = 0; i < rules_count; i++)
		assert_memory_equal(thresholds_get(t, rules[i].id), &rules[i].usual,
				    sizeof(rules[i].usual));
	thresholds_free(t);
}

static void every_rule_says_what_it_is(void **state)
{
	const struct finding_words *words;

	(void)state;
	assert_true(rules_count > 0);
	for (size_t i = 0; i < rules_count; i++) {
		assert_ptr_equal(rule_by_id(rules[i].id), &rules[i]);
		words = finding_words(rules[i].id);
		assert_true(words && *words->title && *words->about && *words->why);
		assert_true(rules[i].weigh || (rules[i].key && rules[i].facts));
		assert_true(words->cause[0].text && words->fix[0].text);
		assert_true(rules[i].usual.warn <= rules[i].usual.crit);
		assert_true(rules[i].usual.least > 0);
	}
	assert_null(rule_by_id("nothing"));
	assert_null(rule_by_id(""));
}

static const struct finding *found(const struct report *report, const char *id)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (strcmp(report->findings.at[i].id, id) == 0)
			return &report->findings.at[i];
	return NULL;
}

static void the_last_port_does_not_turn_critical_into_fine(void **state)
{
	const struct finding *f;
	struct report report;

	(void)state;
	begin();
	range(40000, 40009);
	for (unsigned i = 0; i < 10; i++)
		listener(40000 + i, 0, 128);
	judge_as(&report, NULL, NULL);
	f = found(&report, "port-exhaustion");
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_CRITICAL);
	assert_int_equal(f->count, 10);
	assert_true(fact(f, NULL, "left") == 0);
	assert_true(fact(f, NULL, "blocked_for_all") == 10);
	end(&report);
}

static void a_socket_bound_to_lo_is_recycled_as_on_loopback(void **state)
{
	struct report report;

	(void)state;
	begin();
	range(40000, 40099);
	know(&seen.limits.limit[LIMIT_TW_REUSE], 2);
	time_waits(40000, 100, "10.0.0.9", 443, 5000);
	for (size_t i = 0; i < seen.socks.count; i++)
		seen.socks.at[i].ifindex = 1;
	judge_as(&report, NULL, NULL);
	assert_null(found(&report, "port-exhaustion"));
	end(&report);
}

static void the_waiting_listener_of_a_group_is_told(void **state)
{
	const struct finding *f;
	struct report report;

	(void)state;
	begin();
	listener(80, 0, 100);
	unaccepted(MINUTE);
	judge_as(&report, NULL, NULL);
	f = found(&report, "accept-stalled");
	assert_non_null(f);
	assert_true(fact(f, NULL, "limit") == 16);
	end(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_has_its_threshold),
		cmocka_unit_test(the_last_port_does_not_turn_critical_into_fine),
		cmocka_unit_test(a_socket_bound_to_lo_is_recycled_as_on_loopback),
		cmocka_unit_test(the_waiting_listener_of_a_group_is_told),
		cmocka_unit_test(a_leak_is_split_by_cause_and_opener),
		cmocka_unit_test(a_leak_near_the_descriptor_limit_is_critical),
		cmocka_unit_test(two_processes_are_two_leaks),
		cmocka_unit_test(foreign_names_are_made_safe),
		cmocka_unit_test(unaccepted_belong_to_their_listener),
		cmocka_unit_test(a_budget_adds_up),
		cmocka_unit_test(the_rate_tells_when_ports_are_gone),
		cmocka_unit_test(loopback_recycles_with_the_usual_reuse),
		cmocka_unit_test(an_odd_range_may_miss_an_end),
		cmocka_unit_test(bound_ports_make_one_finding),
		cmocka_unit_test(how_many_bound_ports_are_ephemeral_is_told_where_it_is_known),
		cmocka_unit_test(the_guilty_peer_is_named),
		cmocka_unit_test(wanted_are_all_listeners_of_a_port_and_processes_short_of_descriptors),
		cmocka_unit_test(worst_come_first_then_rules_then_numbers),
		cmocka_unit_test(thresholds_are_read_in_their_measure),
		cmocka_unit_test(bad_thresholds_are_refused),
		cmocka_unit_test(every_rule_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
