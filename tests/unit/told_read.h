/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOLD_READ_H
#define TOLD_READ_H

#include "base/grow.h"
#include "judge/judge.h"
#include "model/bind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/*
 * The lines of a situation, tests/unit/told/README says which there are. Words
 * are separated by blanks; the first one is the verb, what follows are its
 * arguments and then marks ("here") and values ("ms=60000").
 */

enum { WORDS_MAX = 24 };

struct words { char *at[WORDS_MAX]; size_t count; };

struct told {
	struct snapshot seen;
	struct bind_context context;
	struct unix_context unix_context;
	struct thresholds *thresholds;
	size_t group;           /* index of the first socket of the last "sock" */
};

static inline struct words words_of(char *line)
{
	struct words w = { .count = 0 };
	char *state;

	for (char *at = strtok_r(line, " \t\n", &state); at; at = strtok_r(NULL, " \t\n", &state)) {
		assert_true(w.count < WORDS_MAX);
		w.at[w.count++] = at;
	}
	return w;
}

/* The value of "@name=...", or NULL. */
static inline const char *word_value(const struct words *w, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 1; i < w->count; i++)
		if (strncmp(w->at[i], name, size) == 0 && w->at[i][size] == '=')
			return w->at[i] + size + 1;
	return NULL;
}

static inline bool word_is(const struct words *w, const char *mark)
{
	for (size_t i = 1; i < w->count; i++)
		if (strcmp(w->at[i], mark) == 0)
			return true;
	return false;
}

static inline int64_t word_number(const struct words *w, const char *name, int64_t otherwise)
{
	const char *value = word_value(w, name);

	return value ? strtoll(value, NULL, 10) : otherwise;
}

/* "?" is unknown. */
static inline void know(struct known *what, const char *value)
{
	*what = (struct known){ strcmp(value, "?") != 0, strtoll(value, NULL, 10) };
}

static inline struct addr read_addr(const char *text, enum family *family)
{
	struct addr addr;

	if (!addr_parse(text, &addr, family))
		fail_msg("no address: %s", text);
	return addr;
}

/* "10.0.0.1:80", "[::1]:80". */
static inline struct addr read_end(const char *text, enum family *family, uint16_t *port)
{
	char host[ADDR_TEXT + 2];
	const char *colon = strrchr(text, ':');

	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	*port = (uint16_t)atoi(colon + 1);
	return read_addr(host, family);
}

static inline enum state read_state(const char *name)
{
	uint32_t mask = state_mask_by_name(name);

	for (int i = 1; i < STATE_COUNT; i++)
		if (mask == STATE_BIT(i))
			return (enum state)i;
	fail_msg("no state: %s", name);
	return STATE_NONE;
}

