/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list -E: reports sockets as the kernel frees them, until a signal or --max events. */
#include "cmd/action.h"
#include "cmd/deadline.h"
#include "base/clock.h"
#include "base/errline.h"
#include "base/grow.h"
#include "base/map.h"
#include "base/own.h"
#include "print/print.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct out out;

/* -- who held which socket ------------------------------------------------ */

/* What is known of a socket from one look to the next. */
struct trace {
	uint64_t   cgroup_id;
	uint32_t   inode, uid, have;    /* enum have: HAVE_UID, HAVE_CGROUP */
	enum state state;
	struct addr local, remote;
	uint16_t   local_port, remote_port;
};

/* Who held which socket at the time of one look. Zeroed memory saw nothing. */
struct sighting {
	bool       taken;
	struct snapshot seen;           /* holders, cgroups, links; no sockets */
	struct map by_cookie;           /* cookie -> index in traces */
	struct { struct trace *at; size_t count, room; } traces;
};

/*
 * An event tells neither the owner nor the last state of a socket; only a look before
 * can tell them. The last two looks are kept, because a socket may be freed during the
 * second.
 */
struct tracker {
	struct sighting now, before;
	int64_t next_ms;                /* CLOCK_MONOTONIC: no look before this time */
};

#define REST_MIN_MS 2000
#define REST_FACTOR 50  /* the pause after a look, in times of its duration */

static void sighting_fini(struct sighting *sighting)
{
	if (!sighting->taken)
		return;
	snapshot_fini(&sighting->seen);
	map_fini(&sighting->by_cookie);
	grow_fini(&sighting->traces);
	sighting->taken = false;
}

static int take_trace(void *ctx, const struct sock *sock)
{
	struct sighting *sighting = ctx;
	uint32_t *slot;
	bool fresh;

	slot = map_slot(&sighting->by_cookie, sock->cookie, &fresh);
	if (fresh) {
		*slot = (uint32_t)sighting->traces.count;
		grow_add(&sighting->traces);
	}
	sighting->traces.at[*slot] = (struct trace){
		.cgroup_id = sock->cgroup_id, .inode = sock->inode, .uid = sock->uid,
		.have = sock->have & (HAVE_UID | HAVE_CGROUP), .state = sock->state,
		.local = sock->local, .remote = sock->remote,
		.local_port = sock->local_port, .remote_port = sock->remote_port,
	};
	return 0;
}

/*
 * Sockets are listed before holders, so that a holder that is found holds a listed
 * socket. Sockets that no file holds are listed, too, and have no holder.
 */
static int take_sighting(struct sighting *sighting, struct action *action)
{
	struct session *session = &action->session;
	int err = 0;

	snapshot_init(&sighting->seen);
	sighting->taken = true;
	(void)collect_basics(session->collect, &sighting->seen, BASICS_WHOLE);
	for (size_t i = 0; i < action->families.count && !err; i++) {
		struct collect_ask ask = action_ask(action, i);

		ask.states = STATE_ALL;
		ask.need = 0;
		ask.port_origins = false;
		err = collect_socks(session->collect, &ask,
				    (struct sink){ .take = take_trace, .ctx = sighting },
				    &sighting->seen, &session->fault);
	}
	if (err)
		return err;
	collect_holders(session->collect, &sighting->seen, NULL);
	if (action->need & NEED_CGROUP) {
		collect_cgroups(session->collect, &sighting->seen, NULL);
		collect_pods(session->collect, &sighting->seen);
	}
	return 0;
}

/*
 * Lists sockets and their owners anew. The next look is due when this one has taken at
 * most 2 % of the time. Returns 0, or -errno with the sentence in the session.
 */
static int tracker_look(struct tracker *tracker, struct action *action)
{
	int64_t begin = clock_ms(CLOCK_MONOTONIC), took;
	struct sighting fresh = { .taken = false };
	int err = take_sighting(&fresh, action);

	if (err) {
		sighting_fini(&fresh);
		return err;
	}
	sighting_fini(&tracker->before);
	tracker->before = tracker->now;
	tracker->now = fresh;
	took = clock_ms(CLOCK_MONOTONIC) - begin;
	tracker->next_ms = begin + took + (took * REST_FACTOR > REST_MIN_MS ?
					   took * REST_FACTOR : REST_MIN_MS);
	return 0;
}

static void tracker_fini(struct tracker *tracker)
{
	sighting_fini(&tracker->now);
	sighting_fini(&tracker->before);
}

