/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_GROW_H
#define BASE_GROW_H

#include <stddef.h>

/*
 * Growing arrays: `struct { T *at; size_t count, room; } list;` is one. Adding may move
 * the array, so keep indices and not pointers. Running out of memory ends the program
 * with a sentence and status 3, because nothing useful can be said after it.
 */

/* Zeroed memory of @size bytes; the caller frees. Never NULL. */
void *grow_alloc(size_t size);

/* The same, not zeroed: the kernel makes no page for what is never written. */
void *grow_space(size_t size);

/* A copy of @text; the caller frees. Never NULL. */
char *grow_strdup(const char *text);

/*
 * Makes room for at least @want elements of @size bytes in @at, which has room for
 * *@room. The new elements are not zeroed. Returns the array, which may have moved.
 */
void *grow_room(void *at, size_t *room, size_t want, size_t size);

/*
 * Makes room for one element after @count elements and zeroes only that one, so that the
 * kernel makes no page for the rest.
 */
void *grow_one(void *at, size_t *room, size_t count, size_t size);

/* Pointer to a new zeroed element at the end of @list. */
#define grow_add(list)                                                        \
	((list)->at = grow_one((list)->at, &(list)->room, (list)->count,      \
			       sizeof(*(list)->at)),                          \
	 &(list)->at[(list)->count++])

/* Frees the array and leaves an empty list. */
#define grow_fini(list)                                                       \
	(free((list)->at), (list)->at = NULL, (list)->count = (list)->room = 0)

#endif
