/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_MOUNTS_H
#define COLLECT_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* One line of /proc/self/mountinfo; the strings live in that line. */
struct mount {
	uint32_t id;
	uint32_t major, minor;  /* of the file system, which stat() may not tell */
	char    *root;          /* inside the file system; of nsfs "net:[INODE]" */
	char    *point;         /* where it is mounted */
	char    *type;
};

/* Cuts @line into pieces and decodes them there; false when it is no such line. */
bool mount_parse(char *line, struct mount *mount);

#endif
