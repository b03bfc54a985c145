/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/endpoint.h"

#include "print/cell.h"
#include "print/resolve.h"

void endpoint_host(struct text *cell, const struct view *view, const struct sock *sock,
		   const struct addr *addr)
{
	static const struct addr any;

	if (view->resolver && resolver_host(view->resolver, cell, addr, sock->family))
		return;
	if (sock->family == FAMILY_IPV6 && !sock->v6only && addr_equal(addr, &any))
		cell_char(cell, '*');
	else
		cell_host(cell, addr, sock->family);
}

void endpoint_port(struct text *cell, const struct view *view, uint16_t port)
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
		cell_foreign(cell, name, strlen(name));
	} else {
		cell_str(cell, "if");
		cell_u64(cell, ifindex);
	}
}

void endpoint_local(struct text *cell, const struct view *view, const struct sock *sock)
{
	endpoint_host(cell, view, sock, &sock->local);
	if (sock->ifindex) {
		cell_char(cell, '%');
		endpoint_link(cell, view, sock->ifindex);
	}
	cell_char(cell, ':');
	endpoint_port(cell, view, sock->local_port);
}

void endpoint_peer(struct text *cell, const struct view *view, const struct sock *sock)
{
	endpoint_host(cell, view, sock, &sock->remote);
	cell_char(cell, ':');
	endpoint_port(cell, view, sock->remote_port);
}
