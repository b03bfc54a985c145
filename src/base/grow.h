/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_GROW_H
#define BASE_GROW_H

#include <stddef.h>

/*
 * Growing arrays. `struct { T *at; size_t count, room; } list;` is one; adding
 * may move it, so keep indices and not pointers. Out of memory ends the
 * program with status 3 and a sentence: nothing useful can be said after it.
 */

/* Zeroed memory of @size bytes; the caller frees. Never NULL. */
void *grow_alloc(size_t size);

/* The same with anything in it: a page that nobody writes to is never made. */
void *grow_space(size_t size);

/* A copy of @text; the caller frees. Never NULL. */
char *grow_strdup(const char *text);

/*
 * Makes room for at least @want elements of @size bytes in @at (which holds
 * *@room), with anything in the new ones. Returns the array, perhaps moved.
 */
void *grow_room(void *at, size_t *room, size_t want, size_t size);

/* The same for one more than @count, and only that one zeroed: the rest is no memory yet. */
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
