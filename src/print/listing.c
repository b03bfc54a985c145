/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/listing.h"

#include "base/grow.h"
#include "print/answer.h"
#include "print/group.h"
#include "print/resolve.h"

#include <stdlib.h>

static void begin_json(struct listing *listing)
{
	answer_begin(&listing->json, listing->out, listing->style.format, "list", listing->view.seen);
	answer_list(&listing->json, "sockets");
}

static void put_document_row(struct listing *listing, const struct sock *sock)
{
	json_sock(&listing->json, NULL, sock, listing->view.seen, &listing->style);
}

#define SOCKET_RECORD "{\"type\":\"socket\""

static void put_line(struct listing *listing, const struct sock *sock)
{
	struct json *json = &listing->json;

	/* what answer_item() and answer_item_end() write, at once */
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

/*
 * To add a format of list: a word in enum format, a row here with the functions that write
 * rows and groups, an option of that name in cmd/options.c. What a format has no place for
 * is refused by the rows of cmd/exclusions.c about FORM_OF_LIST.
 */
const struct format_row format_table[FORMAT_COUNT] = {
	[FORMAT_TEXT]  = { "text", "for people and line tools", &table_format, group_text },
	[FORMAT_JSON]  = { "json", "one JSON document", &json_format, group_json },
	[FORMAT_JSONL] = { "jsonl", "one JSON record a line", &jsonl_format, group_jsonl },
	[FORMAT_CSV]   = { "csv", "comma-separated values (list)", &csv_format, group_lines },
	[FORMAT_TSV]   = { "tsv", "values separated by tabs (list)", &tsv_format, group_lines },
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
