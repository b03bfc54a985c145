/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list -K: closes what a filter matches. Everything is collected first; only a complete
 * listing of at most --max sockets is acted upon, and only with --yes. Right before each
 * order the kernel is asked again whether the socket is as it was listed. Owners, if the
 * filter is about them, are looked up again before the first order.
 */
#include "base/errline.h"
#include "base/grow.h"
#include "cmd/deadline.h"
#include "cmd/action.h"
#include "print/print.h"

#include <errno.h>
#include <signal.h>

#define KILL_MAX 100

static struct out out;

struct kill_job {
	struct action  action;
	struct kill_results results;
	uint64_t     matched;   /* those that are not kept included */
	struct filter_view view;
	struct columns columns;         /* for the listing without --yes */
};

/* collect has filtered the row already; the whole filter is tested once more. */
static int keep_row(void *ctx, const struct sock *sock)
{
	struct kill_job *job = ctx;
	struct kill_target *target;

	if (!(job->action.states & STATE_BIT(sock->state)) ||
	    !filter_matches(&job->action.filter, &job->view, sock))
		return 0;
	if (job->matched++ >= job->action.max)
		return 0;
	target = grow_add(&job->results.list);
	target->sock = *sock;
	target->sock.detail = NULL;
	return 0;
}

static int list_targets(struct kill_job *job)
{
	struct action *action = &job->action;
	struct session *session = &action->session;
	int err = 0;

	session_owners(session, action->need);
	job->view = (struct filter_view){ .seen = &session->seen, .findings = &action->findings };
	for (size_t i = 0; i < action->families.count && !err; i++) {
		struct collect_ask ask = action_ask(action, i);

		ask.filter = action->filter.has_expression ? &action->filter : NULL;
		ask.findings = &action->findings;
		err = collect_socks(session->collect, &ask,
				    (struct sink){ .take = keep_row, .ctx = job },
				    &session->seen, &session->fault);
	}
	return err;
}

static int check_listing(struct kill_job *job)
{
	struct session *session = &job->action.session;
	const struct snapshot *seen = &session->seen;
	const char *gap = seen->gaps.count ? seen->gaps.at[0].text : "the dump was cut";

	if (job->matched > job->action.max)
		return fault_set(&session->fault, EINVAL,
				 "%llu %s, more than --max %zu: nothing was closed; "
				 "narrow the filter or raise --max",
				 (unsigned long long)job->matched,
				 job->matched == 1 ? "socket matches" : "sockets match",
				 job->action.max);
	if (!snapshot_lists_all(seen) || (session->options->strict && seen->gaps.count)) {
		session->told = true;
		return fault_set(&session->fault, EAGAIN,
				 "nothing was closed, for the listing is incomplete: %s", gap);
	}
	return 0;
}

/* True for a socket that was not tried yet, or was out of reach when it was. */
static bool is_waiting(const struct kill_target *target)
{
	return target->result.outcome == OUTCOME_NONE ||
	       (target->result.outcome == OUTCOME_UNSUPPORTED &&
		(target->result.err == ESTALE || target->result.err == ENOENT) &&
		target->sock.state != STATE_BOUND);
}

/* True after a signal: the user must be told what was closed until then. */
static bool is_interrupted(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
	       sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGHUP) == 1);
}

static void hold_signals(sigset_t *before)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGPIPE);
	sigprocmask(SIG_BLOCK, &held, before);
}

static void kill_one(struct kill_job *job, const struct destroy_ask *ask, struct kill_target *target)
{
	struct session *session = &job->action.session;

	if (is_interrupted())
		target->result = (struct kill_result){ .outcome = OUTCOME_FAILED, .err = EINTR };
	else if (collect_destroy(session->collect, &target->sock, ask, &target->result,
				 &session->fault) < 0)
		target->result = (struct kill_result){ .outcome = OUTCOME_FAILED,
					      .err = session->fault.err };
}

/*
 * The socket that the kernel would close at the address of @target, if it is one to be
 * closed.
 */
static struct kill_target *reached(const struct kill_job *job, const struct map *by_cookie,
				   const struct kill_target *target)
{
	uint64_t cookie = collect_reached(job->action.session.collect, &target->sock);
	const uint32_t *at = cookie == UINT64_MAX ? NULL : map_find(by_cookie, cookie);

	return at ? &job->results.list.at[*at] : NULL;
}

/*
 * Of listeners that share a port, the kernel finds one at a time; when that is closed,
 * it finds the next. So this asks which one it finds until that is a socket to be left
 * alone or one that is closed already: two questions for each, whatever their order.
 */
static void kill_shared(struct kill_job *job, const struct destroy_ask *ask,
			const struct map *by_cookie, struct kill_target *target)
{
	struct kill_target *next;

	while (is_waiting(target) && (next = reached(job, by_cookie, target)) && is_waiting(next)) {
		kill_one(job, ask, next);
		if (next->result.outcome != OUTCOME_DESTROYED)
			break;
	}
	if (target->result.outcome == OUTCOME_NONE)
		kill_one(job, ask, target);
}

static bool may_share(const struct sock *sock)
{
	return sock->protocol == PROTOCOL_UDP || sock->state == STATE_LISTEN;
}

