/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/audit.h"

#include "print/cell.h"
#include "print/endpoint.h"
#include "print/json_shapes.h"
#include "print/page.h"
#include "print/resolve.h"
#include "print/ss_text.h"

static void put_reason(struct json *json, const struct doomed *doomed)
{
	struct text reason = { 0 };

	fate_reason(&reason, doomed);
	json_sentence(json, "reason", text_str(&reason));
	text_fini(&reason);
}

static void put_members(struct json *json, const struct style *style,
			const struct snapshot *seen, const struct doomed *doomed)
{
	json_string(json, "outcome", outcome_names[doomed->fate.outcome]);
	put_reason(json, doomed);
	json_string(json, "state_after", doomed->fate.now ? state_table[doomed->fate.now].name : NULL);
	json_sock_members(json, &doomed->sock, seen, style);
}

static void put_totals(struct json *json, const struct audit *audit)
{
	json_open(json, "kill", '{');
	json_bool(json, "confirmed", audit->confirmed);
	json_u64(json, "matched", audit->list.count);
	for (int i = OUTCOME_DESTROYED; i < OUTCOME_COUNT; i++)
		json_u64(json, outcome_names[i], audit_count(audit, (enum outcome)i));
	json_close(json, '}');
}

static void put_document(struct out *out, const struct style *style,
			 const struct snapshot *seen, const struct audit *audit)
{
	struct json json;

	json_begin(&json, out, true);
	json_open(&json, NULL, '{');
	json_head(&json, "list", seen);
	json_open(&json, "sockets", '[');
	for (size_t i = 0; i < audit->list.count; i++) {
		bool pretty = json_begin_line(&json);

		put_members(&json, style, seen, &audit->list.at[i]);
		json_end_line(&json, pretty);
	}
	json_close(&json, ']');
	put_totals(&json, audit);
	json_end(&json, seen, audit->list.count, snapshot_lists_all(seen));
	json_close(&json, '}');
	out_char(out, '\n');
}

static void put_records(struct out *out, const struct style *style,
			const struct snapshot *seen, const struct audit *audit)
{
	struct json json;

	json_begin_record(&json, out, "header");
	json_head(&json, "list", seen);
	json_end_record(&json);
	for (size_t i = 0; i < audit->list.count; i++) {
		json_begin_record(&json, out, "socket");
		put_members(&json, style, seen, &audit->list.at[i]);
		json_end_record(&json);
	}
	json_begin_record(&json, out, "trailer");
	put_totals(&json, audit);
	json_end(&json, seen, audit->list.count, snapshot_lists_all(seen));
	json_end_record(&json);
}

void audit_sum(struct text *text, const struct audit *audit)
{
	const char *before = ": ";

	page_count(text, audit->list.count, "socket");
	cell_str(text, " matched");
	for (int i = OUTCOME_DESTROYED; i < OUTCOME_COUNT; i++) {
		size_t count = audit_count(audit, (enum outcome)i);

		if (!count)
			continue;
		cell_str(text, before);
		cell_thousands(text, count);
		cell_char(text, ' ');
		cell_str(text, outcome_names[i]);
		before = ", ";
	}
}

static void put_why(struct text *line, const struct doomed *doomed)
{
	struct text reason = { 0 };

	fate_reason(&reason, doomed);
	if (reason.count) {
		cell_str(line, ": ");
		cell_str(line, text_str(&reason));
	}
	text_fini(&reason);
}

#define OUTCOME_WIDTH 12        /* "unsupported" and a blank */

static void put_line(struct text *line, const struct view *view, const struct doomed *doomed)
{
	const struct sock *sock = &doomed->sock;

	cell_str(line, outcome_names[doomed->fate.outcome]);
	cell_pad(line, ' ', OUTCOME_WIDTH - line->count);
	cell_str(line, sock->protocol == PROTOCOL_UDP ? "udp " : "tcp ");
	cell_str(line, sock->protocol == PROTOCOL_UDP && sock->state == STATE_CLOSE ?
		       "UNCONN" : state_table[sock->state].ss);
	cell_char(line, ' ');
	endpoint_local(line, view, sock);
	cell_char(line, ' ');
	endpoint_peer(line, view, sock);
	if (view->style->with_process) {
		cell_char(line, ' ');
		ss_users(line, view, sock);
		if (line->at[line->count - 1] == ' ')
			line->at[--line->count] = '\0';
	}
	put_why(line, doomed);
	cell_char(line, '\n');
}

static void put_lines(struct out *out, const struct style *style,
		      const struct snapshot *seen, const struct audit *audit)
{
	struct view view = { .seen = seen, .style = style };
	struct text line = { 0 };

	if (style->resolve)
		view.resolver = resolver_new(&seen->limits);
	for (size_t i = 0; i < audit->list.count; i++) {
		line.count = 0;
		put_line(&line, &view, &audit->list.at[i]);
		out_put(out, line.at, line.count);
	}
	line.count = 0;
	audit_sum(&line, audit);
	out_put(out, line.at, line.count);
	out_char(out, '\n');
	resolver_free(view.resolver);
	text_fini(&line);
}

int print_audit(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct audit *audit)
{
	static void (*const put[FORMAT_COUNT])(struct out *, const struct style *,
					       const struct snapshot *, const struct audit *) = {
		[FORMAT_TEXT] = put_lines, [FORMAT_JSON] = put_document,
		[FORMAT_JSONL] = put_records,
	};

	if (put[style->format])
		put[style->format](out, style, seen, audit);
	return -out->err;
}
