/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/json.h"

#include "base/swar.h"
#include "base/text.h"
#include "print/json_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEPTH_MAX (sizeof(((struct json *)0)->filled) - 1)

void json_begin(struct json *json, struct out *out, bool pretty)
{
	memset(json, 0, sizeof(*json));
	json->out = out;
	json->pretty = pretty;
}

#define NAME_MAX_SIZE 64

static char *put_indent(char *at, unsigned depth)
{
	*at++ = '\n';
	memset(at, ' ', depth * 2u);
	return at + depth * 2u;
}

static char *put_name(char *at, const char *name)
{
	return mempcpy(at, name, strnlen(name, NAME_MAX_SIZE));
}

#define LEAD_MAX (2 * NAME_MAX_SIZE + 2 * DEPTH_MAX + 8)
_Static_assert(LEAD_MAX <= OUT_SPACE, "it is written in its place");

/*
 * Writes what stands before a value: comma, line break and, in an object, its name with
 * @suffix. It is written straight into the buffer, because a dump has millions of
 * values.
 */
static void lead_with(struct json *json, const char *name, const char *suffix)
{
	char *at = out_space(json->out, LEAD_MAX);

	if (json->filled[json->depth])
		*at++ = ',';
	json->filled[json->depth] = true;
	if (json->pretty && json->depth)
		at = put_indent(at, json->depth);
	if (name) {
		*at++ = '"';
		at = put_name(at, name);
		if (*suffix)
			at = put_name(at, suffix);
		*at++ = '"';
		*at++ = ':';
		if (json->pretty)
			*at++ = ' ';
	}
	out_took(json->out, at);
}

static inline void lead(struct json *json, const char *name)
{
	lead_with(json, name, "");
}

void json_open(struct json *json, const char *name, char bracket)
{
	lead(json, name);
	out_char(json->out, bracket);
	if (json->depth < DEPTH_MAX)
		json->depth++;
	json->filled[json->depth] = false;
}

void json_close(struct json *json, char bracket)
{
	bool filled = json->filled[json->depth];

	if (json->depth)
		json->depth--;
	if (filled && json->pretty) {
		char buffer[2 * DEPTH_MAX + 1];

		out_put(json->out, buffer, (size_t)(put_indent(buffer, json->depth) - buffer));
	}
	out_char(json->out, bracket);
}

