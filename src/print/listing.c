/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/listing.h"

#include "base/grow.h"
#include "base/order.h"
#include "base/swar.h"
#include "print/cell.h"
#include "print/endpoint.h"
#include "print/json.h"

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

/*
 * -- CSV and TSV --
 *
 * Values for spreadsheets and scripts: the numbers and words of JSON; where JSON has
 * null the field is empty. Foreign bytes are escaped, so no field holds a control
 * character.
 */

/*
 * A spreadsheet takes a cell that begins with such a character for a formula, and would
 * run what somebody chose as a process name. An apostrophe in front makes it text.
 */
static bool is_formula(const char *at, size_t size)
{
	return size > 1 && (*at == '=' || *at == '+' || *at == '-' || *at == '@');
}

static void put_csv(struct text *line, const char *at, size_t size, bool foreign)
{
	bool guard = foreign && is_formula(at, size);

	if (!size || (!memchr(at, ',', size) && !memchr(at, '"', size) && *at != ' ' &&
		      at[size - 1] != ' ')) {
		cell_str(line, guard ? "'" : "");
		cell_put(line, at, size);
		return;
	}
	cell_str(line, guard ? "\"'" : "\"");
	for (size_t i = 0; i < size; i++) {
		if (at[i] == '"')
			cell_char(line, '"');
		cell_char(line, at[i]);
	}
	cell_char(line, '"');
}

static void put_tsv(struct text *line, const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] == '\\')
			cell_str(line, "\\\\");
		else if (at[i] == '\t' || at[i] == '\n')
			cell_str(line, at[i] == '\t' ? "\\t" : "\\n");
		else
			cell_char(line, at[i]);
}

void delimited_put(struct text *line, enum format format, const struct text *value, bool foreign)
{
	if (format == FORMAT_CSV)
		put_csv(line, text_str(value), value->count, foreign);
	else
		put_tsv(line, text_str(value), value->count);
}

void delimited_end(struct text *line, struct out *out)
{
	cell_char(line, '\n');
	out_put(out, line->at + 1, line->count - 1);
	line->count = 0;
}

static void begin_values(struct listing *listing)
{
	struct columns machines;
	struct text *line = &listing->line;

	columns_for_machines(&machines, &listing->columns);
	listing->columns = machines;
	listing->view.machine = true;
	if (!listing->style.header)
		return;
	for (size_t i = 0; i < machines.count; i++) {
		cell_char(line, delimiter(listing->style.format));
		cell_str(line, machines.at[i]->member);
	}
	delimited_end(line, listing->out);
}

static inline uint64_t csv_marks(uint64_t word)
{
	return swar_byte(word, ',') | swar_byte(word, '"');
}

static inline uint64_t tsv_marks(uint64_t word)
{
	return swar_byte(word, '\\') | swar_byte(word, '\t') | swar_byte(word, '\n');
}

/* True for values that need no quotes: digits, or one of our words. */
static bool is_ours(const struct column *column, const struct sock *sock)
{
	return column->kind <= KIND_PROTOCOL ||
	       ((column->kind == KIND_HOST || column->kind == KIND_PORT) && !sock->other);
}

/* True for nearly every value: delimited_put() would write it unchanged. */
static bool is_simple(enum format format, const char *at, size_t size, bool foreign)
{
	if (!size)
		return true;
	if (format == FORMAT_TSV)
		return !swar_any(at, size, tsv_marks);
	if (*at == ' ' || at[size - 1] == ' ' || (foreign && is_formula(at, size)))
		return false;
	return !swar_any(at, size, csv_marks);
}

/* Writes the value into the line at once, and takes it back when it must be quoted. */
static void put_value(struct listing *listing, const struct column *column,
		      const struct sock *sock)
{
	struct text *line = &listing->line, *cell = &listing->cell;
	size_t start = line->count;

	column_put(line, &listing->view, column, sock);
	if (is_ours(column, sock) ||
	    is_simple(listing->style.format, line->at + start, line->count - start,
		      kind_is_foreign(column->kind)))
		return;
	cell->count = 0;
	cell_put(cell, line->at + start, line->count - start);
	line->count = start;
	delimited_put(line, listing->style.format, cell, kind_is_foreign(column->kind));
}

static void put_values(struct listing *listing, const struct sock *sock)
{
	struct text *line = &listing->line;
	char mark = delimiter(listing->style.format);

	for (size_t i = 0; i < listing->columns.count; i++) {
		cell_char(line, mark);
		put_value(listing, listing->columns.at[i], sock);
	}
	delimited_end(line, listing->out);
}

static void end_values(struct listing *listing)
{
	text_fini(&listing->cell);
	text_fini(&listing->line);
}

static const struct listing_format delimited_format = {
	.begin = begin_values, .row = put_values, .end = end_values,
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
