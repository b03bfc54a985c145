/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/judging.h"

#include "judge/judge.h"

int judging_run(struct session *session, const struct thresholds *thresholds,
		struct report *report)
{
	struct snapshot *seen = &session->seen;
	struct map inodes = { 0 };
	int err = 0;

	judge(seen, thresholds, report);
	/* All owners may be known already, for a filter. */
	if (!report->findings.count || seen->holders_known)
		return 0;
	judge_wants(seen, report, &inodes);
	if (inodes.count) {
		err = collect_holders(session->collect, seen, &inodes, &session->fault);
		report_fini(report);
		report_init(report);
		judge(seen, thresholds, report);
	}
	map_fini(&inodes);
	return err;
}
