/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/answer.h"

void answer_record(struct json *json, struct out *out, const char *type)
{
	json_begin(json, out, false);
	json->is_records = true;
	json_open(json, NULL, '{');
	json_string(json, "type", type);
}

/* Nothing when none is open. */
void answer_record_end(struct json *json)
{
	if (!json->depth)
		return;
	json_close(json, '}');
	out_char(json->out, '\n');
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
	json_head(json, command, seen);
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

void answer_end(struct json *json, const struct snapshot *seen, uint64_t sockets,
		const uint64_t *matched, bool complete)
{
	if (!json->is_tail)
		answer_tail(json);
	json_end_of(json, seen, sockets, matched, complete);
	answer_record_end(json);
}
