/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A file that an argument names, open for reading. Zeroed memory is a closed one. */
struct input {
	int  fd;
	bool is_handed;         /* the caller opened it and keeps it */
};

/**
 * input_open - open what an argument names, without ever blocking
 * @name: a regular file, or a descriptor that the caller handed over: "-", /dev/stdin,
 *        /dev/fd/N, /proc/self/fd/N, which may be a pipe
 * @why:  on an error: what is wrong, a static string
 *
 * Whoever may write to the folder chooses what stands under the name: a FIFO would block
 * the program, and some devices act when they are opened. So anything but a regular file
 * is refused, by stat() before it is opened and by fstat() after. Returns 0 or -errno.
 */
int input_open(struct input *input, const char *name, const char **why);

/* Closes what input_open() opened; a descriptor that the caller handed over stays open. */
void input_close(struct input *input);

/*
 * Reads until @room bytes or the end of the file have come. Returns the number of bytes,
 * or -errno.
 */
ssize_t input_fill(int fd, void *at, size_t room);

#endif
