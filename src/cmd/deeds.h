/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_DEEDS_H
#define CMD_DEEDS_H

#include "cmd/families.h"
#include "cmd/filters.h"

/* What list -K and list -E have in common: they do more than show a table. */
struct deed {
	struct session  session;
	struct families families;
	struct filter   filter;
	struct filter_findings findings;
	uint32_t        states;
	unsigned        need;   /* enum need of the filter and of the format */
	size_t          max;
};

/*
 * Reads families, filter and --max (@max: what it is without). Returns 0 or -errno, told already. deed_fini() is
 * due in every case.
 */
int deed_read(struct deed *deed, const struct options *options, const char *letter, size_t max);
void deed_fini(struct deed *deed);

/* Owners and cgroup paths, as the filter and the options want them. */
int deed_prepare(struct deed *deed);

/* The question for one of its families. */
struct collect_ask deed_ask(const struct deed *deed, size_t i);

#endif
