/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/listing.h"

#include "base/grow.h"
#include "base/order.h"
#include "print/answer.h"
#include "print/endpoint.h"
#include "print/group.h"

#include <stdlib.h>

static void begin_json(struct listing *listing)
{
	answer_begin(&listing->json, listing->out, listing->style.format, "list", listing->view.seen);
	answer_list(&listing->json, "sockets");
}

static void put_document_row(struct listing *listing, const struct sock *sock)
{
	json_sock(&listing->json, sock, listing->view.seen, &listing->style);
}

#define SOCKET_RECORD "{\"type\":\"socket\""

static void put_line(struct listing *listing, const struct sock *sock)
{
	struct json *json = &listing->json;

	/* the same bytes as answer_item() and answer_item_end() write, in one copy */
	out_put(listing->out, SOCKET_RECORD, sizeof(SOCKET_RECORD) - 1);
	json->depth = 1;
	json->filled[1] = true;
	json_sock_members(json, sock, listing->view.seen, &listing->style);
	out_put(listing->out, "}\n", 2);
	json->depth = 0;
}

static void end_json(struct listing *listing)
{
	const struct snapshot *seen = listing->view.seen;

	answer_list_end(&listing->json);
	answer_end(&listing->json, seen, listing->rows, listing->is_cut ? &listing->matched : NULL,
		   snapshot_lists_all(seen));
}

static const struct listing_format json_format = {
	.begin = begin_json, .row = put_document_row, .end = end_json,
};

static const struct listing_format jsonl_format = {
	.begin = begin_json, .row = put_line, .end = end_json,
};

/* -- only the processes that hold the sockets: each once, in ascending order -- */

static void begin_pids(struct listing *listing)
{
	listing->known = (struct map){ 0 };
}

/* Threads count as their process, which has the same pid. */
static void take_holders(struct listing *listing, const struct sock *sock)
{
	const struct snapshot *seen = listing->view.seen;
	size_t count;
	const struct holder *holder = snapshot_holders(seen, sock->inode, &count);

	for (size_t i = 0; i < count; i++) {
		int32_t pid = seen->processes.at[holder[i].process].pid;
		bool fresh;

		map_slot(&listing->known, (uint64_t)pid, &fresh);
		if (fresh)
			*grow_add(&listing->pids) = pid;
	}
}

static int compare_pids(const void *left, const void *right)
{
	const int32_t *a = left, *b = right;

	return order_of(*a, *b);
}

static void put_pids(struct listing *listing)
{
	if (listing->pids.count)
		qsort(listing->pids.at, listing->pids.count, sizeof(*listing->pids.at),
		      compare_pids);
	for (size_t i = 0; i < listing->pids.count; i++) {
		out_u64(listing->out, (uint64_t)listing->pids.at[i]);
		out_char(listing->out, '\n');
	}
	grow_fini(&listing->pids);
	map_fini(&listing->known);
}

static const struct listing_format pids_format = {
	.begin = begin_pids, .row = take_holders, .end = put_pids,
};

/*
 * To add a format of list: a word in enum format, a row here with the functions that
 * write rows and groups, an option of that name in cmd/options.c. The rows of
 * cmd/exclusions.c about FORM_OF_LIST refuse options for which a format has no place.
 */
const struct format_row format_table[FORMAT_COUNT] = {
	[FORMAT_TEXT]  = { "text", "for people and line tools", &table_format, group_text },
	[FORMAT_JSON]  = { "json", "one JSON document", &json_format, group_json },
	[FORMAT_JSONL] = { "jsonl", "one JSON record a line", &jsonl_format, group_json },
	[FORMAT_CSV]   = { "csv", "comma-separated values (list)", &delimited_format, group_lines },
	[FORMAT_TSV]   = { "tsv", "values separated by tabs (list)", &delimited_format, group_lines },
	[FORMAT_PIDS]  = { "pids", "only the processes, one pid a line (list)", &pids_format, NULL },
};

struct listing *listing_begin(struct out *out, const struct style *style,
			      const struct columns *columns, const struct snapshot *seen)
{
	struct listing *listing = grow_alloc(sizeof(*listing));

	listing->out = out;
	listing->style = *style;
	listing->columns = *columns;
	listing->view = (struct view){ .seen = seen, .style = &listing->style };
	if (style->resolve && style->format == FORMAT_TEXT)
		listing->view.resolver = resolver_new(&seen->limits);
	listing->format = format_table[style->format].listing;
	listing->format->begin(listing);
	return listing;
}

int listing_row(struct listing *listing, const struct sock *sock)
{
	listing->rows++;
	listing->format->row(listing, sock);
	return -listing->out->err;
}

void listing_matched(struct listing *listing, uint64_t matched)
{
	listing->matched = matched;
	listing->is_cut = true;
}

int listing_end(struct listing *listing)
{
	int err;

	listing->format->end(listing);
	err = -listing->out->err;
	resolver_free(listing->view.resolver);
	free(listing);
	return err;
}
