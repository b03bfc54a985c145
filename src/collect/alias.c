/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/alias.h"

#include <ctype.h>
#include <string.h>

#define CONTAINER_ID 64
#define POD_UID      32         /* at least: with its dashes 36 */

void alias_fini(struct alias *alias)
{
	for (unsigned i = 0; i < ALIAS_RANGE_COUNT; i++)
		map_fini(&alias->range[i]);
	for (unsigned i = 0; i < ALIAS_KIND_COUNT; i++)
		map_fini(&alias->names[i]);
}

/* From 1 on; the same for the same bytes. */
static uint32_t number_of(struct map *map, const void *bytes, size_t size)
{
	uint32_t *slot = map_slot_bytes(map, bytes, size, NULL);

	if (!*slot)
		*slot = (uint32_t)map->count;
	return *slot;
}

/* ---- addresses ---- */

/* Writes the low bits of @number at the end of an address of @size bytes. */
static void put_number(uint8_t *at, size_t size, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[size - 1 - i] = (uint8_t)(number >> (8 * i));
}

void alias_v4(struct alias *alias, uint8_t *at)
{
	static const uint8_t none[4], all[4] = { 255, 255, 255, 255 };
	uint32_t number;

	if (memcmp(at, none, 4) == 0 || memcmp(at, all, 4) == 0 || at[0] == 127)
		return;
	if (at[0] == 169 && at[1] == 254) {
		number = number_of(&alias->range[ALIAS_V4_LINK], at, 4);
		put_number(at, 4, number, 2);
	} else if (at[0] >> 4 == 14) {
		number = number_of(&alias->range[ALIAS_V4_GROUP], at, 4);
		at[0] = 239;
		put_number(at, 4, number, 3);
	} else {
		number = number_of(&alias->range[ALIAS_V4], at, 4);
		put_number(at, 4, number, 4);
		at[0] |= 240;
	}
}

static void replace_v6(struct alias *alias, enum alias_range range, uint8_t *at, size_t kept)
{
	uint32_t number = number_of(&alias->range[range], at, 16);

	memset(at + kept, 0, 16 - kept);
	put_number(at, 16, number, 4);
}

void alias_v6(struct alias *alias, uint8_t *at)
{
	static const uint8_t none[16], one[16] = { [15] = 1 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nobodys[4] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (memcmp(at, none, 16) == 0 || memcmp(at, one, 16) == 0)
		return;
	if (memcmp(at, mapped, sizeof(mapped)) == 0) {
		alias_v4(alias, at + sizeof(mapped));
	} else if (at[0] == 0xfe && (at[1] & 0xc0) == 0x80) {
		replace_v6(alias, ALIAS_V6_LINK, at, 2);
	} else if (at[0] == 0xff) {
		replace_v6(alias, ALIAS_V6_GROUP, at, 2);
	} else {
		replace_v6(alias, ALIAS_V6, at, 0);
		memcpy(at, nobodys, sizeof(nobodys));
	}
}

/* ---- names ---- */

void alias_name(struct alias *alias, enum alias_kind kind, const void *name, size_t size,
		struct text *out)
{
	static const char *const words[ALIAS_KIND_COUNT] = {
		[ALIAS_PROCESS] = "proc", [ALIAS_GROUP] = "group",
		[ALIAS_SOCKET] = "sock", [ALIAS_NETNS] = "netns",
	};
	uint32_t number;

	if (!size)
		return;
	number = number_of(&alias->names[kind], name, size);
	if (kind == ALIAS_CONTAINER)
		text_addf(out, "%064x", number);
	else if (kind == ALIAS_POD)
		text_addf(out, "00000000_0000_0000_0000_%012x", number);
	else
		text_addf(out, "%s-%u", words[kind], number);
}

/* ---- cgroup paths ---- */

/* Parts that are on every machine of their sort. */
static const char *const known[] = {
	"system.slice", "user.slice", "machine.slice", "init.scope", "-.slice", "app.slice",
	"session.slice", "background.slice", "kubepods", "kubepods.slice", "besteffort",
	"burstable", "kubepods-besteffort.slice", "kubepods-burstable.slice", "docker",
};

/* The longer ones first. */
static const char *const heads[] = {
	"docker-", "libpod-conmon-", "libpod-", "crio-conmon-", "crio-", "cri-containerd-",
	"lxc.payload.", "lxc.monitor.", "kubepods-besteffort-pod", "kubepods-burstable-pod",
	"kubepods-pod", "pod", "session-", "user-runtime-dir@", "user-", "user@",
};

static const char *const tails[] = {
	".service", ".scope", ".socket", ".slice", ".mount", ".swap",
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static bool is_known(const char *part, size_t size)
{
	for (size_t i = 0; i < COUNT(known); i++)
		if (strlen(known[i]) == size && memcmp(known[i], part, size) == 0)
			return true;
	return false;
}

static size_t head_of(const char *part, size_t size)
{
	for (size_t i = 0; i < COUNT(heads); i++) {
		size_t length = strlen(heads[i]);

		if (length < size && memcmp(heads[i], part, length) == 0)
			return length;
	}
	return 0;
}

static size_t tail_of(const char *part, size_t size)
{
	for (size_t i = 0; i < COUNT(tails); i++) {
		size_t length = strlen(tails[i]);

		if (length < size && memcmp(tails[i], part + size - length, length) == 0)
			return length;
	}
	return 0;
}

static bool is_made_of(const char *at, size_t size, int (*is)(int))
{
	for (size_t i = 0; i < size; i++)
		if (!is((unsigned char)at[i]))
			return false;
	return size > 0;
}

static bool ends_in(const char *part, size_t head, const char *word)
{
	size_t size = strlen(word);

	return head >= size && memcmp(part + head - size, word, size) == 0;
}

/* What is between the head and the tail of a part. */
static void add_middle(struct alias *alias, const char *part, size_t head, size_t size,
		       struct text *out)
{
	const char *at = part + head;
	size_t before = size > CONTAINER_ID ? size - CONTAINER_ID : 0;

	if (head && is_made_of(at, size, isdigit)) {
		text_add(out, at, size);        /* a uid or a session */
	} else if (ends_in(part, head, "pod") && size >= POD_UID) {
		alias_name(alias, ALIAS_POD, at, size, out);
	} else if (size >= CONTAINER_ID && is_made_of(at + before, CONTAINER_ID, isxdigit) &&
		   (!before || at[before - 1] == '-')) {
		alias_name(alias, ALIAS_GROUP, at, before, out);
		text_add(out, "-", before ? 1 : 0);
		alias_name(alias, ALIAS_CONTAINER, at + before, CONTAINER_ID, out);
	} else {
		alias_name(alias, ALIAS_GROUP, at, size, out);
	}
}

static void add_part(struct alias *alias, const char *part, size_t size, struct text *out)
{
	size_t head, tail;

	if (is_known(part, size)) {
		text_add(out, part, size);
		return;
	}
	tail = tail_of(part, size);
	head = head_of(part, size - tail);
	text_add(out, part, head);
	add_middle(alias, part, head, size - head - tail, out);
	text_add(out, part + size - tail, tail);
}

void alias_path(struct alias *alias, const char *path, size_t size, struct text *out)
{
	const char *end = path + size;

	while (path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		const char *stop = slash ? slash : end;

		if (stop > path)
			add_part(alias, path, (size_t)(stop - path), out);
		if (slash)
			text_add(out, "/", 1);
		path = slash ? slash + 1 : end;
	}
}
