/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/everywhere.h"

#include "cmd/deadline.h"
#include "print/where.h"

#include <stdio.h>
#include <string.h>

/* No device ever has this number. */
#define NO_LINK UINT32_MAX

static uint32_t find_link(const struct snapshot *seen, const char *name)
{
	return session_link(seen, name) ?: NO_LINK;
}

/* A device that this namespace lacks becomes NO_LINK, to which no socket is bound. */
static void find_links(struct filter *filter, const struct snapshot *seen)
{
	for (size_t i = 0; i < filter->nodes.count; i++) {
		struct filter_node *node = &filter->nodes.at[i];

		if (node->kind == FILTER_DEV && node->word && !node->is_number)
			node->number = find_link(seen, filter_word(filter, node->word));
		if (node->realm == REALM_LINK && node->port_word)
			node->port = (int32_t)(find_link(seen, filter_word(filter,
							 node->port_word)) & INT32_MAX);
	}
}

int everywhere_arrive(struct session *session, const struct netns *netns, struct filter *filter)
{
	int err;

	deadline_begin(session->options);
	err = collect_arrival(session->collect, netns, &session->seen, &session->fault);
	if (!err && filter)
		find_links(filter, &session->seen);
	return err;
}

static bool is_of_one(enum gap_kind kind)
{
	return kind == GAP_DUMP || kind == GAP_ATTRIBUTE || kind == GAP_LIMITS || kind == GAP_LINKS;
}

void everywhere_name_gaps(struct snapshot *seen, size_t first)
{
	for (size_t i = first; seen->netns->visited && i < seen->gaps.count; i++) {
		struct gap *gap = &seen->gaps.at[i];
		struct text text = { 0 };

		if (!is_of_one(gap->kind))
			continue;
		text_addf(&text, "network namespace ");
		where_word(&text, seen->netns);
		text_addf(&text, ": %s", gap->text);
		snprintf(gap->text, sizeof(gap->text), "%s", text_str(&text));
		text_fini(&text);
	}
}

static bool has_gap(const struct snapshot *seen, const struct gap *gap)
{
	for (size_t i = 0; i < seen->gaps.count; i++)
		if (seen->gaps.at[i].kind == gap->kind &&
		    strcmp(seen->gaps.at[i].text, gap->text) == 0)
			return true;
	return false;
}

void everywhere_add_gaps(struct snapshot *whole, const struct snapshot *seen)
{
	whole->socks_complete &= seen->socks_complete;
	for (size_t i = 0; i < seen->gaps.count; i++)
		if (!has_gap(whole, &seen->gaps.at[i]))
			snapshot_gap(whole, seen->gaps.at[i].kind, seen->gaps.at[i].count, "%s",
				     seen->gaps.at[i].text);
}
