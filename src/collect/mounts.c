/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/mounts.h"

#include <stdio.h>
#include <string.h>

static bool is_octal(const char *at)
{
	return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' &&
	       at[2] >= '0' && at[2] <= '7';
}

/* mountinfo writes blanks and backslashes as \ooo. */
static void decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		if (*at == '\\' && is_octal(at + 1)) {
			*to++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 3;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

bool mount_parse(char *line, struct mount *mount)
{
	/* between mount point and type stand options and tags, as many as it likes */
	char *type = strstr(line, " - ");
	char *rest = line;

	if (!type || sscanf(line, "%u %*u %u:%u", &mount->id, &mount->major, &mount->minor) != 3)
		return false;
	*type = '\0';
	mount->type = type + 3;
	mount->type[strcspn(mount->type, " \n")] = '\0';
	for (unsigned i = 0; i < 3; i++)
		strsep(&rest, " ");
	mount->root = strsep(&rest, " ");
	mount->point = strsep(&rest, " ");
	if (!mount->root || !mount->point)
		return false;
	decode(mount->root);
	decode(mount->point);
	return true;
}
