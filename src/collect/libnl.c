/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/libnl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* It needs libnl-3.so.200, whose calls are found through it. */
#define LIBRARY "libnl-route-3.so.200"

struct libnl libnl;

static struct {
	pthread_once_t once;
	char           text[96];
} trouble = { .once = PTHREAD_ONCE_INIT };

struct call {
	const char *name;
	size_t      offset;
};

static const struct call calls[] = {
#define LIBNL_ROW(call) { #call, offsetof(struct libnl, call) },
	LIBNL_CALLS(LIBNL_ROW)
#undef LIBNL_ROW
};

static void load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		snprintf(trouble.text, sizeof(trouble.text),
			 LIBRARY " cannot be loaded; install libnl-route-3");
		return;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		void *address = dlsym(library, calls[i].name);

		if (!address && !*trouble.text)
			snprintf(trouble.text, sizeof(trouble.text), LIBRARY " has no %s",
				 calls[i].name);
		/* as POSIX would have it: ISO C has no cast from data to function */
		memcpy((char *)&libnl + calls[i].offset, &address, sizeof(address));
	}
}

bool libnl_load(void)
{
	pthread_once(&trouble.once, load);
	return !*trouble.text;
}

const char *libnl_trouble(void)
{
	return trouble.text;
}
