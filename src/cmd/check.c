/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collect, judge, and if something was found look up the owners and cgroups of
 * just those sockets and judge again: a healthy machine never pays for the walk
 * through /proc, nor for rows that cannot matter (judge/suspects.h). A filter
 * chooses among the findings; what its words need is collected for all sockets.
 */
#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"
#include "cmd/filters.h"
#include "cmd/judging.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static struct out out;

/* One run of check; details are kept only for a filter that tests them. */
struct checking {
	struct session    *session;     /* of the network namespace at hand */
	struct filter      filter;
	struct thresholds *thresholds;
	struct { struct check_area *at; size_t count, room; } areas;
	struct { size_t *at; size_t count, room; } details; /* by socket: where in @packed, plus 1; 0: none */
	struct text        packed;
};

static void keep_detail(struct checking *checking, const struct detail *detail)
{
	static const struct detail none;

	if (!detail || memcmp(detail, &none, offsetof(struct detail, metrics.value)) == 0)
		return;
	while (checking->details.count < checking->session->seen.socks.count)
		grow_add(&checking->details);
	*grow_add(&checking->details) = checking->packed.count + 1;
	sock_pack(&checking->packed, &(struct sock){ .detail = detail });
}

static int keep(void *ctx, const struct sock *sock)
{
	struct checking *checking = ctx;
	struct sink sink = snapshot_sink(&checking->session->seen);

	if (filter_need(&checking->filter) & NEED_TCP_INFO)
		keep_detail(checking, sock->detail);
	return sink.take(sink.ctx, sock);
}

static int look_at_all(struct checking *checking)
{
	struct session *session = checking->session;
	unsigned need = NEED_FLOW | filter_need(&checking->filter);
	struct collect_ask ask = session_ask(session->options, STATE_ALL, need);
	int err;

	ask.port_origins = filter_has(&checking->filter, FILTER_AUTOBOUND);
	err = collect_socks(session->collect, &ask,
			    (struct sink){ .take = keep, .ctx = checking },
			    &session->seen, &session->fault);
	if (!err)
		session_owners(session, need);
	return err;
}

/*
 * A recording holds all rows, and a verdict that is recorded is the one that its
 * replay will give.
 */
static bool wants_every_row(const struct checking *checking)
{
	const struct options *options = checking->session->options;

	return options->exact || options->from || options->record || options->ipv4 ||
	       options->ipv6 || filters_any(&checking->filter);
}

static int look(struct checking *checking)
{
	struct session *session = checking->session;

	int err;

	collect_descriptors(session->collect, &session->seen);
	err = wants_every_row(checking) ? look_at_all(checking) :
					  judging_collect(session, checking->thresholds);
	if (!err)
		judging_collect_mptcp(session);
	return err;
}

/* The cgroups of the sockets and processes that the report talks about. */
static void name_cgroups(struct session *session, const struct report *report)
{
	struct snapshot *seen = &session->seen;
	struct map ids = { 0 };

	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *f = &report->findings.at[i];

		session_want_home(&ids, seen, f->subject.cgroup_id, subject_holder(seen, &f->subject));
		for (size_t j = 0; j < f->members.count; j++) {
			const struct sock *s = &seen->socks.at[f->members.at[j]];

			session_want_home(&ids, seen, s->cgroup_id, snapshot_owner(seen, s->inode));
		}
	}
	session_cgroups(session, &ids);
	map_fini(&ids);
}

/* The socket with the detail that was kept of it; one of which nothing was told has an empty one. */
static enum filter_truth test(const struct checking *checking, const struct filter_view *view,
			      struct sock *sock, uint32_t index)
{
	struct sock_row row = { .sock = { .detail = NULL } };
	size_t at = index < checking->details.count ? checking->details.at[index] : 0;
	enum filter_truth is;

	if (at)
		sock_unpack(&row, checking->packed.at + at - 1);
	if (filter_need(&checking->filter) & NEED_TCP_INFO)
		sock->detail = &row.detail;
	is = filter_test(&checking->filter, view, sock);
	sock->detail = NULL;
	sock_row_fini(&row);
	return is;
}

