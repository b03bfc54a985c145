/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_HOST_H
#define COLLECT_HOST_H

#include "base/fault.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

/*
 * Where the files of this machine are: /proc, /sys, /run and /var/log. For an agent in a
 * container they are below the folder where the root of its host is mounted. Every file
 * of these folders is opened here, by the name that it has on the host, and under that
 * name it is recorded.
 *
 * What tells of this very thread, of its network namespace or of the kernel (/proc/self,
 * /proc/thread-self, /proc/sys) is the same in every /proc, so our own is read where that
 * one has none.
 */

/**
 * host_set - say where they are, for this process
 * @root: the folder of --root; NULL: the variable PROC_ROOT, as in ss, may name a /proc
 *
 * Errors: @root is no folder, or nothing is mounted on its /proc.
 */
int host_set(const char *root, struct fault *fault);

/* As open() and fopen() for reading, opendir() and stat(). */
int host_open(const char *path);
FILE *host_fopen(const char *path);
DIR *host_opendir(const char *path);
int host_stat(const char *path, struct stat *st);

/* Where that file of the host is. The caller frees it. */
char *host_path(const char *path);

/*
 * True when a pid of that /proc is one in our own pid namespace, so that it can be given
 * to a system call.
 */
bool host_pids_are_ours(void);

#endif
