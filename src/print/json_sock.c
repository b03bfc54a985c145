/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One socket as in `list`. Every member is always there; what the kernel did not tell is
 * null.
 */
#include "print/json_parts.h"

#include "model/age.h"
#include "model/protocol.h"
#include "print/ss_text.h"

#include <stdio.h>

/* -- what only sockets that are not internet sockets have -- */

/* Writes an end that is not an internet address. */
static void put_other_end(struct json *json, const char *name, const struct sock *sock, bool peer)
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
static void json_other_ends(struct json *json, const struct sock *sock)
{
	const struct other *other = sock->other;
	bool is_netlink = sock->protocol == PROTOCOL_NETLINK;

	put_other_end(json, "local", sock, false);
	put_other_end(json, "remote", sock, true);
	json_count(json, "peer_inode", other->peer_inode, other->peer_inode);
	json_count(json, "groups", is_netlink, other->groups);
	json_count(json, "port_id", is_netlink && other->port_id != UINT32_MAX, other->port_id);
	json_count(json, "protocol_number", !protocol_is_unix(sock->protocol), other->number);
}

static void put_vfs(struct json *json, const struct other *other)
{
	char device[32];

	if (!json_open_if(json, "file", other->have_vfs, '{'))
		return;
	/* the kernel's internal form, which differs from that of stat() */
	snprintf(device, sizeof(device), "%u:%u", other->vfs_device >> 20,
		 other->vfs_device & 0xfffff);
	json_u64(json, "inode", other->vfs_inode);
	json_string(json, "device", device);
	json_close(json, '}');
}

static void put_waiting(struct json *json, const struct other *other)
{
	if (!json_open_if(json, "waiting_inodes", other->have_waiting, '['))
		return;
	for (size_t i = 0; i < other->waiting.count; i++)
		json_u64(json, NULL, other->waiting.at[i]);
	json_close(json, ']');
}

static void put_ring(struct json *json, const char *name, const struct ring_state *ring)
{
	if (!json_open_if(json, name, ring->told, '{'))
		return;
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
	if (!json_open_if(json, "fanout", packet->have_fanout, '{'))
		return;
	json_u64(json, "id", packet->fanout_id);
	json_u64(json, "type_number", packet->fanout_type);
	json_string(json, "type", ss_fanout_type(packet->fanout_type));
	json_close(json, '}');
}

static void put_packet(struct json *json, const struct packet_state *packet)
{
	if (!json_open_if(json, "packet", packet->have_info, '{'))
		return;
	json_u64(json, "version", packet->version);
	json_u64(json, "copy_threshold_bytes", packet->copy_threshold);
	for (unsigned i = 0; ss_packet_flags[i]; i++)
		json_bool(json, ss_packet_flags[i], packet->flags >> i & 1);
	put_ring(json, "receive_ring", &packet->rx);
	put_ring(json, "send_ring", &packet->tx);
	put_fanout(json, packet);
	json_close(json, '}');
}

static void json_other_extended(struct json *json, const struct other *other)
{
	put_vfs(json, other);
	put_waiting(json, other);
	put_packet(json, &other->packet);
}

