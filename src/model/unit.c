/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/unit.h"

#include "base/grow.h"

#include <ctype.h>
#include <string.h>

enum { CONTAINER_ID = 64, CONTAINER_SHOWN = 12 };

static char *copy_of(const char *from, size_t size)
{
	char *copy = grow_alloc(size + 1);

	memcpy(copy, from, size);
	return copy;
}

static bool ends_with(const char *at, size_t size, const char *end)
{
	size_t need = strlen(end);

	return size > need && memcmp(at + size - need, end, need) == 0;
}

bool unit_is(const char *unit, const char *kind)
{
	return unit && ends_with(unit, strlen(unit), kind);
}

/* Steps to the next component; NULL at the end. */
static const char *next_part(const char *path, size_t *size)
{
	while (*path == '/')
		path++;
	*size = strcspn(path, "/");
	return *size ? path : NULL;
}

char *unit_of_path(const char *path)
{
	const char *found = NULL;
	size_t size, found_size = 0;

	while ((path = next_part(path, &size))) {
		if (ends_with(path, size, ".service") ||
		    ends_with(path, size, ".scope") || ends_with(path, size, ".socket")) {
			found = path;
			found_size = size;
		}
		path += size;
	}
	return found ? copy_of(found, found_size) : NULL;
}

static bool is_container_id(const char *at)
{
	for (int i = 0; i < CONTAINER_ID; i++)
		if (!isxdigit((unsigned char)at[i]))
			return false;
	return !isxdigit((unsigned char)at[CONTAINER_ID]);
}

char *container_of_path(const char *path)
{
	static const char lxc[] = "lxc.payload.";
	const char *found = NULL;
	size_t size, found_size = 0;

	while ((path = next_part(path, &size))) {
		/* "docker-ID.scope", "libpod-ID.scope", "crio-ID.scope" or a bare ID */
		for (size_t i = 0; i + CONTAINER_ID <= size; i++)
			if ((i == 0 || path[i - 1] == '-') && is_container_id(path + i)) {
				found = path + i;
				found_size = CONTAINER_ID;
			}
		if (size > sizeof(lxc) - 1 && memcmp(path, lxc, sizeof(lxc) - 1) == 0) {
			found = path + sizeof(lxc) - 1;
			found_size = size - (sizeof(lxc) - 1);
		}
		path += size;
	}
	return found ? copy_of(found, found_size) : NULL;
}

size_t container_shown(const char *container)
{
	size_t size = strlen(container);

	return size == CONTAINER_ID ? CONTAINER_SHOWN : size;
}

char *pod_of_path(const char *path)
{
	const char *kube = strstr(path, "kubepods");
	const char *pod = kube ? strstr(kube, "/pod") : NULL;
	const char *dash = kube ? strstr(kube, "-pod") : NULL;
	char *uid;
	size_t size;

	if (dash && (!pod || dash < pod))
		pod = dash;
	if (!pod)
		return NULL;
	pod += 4;
	size = strcspn(pod, "/.");
	if (size < 32)
		return NULL;
	uid = copy_of(pod, size);
	for (char *c = uid; *c; c++)    /* systemd escapes the dashes of the uid */
		if (*c == '_')
			*c = '-';
	return uid;
}
