/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/grow.h"

#include "base/fault.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __attribute__((noreturn)) void out_of_memory(void)
{
	static const char text[] =
		"sockvet: out of memory: nothing can be concluded; free some or raise the limit\n";

	if (fault_cleanup)
		fault_cleanup();
	/* write(), because stdio may need memory itself */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
	_exit(3);
}

void *grow_alloc(size_t size)
{
	void *at = calloc(1, size ? size : 1);

	if (!at)
		out_of_memory();
	return at;
}

void *grow_space(size_t size)
{
	void *at = malloc(size ? size : 1);

	if (!at)
		out_of_memory();
	return at;
}

char *grow_strdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory();
	return copy;
}

void *grow_room(void *at, size_t *room, size_t want, size_t size)
{
	size_t more = *room;
	void *moved;

	if (want <= *room)
		return at;
	while (more < want) {
		if (more > SIZE_MAX / 2)
			out_of_memory();
		more = more ? more * 2 : 4;
	}
	moved = reallocarray(at, more, size);
	if (!moved)
		out_of_memory();
	*room = more;
	return moved;
}

void *grow_one(void *at, size_t *room, size_t count, size_t size)
{
	char *moved = grow_room(at, room, count + 1, size);

	memset(moved + count * size, 0, size);
	return moved;
}
