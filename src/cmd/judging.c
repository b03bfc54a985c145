/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/judging.h"

#include "judge/judge.h"

/* Silence of a rule that could not be judged is no verdict. */
static void note_left(struct snapshot *seen)
{
	struct text ids = { 0 };

	judge_leaves(seen, &ids);
	if (ids.count)
		snapshot_gap(seen, GAP_SOURCE, 1, "not evaluated: %s", ids.at);
	text_fini(&ids);
}

int judging_run(struct session *session, const struct thresholds *thresholds,
		struct report *report)
{
	struct snapshot *seen = &session->seen;
	struct map inodes = { 0 };
	bool all;
	int err = 0;

	note_left(seen);
	judge(seen, thresholds, report);
	/* All owners may be known already, for a filter. */
	if (!report->findings.count || seen->holders_known)
		return 0;
	all = !judge_wants(seen, report, &inodes);
	if (all || inodes.count) {
		err = collect_holders(session->collect, seen, all ? NULL : &inodes,
				      &session->fault);
		report_fini(report);
		report_init(report);
		judge(seen, thresholds, report);
	}
	map_fini(&inodes);
	return err;
}
