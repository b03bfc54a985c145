/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/unit.h"

#include "base/grow.h"
#include "base/own.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { CONTAINER_ID = 64, CONTAINER_SHOWN = 12 };

/* A part of a path. */
struct place {
	const char *at;
	size_t      size;
};

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

/* A name between @head and @tail; false for anything else. */
static bool cut(const char *part, size_t size, const char *head, const char *tail,
		struct place *name)
{
	size_t before = strlen(head), after = strlen(tail);

	if (size <= before + after || memcmp(part, head, before) != 0 ||
	    memcmp(part + size - after, tail, after) != 0)
		return false;
	*name = (struct place){ part + before, size - before - after };
	return true;
}

/* True when the component before @part is @word. */
static bool is_below(const char *path, const char *part, const char *word)
{
	size_t size = strlen(word);

	return (size_t)(part - path) >= size + 1 && part[-1] == '/' &&
	       memcmp(part - size - 1, word, size) == 0 &&
	       ((size_t)(part - path) == size + 1 || part[-(ptrdiff_t)size - 2] == '/');
}

/* "docker-ID.scope", "libpod-ID.scope", "kubepods-...:cri-containerd:ID" or a bare ID. */
static bool holds_id(const char *part, size_t size, struct place *id)
{
	for (size_t i = 0; i + CONTAINER_ID <= size; i++)
		if ((i == 0 || part[i - 1] == '-' || part[i - 1] == ':') &&
		    is_container_id(part + i)) {
			*id = (struct place){ part + i, CONTAINER_ID };
			return true;
		}
	return false;
}

/*
 * The container that the component @part of @path names. Virtual machines of libvirt
 * are registered as machines as well, and are none.
 */
static bool names_container(const char *path, const char *part, size_t size, struct place *name)
{
	if (holds_id(part, size, name) || cut(part, size, "lxc.payload.", "", name) ||
	    cut(part, size, "systemd-nspawn@", ".service", name))
		return true;
	if (cut(part, size, "machine-", ".scope", name))
		return name->size < 5 || memcmp(name->at, "qemu\\", 5) != 0;
	*name = (struct place){ part, size };
	return is_below(path, part, "lxc") || is_below(path, part, "lxc.payload");
}

/* Undoes systemd's \xNN, as which a "-" stands in the name of a machine. */
static void unescape(char *name)
{
	char *to = name;

	for (const char *at = name; *at; at++) {
		unsigned byte;

		if (at[0] == '\\' && at[1] == 'x' && isxdigit((unsigned char)at[2]) &&
		    sscanf(at + 2, "%2x", &byte) == 1 && byte && isxdigit((unsigned char)at[3])) {
			*to++ = (char)byte;
			at += 3;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

/* The innermost container of a path. Returns how many it names, one inside the other. */
static unsigned containers_in(const char *path, struct place *innermost)
{
	const char *part = path;
	struct place name;
	unsigned count = 0;
	size_t size;

	while ((part = next_part(part, &size))) {
		if (names_container(path, part, size, &name)) {
			*innermost = name;
			count++;
		}
		part += size;
	}
	return count;
}

char *container_of_path(const char *path)
{
	struct place found;
	char *name;

	if (!containers_in(path, &found))
		return NULL;
	name = copy_of(found.at, found.size);
	unescape(name);
	return name;
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

unsigned path_tells(const char *path)
{
	OWN_MEM char *pod = pod_of_path(path), *unit = unit_of_path(path);
	struct place container;

	return 4 * containers_in(path, &container) + (pod ? 2 : 0) + (unit ? 1 : 0);
}
