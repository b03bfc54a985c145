/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/endpoint.h"

#include "base/grow.h"
#include "base/map.h"
#include "model/protocol.h"
#include "print/cell.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

/* ---- names from the system's databases ---- */

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

static bool put_found(const struct resolver *resolver, struct text *cell, uint32_t name)
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

/*
 * Adds the name. Returns false, with nothing added, when there is none. Ephemeral ports
 * have no service: a name of theirs in /etc/services is a coincidence.
 */
static bool resolver_service(struct resolver *resolver, struct text *cell, uint16_t port)
{
	bool fresh;
	uint32_t *slot = map_slot(&resolver->services, port, &fresh);

	if (fresh && !is_ephemeral(resolver->limits, port)) {
		struct servent *entry = getservbyport(htons(port), "tcp");

		*slot = keep(resolver, entry ? entry->s_name : NULL);
	}
	return put_found(resolver, cell, *slot);
}

struct host_key { struct addr addr; uint32_t family; };

_Static_assert(sizeof(struct host_key) == 20, "a hole would be hashed");

static __attribute__((noinline)) uint32_t ask_host(struct resolver *resolver, const struct addr *addr, enum family family)
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

static bool resolver_host(struct resolver *resolver, struct text *cell,
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
	return put_found(resolver, cell, *slot);
}

/* ---- internet sockets ---- */

static __attribute__((noinline)) void put_host(struct text *cell, const struct view *view,
					       const struct sock *sock,
		     const struct addr *addr)
{
	if (view->resolver && resolver_host(view->resolver, cell, addr, sock->family))
		return;
	if (sock->family == FAMILY_IPV6 && !sock->v6only && addr_is_zero(addr))
		cell_char(cell, '*');
	else
		cell_host(cell, addr, sock->family);
}

static void put_number(struct text *cell, const struct view *view, uint16_t port)
{
	if (port == 0)
		cell_char(cell, '*');
	else if (!view->resolver || !resolver_service(view->resolver, cell, port))
		cell_u64(cell, port);
}

void endpoint_link(struct text *cell, const struct view *view, uint32_t ifindex)
{
	const char *name = snapshot_link(view->seen, ifindex);

	if (name) {
		view_foreign(cell, view, name, strlen(name));
	} else {
		cell_str(cell, "if");
		cell_u64(cell, ifindex);
	}
}

/* ---- raw sockets have a protocol for a port ---- */

static void put_protocol(struct text *cell, const struct view *view, uint16_t number)
{
	const struct protoent *entry = view->style->numeric ? NULL : getprotobynumber(number);

	if (entry) {
		cell_word(cell, entry->p_name, strlen(entry->p_name));
		return;
	}
	if (!view->style->numeric)
		cell_str(cell, "ipproto-");
	cell_u64(cell, number);
}

static void put_port(struct text *cell, const struct view *view, const struct sock *sock,
		     uint16_t port)
{
	if (sock->protocol == PROTOCOL_RAW && port)
		put_protocol(cell, view, port);
	else
		put_number(cell, view, port);
}

/* ---- sockets that are not internet sockets ---- */

/*
 * An absent name is shown as "*"; only a unix socket may really have the name "*". Rows
 * of ss show paths unescaped, with their blanks.
 */
static void put_name(struct text *cell, const struct view *view, const struct sock *sock,
		     const char *bytes, size_t size)
{
	const char *also = view->style->words ? TEXT_WORD : "=";

	if (view->machine)
		cell_foreign(cell, bytes, size);
	else if (!size)
		cell_char(cell, '*');
	else if (protocol_is_unix(sock->protocol))
		text_add_value(cell, bytes, size, also);
	else
		text_add_escaped(cell, bytes, size, also);
}

static void put_signed(struct text *cell, int32_t value)
{
	if (value < 0)
		cell_char(cell, '-');
	cell_u64(cell, (uint64_t)(value < 0 ? -(int64_t)value : value));
}

static __attribute__((noinline)) void put_other_host(struct text *cell, const struct view *view, const struct sock *sock,
			   bool peer)
{
	const struct other *other = sock->other;
	struct sock_end end = sock_end(sock, peer);
	bool is_any = end.name_size == 1 && end.name[0] == '*';

	if (peer || view->machine || !view->style->numeric || is_any ||
	    protocol_is_unix(sock->protocol)) {
		put_name(cell, view, sock, end.name, end.name_size);
	} else if (protocol_is_packet(sock->protocol)) {
		cell_char(cell, '[');
		cell_u64(cell, other->number);
		cell_char(cell, ']');
	} else {
		cell_u64(cell, other->number);
	}
}

static __attribute__((noinline)) void put_other_port(struct text *cell, const struct view *view, const struct sock *sock,
			   bool peer)
{
	const struct other *other = sock->other;
	struct sock_end end = sock_end(sock, peer);

	if (!peer && !view->machine && view->style->numeric &&
	    sock->protocol == PROTOCOL_NETLINK && other->port_id != UINT32_MAX)
		put_signed(cell, (int32_t)other->port_id);
	else
		put_name(cell, view, sock, end.service, end.service_size);
}

/* ss writes a blank between the name of a unix socket and its inode. */
static char other_separator(const struct sock *sock)
{
	return protocol_is_unix(sock->protocol) ? ' ' : ':';
}

/* ---- either ---- */

void endpoint_host(struct text *cell, const struct view *view, const struct sock *sock, bool peer)
{
	const struct addr *addr = peer ? &sock->remote : &sock->local;

	if (sock->other)
		put_other_host(cell, view, sock, peer);
	else if (!view->machine)
		put_host(cell, view, sock, addr);
	else if (!peer || sock_has_peer(sock))
		cell_addr(cell, addr, sock->family);
}

void endpoint_port(struct text *cell, const struct view *view, const struct sock *sock, bool peer)
{
	uint16_t port = peer ? sock->remote_port : sock->local_port;

	if (sock->other)
		put_other_port(cell, view, sock, peer);
	else if (!view->machine)
		put_port(cell, view, sock, port);
	else if (port)
		cell_u64(cell, port);
}

void endpoint(struct text *cell, const struct view *view, const struct sock *sock, bool peer)
{
	endpoint_host(cell, view, sock, peer);
	if (!peer && sock->ifindex && !sock->other) {
		cell_char(cell, '%');
		endpoint_link(cell, view, sock->ifindex);
	}
	/* packet sockets and most netlink sockets have no peer */
	if (peer && sock->other && !sock->other->remote_service_size)
		return;
	cell_char(cell, sock->other ? other_separator(sock) : ':');
	endpoint_port(cell, view, sock, peer);
}
