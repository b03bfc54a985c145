/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_ANSWER_H
#define PRINT_ANSWER_H

#include "print/print.h"

/*
 * The envelope of an answer in JSON, whatever the answer is about. With --json it is one
 * document: the members that every document begins with, lists of items, "end". With
 * --jsonl it is records, one a line: "header", one for each part and item, and "trailer"
 * with "end". The same calls write both; each part and item names the type of its
 * record.
 */

/*
 * Begins the answer; @format: FORMAT_JSON, else records. Members that follow belong to
 * the header.
 */
void answer_begin(struct json *json, struct out *out, enum format format, const char *command,
		  const struct snapshot *seen);

/* Members that follow belong to the document, or to a record of this type. */
void answer_part(struct json *json, const char *type);

/* Begins an array of the document; each of its items is a record. */
void answer_list(struct json *json, const char *name);
/* @on_line: the item stands on one line, in a document, too. */
void answer_item(struct json *json, const char *type, bool on_line);
void answer_item_end(struct json *json);
void answer_list_end(struct json *json);

/* Members that follow stand right before "end". */
void answer_tail(struct json *json);
/* Writes the end; @matched as for json_end(). */
void answer_end(struct json *json, const struct snapshot *seen, uint64_t sockets,
		const uint64_t *matched, bool complete);

/*
 * Writes "end": {complete, sockets, gaps} for what answer_end() does not end. @matched,
 * unless NULL: how many sockets matched, where fewer are shown.
 */
void json_end(struct json *json, const struct snapshot *seen, uint64_t sockets,
	      const uint64_t *matched, bool complete);

/* Begins a record outside of any answer, such as an event. */
void answer_record(struct json *json, struct out *out, const char *type);
void answer_record_end(struct json *json);

#endif
