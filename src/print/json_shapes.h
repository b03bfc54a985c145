/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_JSON_SHAPES_H
#define PRINT_JSON_SHAPES_H

#include "print/print.h"

/* Shapes that several documents have in common. What is not known is null. */

void json_known(struct json *json, const char *name, const struct known *known);
/* null when @is is false */
void json_count(struct json *json, const char *name, bool is, uint64_t value);
void json_flag(struct json *json, const char *name, bool is, bool value);
void json_real_of(struct json *json, const char *name, bool is, double value);
/* A value of a column, of any kind but ends, holders and ages. */
void json_value(struct json *json, const char *name, enum kind kind, const struct value *value);
/* One of our sentences; null when it is empty. */
void json_sentence(struct json *json, const char *name, const char *sentence);
/* Foreign bytes up to a NUL, with their twin; null when NULL. */
void json_name(struct json *json, const char *name, const char *bytes);
void json_addr(struct json *json, const char *name, const struct addr *addr,
	       enum family family);
/* The object "evidence"; facts of a group are an object in it. */
void json_evidence(struct json *json, const struct facts *facts);
void json_advice(struct json *json, const char *name, const struct advice *advice);
/* An object with a count for every state. */
void json_states(struct json *json, const char *name, const uint32_t count[STATE_COUNT]);

/* Members "pid", "comm"; @process may be NULL. */
void json_process(struct json *json, const struct process *process);
/* Members "cgroup", "unit", "container", "pod"; @cgroup may be NULL. */
void json_cgroup(struct json *json, const struct cgroup *cgroup);
/*
 * "processes": who holds @inode, with descriptors; null when nobody could be seen. At most
 * @most, and "processes_left_out" where there are more; 0: all.
 */
void json_holders(struct json *json, const struct snapshot *seen, uint32_t inode, size_t most);
/* The same of holders that were found; @with_threads: "tid", too. */
void json_holder_list(struct json *json, const struct snapshot *seen, const struct holder *holders,
		      size_t count, size_t most, bool with_threads);

/* "netns": name and inode, and with -G whose it is. */
void json_netns(struct json *json, const struct netns *netns);

/* An array element on one line; json_end_line() gets back what the first one returned. */
bool json_begin_line(struct json *json);
void json_end_line(struct json *json, bool pretty);

#endif