static void kill_each(struct kill_job *job, const struct destroy_ask *ask)
{
	struct map by_cookie = { 0 };

	for (size_t i = 0; i < job->results.list.count; i++)
		*map_slot(&by_cookie, job->results.list.at[i].sock.cookie, NULL) = (uint32_t)i;
	for (size_t i = 0; i < job->results.list.count; i++) {
		struct kill_target *target = &job->results.list.at[i];

		if (may_share(&target->sock))
			kill_shared(job, ask, &by_cookie, target);
		else
			kill_one(job, ask, target);
	}
	map_fini(&by_cookie);
}

/*
 * A process may have been renamed since, or have passed its socket on. The filter does
 * not match holders that are not found any more.
 */
static void renew_owners(struct kill_job *job)
{
	struct session *session = &job->action.session;
	struct map inodes = { 0 };
	struct snapshot fresh;

	if (!(filter_need(&job->action.filter) & NEED_HOLDERS))
		return;
	for (size_t i = 0; i < job->results.list.count; i++)
		session_want(&inodes, job->results.list.at[i].sock.inode);
	snapshot_init(&fresh);
	collect_holders(session->collect, &fresh, &inodes);
	snapshot_swap_owners(&session->seen, &fresh);
	snapshot_fini(&fresh);
	map_fini(&inodes);
}

static void kill_all(struct kill_job *job)
{
	struct destroy_ask ask = {
		.filter = &job->action.filter, .view = &job->view, .need = job->action.need,
	};

	renew_owners(job);
	/* each order has a deadline of its own, and what was closed must be reported */
	deadline_end();
	job->results.confirmed = true;
	kill_each(job, &ask);
}

/* STATUS_OK only if every socket was closed. */
static enum status weigh(const struct kill_job *job)
{
	const struct kill_results *results = &job->results;
	struct text sum = { 0 };

	if (kill_results_count(results, OUTCOME_DESTROYED) == results->list.count)
		return STATUS_OK;
	kill_results_sum(&sum, results);
	errline("not all were closed: %s%s", text_str(&sum),
		kill_results_count(results, OUTCOME_DENIED) ?
		"; closing sockets takes CAP_NET_ADMIN, run as root" : "");
	text_fini(&sum);
	return STATUS_UNKNOWN;
}

/* Without --yes: prints the listing that `list` would print, and what to do. */
static void show(struct kill_job *job)
{
	struct session *session = &job->action.session;
	struct listing *listing = listing_begin(&out, &session->style, &job->columns,
						&session->seen);

	for (size_t i = 0; i < job->results.list.count; i++)
		listing_row(listing, &job->results.list.at[i].sock);
	listing_end(listing);
	if (!session->style.quiet)
		errline("nothing was closed: %zu %s; --yes closes %s",
			job->results.list.count,
			job->results.list.count == 1 ? "socket matches" : "sockets match",
			job->results.list.count == 1 ? "it" : "them");
}

/*
 * When the results cannot be printed, nobody can ask again what was closed, so standard
 * error tells why.
 */
static void tell_lost_results(const struct kill_job *job)
{
	struct text sum = { 0 };

	kill_results_sum(&sum, &job->results);
	errline("the audit could not be written; %s", text_str(&sum));
	text_fini(&sum);
}

/* Closes the sockets, and reports what it did before a signal may end the program. */
static enum status kill_and_tell(struct kill_job *job)
{
	struct session *session = &job->action.session;
	enum status status;
	sigset_t before;

	hold_signals(&before);
	kill_all(job);
	print_kill_results(&out, &session->style, &session->seen, &job->results);
	status = weigh(job);
	if (out_flush(&out) < 0)
		tell_lost_results(job);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static enum status act(struct kill_job *job)
{
	struct session *session = &job->action.session;
	bool yes = session->options->yes;

	/* an unknown column is reported before anything is closed */
	if (columns_choose(&job->columns, session->options->columns, &session->style,
			   job->action.states, &session->fault) < 0 ||
	    list_targets(job) < 0 || check_listing(job) < 0)
		return cmd_fail(&session->fault);
	session_tell_gaps(session);
	out_init(&out, 1);
	if (!job->results.list.count && session->style.format == FORMAT_TEXT) {
		if (!session->style.quiet)
			errline("no socket matches, so none was closed");
		return STATUS_OK;
	}
	if (yes)
		return kill_and_tell(job);
	if (session->style.format == FORMAT_TEXT)
		show(job);
	else
		print_kill_results(&out, &session->style, &session->seen, &job->results);
	return STATUS_OK;
}

static int check_filter(const struct filter *filter, struct fault *fault)
{
	if (!filter_is_idle(filter))
		return 0;
	return fault_set(fault, EINVAL, "-K closes only what a filter names; %s",
			 filters_any(filter) ? "this one is true of every socket" :
			 "without a filter nothing is closed");
}

static enum status kill_with(struct kill_job *job, const struct options *options)
{
	struct action *action = &job->action;
	struct fault fault;
	enum status status;

	if (action_read(action, options, "-K", KILL_MAX) < 0)
		return STATUS_UNKNOWN;
	if (check_filter(&action->filter, &fault) < 0)
		return cmd_fail(&fault);
	if (session_open(&action->session, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, 1);
	if (filters_resolve(&action->filter, &action->session) < 0 ||
	    filters_prepare(&action->filter, &action->session, &action->findings) < 0)
		status = STATUS_UNKNOWN;
	else
		status = act(job);
	return session_close(&action->session, &out, status);
}

enum status kill_run(const struct options *options)
{
	struct kill_job job = { .matched = 0 };
	enum status status = kill_with(&job, options);

	kill_results_fini(&job.results);
	action_fini(&job.action);
	return status;
}
