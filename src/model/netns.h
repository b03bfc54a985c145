/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_NETNS_H
#define MODEL_NETNS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A network namespace, and whose it is as far as that could be seen. Zeroed memory is a
 * namespace of which nothing is known. Strings are foreign bytes, NULL when there is
 * none.
 */
struct netns {
	uint64_t inode;         /* 0: unknown */
	char    *name;          /* in /run/netns, or as asked with -N */
	bool     visited;       /* with -G; without it the members below are not known */
	char    *path;          /* opens it while the process or mount that shows it exists */
	int32_t  pid;           /* the lowest pid in it, or 0; these are of that process: */
	uint8_t  comm_size;
	char     comm[64];
	char    *unit, *container, *pod;
	bool     is_own;        /* the namespace in which this program was started */
	bool     init_known;    /* whether process 1 is in it could be seen */
	bool     is_init;       /* process 1 is in it */
	struct { int32_t *at; size_t count, room; } pids;       /* every process in it */
};

/* Frees @netns, which may be NULL. */
void netns_free(struct netns *netns);

/* A list of namespaces. An entry never moves in memory. */
struct netns_list {
	struct netns **at;
	size_t count, room;
};
void netns_list_fini(struct netns_list *list);

/*
 * Adds the one word that names the namespace: "here", its name, "container:ID",
 * "pod:UID", "SERVICE:PID", "init", "PID:COMM", or its inode number. A namespace that
 * was visited and is called "here" or "init" becomes "netns:here" or "netns:init". @also
 * as in text_add_escaped(): TEXT_WORD for people, "" for programs.
 */
void netns_word(struct text *text, const struct netns *netns, const char *also);

#endif
