/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/resolve.h"

#include "base/grow.h"
#include "base/map.h"
#include "print/cell.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

/* Name 0 means "no name"; the maps hold indices into @names. */
struct resolver {
	const struct limits *limits;
	struct map services, hosts;
	struct { char **at; size_t count, room; } names;
};

struct resolver *resolver_new(const struct limits *limits)
{
	struct resolver *resolver = grow_alloc(sizeof(*resolver));

	resolver->limits = limits;
	*grow_add(&resolver->names) = NULL;
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	map_fini(&resolver->services);
	map_fini(&resolver->hosts);
	for (size_t i = 0; i < resolver->names.count; i++)
		free(resolver->names.at[i]);
	grow_fini(&resolver->names);
	free(resolver);
}

static uint32_t keep(struct resolver *resolver, const char *name)
{
	struct text safe = { 0 };

	if (!name || !*name)
		return 0;
	cell_word(&safe, name, strlen(name));
	*grow_add(&resolver->names) = safe.at;
	return (uint32_t)resolver->names.count - 1;
}

static bool put_name(const struct resolver *resolver, struct text *cell, uint32_t name)
{
	if (name)
		cell_str(cell, resolver->names.at[name]);
	return name != 0;
}

static bool is_ephemeral(const struct limits *limits, uint16_t port)
{
	const struct known *low = &limits->limit[LIMIT_PORT_LOW];
	const struct known *high = &limits->limit[LIMIT_PORT_HIGH];

	return (low->is ? low->value : 32768) <= port && port <= (high->is ? high->value : 60999);
}

bool resolver_service(struct resolver *resolver, struct text *cell, uint16_t port)
{
	bool fresh;
	uint32_t *slot = map_slot(&resolver->services, port, &fresh);

	if (fresh && !is_ephemeral(resolver->limits, port)) {
		struct servent *entry = getservbyport(htons(port), "tcp");

		*slot = keep(resolver, entry ? entry->s_name : NULL);
	}
	return put_name(resolver, cell, *slot);
}

struct host_key { struct addr addr; uint32_t family; };

_Static_assert(sizeof(struct host_key) == 20, "a hole would be hashed");

static uint32_t ask_host(struct resolver *resolver, const struct addr *addr, enum family family)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char name[NI_MAXHOST];
	int err;

	memcpy(&v4.sin_addr, addr->b + 12, 4);
	memcpy(&v6.sin6_addr, addr->b, 16);
	if (family == FAMILY_IPV4)
		err = getnameinfo((struct sockaddr *)&v4, sizeof(v4), name, sizeof(name),
				  NULL, 0, NI_NAMEREQD);
	else
		err = getnameinfo((struct sockaddr *)&v6, sizeof(v6), name, sizeof(name),
				  NULL, 0, NI_NAMEREQD);
	return keep(resolver, err ? NULL : name);
}

bool resolver_host(struct resolver *resolver, struct text *cell,
		   const struct addr *addr, enum family family)
{
	struct host_key key = { *addr, family };
	uint32_t *slot;
	bool fresh;

	if (addr_is_any(addr))
		return false;
	slot = map_slot_bytes(&resolver->hosts, &key, sizeof(key), &fresh);
	if (fresh)
		*slot = ask_host(resolver, addr, family);
	return put_name(resolver, cell, *slot);
}
