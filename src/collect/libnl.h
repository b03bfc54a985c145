/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_LIBNL_H
#define COLLECT_LIBNL_H

#include <netlink/attr.h>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vrf.h>
#include <stdbool.h>

/*
 * libnl-3 and libnl-route-3, loaded when their answer is needed: most runs need
 * none, and to map and initialise them takes a tenth of such a run. Its headers
 * and <linux/tcp.h> do not go together: for links.c and routes.c only.
 */

/* THE table of what is called of them; one that is missing is too old a library. */
#define LIBNL_CALLS(X)                                                      \
	/* libnl-3 */                                                       \
	X(nl_geterror)              X(nl_socket_alloc)                      \
	X(nl_socket_free)           X(nl_socket_get_fd)                     \
	X(nl_socket_disable_auto_ack) X(nl_socket_modify_cb)                \
	X(nl_socket_modify_err_cb)  X(nl_connect)                           \
	X(nl_send_auto)             X(nl_recvmsgs_default)                  \
	X(nl_cache_foreach)         X(nl_cache_free)                        \
	X(nl_addr_get_family)       X(nl_addr_get_len)                      \
	X(nl_addr_get_binary_addr)                                          \
	X(nlmsg_alloc_simple)       X(nlmsg_append)                         \
	X(nlmsg_data)               X(nlmsg_datalen)                        \
	X(nlmsg_free)               X(nlmsg_hdr)                            \
	X(nlmsg_parse)                                                      \
	X(nla_data)                 X(nla_get_u32)                          \
	X(nla_len)                  X(nla_put)                              \
	X(nla_put_u32)              X(nla_put_u8)                           \
	/* libnl-route-3 */                                                 \
	X(rtnl_addr_alloc_cache)    X(rtnl_addr_get_flags)                  \
	X(rtnl_addr_get_ifindex)    X(rtnl_addr_get_local)                  \
	X(rtnl_link_alloc_cache)    X(rtnl_link_get_ifindex)                \
	X(rtnl_link_get_kernel)     X(rtnl_link_get_master)                 \
	X(rtnl_link_get_name)       X(rtnl_link_is_vrf)                     \
	X(rtnl_link_put)            X(rtnl_link_vrf_get_tableid)

struct libnl {
#define LIBNL_MEMBER(call) __typeof__(call) *call;
	LIBNL_CALLS(LIBNL_MEMBER)
#undef LIBNL_MEMBER
};

/* To be called through, after libnl_load() gave true. */
extern struct libnl libnl;

/* Loads them once; false when they are not there, and libnl_trouble() says why. */
bool libnl_load(void);

/* For a sentence: what is wrong with them; "" when nothing is. */
const char *libnl_trouble(void);

#endif
