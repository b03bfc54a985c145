/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_NETNS_H
#define MODEL_NETNS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A network namespace and whose it is, as far as could be seen; zeroed memory is one of
 * which nothing is known. Strings are raw bytes, NULL when there is none.
 */
struct netns {
	uint64_t inode;         /* 0: unknown */
	char    *name;          /* in /run/netns, or as asked with -N */
	bool     visited;       /* with -G; otherwise nothing of the rest is known */
	char    *path;          /* opens it, as long as who shows it is there */
	int32_t  pid;           /* the lowest process in it, or 0; of that one are: */
	uint8_t  comm_size;
	char     comm[64];
	char    *unit, *container, *pod;
	bool     is_own;        /* the namespace in which this program was started */
	bool     init_known;    /* whether process 1 is in it could be seen */
	bool     is_init;       /* process 1 is in it */
	struct { int32_t *at; size_t count, room; } pids;       /* every process in it */
};

/* Frees it; NULL is fine. */
void netns_free(struct netns *netns);

/* Several; each stays where it is in memory. NULL among them is none. */
struct netns_list {
	struct netns **at;
	size_t count, room;
};
void netns_list_fini(struct netns_list *list);

/*
 * Adds one word that says which: "here", its name, "container:ID", "pod:UID",
 * "SERVICE:PID", "init", "PID:COMM", or the number of the inode. A namespace that is
 * named "here" or "init" is "netns:here" or "netns:init" where it was visited. @also as in
 * text_add_escaped(): TEXT_WORD for people, "" for programs.
 */
void netns_word(struct text *text, const struct netns *netns, const char *also);

#endif
