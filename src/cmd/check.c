/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collect everything once, judge, and if something was found look up the
 * owners and cgroups of just those sockets and judge again: a healthy machine
 * never pays for the walk through /proc.
 */
#include "cmd/session.h"
#include "judge/judge.h"

#include <errno.h>

static struct out out;

static int look(struct session *session)
{
	struct collect_ask ask = session_ask(session->options, STATE_ALL, NEED_FLOW);
	int err;

	err = collect_descriptors(session->collect, &session->seen, &session->fault);
	if (err)
		return err;
	return collect_socks(session->collect, &ask, snapshot_sink(&session->seen),
			     &session->seen, &session->fault);
}

static void want_cgroup(struct map *ids, uint64_t id)
{
	if (id)
		map_slot(ids, id, NULL);
}

/* The cgroups of the sockets and processes that the report talks about. */
static int name_cgroups(struct session *session, const struct report *report)
{
	struct snapshot *seen = &session->seen;
	struct map ids = { 0 };
	int err = 0;

	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *f = &report->findings.at[i];

		want_cgroup(&ids, f->subject.cgroup_id);
		for (size_t j = 0; j < f->members.count; j++)
			want_cgroup(&ids, seen->socks.at[f->members.at[j]].cgroup_id);
		if (f->subject.process >= 0)
			want_cgroup(&ids, seen->processes.at[f->subject.process].cgroup_id);
	}
	if (ids.count)
		err = collect_cgroups(session->collect, seen, &ids, &session->fault);
	map_fini(&ids);
	return err;
}

static int judge_twice(struct session *session, const struct thresholds *thresholds,
		       struct report *report)
{
	struct snapshot *seen = &session->seen;
	struct map inodes = { 0 };
	int err = 0;

	judge(seen, thresholds, report);
	if (!report->findings.count)
		return 0;
	judge_wants(seen, report, &inodes);
	if (inodes.count) {
		err = collect_holders(session->collect, seen, &inodes, &session->fault);
		report_fini(report);
		report_init(report);
		judge(seen, thresholds, report);
	}
	map_fini(&inodes);
	return err ? err : name_cgroups(session, report);
}

static bool has_member_in(const struct finding *f, const struct snapshot *seen, uint32_t states)
{
	for (size_t i = 0; i < f->members.count; i++)
		if (states & STATE_BIT(seen->socks.at[f->members.at[i]].state))
			return true;
	return false;
}

/* A filter chooses findings, not evidence: every verdict saw every socket. */
static void keep_findings(struct report *report, const struct snapshot *seen, uint32_t states)
{
	for (size_t i = report->findings.count; i-- > 0;)
		if (!has_member_in(&report->findings.at[i], seen, states))
			report_drop(report, i);
}

static enum status tell(struct session *session, const struct thresholds *thresholds,
			uint32_t states)
{
	static const enum status status_of[] = {
		[SEVERITY_NONE] = STATUS_OK, [SEVERITY_WARNING] = STATUS_WARNING,
		[SEVERITY_CRITICAL] = STATUS_CRITICAL,
	};
	struct report report;
	enum status status;
	int err;

	report_init(&report);
	err = judge_twice(session, thresholds, &report);
	if (err) {
		report_fini(&report);
		return cmd_fail(&session->fault);
	}
	if (states != STATE_ALL)
		keep_findings(&report, &session->seen, states);
	out_init(&out, 1);
	print_check(&out, &session->style, &session->seen, &report);
	status = status_of[report.worst];
	report_fini(&report);
	return status;
}

static enum status check_with(struct session *session, const struct thresholds *thresholds,
			      uint32_t states)
{
	session->judges = true;
	if (look(session) < 0) {
		cmd_fail(&session->fault);
		return session_close(session, NULL, STATUS_UNKNOWN);
	}
	return session_close(session, &out, tell(session, thresholds, states));
}

enum status check_run(const struct options *options)
{
	struct thresholds *thresholds = thresholds_new();
	uint32_t states = STATE_ALL;
	enum status status = STATUS_UNKNOWN;
	struct session session;
	struct fault fault;

	if (session_thresholds(options, thresholds, &fault) < 0 ||
	    session_states(options, &states, &fault) < 0)
		cmd_fail(&fault);
	else if (session_open(&session, options) == 0)
		status = check_with(&session, thresholds, states);
	thresholds_free(thresholds);
	return status;
}