static inline void set_default_limits(struct limits *l)
{
	static const struct { enum limit limit; int64_t value; } usual[] = {
		{ LIMIT_PORT_LOW, 32768 }, { LIMIT_PORT_HIGH, 60999 }, { LIMIT_FIN_TIMEOUT_S, 60 },
		{ LIMIT_MAX_TW_BUCKETS, 262144 }, { LIMIT_TW_REUSE, 2 },
		{ LIMIT_TW_REUSE_DELAY_MS, 1000 }, { LIMIT_TIMESTAMPS, 1 },
		{ LIMIT_MAX_ORPHANS, 65536 }, { LIMIT_ORPHAN_RETRIES, 0 }, { LIMIT_RETRIES2, 15 },
		{ LIMIT_UNPRIVILEGED_PORT_START, 1024 }, { LIMIT_NONLOCAL_BIND, 0 },
		{ LIMIT_NONLOCAL_BIND6, 0 },
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		l->limit[usual[i].limit] = (struct known){ true, usual[i].value };
	l->reserved_known = true;
}

static inline void told_begin(struct told *t)
{
	memset(t, 0, sizeof(*t));
	snapshot_init(&t->seen);
	snprintf(t->seen.version, sizeof(t->seen.version), "6.18.44");
	set_default_limits(&t->seen.limits);
	t->seen.locals_known = true;
	t->thresholds = thresholds_new();
	t->context.may_bind_low = (struct known){ true, 1 };
}

static inline void told_end(struct told *t)
{
	thresholds_free(t->thresholds);
	bind_context_fini(&t->context);
	unix_context_fini(&t->unix_context);
	snapshot_fini(&t->seen);
}

/* ---- sockets ----------------------------------------------------------- */

static inline void read_flow(struct sock *s, const struct words *w)
{
	uint32_t ms = (uint32_t)word_number(w, "ms", 0);
	bool fin = s->state == STATE_FIN_WAIT_2;

	if (!word_value(w, "ms") && !word_is(w, "here") && !word_is(w, "peer"))
		return;
	s->have |= HAVE_FLOW | HAVE_NOTSENT | HAVE_SOCKOPT;
	if (word_is(w, "here") || word_is(w, "peer"))
		s->have |= HAVE_SENT | HAVE_ACKED;
	s->flow.rto_us = (uint32_t)word_number(w, "rto", 200) * 1000;
	/* what was sent again was sent when its timer was set */
	s->flow.last_data_sent_ms = (uint32_t)word_number(w, "sent",
		s->timer == TIMER_RETRANSMIT && s->retransmits ? s->flow.rto_us / 1000 - s->timer_ms : ms);
	s->flow.last_data_recv_ms = (uint32_t)word_number(w, "recv", ms);
	s->flow.last_ack_recv_ms = (uint32_t)word_number(w, "ack", ms);
	s->flow.bytes_sent = s->send_queue;
	s->flow.bytes_acked = (uint64_t)word_is(w, "here") + fin;
	s->flow.backoff = s->retransmits;
}

static inline void read_timer(struct sock *s, const struct words *w)
{
	static const struct { const char *mark; enum timer timer; } timers[] = {
		{ "on", TIMER_RETRANSMIT }, { "keepalive", TIMER_KEEPALIVE },
		{ "timewait", TIMER_TIME_WAIT }, { "persist", TIMER_PROBE },
	};

	for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++) {
		if (!word_value(w, timers[i].mark))
			continue;
		s->timer = timers[i].timer;
		s->timer_ms = (uint32_t)word_number(w, timers[i].mark, 0);
	}
	if (s->timer == TIMER_TIME_WAIT)
		s->inode = 0;
}

static inline void read_flags(struct sock *s, const struct words *w)
{
	const char *flags = word_value(w, "flags");

	if (word_value(w, "uid")) {
		s->uid = (uint32_t)word_number(w, "uid", 0);
		s->have |= HAVE_UID;
	}
	if (word_value(w, "cgroup")) {
		s->cgroup_id = (uint64_t)word_number(w, "cgroup", 0);
		s->have |= HAVE_CGROUP;
	}
	if (word_is(w, "explicit") || word_is(w, "auto")) {
		s->port_explicit = word_is(w, "explicit");
		s->have |= HAVE_PORT_ORIGIN;
	}
	if (word_is(w, "noport")) {
		s->sockopt = SOCKOPT_BIND_ADDRESS_NO_PORT;
		s->have |= HAVE_SOCKOPT;
	}
	if (!flags)
		return;
	s->reuseaddr = strchr(flags, 'a');
	s->reuseport = strchr(flags, 'p');
	s->v6only = strchr(flags, '6');
	s->have |= HAVE_REUSEADDR | HAVE_REUSEPORT | HAVE_V6ONLY;
}

/* sock STATE LOCAL REMOTE [x=N] [rx=N] ... */
static inline void read_sock(struct told *t, const struct words *w)
{
	int64_t copies = word_number(w, "x", word_number(w, "rx", 1));
	struct sock s = { .state = read_state(w->at[1]) };
	enum family family;

	s.protocol = word_is(w, "udp") ? PROTOCOL_UDP : PROTOCOL_TCP;
	s.local = read_end(w->at[2], &s.family, &s.local_port);
	s.remote = read_end(w->at[3], &family, &s.remote_port);
	s.recv_queue = (uint32_t)word_number(w, "rq", 0);
	s.send_queue = (uint32_t)word_number(w, "sq", 0);
	s.retransmits = (uint32_t)word_number(w, "retrans", 0);
	s.ifindex = (uint32_t)word_number(w, "dev", 0);
	read_timer(&s, w);
	read_flow(&s, w);
	t->group = t->seen.socks.count;
	for (int64_t i = 0; i < copies; i++) {
		struct sock *to;

		s.inode = (uint32_t)word_number(w, "inode", 1001 + (int64_t)t->seen.socks.count);
		read_timer(&s, w);
		read_flags(&s, w);
		to = grow_add(&t->seen.socks);
		*to = s;
		if (word_value(w, "rx"))
			s.remote_port++;
		else
			s.local_port++;
	}
}

