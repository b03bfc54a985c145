/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_PROTOCOL_H
#define MODEL_PROTOCOL_H

#include "model/sock.h"

/* The names of a table of sockets. */
struct protocol_row {
	enum protocol protocol;
	const char *name;       /* in JSON: "unix_stream" */
	const char *netid;      /* in ss's first column: "u_str" */
	const char *people;     /* in sentences: "unix" */
	const char *family;     /* in JSON; NULL: that of the socket, ipv4 or ipv6 */
};

/* The row of @protocol; never NULL, because an unknown protocol has a row of its own. */
const struct protocol_row *protocol_row(enum protocol protocol);

static inline bool protocol_is_unix(enum protocol protocol)
{
	return (protocol >= PROTOCOL_UNIX_STREAM && protocol <= PROTOCOL_UNIX_SEQPACKET) ||
	       protocol == PROTOCOL_UNIX;
}

static inline bool protocol_is_packet(enum protocol protocol)
{
	return protocol == PROTOCOL_PACKET_RAW || protocol == PROTOCOL_PACKET_DGRAM ||
	       protocol == PROTOCOL_PACKET;
}

#endif