static void put_escape(struct out *out, uint32_t code)
{
	char text[8];

	if (code == '"' || code == '\\') {
		out_put(out, code == '"' ? "\\\"" : "\\\\", 2);
		return;
	}
	if (code > 0xffff) {    /* UTF-16 writes such a character in two halves */
		put_escape(out, 0xd7c0 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	snprintf(text, sizeof(text), "\\u%04x", (unsigned)code & 0xffffu);
	out_put(out, text, 6);
}

/*
 * RFC 8259 demands escapes for control characters, the quote and the backslash; the
 * others are for people who look at the output.
 */
static bool has_escape(uint32_t code)
{
	return code == '"' || utf8_is_treacherous(code);
}

/* Marks the bytes that need an escape or a closer look. */
static inline uint64_t odd_bytes(uint64_t word)
{
	return word | (word - EVERY_BYTE * ' ') | swar_byte(word, 0x7f) | swar_byte(word, '"') |
	       swar_byte(word, '\\');
}

bool json_is_plain(const char *bytes, size_t size)
{
	return !swar_any(bytes, size, odd_bytes);
}

/* Returns false when bytes were lost. */
static bool put_quoted(struct out *out, const char *bytes, size_t size)
{
	bool whole = true;
	uint32_t code;
	size_t used;

	if (size < JSON_PLAIN && json_is_plain(bytes, size)) {
		char *at = out_space(out, size + 2);

		*at++ = '"';
		at = mempcpy(at, bytes, size);
		*at++ = '"';
		out_took(out, at);
		return true;
	}
	out_char(out, '"');
	for (size_t i = 0; i < size; i += used) {
		used = utf8_decode(bytes + i, size - i, &code);
		if (!used) {
			out_str(out, "\xef\xbf\xbd");
			whole = false;
			used = 1;
		} else if (has_escape(code)) {
			put_escape(out, code);
		} else {
			out_put(out, bytes + i, used);
		}
	}
	out_char(out, '"');
	return whole;
}

void json_string(struct json *json, const char *name, const char *utf8)
{
	lead(json, name);
	if (utf8)
		put_quoted(json->out, utf8, strlen(utf8));
	else
		out_str(json->out, "null");
}

static void put_hex(struct out *out, const char *bytes, size_t size)
{
	out_char(out, '"');
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		out_char(out, "0123456789abcdef"[byte >> 4]);
		out_char(out, "0123456789abcdef"[byte & 15]);
	}
	out_char(out, '"');
}

void json_foreign(struct json *json, const char *name, const char *bytes, size_t size)
{
	bool whole = true;

	lead(json, name);
	if (bytes)
		whole = put_quoted(json->out, bytes, size);
	else
		out_str(json->out, "null");
	if (!name || whole)
		return;
	lead_with(json, name, "_hex");
	put_hex(json->out, bytes, size);
}

char *json_put_plain(char *at, const char *bytes)
{
	size_t size = strlen(bytes);

	return size < JSON_PLAIN && json_is_plain(bytes, size) ? mempcpy(at, bytes, size) : NULL;
}

char *json_put_odd(struct json *json, char *at, const char *name, const char *bytes)
{
	json_parts_end(json, at);
	json_foreign(json, name, bytes, strlen(bytes));
	return json_parts_begin(json);
}

void json_u64(struct json *json, const char *name, uint64_t value)
{
	lead(json, name);
	out_u64(json->out, value);
}

void json_i64(struct json *json, const char *name, int64_t value)
{
	lead(json, name);
	if (value < 0)
		out_char(json->out, '-');
	out_u64(json->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* -- real numbers -- */

#define PARTS      1024u        /* of one: ten binary digits */
#define PARTS_MOST (1u << 20)

/*
 * The kernel counts in 256ths or 1024ths, which have at most ten decimal places. So the
 * number is written exactly, and every digit is needed to read it back.
 */
static char *put_parts(char *at, unsigned parts)
{
	uint64_t places = UINT64_C(10000000000) / PARTS * (parts % PARTS);

	at = digits_u64(at, parts / PARTS);
	if (!places)
		return at;
	*at++ = '.';
	for (; places; places = places % UINT64_C(1000000000) * 10)
		*at++ = (char)('0' + places / UINT64_C(1000000000));
	return at;
}

char *json_put_real(char *at, double value)
{
	double parts = value * PARTS;
	char text[JSON_REAL];

	if (!isfinite(value))
		return PUT(at, "null");
	if (parts >= 0 && parts < PARTS_MOST && !signbit(value) && parts <= (unsigned)parts)
		return put_parts(at, (unsigned)parts);
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) < value || strtod(text, NULL) > value)
		snprintf(text, sizeof(text), "%.17g", value);
	return put_word(at, text);
}

void json_real(struct json *json, const char *name, double value)
{
	lead(json, name);
	out_took(json->out, json_put_real(out_space(json->out, JSON_REAL), value));
}

void json_bool(struct json *json, const char *name, bool value)
{
	lead(json, name);
	out_str(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *name)
{
	lead(json, name);
	out_str(json->out, "null");
}

void json_id(struct json *json, const char *name, uint64_t id)
{
	lead(json, name);
	out_char(json->out, '"');
	out_u64(json->out, id);
	out_char(json->out, '"');
}

void json_time(struct json *json, const char *name, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;
	char day[40], text[48];

	/* a year has four digits */
	if (time_ms <= 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 8099) {
		json_null(json, name);
		return;
	}
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(time_ms % 1000));
	json_string(json, name, text);
}

/* -- the envelope -- */

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