/* hold PID [COMM] [first=N]: the sockets of the last line, from the Nth on. */
static inline void read_hold(struct told *t, const struct words *w)
{
	uint32_t index = snapshot_process(&t->seen, atoi(w->at[1]));
	size_t first = t->group + (size_t)word_number(w, "first", 0);

	t->seen.holders_known = true;
	for (size_t i = first; i < t->seen.socks.count; i++)
		*grow_add(&t->seen.holders) =
			(struct holder){ t->seen.socks.at[i].inode, index, 5 };
	snapshot_sort_holders(&t->seen);
}

/* process PID COMM [fds=N] [limit=N] [dead=N] [silent=N] [cgroup=ID] */
static inline void read_process(struct told *t, const struct words *w)
{
	uint32_t index = snapshot_process(&t->seen, atoi(w->at[1]));
	struct process *p = &t->seen.processes.at[index];

	if (strcmp(w->at[2], "-") != 0)
		snapshot_name_process(&t->seen, index, w->at[2], strlen(w->at[2]));
	if (word_value(w, "fds"))
		know(&snapshot_process_files(&t->seen, index)->open, word_value(w, "fds"));
	if (word_value(w, "limit"))
		know(&snapshot_process_files(&t->seen, index)->limit, word_value(w, "limit"));
	if (word_value(w, "dead"))
		know(&snapshot_process_files(&t->seen, index)->dead, word_value(w, "dead"));
	if (word_value(w, "silent"))
		know(&snapshot_process_files(&t->seen, index)->dead_silent_ms, word_value(w, "silent"));
	p->cgroup_id = (uint64_t)word_number(w, "cgroup", 0);
}

/* ---- the rest ---------------------------------------------------------- */

static inline void read_limit(struct told *t, const struct words *w)
{
	for (size_t i = 0; i < LIMIT_COUNT; i++) {
		if (!limit_table[i].name || strcmp(limit_table[i].name, w->at[1]) != 0)
			continue;
		know(&t->seen.limits.limit[i], w->at[2]);
		return;
	}
	fail_msg("no limit: %s", w->at[1]);
}

static inline void read_counter(struct told *t, const struct words *w)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		if (!counter_table[i].name || strcmp(counter_table[i].name, w->at[1]) != 0)
			continue;
		know(&t->seen.limits.counter[i], w->at[2]);
		return;
	}
	fail_msg("no counter: %s", w->at[1]);
}

static inline void read_range(struct told *t, const struct words *w)
{
	know(&t->seen.limits.limit[LIMIT_PORT_LOW], w->at[1]);
	know(&t->seen.limits.limit[LIMIT_PORT_HIGH], w->at[2]);
}

static inline void read_reserved(struct told *t, const struct words *w)
{
	t->seen.limits.reserved_known = strcmp(w->at[1], "?") != 0;
	if (t->seen.limits.reserved_known)
		assert_true(limits_reserve(&t->seen.limits, w->at[1]));
}

static inline void read_cgroup(struct told *t, const struct words *w)
{
	snapshot_add_cgroup(&t->seen, strtoull(w->at[1], NULL, 10), w->at[2]);
}

static inline void read_gap(struct told *t, const struct words *w)
{
	for (int i = 0; i < GAP_KIND_COUNT; i++)
		if (strcmp(gap_name((enum gap_kind)i), w->at[1]) == 0)
			snapshot_gap(&t->seen, (enum gap_kind)i, 1, "a gap: %s",
				     w->at[1]);
}

