/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROC_NET_H
#define COLLECT_PROC_NET_H

#include "collect/dump.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>

/*
 * The sockets of /proc/net/{tcp,tcp6,udp,udp6}: what is left where the kernel has
 * no inet_diag or lets nobody ask. A line becomes the message that inet_diag would
 * have sent, as far as it tells, so that all that follows is the same, recordings
 * too. It tells no cookie, control group, device, tcp_info, nor the limit of an
 * accept queue, and sockets that are only bound are not there.
 */

/* A message of ours; its type in the header says that no kernel sent it. */
struct proc_net_message {
	struct nlmsghdr      header;
	struct inet_diag_msg told;
};

#define PROC_NET_TYPE 0x7076u

/* Takes one message; non-zero ends the reading and is handed through. */
typedef int proc_net_take(void *ctx, const struct proc_net_message *message);

/* The text of one file, in pieces of any size. Begins zeroed but for the first three. */
struct proc_net {
	enum family    family;
	proc_net_take *take;
	void          *ctx;
	uint64_t       senseless;       /* lines */
	bool           past_heading;
	size_t         count;           /* of the line that is not whole yet */
	char           line[512];       /* a longer one is none of the kernel's */
};

/* The next piece. Returns 0 or what take() said. */
int proc_net_feed(struct proc_net *reader, const char *bytes, size_t size);

/* After the last piece: a line without its end is none. */
void proc_net_end(struct proc_net *reader);

/* One line without its newline. False: it makes no sense. */
bool proc_net_parse(const char *line, size_t size, enum family family,
		    struct proc_net_message *message);

/* What the row of such a message (any bytes with a header) does not know of itself. */
void proc_net_mark(const void *message, struct sock *sock);

/**
 * proc_net_instead - list from /proc where netlink was refused
 * @err: of the netlink listing of that family, which gave no row
 *
 * Returns @err when it is no refusal or /proc cannot help; otherwise as if the
 * kernel had answered, with gaps that say where the rows are from.
 */
int proc_net_instead(struct dump *dump, struct wire_dump *wire, enum family family, int err,
		     struct snapshot *seen);

/* 0 instead of that refusal when /proc lists such sockets. */
int proc_net_offered(enum protocol protocol, int err);

#endif
