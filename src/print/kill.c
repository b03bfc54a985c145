/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/cell.h"
#include "print/columns.h"
#include "print/endpoint.h"
#include "print/json.h"
#include "print/page.h"
#include "words/words.h"

static void put_reason(struct json *json, const struct kill_target *target)
{
	struct text reason = { 0 };

	words_kill(&reason, target);
	json_sentence(json, "reason", text_str(&reason));
	text_fini(&reason);
}

static void put_members(struct json *json, const struct style *style,
			const struct snapshot *seen, const struct kill_target *target)
{
	json_string(json, "outcome", outcome_names[target->result.outcome]);
	put_reason(json, target);
	json_string(json, "state_after", target->result.now ? state_table[target->result.now].name : NULL);
	json_sock_members(json, &target->sock, seen, style);
}

static void put_totals(struct json *json, const struct kill_results *results)
{
	json_open(json, "kill", '{');
	json_bool(json, "confirmed", results->confirmed);
	json_u64(json, "matched", results->list.count);
	for (int i = OUTCOME_DESTROYED; i < OUTCOME_COUNT; i++)
		json_u64(json, outcome_names[i], kill_results_count(results, (enum outcome)i));
	json_close(json, '}');
}

static void put_json(struct out *out, const struct style *style,
		     const struct snapshot *seen, const struct kill_results *results)
{
	struct json json;

	answer_begin(&json, out, style->format, "list", seen);
	answer_list(&json, "sockets");
	for (size_t i = 0; i < results->list.count; i++) {
		answer_item(&json, "socket", true);
		put_members(&json, style, seen, &results->list.at[i]);
		answer_item_end(&json);
	}
	answer_list_end(&json);
	answer_tail(&json);
	put_totals(&json, results);
	answer_end(&json, seen, results->list.count, NULL, snapshot_lists_all(seen));
}

void kill_results_sum(struct text *text, const struct kill_results *results)
{
	const char *before = ": ";

	page_count(text, results->list.count, "socket");
	cell_str(text, " matched");
	for (int i = OUTCOME_DESTROYED; i < OUTCOME_COUNT; i++) {
		size_t count = kill_results_count(results, (enum outcome)i);

		if (!count)
			continue;
		cell_str(text, before);
		cell_thousands(text, count);
		cell_char(text, ' ');
		cell_str(text, outcome_names[i]);
		before = ", ";
	}
}

static void put_why(struct text *line, const struct kill_target *target)
{
	struct text reason = { 0 };

	words_kill(&reason, target);
	if (reason.count) {
		cell_str(line, ": ");
		cell_str(line, text_str(&reason));
	}
	text_fini(&reason);
}

#define OUTCOME_WIDTH 12        /* "unsupported" and a blank */

static void put_line(struct text *line, const struct view *view, const struct kill_target *target)
{
	static const char *const names[] = { "STATE", "LOCAL", "PEER", "PROCESS" };
	const struct sock *sock = &target->sock;

	cell_str(line, outcome_names[target->result.outcome]);
	cell_pad(line, ' ', OUTCOME_WIDTH - line->count);
	cell_str(line, sock->protocol == PROTOCOL_UDP ? "udp" : "tcp");
	for (size_t i = 0; i < (view->style->with_process ? 4 : 3); i++) {
		cell_char(line, ' ');
		column_put(line, view, column_find(names[i], strlen(names[i])), sock);
	}
	/* nobody was seen to hold it */
	if (line->at[line->count - 1] == ' ')
		line->at[--line->count] = '\0';
	put_why(line, target);
	cell_char(line, '\n');
}

static void put_lines(struct out *out, const struct style *style,
		      const struct snapshot *seen, const struct kill_results *results)
{
	struct view view = { .seen = seen, .style = style };
	struct text line = { 0 };

	if (style->resolve)
		view.resolver = resolver_new(&seen->limits);
	for (size_t i = 0; i < results->list.count; i++) {
		line.count = 0;
		put_line(&line, &view, &results->list.at[i]);
		out_put(out, line.at, line.count);
	}
	line.count = 0;
	kill_results_sum(&line, results);
	out_put(out, line.at, line.count);
	out_char(out, '\n');
	resolver_free(view.resolver);
	text_fini(&line);
}

int print_kill_results(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct kill_results *results)
{
	if (format_is_json(style->format))
		put_json(out, style, seen, results);
	else if (style->format == FORMAT_TEXT)
		put_lines(out, style, seen, results);
	return -out->err;
}
