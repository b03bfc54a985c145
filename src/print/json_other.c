/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON members of sockets that are not internet sockets. */
#include "print/json_parts.h"

#include "model/protocol.h"
#include "print/json_shapes.h"
#include "print/ss_text.h"

#include <stdio.h>

/* Writes an end that is not an internet address. */
static void put_end(struct json *json, const char *name, const struct sock *sock, bool peer)
{
	struct sock_end end = sock_end(sock, peer);
	/*
	 * ss takes inodes for the ports of unix sockets; here they are members of their
	 * own
	 */
	bool has_service = end.service_size && !protocol_is_unix(sock->protocol);

	json_open(json, name, '{');
	json_foreign(json, "address", end.name_size ? end.name : NULL, end.name_size);
	json_foreign(json, "service", has_service ? end.service : NULL, end.service_size);
	json_null(json, "port");
	json_close(json, '}');
}

/* Writes both ends, and the numbers that only one family has. */
void json_other_ends(struct json *json, const struct sock *sock)
{
	const struct other *other = sock->other;
	bool is_netlink = sock->protocol == PROTOCOL_NETLINK;

	put_end(json, "local", sock, false);
	put_end(json, "remote", sock, true);
	json_count(json, "peer_inode", other->peer_inode, other->peer_inode);
	json_count(json, "groups", is_netlink, other->groups);
	json_count(json, "port_id", is_netlink && other->port_id != UINT32_MAX, other->port_id);
	json_count(json, "protocol_number", !protocol_is_unix(sock->protocol), other->number);
}

static void put_vfs(struct json *json, const struct other *other)
{
	char device[32];

	if (!other->have_vfs) {
		json_null(json, "file");
		return;
	}
	/* the kernel's internal form, which differs from that of stat() */
	snprintf(device, sizeof(device), "%u:%u", other->vfs_device >> 20,
		 other->vfs_device & 0xfffff);
	json_open(json, "file", '{');
	json_u64(json, "inode", other->vfs_inode);
	json_string(json, "device", device);
	json_close(json, '}');
}

static void put_waiting(struct json *json, const struct other *other)
{
	if (!other->have_waiting) {
		json_null(json, "waiting_inodes");
		return;
	}
	json_open(json, "waiting_inodes", '[');
	for (size_t i = 0; i < other->waiting.count; i++)
		json_u64(json, NULL, other->waiting.at[i]);
	json_close(json, ']');
}

static void put_ring(struct json *json, const char *name, const struct ring_state *ring)
{
	if (!ring->told) {
		json_null(json, name);
		return;
	}
	json_open(json, name, '{');
	json_u64(json, "block_bytes", ring->block_bytes);
	json_u64(json, "blocks", ring->blocks);
	json_u64(json, "frame_bytes", ring->frame_bytes);
	json_u64(json, "frames", ring->frames);
	json_u64(json, "retire_ms", ring->retire_ms);
	json_u64(json, "features", ring->features);
	json_close(json, '}');
}

static void put_fanout(struct json *json, const struct packet_state *packet)
{
	if (!packet->have_fanout) {
		json_null(json, "fanout");
		return;
	}
	json_open(json, "fanout", '{');
	json_u64(json, "id", packet->fanout_id);
	json_u64(json, "type_number", packet->fanout_type);
	json_string(json, "type", ss_fanout_type(packet->fanout_type));
	json_close(json, '}');
}

static void put_packet(struct json *json, const struct packet_state *packet)
{
	if (!packet->have_info) {
		json_null(json, "packet");
		return;
	}
	json_open(json, "packet", '{');
	json_u64(json, "version", packet->version);
	json_u64(json, "copy_threshold_bytes", packet->copy_threshold);
	for (unsigned i = 0; ss_packet_flags[i]; i++)
		json_bool(json, ss_packet_flags[i], packet->flags >> i & 1);
	put_ring(json, "receive_ring", &packet->rx);
	put_ring(json, "send_ring", &packet->tx);
	put_fanout(json, packet);
	json_close(json, '}');
}

void json_other_extended(struct json *json, const struct other *other)
{
	put_vfs(json, other);
	put_waiting(json, other);
	put_packet(json, &other->packet);
}

void json_other_filter(struct json *json, const struct sock *sock)
{
	const struct packet_state *packet = sock->other ? &sock->other->packet : NULL;

	if (!packet || !protocol_is_packet(sock->protocol) || packet->filter_hidden) {
		json_null(json, "bpf");
		return;
	}
	json_open(json, "bpf", '[');
	for (size_t i = 0; i < packet->filter.count; i++) {
		const struct bpf_step *step = &packet->filter.at[i];

		json_open(json, NULL, '{');
		json_u64(json, "code", step->code);
		json_u64(json, "jump_true", step->jump_true);
		json_u64(json, "jump_false", step->jump_false);
		json_u64(json, "value", step->value);
		json_close(json, '}');
	}
	json_close(json, ']');
}
