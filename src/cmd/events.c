/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list -E: follow sockets as the kernel frees them, until a signal or --max events. */
#include "cmd/witness.h"
#include "cmd/deadline.h"
#include "print/events.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/errline.h"
#include "base/own.h"

static struct out out;

struct follow {
	struct deed            deed;
	struct witness         witness;
	struct collect_events *events;
	uint64_t               shown, lost;
	int                    signal;  /* that asked for the end, or 0 */
};

static int open_events(struct follow *follow)
{
	struct deed *deed = &follow->deed;
	struct collect_ask asks[16];
	size_t count = deed->families.count;

	for (size_t i = 0; i < count; i++) {
		asks[i] = deed_ask(deed, i);
		asks[i].need |= NEED_FLOW;
	}
	return collect_events_open(&follow->events, asks, count, &deed->session.fault);
}

/* After a reset a socket is freed without the ends that it had. */
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

/* What the kernel no longer tells of it, from the last look that saw it. */
static void remember(const struct follow *follow, struct sock *sock, struct event_row *row)
{
	const struct trace *trace = witness_recall(&follow->witness, sock->cookie, &row->owners);

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
	struct deed *deed = &follow->deed;
	struct event_row row = {
		.time_ms = event->time_ms, .sock = &event->sock, .owners = &deed->session.seen,
	};
	struct filter_view view;

	remember(follow, &event->sock, &row);
	view = (struct filter_view){
		.seen = row.owners, .is_freed = true, .is_stranger = !row.known,
	};
	if (!filter_matches(&deed->filter, &view, &event->sock))
		return;
	events_row(&out, &deed->session.style, &row);
	follow->shown++;
}

static void tell_loss(struct follow *follow, const struct event *event)
{
	struct session *session = &follow->deed.session;

	follow->lost += event->lost;
	snapshot_gap(&session->seen, GAP_DUMP, event->lost,
		     "events that came faster than they were read are missing");
	events_lost(&out, &session->style, event->time_ms, event->lost);
}

/* Every line is written as it comes; false when it is time to end. */
static bool take_events(struct follow *follow)
{
	struct session *session = &follow->deed.session;
	struct event event;
	int got = 1;

	for (unsigned i = 0; got > 0 && i < 256 && follow->shown < follow->deed.max; i++) {
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
	return got >= 0 && follow->shown < follow->deed.max;
}

static void take_signal(struct follow *follow, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		follow->signal = (int)info.ssi_signo;
}

static int look_again(struct follow *follow)
{
	int err;

	deadline_begin(follow->deed.session.options);
	err = witness_look(&follow->witness, &follow->deed);
	deadline_end();
	return err;
}

/*
 * The look is renewed only after events: a socket freed while it is taken is
 * still known from the look before.
 */
static int loop(struct follow *follow, int signals)
{
	struct session *session = &follow->deed.session;
	struct pollfd wait[2] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = collect_events_fd(follow->events), .events = POLLIN },
	};

	while (!follow->signal) {
		if (poll(wait, 2, witness_due_ms(&follow->witness)) < 0 && errno != EINTR)
			return fault_set(&session->fault, errno, "cannot wait for events: %s",
					 strerror(errno));
		if (!take_events(follow))
			return session->fault.err ? -session->fault.err : 0;
		if (wait[0].revents)
			take_signal(follow, signals);
		else if (witness_due_ms(&follow->witness) == 0 && look_again(follow) < 0)
			return -session->fault.err;
	}
	return 0;
}

/* Hidden owners and the like, as the first look found them. */
static void adopt_gaps(struct follow *follow)
{
	struct snapshot *seen = &follow->deed.session.seen;
	const struct snapshot *first = &follow->witness.now.seen;

	for (size_t i = 0; i < first->gaps.count; i++)
		snapshot_gap(seen, first->gaps.at[i].kind, first->gaps.at[i].count, "%s",
			     first->gaps.at[i].text);
	session_tell_gaps(&follow->deed.session);
}

/* A loss is worth status 3, and its own sentence. */
static void tell_all_lost(struct follow *follow)
{
	if (!follow->lost)
		return;
	errline("%llu %s may be missing: they came faster than they were read",
		(unsigned long long)follow->lost, follow->lost == 1 ? "event" : "events");
	follow->deed.session.told = true;
}

static enum status run(struct follow *follow, int signals)
{
	struct session *session = &follow->deed.session;
	int err;

	/* Events first: what is freed during the first look is not missed. */
	if (open_events(follow) < 0 || witness_look(&follow->witness, &follow->deed) < 0)
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

/* SIGINT and SIGTERM are read from the descriptor, so that the last record is whole. */
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
	struct deed *deed = &follow->deed;
	OWN_FD int signals = -1;
	enum status status;
	sigset_t before;

	if (deed_read(deed, options, "-E", SIZE_MAX) < 0)
		return STATUS_UNKNOWN;
	if (filter_has(&deed->filter, FILTER_FINDING))
		return cmd_fail(&(struct fault){ .err = EINVAL, .text =
			"-E cannot tell whether a freed socket was in a finding" });
	if (session_open(&deed->session, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, 1);
	signals = hold_signals(&before);
	status = filters_resolve(&deed->filter, &deed->session) < 0 ? STATUS_UNKNOWN :
		 run(follow, signals);
	status = session_close(&deed->session, &out, status);
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
	witness_fini(&follow.witness);
	deed_fini(&follow.deed);
	return status;
}
