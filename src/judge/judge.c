/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/judge.h"

#include <stdlib.h>
#include <string.h>

static void sum_up(const struct snapshot *seen, struct report *report)
{
	const struct folded *folded = seen->folded;

	for (size_t i = 0; i < seen->socks.count; i++)
		report->summary.count[seen->socks.at[i].state]++;
	for (int i = 0; i < STATE_COUNT; i++) {
		if (folded && folded->source[i] != COUNT_ROWS) {
			report->summary.source[i] = folded->source[i];
			report->summary.count[i] = folded->count[i];
		}
		report->summary.total += report->summary.count[i];
	}
}

/* Ids of findings are the rows' own strings. */
static size_t rank_of(const struct finding *f)
{
	size_t i = 0;

	while (i < rules_count && strcmp(rules[i].id, f->id) != 0)
		i++;
	return i;
}

static int compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	size_t a_rank = rank_of(a), b_rank = rank_of(b);
	uint32_t a_first = a->members.count ? a->members.at[0] : 0;
	uint32_t b_first = b->members.count ? b->members.at[0] : 0;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a_rank != b_rank)
		return a_rank < b_rank ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a_first > b_first) - (a_first < b_first);
}

static bool can_weigh(const struct snapshot *seen, const struct rule *rule)
{
	return !rule->needs_diag || !snapshot_has_gap(seen, GAP_SOURCE);
}

void judge_leaves(const struct snapshot *seen, struct text *ids)
{
	for (size_t i = 0; i < rules_count; i++)
		if (!can_weigh(seen, &rules[i]))
			text_addf(ids, "%s%s", ids->count ? ", " : "", rules[i].id);
}

void judge(const struct snapshot *seen, const struct thresholds *thresholds,
	   struct report *report)
{
	sum_up(seen, report);
	for (size_t i = 0; i < rules_count; i++)
		if (can_weigh(seen, &rules[i]))
			rules[i].weigh(seen, thresholds_get(thresholds, rules[i].id), report);
	if (!report->findings.count)
		return;
	qsort(report->findings.at, report->findings.count, sizeof(*report->findings.at), compare);
	report->worst = report->findings.at[0].severity;
}
