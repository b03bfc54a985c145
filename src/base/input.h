/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A file that an argument names, open for reading. Zeroed memory is none. */
struct input {
	int  fd;
	bool is_handed;         /* a descriptor that the caller made and keeps */
};

/**
 * input_open - open what an argument names, without waiting for anybody
 * @name: a regular file, or a descriptor that the caller handed over: "-",
 *        /dev/stdin, /dev/fd/N, /proc/self/fd/N, which may be a pipe
 * @why:  on an error: what is wrong, a string that stays
 *
 * Who may write the folder chooses what stands under the name: a FIFO would hold
 * the program, and some devices act when they are opened. Anything but a regular
 * file is refused, before it is opened and after. Returns 0 or -errno.
 */
int input_open(struct input *input, const char *name, const char **why);

/* Closes what input_open() opened; what was handed over stays. */
void input_close(struct input *input);

/* Reads until @room bytes are there or the end. Returns how many, or -errno. */
ssize_t input_fill(int fd, void *at, size_t room);

#endif
