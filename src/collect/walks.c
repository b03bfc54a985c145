/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/walks.h"

#include "collect/processors.h"

/* What the other thread is given, and what it brings back. */
struct errand {
	struct collect *collect;
	const struct collect_walk *walks;
	size_t count;
	struct snapshot aside;          /* of its own: gaps, and whether all was had */
	struct fault fault;
	int err;
};

static int walk_each(struct collect *collect, const struct collect_walk *walks, size_t count,
		     struct snapshot *seen, struct fault *fault)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = collect_socks(collect, &walks[i].ask, walks[i].sink, seen, fault);
	return err;
}

static void *run(void *ctx)
{
	struct errand *errand = ctx;

	errand->err = walk_each(errand->collect, errand->walks, errand->count, &errand->aside,
				&errand->fault);
	return NULL;
}

static void bring_back(struct errand *errand, struct snapshot *seen)
{
	for (size_t i = 0; i < errand->aside.gaps.count; i++) {
		const struct gap *gap = &errand->aside.gaps.at[i];

		snapshot_gap(seen, gap->kind, gap->count, "%s", gap->text);
	}
	seen->socks_complete &= errand->aside.socks_complete;
	snapshot_fini(&errand->aside);
}

int walks_together(struct collect *collect, const struct collect_walk *walks, size_t count,
		   struct snapshot *seen, struct fault *fault)
{
	struct errand errand = { .collect = collect, .walks = walks + 1, .count = count - 1 };
	pthread_t helper;
	int err;

	if (count < 2 || !processors_can_run(2))
		return walk_each(collect, walks, count, seen, fault);
	snapshot_init(&errand.aside);
	errand.aside.limits = seen->limits;
	if (!processors_start(&helper, run, &errand)) {
		snapshot_fini(&errand.aside);
		return walk_each(collect, walks, count, seen, fault);
	}
	err = walk_each(collect, walks, 1, seen, fault);
	pthread_join(helper, NULL);
	bring_back(&errand, seen);
	if (!err && errand.err) {
		*fault = errand.fault;
		err = errand.err;
	}
	return err;
}
