/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_JSON_H
#define PRINT_JSON_H

#include "print/print.h"

/*
 * Streaming JSON; the writer adds the commas. Names are ours. Strings of others go
 * through json_foreign(), which also writes the `_hex` twin.
 */
struct json {
	struct out *out;
	unsigned depth;
	bool     filled[16];    /* something was already written at this depth */
	bool     pretty;        /* newlines and indentation */
	bool     is_records, is_tail;   /* for the envelope */
};
void json_begin(struct json *json, struct out *out, bool pretty);
void json_open(struct json *json, const char *name, char bracket);  /* '{' or '[' */
void json_close(struct json *json, char bracket);                   /* '}' or ']' */
void json_string(struct json *json, const char *name, const char *utf8); /* NULL: null */
void json_foreign(struct json *json, const char *name, const char *bytes, size_t size);
void json_u64(struct json *json, const char *name, uint64_t value);
void json_i64(struct json *json, const char *name, int64_t value);
void json_real(struct json *json, const char *name, double value);
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);
void json_id(struct json *json, const char *name, uint64_t id);     /* as a string */
void json_time(struct json *json, const char *name, int64_t time_ms); /* RFC 3339 UTC; null */
/* Writes one socket as in `list`, as the next array element. */
void json_sock(struct json *json, const struct sock *sock, const struct snapshot *seen,
	       const struct style *style);
/* Writes only its members, into an object that the caller has opened. */
void json_sock_members(struct json *json, const struct sock *sock,
		       const struct snapshot *seen, const struct style *style);

/* -- shapes that several documents share; what is not known is null -- */

void json_known(struct json *json, const char *name, const struct known *known);
/* Opens as json_open() does and returns true, or writes null when @is is false. */
bool json_open_if(struct json *json, const char *name, bool is, char bracket);
/* Writes null when @is is false. */
void json_count(struct json *json, const char *name, bool is, uint64_t value);
void json_flag(struct json *json, const char *name, bool is, bool value);
void json_real_of(struct json *json, const char *name, bool is, double value);
/* Writes a column's value of any kind except ends, holders and ages. */
void json_value(struct json *json, const char *name, enum kind kind, const struct value *value);
/* Writes a sentence of ours; null when it is empty. */
void json_sentence(struct json *json, const char *name, const char *sentence);
/* Writes foreign bytes up to a NUL, with their _hex twin where needed; NULL becomes null. */
void json_name(struct json *json, const char *name, const char *bytes);
/* NULL becomes null. */
void json_addr(struct json *json, const char *name, const struct addr *addr,
	       enum family family);
/* Writes an object of both; port 0 becomes null, too. */
void json_address_port(struct json *json, const char *name, const struct addr *addr,
		       enum family family, uint16_t port);
/* Writes the object "evidence"; the facts of a group are an object in it. */
void json_evidence(struct json *json, const struct facts *facts);
void json_advice(struct json *json, const char *name, const struct advice *advice);
/* Writes an object with a count for every state. */
void json_states(struct json *json, const char *name, const uint32_t count[STATE_COUNT]);

/* Writes the members "pid" and "comm"; @process may be NULL. */
void json_process(struct json *json, const struct process *process);
/* Writes "pod" and the names that the kubelet gives; @cgroup may be NULL. */
void json_pod(struct json *json, const struct cgroup *cgroup);

/* Writes "cgroup", "unit", "container" and what json_pod() does; @cgroup may be NULL. */
void json_cgroup(struct json *json, const struct cgroup *cgroup);
/*
 * Writes "processes": who holds @inode, with descriptors; null when no holder could be
 * seen. @most: list this many and write "processes_left_out" where there are more; 0:
 * all.
 */
void json_holders(struct json *json, const struct snapshot *seen, uint32_t inode, size_t most);
/* The same for holders that were looked up; @with_threads adds "tid". */
void json_holder_list(struct json *json, const struct snapshot *seen, const struct holder *holders,
		      size_t count, size_t most, bool with_threads);

/* "netns": name and inode, and with -G whose it is. */
void json_netns(struct json *json, const struct netns *netns);

/*
 * Begins an array element on one line. json_end_line() needs the result of
 * json_begin_line().
 */
bool json_begin_line(struct json *json);
void json_end_line(struct json *json, bool pretty);

/* -- the envelope -- */

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
