/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_ENDPOINT_H
#define PRINT_ENDPOINT_H

#include "print/columns.h"

/*
 * An end of a socket in the spelling of ss: "*:80" listens on IPv6 and IPv4, "[::]:80"
 * on IPv6 only, "0.0.0.0%lo:80" on a device; ":*" means no port. A raw socket has its
 * protocol in place of a port. Unix: "/run/x.sock 1234" with the inode; packet:
 * "ip:eth0"; netlink: "rtnl:udevd/42".
 */
void endpoint(struct text *cell, const struct view *view, const struct sock *sock, bool peer);

/*
 * Address and port alone, as they stand in the end. For machines they are as in JSON: a
 * wildcard is an address, and a socket without a peer has nothing there.
 */
void endpoint_host(struct text *cell, const struct view *view, const struct sock *sock, bool peer);
void endpoint_port(struct text *cell, const struct view *view, const struct sock *sock, bool peer);

/* The name of the device that the socket is bound to, or its number. */
void endpoint_link(struct text *cell, const struct view *view, uint32_t ifindex);

/*
 * Names of services and hosts from the system's databases; each is asked for once.
 * Others choose these names (DNS), so they are escaped here.
 */
struct resolver *resolver_new(const struct limits *limits);
void resolver_free(struct resolver *resolver);

#endif
