/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROC_H
#define COLLECT_PROC_H

#include "base/text.h"

#include <dirent.h>
#include <stdint.h>

/* Iterates over the pids that /proc shows, in ascending order as it lists them. */
struct proc {
	DIR *folder;            /* /proc */
	int  err;               /* why the listing ended early, or 0 */
};

/* Returns 0 or -errno. */
int proc_open(struct proc *proc);
void proc_close(struct proc *proc);

/* The next process; false at the end, see @err. */
bool proc_next(struct proc *proc, int32_t *pid);

/*
 * The next entry. NULL at the end, with *@err 0, or with the errno that ended the
 * listing early, in which case entries are missing.
 */
const struct dirent *proc_entry(DIR *folder, int *err);

/*
 * Why this /proc shows only some processes of its namespace, a sentence; NULL when it
 * shows all of them.
 */
const char *proc_hides(const struct proc *proc);

/*
 * True when this /proc shows the first process namespace, in which every process of the
 * machine is.
 */
bool proc_is_first(const struct proc *proc);

/* Reads @text as a number. Returns false when it is not one or is too large. */
bool proc_number(const char *text, int32_t *number);

/* The path "PID/@rest" below /proc. */
#define PROC_PATH 40
void proc_path(char path[PROC_PATH], int32_t pid, const char *rest);

/* Reads all of /proc/PID/@rest. Returns 0 or -errno. */
int proc_read(const struct proc *proc, int32_t pid, const char *rest, struct text *content);

/*
 * The name in a "comm" file, without the newline that ends it: a name may hold newlines
 * itself. Copies at most @room - 1 bytes and returns their number; adds no NUL.
 */
size_t proc_comm(const struct text *content, char *comm, size_t room);

/* Opens a folder below /proc; NULL with errno. The caller closes it. */
DIR *proc_folder(const struct proc *proc, const char *path);

/*
 * Opens the threads of a process, which are then walked and read as processes are: by
 * proc_next(), proc_read() and the like. proc_close() is due.
 */
void proc_threads(const struct proc *proc, int32_t pid, struct proc *threads);

/*
 * True for kernel threads, zombies and processes that are about to be one, by
 * /proc/PID/stat. They hold no descriptor, and from some moment on an ending process
 * shows nothing more.
 */
bool proc_is_bare(const char *stat);

/*
 * True when @err, from a file below /proc/PID, means that nothing was missed: the
 * process is gone, or is one for which proc_is_bare() is true.
 */
bool proc_shows_nothing(int32_t pid, int err);

/*
 * The number in a link such as "socket:[123]", where @before is "socket:[". @link has
 * @size bytes and no NUL. Returns false for anything else.
 */
bool proc_link_inode(const char *link, size_t size, const char *before, uint32_t *inode);

/*
 * Reads which socket a descriptor is, by its name in the open folder @fds. True with its
 * inode; false with *@err 0 for anything else, or with the errno. *@ring (may be NULL)
 * says whether it is an io_uring.
 */
bool proc_socket(int fds, const char *name, int32_t *fd, uint32_t *inode, bool *ring, int *err);

/*
 * The sockets among the files that are registered with an io_uring, the descriptor @name
 * in the open folder @fds: they need no descriptor of their own. Returns 0 or -errno.
 */
struct ring_files { uint32_t *at; size_t count, room; };
int proc_ring_files(int fds, const char *name, struct ring_files *inodes);

/* How many files are open on this machine; 0 when it is not known. */
uint64_t proc_files_open(void);

/* One line of /proc/self/mountinfo; the strings point into that line. */
struct mount {
	uint32_t id;
	uint32_t major, minor;  /* of the file system; stat() may tell others */
	char    *root;          /* inside the file system; for nsfs "net:[INODE]" */
	char    *point;         /* where it is mounted */
	char    *type;
};

/*
 * Cuts @line into its fields and decodes them in place. Returns false when it is not
 * such a line.
 */
bool mount_parse(char *line, struct mount *mount);

#endif
