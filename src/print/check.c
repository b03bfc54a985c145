/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/check.h"

int print_check(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report)
{
	if (!is_silent(style, seen, !report->findings.count))
		(format_is_json(style->format) ? check_json : check_text)(out, style, seen, report);
	return -out->err;
}

static void add_up(struct check_all *all, const struct report *report)
{
	all->sum.summary.total += report->summary.total;
	for (int i = 0; i < STATE_COUNT; i++) {
		all->sum.summary.count[i] += report->summary.count[i];
		all->sum.summary.untold[i] |= report->summary.untold[i];
	}
	if (report->worst > all->sum.worst)
		all->sum.worst = report->worst;
	all->findings += report->findings.count;
	all->troubled += report->findings.count > 0;
}

int print_check_everywhere(struct out *out, const struct style *style, const struct snapshot *seen,
			   const struct check_area *areas, size_t count)
{
	struct check_all all = { .seen = seen, .areas = areas, .count = count };

	for (size_t i = 0; i < count; i++)
		add_up(&all, areas[i].report);
	if (!is_silent(style, seen, !all.findings))
		(format_is_json(style->format) ? check_all_json : check_all_text)(out, style, &all);
	return -out->err;
}
