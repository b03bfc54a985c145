/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROC_H
#define COLLECT_PROC_H

#include "base/text.h"

#include <dirent.h>
#include <stdint.h>

/* Numbers of all processes that /proc shows, ascending as it gives them. */
struct proc {
	DIR *folder;            /* /proc */
	int  err;               /* why the listing ended early, or 0 */
};

/* Returns 0 or -errno. */
int proc_open(struct proc *proc);
void proc_close(struct proc *proc);

/* The next process; false at the end, see @err. */
bool proc_next(struct proc *proc, int32_t *pid);

/* Begins again with the first. */
void proc_rewind(struct proc *proc);

/*
 * The next entry; NULL at the end with *@err 0, or with the errno that ended the
 * listing early: a folder that could not be read to its end is not the whole.
 */
const struct dirent *proc_entry(DIR *folder, int *err);

/* True when this /proc shows only some processes (hidepid=, subset=). */
bool proc_hides(const struct proc *proc);

/* A number that fills @text; false when it is none or too large. */
bool proc_number(const char *text, int32_t *number);

/* "PID/@rest" of a process as a path below /proc. */
#define PROC_PATH 40
void proc_path(char path[PROC_PATH], int32_t pid, const char *rest);

/* Reads /proc/PID/@rest whole. Returns 0 or -errno. */
int proc_read(const struct proc *proc, int32_t pid, const char *rest, struct text *content);

/*
 * The name in a "comm" that was read, without the end of its line: a name may have such ends
 * itself. Copies at most @room - 1 bytes and returns how many; there is no NUL behind them.
 */
size_t proc_comm(const struct text *content, char *comm, size_t room);

/* Opens a folder below /proc; NULL with errno. The caller closes it. */
DIR *proc_folder(const struct proc *proc, const char *path);

/*
 * True for kernel threads, zombies and who is about to be one, which hold no descriptor, by
 * /proc/PID/stat. Whoever ends shows nothing more of himself from some moment on.
 */
bool proc_is_bare(const char *stat);

/*
 * True when @err, of something below /proc/PID, hides nothing: the process has gone, or it
 * is refused because it is bare.
 */
bool proc_shows_nothing(int32_t pid, int err);

/*
 * What a link such as "socket:[123]" leads to: 123, where @before is "socket:[". @link has
 * @size bytes and no NUL. False for anything else.
 */
bool proc_link_inode(const char *link, size_t size, const char *before, uint32_t *inode);

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