static inline void read_local(struct told *t, const struct words *w)
{
	struct local *local = grow_add(&t->seen.locals);

	local->addr = read_addr(w->at[1], &local->family);
	local->ifindex = (uint32_t)word_number(w, "dev", 1);
	local->tentative = word_is(w, "tentative");
}

static inline void read_link(struct told *t, const struct words *w)
{
	struct link *link = grow_add(&t->seen.links);

	link->index = (uint32_t)atoi(w->at[1]);
	snprintf(link->name, sizeof(link->name), "%s", w->at[2]);
	snapshot_sort_links(&t->seen);
}

static inline void read_threshold(struct told *t, const struct words *w)
{
	if (thresholds_set(t->thresholds, w->at[1], strcmp(w->at[0], "crit") == 0))
		fail_msg("%s", w->at[1]);
}

static inline void read_seen(struct told *t, const struct words *w)
{
	t->seen.holders_known = t->seen.holders_complete = word_is(w, "owners");
	if (word_is(w, "incomplete"))
		t->seen.socks_complete = false;
	if (word_is(w, "no-locals"))
		t->seen.locals_known = false;
	if (word_value(w, "version"))
		snprintf(t->seen.version, sizeof(t->seen.version), "%s", word_value(w, "version"));
}

/* usock TYPE INODE [listens]: behind the name of a unix question. */
static inline void read_usock(struct told *t, const struct words *w)
{
	struct unix_sock *s = grow_add(&t->unix_context.socks);

	s->type = strcmp(w->at[1], "dgram") == 0 ? UNIX_DGRAM :
		  strcmp(w->at[1], "stream") == 0 ? UNIX_STREAM : UNIX_SEQPACKET;
	s->inode = (uint32_t)atoi(w->at[2]);
	s->listens = word_is(w, "listens");
	if (!word_value(w, "pid"))
		return;
	t->seen.holders_known = true;
	*grow_add(&t->seen.holders) = (struct holder){
		s->inode, snapshot_process(&t->seen, (int32_t)word_number(w, "pid", 0)), 5 };
	snapshot_sort_holders(&t->seen);
}

/* elsewhere NAME listeners=N others=N [pid=N comm=X]: in another namespace. */
static inline void read_elsewhere(struct told *t, const struct words *w)
{
	struct elsewhere *e = grow_add(&t->context.elsewhere);

	t->context.elsewhere_known = true;
	snprintf(e->name, sizeof(e->name), "%s", strcmp(w->at[1], "-") ? w->at[1] : "");
	e->netns_inode = 4026532000;
	e->listeners = (uint32_t)word_number(w, "listeners", 0);
	e->others = (uint32_t)word_number(w, "others", 0);
	e->pid = (int32_t)word_number(w, "pid", 0);
	if (word_value(w, "comm"))
		e->comm_size = (uint8_t)snprintf(e->comm, sizeof(e->comm), "%s",
						 word_value(w, "comm"));
}

/* gone sock|local: off its list, its bytes stay behind the end, where nobody may look. */
static inline void read_gone(struct told *t, const struct words *w)
{
	size_t *count = word_is(w, "local") ? &t->seen.locals.count : &t->seen.socks.count;

	assert_true(*count > 0);
	--*count;
}

static const struct { const char *verb; void (*read)(struct told *, const struct words *); }
told_verbs[] = {
	{ "sock", read_sock }, { "hold", read_hold }, { "process", read_process },
	{ "limit", read_limit }, { "counter", read_counter }, { "range", read_range },
	{ "reserved", read_reserved }, { "cgroup", read_cgroup }, { "gap", read_gap },
	{ "local", read_local }, { "link", read_link }, { "warn", read_threshold },
	{ "crit", read_threshold }, { "seen", read_seen }, { "usock", read_usock },
	{ "elsewhere", read_elsewhere }, { "gone", read_gone },
};

/* False when the verb is none of a situation. */
static inline bool told_read(struct told *t, const struct words *w)
{
	for (size_t i = 0; i < sizeof(told_verbs) / sizeof(*told_verbs); i++) {
		if (strcmp(told_verbs[i].verb, w->at[0]) == 0) {
			told_verbs[i].read(t, w);
			return true;
		}
	}
	return false;
}

#endif
