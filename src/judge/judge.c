/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "base/order.h"

#include <stdlib.h>
#include <string.h>

static void sum_up(const struct snapshot *seen, struct report *report)
{
	uint64_t *count = report->summary.count;

	for (size_t i = 0; i < seen->socks.count && !seen->folded; i++)
		count[seen->socks.at[i].state]++;
	for (int i = 0; i < STATE_COUNT; i++) {
		if (seen->folded)
			count[i] = seen->folded->count[i];
		report->summary.total += count[i];
	}
	/* none were listed, which is not to say that there are none */
	report->summary.untold[STATE_BOUND] = !count[STATE_BOUND] &&
					      snapshot_has_gap(seen, GAP_BOUND);
}

static int64_t rank_of(const struct finding *f)
{
	int64_t i = 0;

	while (strcmp(rules[i].id, f->id) != 0)
		i++;
	return i;
}

static uint32_t first_of(const struct finding *f)
{
	return f->members.count ? f->members.at[0] : 0;
}

/* Without a socket it is about a process or the only one of its rule: no two are equal. */
static int compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	return order_of(b->severity, a->severity) ?: order_of(rank_of(a), rank_of(b)) ?:
	       order_of((int64_t)b->count, (int64_t)a->count) ?:
	       order_of(first_of(a), first_of(b)) ?:
	       order_of(a->subject.process, b->subject.process);
}

/* The gap that keeps @rule from being weighed; GAP_KIND_COUNT: none does. */
static enum gap_kind hindrance(const struct snapshot *seen, const struct rule *rule)
{
	if (rule->needs_diag && snapshot_has_gap(seen, GAP_SOURCE))
		return GAP_SOURCE;
	if (rule->needs_bound && snapshot_has_gap(seen, GAP_BOUND))
		return GAP_BOUND;
	return GAP_KIND_COUNT;
}

static bool was_set(const struct thresholds *thresholds, const struct rule *rule)
{
	const struct threshold *t = thresholds_get(thresholds, rule->id);

	return t->warn < rule->usual.warn || t->warn > rule->usual.warn ||
	       t->crit < rule->usual.crit || t->crit > rule->usual.crit ||
	       t->least != rule->usual.least;
}

bool judge_leaves(const struct snapshot *seen, const struct thresholds *thresholds,
		  enum gap_kind kind, struct text *ids)
{
	bool set = false;

	for (size_t i = 0; i < rules_count; i++) {
		if (hindrance(seen, &rules[i]) != kind)
			continue;
		text_addf(ids, "%s%s", ids->count ? ", " : "", rules[i].id);
		set |= was_set(thresholds, &rules[i]);
	}
	return set;
}

void judge(const struct snapshot *seen, const struct thresholds *thresholds,
	   struct report *report)
{
	sum_up(seen, report);
	for (size_t i = 0; i < rules_count; i++) {
		const struct threshold *t = thresholds_get(thresholds, rules[i].id);

		if (hindrance(seen, &rules[i]) != GAP_KIND_COUNT)
			continue;
		if (rules[i].weigh)
			rules[i].weigh(seen, t, report);
		else
			weigh_groups(&rules[i], seen, t, report);
	}
	if (!report->findings.count)
		return;
	qsort(report->findings.at, report->findings.count, sizeof(*report->findings.at), compare);
	report->worst = report->findings.at[0].severity;
}
