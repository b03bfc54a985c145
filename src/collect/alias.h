/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ALIAS_H
#define COLLECT_ALIAS_H

#include "base/map.h"
#include "base/text.h"

/*
 * Stand-ins for what tells whose machine it was: the same thing gets the same
 * one, two things never share one, and what sort of thing it was stays to be
 * seen. They are numbered in the order of their coming, so nothing can be
 * reckoned back. Zeroed memory knows none yet.
 */
enum alias_kind {
	ALIAS_PROCESS,          /* "proc-1", fits into a comm */
	ALIAS_GROUP,            /* "group-1", one part of a cgroup path */
	ALIAS_CONTAINER,        /* 64 hexadecimal digits */
	ALIAS_POD,              /* a uid, in the spelling of cgroup paths */
	ALIAS_SOCKET,           /* "sock-1", a unix socket */
	ALIAS_NETNS,            /* "netns-1" */
	ALIAS_KIND_COUNT,
};

enum alias_range {
	ALIAS_V4, ALIAS_V4_LINK, ALIAS_V4_GROUP,
	ALIAS_V6, ALIAS_V6_LINK, ALIAS_V6_GROUP,
	ALIAS_RANGE_COUNT,
};

struct alias {
	struct map range[ALIAS_RANGE_COUNT];
	struct map names[ALIAS_KIND_COUNT];
};

void alias_fini(struct alias *alias);

/*
 * Replace an address in its place, in network order. Wildcard, loopback and
 * 255.255.255.255 stay; link-local and multicast ones stay such, those with
 * their scope; all others get one of 240.0.0.0/4 or 2001:db8::/32, which are
 * nobody's. An IPv4 address within an IPv6 one gets the same as alone.
 */
void alias_v4(struct alias *alias, uint8_t *at);
void alias_v6(struct alias *alias, uint8_t *at);

/* Adds the stand-in of a name. An empty one stays empty. */
void alias_name(struct alias *alias, enum alias_kind kind, const void *name, size_t size,
		struct text *out);

/*
 * Adds a cgroup path part by part: what every machine has (system.slice), and
 * what says what a part is (".service", "docker-", "kubepods-") stay.
 */
void alias_path(struct alias *alias, const char *path, size_t size, struct text *out);

#endif
