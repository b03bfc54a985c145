/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_ACTION_H
#define CMD_ACTION_H

#include "cmd/families.h"
#include "cmd/filters.h"

/* What list -K and list -E share: both do more than print a table. */
struct action {
	struct session  session;
	struct families families;
	struct filter   filter;
	struct filter_findings findings;
	uint32_t        states;
	unsigned        need;   /* enum need, of the filter and of the format */
	size_t          max;
};

/*
 * Reads families, filter and --max (@max: its default). Returns 0, or -errno after
 * printing the error. Call action_fini() in every case.
 */
int action_read(struct action *action, const struct options *options, const char *letter, size_t max);
void action_fini(struct action *action);

/* The question for family number @i. */
struct collect_ask action_ask(const struct action *action, size_t i);

#endif
