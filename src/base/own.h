/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_OWN_H
#define BASE_OWN_H

/*
 * Ownership that ends with the scope: `OWN_FD int fd = open(...)` closes fd on every way
 * out of the block. This program has no goto; functions return early.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void own_free_(void *slot)
{
	free(*(void **)slot);
}

static inline void own_close_(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void own_fclose_(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void own_closedir_(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define OWN_MEM  __attribute__((cleanup(own_free_)))
#define OWN_FD   __attribute__((cleanup(own_close_)))
#define OWN_FILE __attribute__((cleanup(own_fclose_)))
#define OWN_DIR  __attribute__((cleanup(own_closedir_)))

/* Gives a descriptor to the caller: the scope no longer closes it. */
static inline int own_give_fd(int *fd)
{
	int given = *fd;

	*fd = -1;
	return given;
}

#endif
