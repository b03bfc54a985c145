/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_OTHERS_H
#define COLLECT_OTHERS_H

#include "collect/attrs.h"
#include "collect/collect.h"
#include "collect/recorder.h"
#include "collect/wire.h"

/*
 * Sockets that are not of the internet. Their tables are small and have no
 * filter in the kernel worth the name: each is listed whole, and what was asked
 * for is picked here. So one section of a recording answers every question
 * about its table.
 */

/* Storage of one row; sock points to the other two. */
struct other_row {
	struct sock   sock;
	struct other  other;
	struct detail detail;
};

/* A table of the kernel. */
struct other_table {
	enum protocol      protocol;    /* as asked and recorded: of any type */
	uint8_t            family;      /* the first byte of its messages */
	struct wire_lister lister;
	struct attr_table  attrs;
	/* Writes the request for all of it, @waiting: with who waits for accept(). Returns its bytes. */
	size_t (*request)(void *request, uint32_t states, bool waiting);
	/* Reads the fixed part of a message, at any alignment; false: that is no such socket. */
	bool   (*parse)(const void *message, struct other_row *row);
	/* What the message does not hold; NULL: nothing is missing. */
	void   (*complete)(struct recorder *recorder, const struct snapshot *seen,
			   struct other_row *row);
};

extern const struct other_table unix_socks, packet_socks, netlink_socks;

/**
 * others_parse - a message and its attributes as a socket
 * @message: payload of the netlink message; any alignment, nothing is trusted
 * @row:     zeroed, its sock points to its other members
 *
 * Returns the number of attributes that made no sense, or -EBADMSG when there is
 * no such socket in the message.
 */
int others_parse(const struct other_table *table, const void *message, size_t size,
		 struct other_row *row);

/* The attributes of messages of that address family; NULL: of none that is listed here. */
const struct attr_table *others_attrs(uint8_t family);

/* The ethertype that ss calls @name, in any case; "all" is every one of them. */
bool packet_socks_number(const char *name, uint32_t *number);

/* The netlink protocol that ss calls @name. */
bool netlink_socks_number(const char *name, uint32_t *number);

/* True for protocols that others_collect() lists. */
bool others_lists(enum protocol protocol);

/* collect_socks() for them. */
int others_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		   unsigned deadline_ms, struct snapshot *seen, struct fault *fault);

/* Whether this kernel lists them: 0, or -errno and the sentence. */
int others_offered(enum protocol protocol, unsigned deadline_ms, struct fault *fault);

#endif
