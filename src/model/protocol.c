/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/protocol.h"

#include <stddef.h>

/* TCP stands first because every row of a listing looks it up. */
static const struct protocol_row rows[] = {
	{ PROTOCOL_TCP, "tcp", "tcp", "TCP", NULL },
	{ PROTOCOL_UDP, "udp", "udp", "UDP", NULL },
	{ PROTOCOL_RAW, "raw", "raw", "raw", NULL },
	{ PROTOCOL_MPTCP, "mptcp", "mptcp", "MPTCP", NULL },
	{ PROTOCOL_UNIX_STREAM, "unix_stream", "u_str", "unix", "unix" },
	{ PROTOCOL_UNIX_DGRAM, "unix_dgram", "u_dgr", "unix", "unix" },
	{ PROTOCOL_UNIX_SEQPACKET, "unix_seqpacket", "u_seq", "unix", "unix" },
	{ PROTOCOL_UNIX, "unix", "unix", "unix", "unix" },
	{ PROTOCOL_PACKET_RAW, "packet_raw", "p_raw", "packet", "packet" },
	{ PROTOCOL_PACKET_DGRAM, "packet_dgram", "p_dgr", "packet", "packet" },
	{ PROTOCOL_PACKET, "packet", "pkt", "packet", "packet" },
	{ PROTOCOL_NETLINK, "netlink", "nl", "netlink", "netlink" },
};

const struct protocol_row *protocol_row(enum protocol protocol)
{
	static const struct protocol_row unknown = { 0, "unknown", "???", "such", NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].protocol == protocol)
			return &rows[i];
	return &unknown;
}
