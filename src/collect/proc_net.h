/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROC_NET_H
#define COLLECT_PROC_NET_H

#include "collect/dump.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>

/*
 * The sockets of /proc/net/{tcp,tcp6,udp,udp6,raw,raw6}: what is left where the kernel
 * has no inet_diag, or no raw_diag, which many lack, or lets nobody ask. A line becomes
 * the message that inet_diag would have sent, as far as it tells, so that all that
 * follows is the same, recordings too. It tells no cookie, control group, device,
 * tcp_info, nor the limit of an accept queue, and sockets that are only bound are not
 * there.
 */

/* A message that this program made; its type says that no kernel sent it. */
struct proc_net_message {
	struct nlmsghdr      header;
	struct inet_diag_msg told;
};

#define PROC_NET_TYPE 0x7076u

/* One line without its newline. False: it makes no sense. */
bool proc_net_parse(const char *line, size_t size, enum family family,
		    struct proc_net_message *message);

/* Marks what a row lacks that came from such a message. @message: any bytes with a header. */
void proc_net_mark(const void *message, struct sock *sock);

/**
 * proc_net_instead - list from /proc where netlink refused
 * @err: of the netlink listing of that family, which gave no row
 *
 * Returns @err when it is not a refusal or /proc cannot help; otherwise as if the kernel
 * had answered, with gaps that say where the rows are from.
 */
int proc_net_instead(struct dump *dump, struct wire_dump *wire, enum family family, int err,
		     struct snapshot *seen);

/* Returns 0 in place of that refusal when /proc lists such sockets. */
int proc_net_offered(enum protocol protocol, int err);

#endif
