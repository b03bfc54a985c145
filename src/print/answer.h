/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_ANSWER_H
#define PRINT_ANSWER_H

#include "print/print.h"

/*
 * What an answer in JSON is wrapped in, whatever it is about. With --json it is one document:
 * the members every document starts with, lists of items, "end". With --jsonl it is records, a
 * line each: "header", one for each part and item, "trailer" with "end". The same calls make
 * both. Each part and item says the type that its record has.
 */

/* @format: FORMAT_JSON, else records. Members may follow: they are the header's. */
void answer_begin(struct json *json, struct out *out, enum format format, const char *command,
		  const struct snapshot *seen);

/* Members that follow are those of the document, or of a record of this type. */
void answer_part(struct json *json, const char *type);

/* An array of the document; its items are records. */
void answer_list(struct json *json, const char *name);
/* @on_line: on one line also in a document. */
void answer_item(struct json *json, const char *type, bool on_line);
void answer_item_end(struct json *json);
void answer_list_end(struct json *json);

/* Members that follow stand right before "end". */
void answer_tail(struct json *json);
/* The end; @matched: of so many, see json_end(). */
void answer_end(struct json *json, const struct snapshot *seen, uint64_t sockets,
		const uint64_t *matched, bool complete);

/*
 * "end": {complete, sockets, gaps}, for what is not written by answer_end(); with "matched"
 * where fewer are shown than matched, unless NULL.
 */
void json_end(struct json *json, const struct snapshot *seen, uint64_t sockets,
	      const uint64_t *matched, bool complete);

/* A record by itself: an event comes when it comes. */
void answer_record(struct json *json, struct out *out, const char *type);
void answer_record_end(struct json *json);

#endif
