/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_JSON_PARTS_H
#define PRINT_JSON_PARTS_H

#include "base/digits.h"
#include "model/sock.h"
#include "print/json.h"

#include <string.h>

/*
 * The parts of a socket's object. There may be a million of them with a hundred members
 * each, so members with a fixed name do not go through struct json one by one: they are
 * written as text, commas and quotes included, into room that is reserved once for all
 * of them. The object is compact whatever the document around it is, and begins with
 * another member.
 */
static inline char *json_parts_begin(struct json *json)
{
	return out_space(json->out, OUT_SPACE);
}

static inline void json_parts_end(struct json *json, char *end)
{
	out_took(json->out, end);
}

/* Copies a literal as it is. */
#define PUT(at, literal) mempcpy(at, literal, sizeof(literal) - 1)

/* Copies a word of ours, which needs no escape. */
static inline char *put_word(char *at, const char *word)
{
	return mempcpy(at, word, strlen(word));
}

static inline char *put_number(char *at, bool known, uint64_t value)
{
	return known ? digits_u64(at, value) : PUT(at, "null");
}

static inline char *put_bool(char *at, bool value)
{
	return value ? PUT(at, "true") : PUT(at, "false");
}

/*
 * Writes the shortest decimal number that reads back as the same, or null. Returns its
 * end; @at has room for JSON_REAL bytes.
 */
#define JSON_REAL 40
char *json_put_real(char *at, double value);

/* Write members that follow another member; @name is a literal. */
#define PUT_NUMBER(at, name, known, value) put_number(PUT(at, ",\"" name "\":"), known, value)
#define PUT_BOOL(at, name, value)          put_bool(PUT(at, ",\"" name "\":"), value)
#define PUT_REAL(at, name, value)          json_put_real(PUT(at, ",\"" name "\":"), value)

/*
 * True for bytes that can stand between quotes as they are: nothing to escape, nothing
 * lost.
 */
bool json_is_plain(const char *bytes, size_t size);

/*
 * Copies such bytes. Returns NULL when they are not plain, or are not fewer than
 * JSON_PLAIN.
 */
#define JSON_PLAIN 256
char *json_put_plain(char *at, const char *bytes);

/* Writes all other bytes and their _hex twin, as members that follow another. */
char *json_put_odd(struct json *json, char *at, const char *name, const char *bytes);

/*
 * Writes foreign bytes behind @lead and, where something was lost, their _hex twin. See
 * PUT_FOREIGN(). Always inline, so that the literals keep their known lengths.
 */
static inline __attribute__((always_inline)) char *
json_put_foreign(struct json *json, char *at, const char *name, const char *lead,
		 const char *bytes)
{
	char *end = json_put_plain(put_word(at, lead), bytes);

	return end ? put_word(end, "\"") : json_put_odd(json, at, name, bytes);
}

/* Writes a member with foreign bytes; NULL becomes null. */
#define PUT_FOREIGN(json, at, name, bytes) \
	((bytes) ? json_put_foreign(json, at, name, ",\"" name "\":\"", bytes) : \
		   PUT(at, ",\"" name "\":null"))

/* In json_detail.c: what -m, -i and --tos add. */
void json_detail(struct json *json, const struct sock *sock, const struct style *style);

#endif
