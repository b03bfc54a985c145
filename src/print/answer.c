/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/answer.h"

#include "print/json_shapes.h"

void answer_record(struct json *json, struct out *out, const char *type)
{
	json_begin(json, out, false);
	json->is_records = true;
	json_open(json, NULL, '{');
	json_string(json, "type", type);
}

/* Does nothing when no record is open. */
void answer_record_end(struct json *json)
{
	if (!json->depth)
		return;
	json_close(json, '}');
	out_char(json->out, '\n');
}

/* The members that every document begins with. */
static void put_head(struct json *json, const char *command, const struct snapshot *seen)
{
	json_string(json, "schema", "sockvet/1");
	json_string(json, "command", command);
	json_string(json, "version", SOCKVET_VERSION);
	json_time(json, "time", seen->time_ms);
	json_netns(json, seen->netns);
	json_string(json, "kernel", seen->version[0] ? seen->version : NULL);
}

void answer_begin(struct json *json, struct out *out, enum format format, const char *command,
		  const struct snapshot *seen)
{
	if (format == FORMAT_JSON) {
		json_begin(json, out, true);
		json_open(json, NULL, '{');
	} else {
		answer_record(json, out, "header");
	}
	put_head(json, command, seen);
}

void answer_part(struct json *json, const char *type)
{
	if (!json->is_records)
		return;
	answer_record_end(json);
	answer_record(json, json->out, type);
}

void answer_list(struct json *json, const char *name)
{
	if (json->is_records)
		answer_record_end(json);
	else
		json_open(json, name, '[');
}

void answer_item(struct json *json, const char *type, bool on_line)
{
	answer_part(json, type);
	if (json->is_records)
		return;
	json_open(json, NULL, '{');
	json->pretty = !on_line;
}

void answer_item_end(struct json *json)
{
	if (json->is_records) {
		answer_record_end(json);
		return;
	}
	json_close(json, '}');
	json->pretty = true;
}

void answer_list_end(struct json *json)
{
	if (!json->is_records)
		json_close(json, ']');
}

void answer_tail(struct json *json)
{
	answer_part(json, "trailer");
	json->is_tail = true;
}

void json_end(struct json *json, const struct snapshot *seen, uint64_t sockets,
	      const uint64_t *matched, bool complete)
{
	json_open(json, "end", '{');
	json_bool(json, "complete", complete);
	json_u64(json, "sockets", sockets);
	if (matched)
		json_u64(json, "matched", *matched);
	json_open(json, "gaps", '[');
	for (size_t i = 0; i < seen->gaps.count; i++) {
		const struct gap *gap = &seen->gaps.at[i];

		json_open(json, NULL, '{');
		json_string(json, "kind", gap_name(gap->kind));
		json_u64(json, "count", gap->count);
		json_string(json, "text", gap->text);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

void answer_end(struct json *json, const struct snapshot *seen, uint64_t sockets,
		const uint64_t *matched, bool complete)
{
	if (!json->is_tail)
		answer_tail(json);
	json_end(json, seen, sockets, matched, complete);
	answer_record_end(json);
}
