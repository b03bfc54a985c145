/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

/*
 * An error as a value: the function that knows what went wrong writes the sentence, and
 * only cmd/ prints it. It has a fixed size and never allocates.
 */
struct fault {
	int  err;               /* positive errno, 0 when there is none */
	char text[640];         /* what was tried, what went wrong, what to do */
};

/**
 * fault_set - remember what went wrong
 * @fault: where to write it; NULL drops the sentence
 * @err:   positive errno
 * @fmt:   printf format of the sentence, no newline at the end
 *
 * Returns -@err, so that a caller can write `return fault_set(...)`.
 */
int fault_set(struct fault *fault, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Removes the unfinished recording. Code that ends the program early (out of memory, a
 * deadline) calls this first; it is safe in a signal handler. NULL: there is nothing to
 * remove.
 */
extern void (*fault_cleanup)(void);

#endif
