/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check -G: each namespace is judged by itself, as soon as it was seen; only
 * those that have findings are kept whole.
 */
#include "base/grow.h"
#include "base/own.h"
#include "cmd/checking.h"
#include "cmd/everywhere.h"
#include "judge/judge.h"

#include <stdlib.h>

struct area {
	const struct place *place;
	struct snapshot     seen;
	struct report       report;
	size_t              order;      /* of the visit */
};

struct round {
	struct checking *checking;
	struct { struct area *at; size_t count, room; } areas;
};

/* What is the machine's would be found again in every namespace. */
static void drop_machine(struct report *report)
{
	OWN_MEM bool *keep = grow_alloc(report->findings.count * sizeof(*keep));

	for (size_t i = 0; i < report->findings.count; i++)
		keep[i] = report->findings.at[i].subject.kind != SUBJECT_MACHINE;
	report_keep(report, keep);
}

static int check_there(void *ctx, const struct place *place)
{
	struct round *round = ctx;
	struct session *session = &round->checking->session;
	struct checking there = *round->checking;
	struct area *area = grow_add(&round->areas);
	int err;

	*area = (struct area){ .place = place, .order = round->areas.count };
	there.details.at = NULL;
	there.details.count = there.details.room = 0;
	there.packed = (struct text){ 0 };
	snapshot_init(&there.session.seen);
	report_init(&area->report);
	err = everywhere_arrive(&there.session, place, &there.filter);
	if (!err)
		err = checking_find(&there, &area->report);
	if (err)
		session->fault = there.session.fault;
	if (!place->is_own)
		drop_machine(&area->report);
	if (!area->report.findings.count)
		grow_fini(&there.session.seen.socks);
	grow_fini(&there.details);
	text_fini(&there.packed);
	everywhere_name_gaps(&there.session.seen, 0);
	area->seen = there.session.seen;
	everywhere_add_gaps(&session->seen, &area->seen);
	return err;
}

/* The worst first, else as they were visited: our own is the first of its kind. */
static int compare(const void *left, const void *right)
{
	const struct area *a = left, *b = right;

	if (a->report.worst != b->report.worst)
		return a->report.worst > b->report.worst ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static enum status tell(struct round *round, struct out *out)
{
	const struct session *session = &round->checking->session;
	size_t count = round->areas.count;
	struct check_area *areas = grow_alloc((count + 1) * sizeof(*areas));
	enum severity worst = SEVERITY_NONE;

	if (count)
		qsort(round->areas.at, count, sizeof(*round->areas.at), compare);
	for (size_t i = 0; i < count; i++) {
		const struct area *area = &round->areas.at[i];

		areas[i] = (struct check_area){ area->place, &area->seen, &area->report };
		worst = area->report.worst > worst ? area->report.worst : worst;
	}
	print_check_everywhere(out, &session->style, &session->seen, areas, count);
	free(areas);
	return checking_status(worst);
}

enum status checking_everywhere(struct checking *checking, struct out *out)
{
	struct session *session = &checking->session;
	struct round round = { .checking = checking };
	struct places places = { .count = 0 };
	int err = collect_everywhere(session->collect, &places, check_there, &round, &session->seen,
				     &session->fault);
	enum status status = err ? cmd_fail(&session->fault) : tell(&round, out);

	for (size_t i = 0; i < round.areas.count; i++) {
		report_fini(&round.areas.at[i].report);
		snapshot_fini(&round.areas.at[i].seen);
	}
	grow_fini(&round.areas);
	places_fini(&places);
	return status;
}
