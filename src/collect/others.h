/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_OTHERS_H
#define COLLECT_OTHERS_H

#include "collect/attrs.h"
#include "collect/collect.h"
#include "collect/recorder.h"
#include "collect/wire.h"

/*
 * Sockets that are not internet sockets. Their tables are small and the kernel hardly
 * filters them, so each is listed whole and filtered here. So one section of a recording
 * answers every question about its table.
 */

/* Storage for one row; sock points to the other two members. */
struct other_row {
	struct sock   sock;
	struct other  other;
	struct detail detail;
};

/* One of the kernel's tables of sockets. */
struct other_table {
	enum protocol      protocol;    /* as asked and recorded; its sockets are of any type */
	uint8_t            family;      /* the first byte of its messages */
	struct wire_lister lister;
	struct attr_table  attrs;
	const void        *request;     /* for the whole table */
	size_t             request_size;
	/* Where masks are in it, 0: nowhere; and the bit that asks who waits for accept(). */
	uint16_t           states_at, show_at;
	uint32_t           show_waiting;
	/*
	 * Reads the fixed part of a message, at any alignment. Returns false when it is
	 * not such a socket.
	 */
	bool   (*parse)(const void *message, struct other_row *row);
	/* Adds what the message does not tell; NULL: nothing is missing. */
	void   (*complete)(struct recorder *recorder, const struct snapshot *seen,
			   struct other_row *row);
};

/* Writes "local", "remote_service" and the like; what does not fit is cut. */
#define OTHER_PUT(other, end, ...) \
	((other)->end##_size = other_put((other)->end, sizeof((other)->end), __VA_ARGS__))
uint8_t other_put(char *at, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

extern const struct other_table unix_socks, packet_socks, netlink_socks;

/**
 * others_parse - read a message and its attributes as a socket
 * @message: payload of the netlink message; any alignment, nothing in it is trusted
 * @row:     zeroed; its sock points to its other members
 *
 * Returns the number of attributes that were broken, or -EBADMSG when there is no such
 * socket in the message.
 */
int others_parse(const struct other_table *table, const void *message, size_t size,
		 struct other_row *row);

/* The attributes of messages of that address family; NULL when no table has it. */
const struct attr_table *others_attrs(uint8_t family);

/* Sets the ethertype that ss calls @name, in any case; "all" stands for every ethertype. */
bool packet_socks_number(const char *name, uint32_t *number);

/* Sets the netlink protocol that ss calls @name. */
bool netlink_socks_number(const char *name, uint32_t *number);

/* True for protocols that others_collect() lists. */
bool others_lists(enum protocol protocol);

/* Implements collect_socks() for these protocols. */
int others_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		   unsigned deadline_ms, struct snapshot *seen, struct fault *fault);

/* Whether this kernel lists them. Returns 0, or -errno with the sentence. */
int others_offered(enum protocol protocol, unsigned deadline_ms, struct fault *fault);

#endif
