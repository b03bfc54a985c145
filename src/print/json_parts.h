/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_JSON_PARTS_H
#define PRINT_JSON_PARTS_H

#include "base/digits.h"
#include "model/sock.h"
#include "print/print.h"

#include <string.h>

/*
 * What a socket's object is made of. There may be a million of them with a
 * hundred members each, so members with a fixed name are not put one by one
 * through struct json: they are written as text, commas and quotes included, into
 * room that was made once for all of them. The object is compact, whatever the
 * document around it is, and has a member before these.
 */
static inline char *json_parts_begin(struct json *json)
{
	return out_space(json->out, OUT_SPACE);
}

static inline void json_parts_end(struct json *json, char *end)
{
	out_took(json->out, end);
}

/* A literal as it is. */
#define PUT(at, literal) mempcpy(at, literal, sizeof(literal) - 1)

/* Our own words, which need no escape. */
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
 * The shortest decimal number that reads back as the same, or null. Returns the
 * end; @at has room for JSON_REAL bytes.
 */
#define JSON_REAL 40
char *json_put_real(char *at, double value);

/* Members behind another one; @name is a literal. */
#define PUT_NUMBER(at, name, known, value) put_number(PUT(at, ",\"" name "\":"), known, value)
#define PUT_BOOL(at, name, value)          put_bool(PUT(at, ",\"" name "\":"), value)
#define PUT_REAL(at, name, value)          json_put_real(PUT(at, ",\"" name "\":"), value)

/* Bytes that stand for themselves between quotes: nothing to escape, nothing lost. */
bool json_is_plain(const char *bytes, size_t size);

/* Such bytes, fewer than JSON_PLAIN, as they are; NULL: these are not such. */
#define JSON_PLAIN 256
char *json_put_plain(char *at, const char *bytes);

/* Others and their twin, as members behind another one. */
char *json_put_odd(struct json *json, char *at, const char *name, const char *bytes);

/*
 * Foreign bytes and their twin; @lead and @trail are what stands before and behind
 * plain ones. See PUT_FOREIGN(). Inline always, or the literals lose their lengths.
 */
static inline __attribute__((always_inline)) char *
json_put_foreign(struct json *json, char *at, const char *name, const char *lead,
		 const char *trail, const char *bytes)
{
	char *end = json_put_plain(put_word(at, lead), bytes);

	return end ? put_word(end, trail) : json_put_odd(json, at, name, bytes);
}

/* NULL is null. */
#define PUT_FOREIGN(json, at, name, bytes) \
	((bytes) ? json_put_foreign(json, at, name, ",\"" name "\":\"", \
				    "\",\"" name "_hex\":null", bytes) : \
		   PUT(at, ",\"" name "\":null,\"" name "_hex\":null"))

/* json_detail.c: what -m, -i and --tos add; nothing else of struct detail. */
void json_detail(struct json *json, const struct sock *sock, const struct style *style);

/* json_other.c: sockets that are not of the internet. */
void json_other_ends(struct json *json, const struct sock *sock);
void json_other_extended(struct json *json, const struct other *other);
void json_other_filter(struct json *json, const struct sock *sock);

#endif