static enum filter_truth matches(struct checking *checking, uint32_t index,
				 const struct filter_findings *findings)
{
	const struct snapshot *seen = &checking->session->seen;
	struct filter_view view = { .seen = seen, .findings = findings };
	struct sock sock = seen->socks.at[index];
	enum filter_truth is = test(checking, &view, &sock, index);

	if (is == FILTER_UNKNOWN && filter_misses(&checking->filter, &sock))
		snapshot_gap(&checking->session->seen, GAP_ATTRIBUTE, 1,
			     "the filter asks for marks, groups or the origin of ports, "
			     "which were not told of some sockets");
	return is;
}

/*
 * What findings without a matching member are about. What nobody accepted has no
 * owner, but its listener has; and what counts descriptors has no members, but its
 * process holds sockets. 1 once a socket of it matched.
 */
struct subjects {
	struct map listeners;   /* inodes */
	struct map processes;   /* pids */
};

static uint32_t *subject_slot(struct subjects *subjects, const struct snapshot *seen,
			      const struct finding *f)
{
	const struct subject *subject = &f->subject;

	if (subject->listener_inode)
		return map_slot(&subjects->listeners, subject->listener_inode, NULL);
	if (f->members.count || subject->process < 0)
		return NULL;
	return map_slot(&subjects->processes,
			(uint32_t)seen->processes.at[subject->process].pid, NULL);
}

static bool is_open(struct map *subjects, uint64_t key, bool matched)
{
	uint32_t *slot = map_find(subjects, key);

	if (!slot || *slot)
		return false;
	*slot = matched;
	return true;
}

/* True when a subject of @sock had no match before this one; @matched: it has now. */
static bool has_open(struct subjects *subjects, const struct snapshot *seen,
		     const struct sock *sock, bool matched)
{
	size_t count;
	const struct holder *holder = snapshot_holders(seen, sock->inode, &count);
	bool open = is_open(&subjects->listeners, sock->inode, matched);

	for (size_t i = 0; i < count; i++)
		open |= is_open(&subjects->processes,
				(uint32_t)seen->processes.at[holder[i].process].pid, matched);
	return open;
}

static void match_subjects(struct checking *checking, struct subjects *subjects,
			   const struct filter_findings *findings)
{
	const struct snapshot *seen = &checking->session->seen;

	if (!subjects->listeners.count && !subjects->processes.count)
		return;
	for (uint32_t i = 0; i < seen->socks.count; i++)
		if (has_open(subjects, seen, &seen->socks.at[i], false) &&
		    matches(checking, i, findings) == FILTER_TRUE)
			has_open(subjects, seen, &seen->socks.at[i], true);
}

static bool has_match(struct checking *checking, const struct finding *f,
		      const struct filter_findings *findings)
{
	for (size_t i = 0; i < f->members.count; i++)
		if (matches(checking, f->members.at[i], findings) == FILTER_TRUE)
			return true;
	return false;
}

/* A filter chooses findings, not evidence: every verdict saw every socket. */
static void keep_findings(struct checking *checking, struct report *report)
{
	const struct snapshot *seen = &checking->session->seen;
	size_t count = report->findings.count;
	OWN_MEM bool *kept = grow_alloc(count * sizeof(*kept));
	struct filter_findings findings = { 0 };
	struct subjects subjects = { 0 };

	filter_findings_add(&findings, &checking->filter, seen, report);
	for (size_t i = 0; i < count; i++) {
		kept[i] = has_match(checking, &report->findings.at[i], &findings);
		if (!kept[i])
			subject_slot(&subjects, seen, &report->findings.at[i]);
	}
	match_subjects(checking, &subjects, &findings);
	for (size_t i = 0; i < count; i++) {
		const uint32_t *slot = kept[i] ? NULL :
				       subject_slot(&subjects, seen, &report->findings.at[i]);

		kept[i] |= slot && *slot;
	}
	report_keep(report, kept);
	filter_findings_fini(&findings);
	map_fini(&subjects.listeners);
	map_fini(&subjects.processes);
}

static enum status status_of(enum severity worst)
{
	static const enum status statuses[] = {
		[SEVERITY_NONE] = STATUS_OK, [SEVERITY_NOTICE] = STATUS_OK,
		[SEVERITY_WARNING] = STATUS_WARNING,
		[SEVERITY_CRITICAL] = STATUS_CRITICAL,
	};

	return statuses[worst];
}

static void name_devices(struct session *session)
{
	for (size_t i = 0; i < session->seen.socks.count && session->left_links; i++)
		session_row(session, &session->seen.socks.at[i]);
}