/* Milliseconds until the next look; 0: now. */
static int tracker_due_ms(const struct tracker *tracker)
{
	int64_t left = tracker->next_ms - clock_ms(CLOCK_MONOTONIC);

	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static const struct trace *find(const struct sighting *sighting, uint64_t cookie)
{
	uint32_t *slot = sighting->taken ? map_find(&sighting->by_cookie, cookie) : NULL;

	return slot ? &sighting->traces.at[*slot] : NULL;
}

static bool has_holder(const struct sighting *sighting, const struct trace *trace)
{
	size_t count;

	return trace && snapshot_holders(&sighting->seen, trace->inode, &count) && count;
}

/* The trace of @cookie, and the look that knows most about it; NULL: no look saw it. */
static const struct trace *tracker_find(const struct tracker *tracker, uint64_t cookie,
				   const struct snapshot **seen)
{
	const struct trace *now = find(&tracker->now, cookie);
	const struct trace *before = find(&tracker->before, cookie);

	/* its holder closed it between the two looks, and the first one knows who that was */
	if (before && (!now || (!has_holder(&tracker->now, now) &&
				has_holder(&tracker->before, before)))) {
		*seen = &tracker->before.seen;
		return before;
	}
	if (now)
		*seen = &tracker->now.seen;
	return now;
}

/* -- events --------------------------------------------------------------- */

struct follow {
	struct action            action;
	struct tracker         tracker;
	struct collect_events *events;
	uint64_t               shown, lost;
	int                    signal;  /* the signal that asks for the end, or 0 */
};

static int open_events(struct follow *follow)
{
	struct action *action = &follow->action;
	struct collect_ask asks[16];
	size_t count = action->families.count;

	for (size_t i = 0; i < count; i++) {
		asks[i] = action_ask(action, i);
		asks[i].need |= NEED_FLOW;
	}
	return collect_events_open(&follow->events, asks, count, &action->session.fault);
}

/* After a reset, the kernel tells a freed socket without its ends. */
static void remember_ends(struct sock *sock, const struct trace *trace)
{
	if (addr_is_any(&sock->local) && !addr_is_any(&trace->local))
		sock->local = trace->local;
	if (!sock->local_port)
		sock->local_port = trace->local_port;
	if (!sock->remote_port && trace->remote_port) {
		sock->remote = trace->remote;
		sock->remote_port = trace->remote_port;
	}
}

/* Adds what the kernel no longer tells, from the last look that saw the socket. */
static void remember(const struct follow *follow, struct sock *sock, struct event_row *row)
{
	const struct trace *trace = tracker_find(&follow->tracker, sock->cookie, &row->owners);

	row->known = trace != NULL;
	if (!trace)
		return;
	remember_ends(sock, trace);
	sock->state = trace->state;
	sock->inode = trace->inode;
	sock->uid = trace->uid;
	if (trace->have & HAVE_CGROUP)
		sock->cgroup_id = trace->cgroup_id;
	sock->have |= trace->have;
}

static void show(struct follow *follow, struct event *event)
{
	struct action *action = &follow->action;
	struct event_row row = {
		.time_ms = event->time_ms, .sock = &event->sock, .owners = &action->session.seen,
	};
	struct filter_view view;

	remember(follow, &event->sock, &row);
	view = (struct filter_view){
		.seen = row.owners, .is_freed = true, .is_stranger = !row.known,
	};
	if (!filter_matches(&action->filter, &view, &event->sock))
		return;
	events_row(&out, &action->session.style, &row);
	follow->shown++;
}

static void tell_loss(struct follow *follow, const struct event *event)
{
	struct session *session = &follow->action.session;

	follow->lost += event->lost;
	snapshot_gap(&session->seen, GAP_DUMP, event->lost,
		     "events that came faster than they were read are missing");
	events_lost(&out, &session->style, event->time_ms, event->lost);
}

/* Writes every event as it comes. Returns false when it is time to end. */
static bool take_events(struct follow *follow)
{
	struct session *session = &follow->action.session;
	struct event event;
	int got = 1;

	for (unsigned i = 0; got > 0 && i < 256 && follow->shown < follow->action.max; i++) {
		got = collect_events_next(follow->events, &event, &session->fault);
		if (got <= 0)
			continue;
		if (event.lost)
			tell_loss(follow, &event);
		else
			show(follow, &event);
		if (out_flush(&out) < 0)
			return false;
	}
	return got >= 0 && follow->shown < follow->action.max;
}

static void take_signal(struct follow *follow, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		follow->signal = (int)info.ssi_signo;
}

/*
 * Hidden owners and the like. A later look tells those of a kind that was not there before:
 * as many processes as are hidden then are another sentence each time.
 */
static void adopt_gaps(struct follow *follow)
{
	struct snapshot *seen = &follow->action.session.seen;
	const struct snapshot *looked = &follow->tracker.now.seen;
	unsigned known = 0;

	for (size_t i = 0; i < seen->gaps.count; i++)
		known |= 1u << seen->gaps.at[i].kind;
	for (size_t i = 0; i < looked->gaps.count; i++)
		if (!(known >> looked->gaps.at[i].kind & 1))
			snapshot_gap(seen, looked->gaps.at[i].kind, looked->gaps.at[i].count, "%s",
				     looked->gaps.at[i].text);
	session_tell_gaps(&follow->action.session);
}

static int look(struct follow *follow)
{
	int err;

	deadline_begin(follow->action.session.options);
	err = tracker_look(&follow->tracker, &follow->action);
	deadline_end();
	if (!err)
		adopt_gaps(follow);
	return err;
}

/*
 * Looks again only after events: a socket that is freed during a look is still known
 * from the look before.
 */
static int loop(struct follow *follow, int signals)
{
	struct session *session = &follow->action.session;
	struct pollfd wait[2] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = collect_events_fd(follow->events), .events = POLLIN },
	};

	while (!follow->signal) {
		if (poll(wait, 2, tracker_due_ms(&follow->tracker)) < 0 && errno != EINTR)
			return fault_set(&session->fault, errno, "cannot wait for events: %s",
					 strerror(errno));
		if (!take_events(follow))
			return session->fault.err ? -session->fault.err : 0;
		if (wait[0].revents)
			take_signal(follow, signals);
		else if (tracker_due_ms(&follow->tracker) == 0 && look(follow) < 0)
			return -session->fault.err;
	}
	return 0;
}

