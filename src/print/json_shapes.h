/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_JSON_SHAPES_H
#define PRINT_JSON_SHAPES_H

#include "print/print.h"

/* Shapes that several documents share. What is not known is null. */

void json_known(struct json *json, const char *name, const struct known *known);
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
void json_addr(struct json *json, const char *name, const struct addr *addr,
	       enum family family);
/* Writes the object "evidence"; the facts of a group are an object in it. */
void json_evidence(struct json *json, const struct facts *facts);
void json_advice(struct json *json, const char *name, const struct advice *advice);
/* Writes an object with a count for every state. */
void json_states(struct json *json, const char *name, const uint32_t count[STATE_COUNT]);

/* Writes the members "pid" and "comm"; @process may be NULL. */
void json_process(struct json *json, const struct process *process);
/* Writes the members "cgroup", "unit", "container" and "pod"; @cgroup may be NULL. */
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

#endif