static void json_other_filter(struct json *json, const struct sock *sock)
{
	const struct packet_state *packet = sock->other ? &sock->other->packet : NULL;

	if (!json_open_if(json, "bpf",
			  packet && protocol_is_packet(sock->protocol) && !packet->filter_hidden, '['))
		return;
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

/* -- all sockets -- */

/* Writes the first members, behind a comma when the object has others already. */
static char *put_head(struct json *json, char *at, const struct sock *sock)
{
	const struct protocol_row *row = protocol_row(sock->protocol);
	const char *family = sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6";

	if (json->filled[json->depth])
		*at++ = ',';
	json->filled[json->depth] = true;
	at = put_word(PUT(at, "\"family\":\""), row->family ? row->family : family);
	at = put_word(PUT(at, "\",\"protocol\":\""), row->name);
	at = put_word(PUT(at, "\",\"state\":\""), state_table[sock->state].name);
	*at++ = '"';
	return at;
}

/* A listener has no peer, so both members are null. A wildcard is an address. */
static char *put_endpoint(char *at, const struct sock *sock, const struct addr *addr,
			  uint16_t port, bool none)
{
	if (none)
		return PUT(at, "{\"address\":null,\"port\":null}");
	at = addr_write(PUT(at, "{\"address\":\""), addr, sock->family);
	at = put_number(PUT(at, "\",\"port\":"), port, port);
	*at++ = '}';
	return at;
}

static char *put_ends(struct json *json, char *at, const struct sock *sock)
{
	bool alone = !sock->remote_port && addr_is_any(&sock->remote);

	if (sock->other) {
		json_parts_end(json, at);
		json_other_ends(json, sock);
		return json_parts_begin(json);
	}
	at = put_endpoint(PUT(at, ",\"local\":"), sock, &sock->local, sock->local_port, false);
	return put_endpoint(PUT(at, ",\"remote\":"), sock, &sock->remote, sock->remote_port, alone);
}

static char *put_device(struct json *json, char *at, const struct sock *sock,
			const struct snapshot *seen)
{
	const char *name = sock->ifindex ? snapshot_link(seen, sock->ifindex) : NULL;

	return PUT_FOREIGN(json, at, "interface", name);
}

static char *put_id(char *at, bool known, uint64_t id)
{
	if (!known)
		return PUT(at, "null");
	*at++ = '"';
	at = digits_u64(at, id);
	*at++ = '"';
	return at;
}

static char *put_numbers(char *at, const struct sock *sock)
{
	at = PUT_NUMBER(at, "ifindex", sock->ifindex, sock->ifindex);
	at = PUT_NUMBER(at, "recv_queue", true, sock->recv_queue);
	at = PUT_NUMBER(at, "send_queue", !(sock->have & LACKS_BACKLOG), sock->send_queue);
	at = PUT_NUMBER(at, "uid", sock->have & HAVE_UID, sock->uid);
	at = PUT_NUMBER(at, "inode", sock->inode, sock->inode);
	return put_id(PUT(at, ",\"cookie\":"), sock->cookie != UINT64_MAX, sock->cookie);
}

static char *put_pod(struct json *json, char *at, const struct cgroup *cgroup)
{
	const struct cgroup_names *names = cgroup ? cgroup->names : NULL;

	if (!names || (!names->pod && !names->pod_name))
		return PUT(at, ",\"pod\":null,\"pod_name\":null,\"pod_namespace\":null,"
			       "\"container_name\":null");
	json_parts_end(json, at);
	json_pod(json, cgroup);
	return json_parts_begin(json);
}

static char *put_cgroup(struct json *json, char *at, const struct sock *sock,
			const struct snapshot *seen)
{
	bool known = sock->have & HAVE_CGROUP;
	const struct cgroup *cgroup = snapshot_home_of(seen, sock);
	const char *path = cgroup ? cgroup->path : NULL, *unit = cgroup ? cgroup_unit(cgroup) : NULL;
	const char *container = cgroup ? cgroup_container(cgroup) : NULL;

	at = PUT_FOREIGN(json, at, "cgroup", path);
	at = put_id(PUT(at, ",\"cgroup_id\":"), known, sock->cgroup_id);
	at = PUT_FOREIGN(json, at, "unit", unit);
	at = PUT_FOREIGN(json, at, "container", container);
	return put_pod(json, at, cgroup);
}

static char *put_timer(char *at, const struct sock *sock)
{
	const char *name = timer_name(sock->timer);

	if (!name)
		return PUT(at, ",\"timer\":null");
	at = put_word(PUT(at, ",\"timer\":{\"kind\":\""), name);
	at = digits_u64(PUT(at, "\",\"expires_ms\":"), sock->timer_ms);
	at = PUT_NUMBER(at, "retransmits", true, sock->retransmits);
	*at++ = '}';
	return at;
}

static char *put_opener(char *at, const struct sock *sock)
{
	switch (sock_opener(sock)) {
	case OPENER_HERE: return PUT(at, ",\"opener\":\"here\"");
	case OPENER_PEER: return PUT(at, ",\"opener\":\"peer\"");
	default:          return PUT(at, ",\"opener\":null");
	}
}

/* "Not acknowledged for at least" is not a lower bound of the time in the state. */
static char *put_age(char *at, const struct sock *sock, const struct snapshot *seen)
{
	struct age age = sock_age(sock, &seen->limits);
	bool unacked = age.kind == AGE_UNACKED;

	if (age.kind == AGE_UNKNOWN)
		return PUT(at, ",\"age_min_ms\":null,\"age_max_ms\":null,\"unacked_min_ms\":null");
	at = PUT_NUMBER(at, "age_min_ms", !unacked && age.min_ms >= 0, (uint64_t)age.min_ms);
	at = PUT_NUMBER(at, "age_max_ms", age.max_ms >= 0, (uint64_t)age.max_ms);
	return PUT_NUMBER(at, "unacked_min_ms", unacked && age.min_ms >= 0, (uint64_t)age.min_ms);
}

/*
 * null when holders were not asked for or are hidden; [] when the kernel tells that no
 * file holds the socket.
 */
static char *put_processes(struct json *json, char *at, const struct sock *sock,
			   const struct snapshot *seen, const struct style *style)
{
	size_t count;
	const struct holder *holders = snapshot_holders(seen, sock->inode, &count);

	if (!count)
		return sock->inode ? PUT(at, ",\"processes\":null") : PUT(at, ",\"processes\":[]");
	json_parts_end(json, at);
	json_holder_list(json, seen, holders, count, style->most_holders, style->with_threads);
	return json_parts_begin(json);
}

static char *put_extended(char *at, const struct sock *sock)
{
	at = PUT_NUMBER(at, "mark", sock->have & HAVE_MARK, sock->mark);
	at = sock->have & HAVE_V6ONLY ? PUT_BOOL(at, "v6only", sock->v6only) :
	     PUT(at, ",\"v6only\":null");
	if (sock->have & HAVE_SHUTDOWN) {
		at = put_bool(PUT(at, ",\"shutdown\":{\"receive\":"), sock->shutdown & 1);
		at = PUT_BOOL(at, "send", sock->shutdown & 2);
		*at++ = '}';
	} else {
		at = PUT(at, ",\"shutdown\":null");
	}
	return at;
}

static void put_sockopt(struct json *json, const struct sock *sock)
{
	static const char *const names[] = {
		"{\"recverr\":", ",\"is_icsk\":", ",\"freebind\":", ",\"hdrincl\":",
		",\"mc_loop\":", ",\"transparent\":", ",\"mc_all\":", ",\"nodefrag\":",
		",\"bind_address_no_port\":", ",\"recverr_rfc4884\":", ",\"defer_connect\":",
	};
	char *at = PUT(json_parts_begin(json), ",\"sockopt\":");

	if (!(sock->have & HAVE_SOCKOPT)) {
		json_parts_end(json, PUT(at, "null"));
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		at = put_bool(put_word(at, names[i]), sock->sockopt >> i & 1);
	*at++ = '}';
	json_parts_end(json, at);
}

/* Writes the members that every socket has. */
static char *put_common(struct json *json, char *at, const struct sock *sock,
			const struct snapshot *seen, const struct style *style)
{
	at = put_head(json, at, sock);
	at = put_ends(json, at, sock);
	at = put_device(json, at, sock, seen);
	at = put_numbers(at, sock);
	at = put_cgroup(json, at, sock, seen);
	at = put_timer(at, sock);
	at = put_opener(at, sock);
	at = put_age(at, sock, seen);
	return put_processes(json, at, sock, seen, style);
}

/*
 * Columns that have a word become members without further code. The usual ones are
 * written above, where a row takes 30 % fewer instructions.
 */
static void put_columns(struct json *json, const struct sock *sock, const struct snapshot *seen)
{
	const struct column *column;

	for (size_t i = 0; (column = column_with_word(i)); i++) {
		struct value value = column_value(column, sock, seen);

		json_value(json, column->member, column->kind, &value);
	}
}

void json_sock_members(struct json *json, const struct sock *sock,
		       const struct snapshot *seen, const struct style *style)
{
	char *at;

	if (seen->netns->visited)
		json_netns(json, seen->netns);
	at = put_common(json, json_parts_begin(json), sock, seen, style);
	if (style->with_extended)
		at = put_extended(at, sock);
	json_parts_end(json, at);
	if (style->with_extended && sock->other)
		json_other_extended(json, sock->other);
	if (style->with_bpf)
		json_other_filter(json, sock);
	if (style->with_extended || style->with_sockopt)
		put_sockopt(json, sock);
	json_detail(json, sock, style);
	put_columns(json, sock, seen);
}

void json_sock(struct json *json, const struct sock *sock, const struct snapshot *seen,
	       const struct style *style)
{
	/* a socket stands on one line, however deep in the document */
	bool pretty = json_begin_line(json);

	json_sock_members(json, sock, seen, style);
	json_end_line(json, pretty);
}