/*
 * Collects, judges, and keeps the findings that the filter chooses. @report: initialised;
 * report_fini() is due. 0 or -errno with the sentence in the session's fault.
 */
static int find(struct checking *checking, struct report *report)
{
	struct session *session = checking->session;
	int err = look(checking);

	collect_forget_socks(session->collect);
	if (err)
		return err;
	name_devices(session);
	judging_run(session, checking->thresholds, report);
	name_cgroups(session, report);
	if (filters_any(&checking->filter))
		keep_findings(checking, report);
	return 0;
}

/* A finding about the machine would be repeated in every namespace. */
static void drop_machine(struct report *report)
{
	OWN_MEM bool *kept = grow_alloc(report->findings.count * sizeof(*kept));

	for (size_t i = 0; i < report->findings.count; i++)
		kept[i] = report->findings.at[i].subject.kind != SUBJECT_MACHINE;
	report_keep(report, kept);
}

/* Sockets are kept only of a namespace that has findings. */
static int check_netns(void *ctx, struct session *session)
{
	struct checking *checking = ctx;
	const struct netns *netns = session->seen.netns;
	struct check_area *area = grow_add(&checking->areas);
	int err;

	checking->session = session;
	area->seen = &session->seen;
	area->number = checking->areas.count;
	report_init(&area->report);
	err = find(checking, &area->report);
	grow_fini(&checking->details);
	text_fini(&checking->packed);
	if (netns->visited && !netns->is_own)
		drop_machine(&area->report);
	if (!area->report.findings.count)
		grow_fini(&session->seen.socks);
	return err;
}

/* The worst comes first; equals keep the order of the visits, in which ours is the first. */
static int compare_areas(const void *left, const void *right)
{
	const struct check_area *a = left, *b = right;

	return order_of(b->report.worst, a->report.worst) ?:
	       order_of((int64_t)a->number, (int64_t)b->number);
}

/* What is spread over namespaces is a finding of ours, the first. */
static void find_spread(const struct checking *checking)
{
	size_t count = checking->areas.count;
	OWN_MEM struct judged *areas = grow_alloc(count * sizeof(*areas));

	for (size_t i = 0; i < count; i++)
		areas[i] = (struct judged){
			.report = &checking->areas.at[i].report,
			.netns = checking->areas.at[i].seen->netns,
		};
	judge_machine(areas, count, checking->thresholds, &checking->areas.at[0].report);
}

static enum status check_all(struct checking *checking, struct session *session)
{
	size_t count;

	if (session_each(session, &checking->filter, true, check_netns, checking) < 0)
		return cmd_fail(&session->fault);
	count = checking->areas.count;
	if (count > 1 && !filters_any(&checking->filter))
		find_spread(checking);
	qsort(checking->areas.at, count, sizeof(*checking->areas.at), compare_areas);
	print_check(&out, &session->style, &session->seen, checking->areas.at, count);
	return status_of(checking->areas.at[0].report.worst);
}

/* No verdict asks for a device; a row may, a filter does. */
static int open_session(struct session *session, const struct checking *checking,
			const struct options *options)
{
	bool whole = filters_any(&checking->filter);

	return session_open_with(session, options, whole ? BASICS_WHOLE : BASICS_FIGURES);
}

static enum status check_session(struct checking *checking, const struct options *options)
{
	struct session session;
	enum status status;

	if (open_session(&session, checking, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, 1);
	session.judges = true;
	if (filters_resolve(&checking->filter, &session) < 0)
		return session_close(&session, NULL, STATUS_UNKNOWN);
	status = check_all(checking, &session);
	return session_close(&session, &out, status);
}

enum status check_run(const struct options *options)
{
	struct checking checking = { .thresholds = thresholds_new() };
	enum status status = STATUS_UNKNOWN;
	struct fault fault;

	if (session_thresholds(options, checking.thresholds, &fault) < 0)
		cmd_fail(&fault);
	else if (filters_read(&checking.filter, options) == 0 &&
		 filters_need_inet(&checking.filter, "check") == 0)
		status = check_session(&checking, options);
	for (size_t i = 0; i < checking.areas.count; i++)
		report_fini(&checking.areas.at[i].report);
	grow_fini(&checking.areas);
	filter_fini(&checking.filter);
	thresholds_free(checking.thresholds);
	return status;
}