/* Lost events mean status 3, and have a sentence of their own. */
static void tell_all_lost(struct follow *follow)
{
	if (!follow->lost)
		return;
	errline("%llu %s may be missing: they came faster than they were read",
		(unsigned long long)follow->lost, follow->lost == 1 ? "event" : "events");
	follow->action.session.told = true;
}

static enum status run(struct follow *follow, int signals)
{
	struct session *session = &follow->action.session;
	int err;

	/*
	 * the subscription comes first, so that nothing that is freed during the first
	 * look is missed
	 */
	if (open_events(follow) < 0 || tracker_look(&follow->tracker, &follow->action) < 0)
		return cmd_fail(&session->fault);
	deadline_end();
	adopt_gaps(follow);
	events_begin(&out, &session->style, &session->seen);
	err = out_flush(&out) < 0 ? 0 : loop(follow, signals);
	if (err)
		session->seen.socks_complete = false;
	events_end(&out, &session->style, &session->seen, follow->shown);
	if (follow->signal)
		out_flush(&out);
	tell_all_lost(follow);
	return err ? cmd_fail(&session->fault) : STATUS_OK;
}

/* SIGINT and SIGTERM are read from a descriptor, so that the last record is complete. */
static int hold_signals(sigset_t *before)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, before);
	return signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum status follow_with(struct follow *follow, const struct options *options)
{
	struct action *action = &follow->action;
	OWN_FD int signals = -1;
	enum status status;
	sigset_t before;

	if (action_read(action, options, "-E", SIZE_MAX) < 0)
		return STATUS_UNKNOWN;
	if (filter_has(&action->filter, FILTER_FINDING))
		return cmd_fail(&(struct fault){ .err = EINVAL, .text =
			"-E cannot tell whether a freed socket was in a finding" });
	if (session_open(&action->session, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, 1);
	signals = hold_signals(&before);
	status = filters_resolve(&action->filter, &action->session) < 0 ? STATUS_UNKNOWN :
		 run(follow, signals);
	status = session_close(&action->session, &out, status);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (follow->signal)
		raise(follow->signal);
	return status;
}

enum status events_run(const struct options *options)
{
	struct follow follow = { .events = NULL };
	enum status status = follow_with(&follow, options);

	collect_events_close(follow.events);
	tracker_fini(&follow.tracker);
	action_fini(&follow.action);
	return status;
}
