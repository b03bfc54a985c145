/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One socket as in `list`. Every member is always there; what the kernel did
 * not tell is null.
 */
#include "print/print.h"

#include "model/age.h"
#include "model/protocol.h"
#include "print/cell.h"
#include "print/ss_text.h"
#include "print/where.h"

#include <stdio.h>

static void put_number(struct json *json, const char *name, bool known, uint64_t value)
{
	if (known)
		json_u64(json, name, value);
	else
		json_null(json, name);
}

static void put_bound(struct json *json, const char *name, int64_t ms)
{
	put_number(json, name, ms >= 0, (uint64_t)ms);
}

/* A listener has no peer: both members are null. A wildcard is an address. */
static void put_endpoint(struct json *json, const char *name, const struct addr *addr,
			 uint16_t port, const struct sock *sock, bool is_peer)
{
	struct text text = { 0 };
	bool none = is_peer && !port && addr_is_any(addr);

	cell_addr(&text, addr, sock->family);
	json_open(json, name, '{');
	json_string(json, "address", none ? NULL : text_str(&text));
	put_number(json, "port", port, port);
	json_close(json, '}');
	text_fini(&text);
}

static void put_string(struct json *json, const char *name, const char *bytes)
{
	json_foreign(json, name, bytes, bytes ? strlen(bytes) : 0);
}

/* One end that is not of the internet. */
struct end { const char *name, *service; uint8_t name_size, service_size; };

static void put_end(struct json *json, const char *name, const struct end *end)
{
	json_open(json, name, '{');
	json_foreign(json, "address", end->name_size ? end->name : NULL, end->name_size);
	json_foreign(json, "service", end->service_size ? end->service : NULL,
		     end->service_size);
	json_null(json, "port");
	json_close(json, '}');
}

/* Both, and the numbers that only one family has. */
static void put_other(struct json *json, const struct sock *sock, const struct other *other)
{
	bool is_netlink = sock->protocol == PROTOCOL_NETLINK;
	bool is_unix = protocol_is_unix(sock->protocol);
	struct end local = {
		other->local, other->local_service, other->local_size, other->local_service_size,
	};
	struct end remote = {
		other->remote, other->remote_service, other->remote_size,
		other->remote_service_size,
	};

	/* ss has inodes as ports of a unix socket; they are members of their own here */
	if (is_unix)
		local.service_size = remote.service_size = 0;
	put_end(json, "local", &local);
	put_end(json, "remote", &remote);
	put_number(json, "peer_inode", other->peer_inode, other->peer_inode);
	put_number(json, "groups", is_netlink, other->groups);
	put_number(json, "port_id", is_netlink && other->port_id != UINT32_MAX, other->port_id);
	put_number(json, "protocol_number", !is_unix, other->number);
}

static void put_vfs(struct json *json, const struct other *other)
{
	char device[32];

	if (!other->have_vfs) {
		json_null(json, "file");
		return;
	}
	/* the form that the kernel has inside, which is not that of stat() */
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
	static const char *const flags[] = { "running", "auxdata", "origdev", "vnethdr", "loss" };

	if (!packet->have_info) {
		json_null(json, "packet");
		return;
	}
	json_open(json, "packet", '{');
	json_u64(json, "version", packet->version);
	json_u64(json, "copy_threshold_bytes", packet->copy_threshold);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		json_bool(json, flags[i], packet->flags >> i & 1);
	put_ring(json, "receive_ring", &packet->rx);
	put_ring(json, "send_ring", &packet->tx);
	put_fanout(json, packet);
	json_close(json, '}');
}

static void put_filter(struct json *json, const struct sock *sock)
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

static void put_cgroup(struct json *json, const struct sock *sock, const struct snapshot *seen)
{
	bool known = sock->have & HAVE_CGROUP;
	const struct cgroup *cgroup = known ? snapshot_cgroup(seen, sock->cgroup_id) : NULL;

	put_string(json, "cgroup", cgroup ? cgroup->path : NULL);
	if (known)
		json_id(json, "cgroup_id", sock->cgroup_id);
	else
		json_null(json, "cgroup_id");
	put_string(json, "unit", cgroup ? cgroup->unit : NULL);
	put_string(json, "container", cgroup ? cgroup->container : NULL);
	json_string(json, "pod", cgroup ? cgroup->pod : NULL);
}

static void put_timer(struct json *json, const struct sock *sock)
{
	const char *name = timer_name(sock->timer);

	if (!name) {
		json_null(json, "timer");
		return;
	}
	json_open(json, "timer", '{');
	json_string(json, "kind", name);
	json_u64(json, "expires_ms", sock->timer_ms);
	json_u64(json, "retransmits", sock->retransmits);
	json_close(json, '}');
}

/* "Not acknowledged for at least" is no lower bound of the time in the state. */
static void put_age(struct json *json, const struct sock *sock, const struct snapshot *seen)
{
	static const char *const openers[] = {
		[OPENER_UNKNOWN] = NULL, [OPENER_HERE] = "here", [OPENER_PEER] = "peer",
	};
	struct age age = sock_age(sock, &seen->limits);
	bool unacked = age.kind == AGE_UNACKED;

	json_string(json, "opener", openers[sock_opener(sock)]);
	if (age.kind == AGE_UNKNOWN)
		age.min_ms = age.max_ms = -1;
	put_bound(json, "age_min_ms", unacked ? -1 : age.min_ms);
	put_bound(json, "age_max_ms", age.max_ms);
	put_bound(json, "unacked_min_ms", unacked ? age.min_ms : -1);
}

/* Nobody asked, or hidden: null. No file holds it: the kernel says nobody, []. */
static void put_processes(struct json *json, const struct sock *sock,
			  const struct snapshot *seen, const struct style *style)
{
	size_t count;
	const struct holder *holder = snapshot_holders(seen, sock->inode, &count);

	if (sock->inode && !count) {
		json_null(json, "processes");
		return;
	}
	json_open(json, "processes", '[');
	for (size_t i = 0; i < count; i++, holder++) {
		const struct process *process = &seen->processes.at[holder->process];

		json_open(json, NULL, '{');
		json_i64(json, "pid", process->pid);
		json_foreign(json, "comm", process->comm_size ? process->comm : NULL,
			     process->comm_size);
		json_i64(json, "fd", holder->fd);
		if (style->with_threads)
			json_i64(json, "tid", process->tid ? process->tid : process->pid);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_extended(struct json *json, const struct sock *sock)
{
	bool known = sock->have & HAVE_SHUTDOWN;

	put_number(json, "mark", sock->have & HAVE_MARK, sock->mark);
	if (sock->have & HAVE_V6ONLY)
		json_bool(json, "v6only", sock->v6only);
	else
		json_null(json, "v6only");
	if (!known) {
		json_null(json, "shutdown");
		return;
	}
	json_open(json, "shutdown", '{');
	json_bool(json, "receive", sock->shutdown & 1);
	json_bool(json, "send", sock->shutdown & 2);
	json_close(json, '}');
}

static void put_sockopt(struct json *json, const struct sock *sock)
{
	static const char *const names[] = {
		"recverr", "is_icsk", "freebind", "hdrincl", "mc_loop", "transparent",
		"mc_all", "nodefrag", "bind_address_no_port", "recverr_rfc4884",
		"defer_connect",
	};

	if (!(sock->have & HAVE_SOCKOPT)) {
		json_null(json, "sockopt");
		return;
	}
	json_open(json, "sockopt", '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_bool(json, names[i], sock->sockopt >> i & 1);
	json_close(json, '}');
}

static void put_memory(struct json *json, const struct detail *detail)
{
	static const char *const names[9] = {
		"receive_alloc_bytes", "receive_buffer_bytes", "send_alloc_bytes",
		"send_buffer_bytes", "forward_alloc_bytes", "send_queued_bytes",
		"option_bytes", "backlog_bytes", "drops",
	};

	if (!detail || !detail->have_memory) {
		json_null(json, "memory");
		return;
	}
	json_open(json, "memory", '{');
	for (int i = 0; i < 9; i++)
		json_u64(json, names[i], detail->memory[i]);
	json_close(json, '}');
}

static void put_congestion_state(struct json *json, const struct congestion_state *state)
{
	switch (state->kind) {
	case CONGESTION_VEGAS:
		json_open(json, "congestion_state", '{');
		json_bool(json, "enabled", state->enabled);
		json_u64(json, "rtt_samples", state->rtt_count);
		json_u64(json, "rtt_us", state->rtt_us);
		json_u64(json, "min_rtt_us", state->min_rtt_us);
		break;
	case CONGESTION_DCTCP:
		json_open(json, "congestion_state", '{');
		json_bool(json, "enabled", state->enabled);
		json_u64(json, "ce_state", state->ce_state);
		json_real(json, "alpha", state->alpha / 1024.0);
		json_u64(json, "ecn_marked_bytes", state->ecn_bytes);
		json_u64(json, "acked_bytes", state->acked_bytes);
		break;
	case CONGESTION_BBR:
		json_open(json, "congestion_state", '{');
		json_u64(json, "bandwidth_bytes_per_s", state->bandwidth_bytes_per_s);
		json_u64(json, "min_rtt_us", state->min_rtt_us);
		json_real(json, "pacing_gain", state->pacing_gain / 256.0);
		json_real(json, "cwnd_gain", state->cwnd_gain / 256.0);
		break;
	default:
		json_null(json, "congestion_state");
		return;
	}
	json_close(json, '}');
}

static void put_tls(struct json *json, const struct tls_state *tls)
{
	json_open(json, "tls", '{');
	json_string(json, "version", tls->have_version ? ss_tls_version(tls->version) : NULL);
	json_string(json, "cipher", tls->have_cipher ? ss_tls_cipher(tls->cipher) : NULL);
	json_string(json, "receive", tls->have_rx ? ss_tls_conf(tls->rx) : NULL);
	json_string(json, "send", tls->have_tx ? ss_tls_conf(tls->tx) : NULL);
	json_bool(json, "zero_copy_send", tls->zero_copy);
	json_close(json, '}');
}

static void put_subflow(struct json *json, const struct subflow_state *flow)
{
	char flags[16];
	size_t count = 0;

	for (unsigned i = 0; ss_subflow_flags[i]; i++)
		if (flow->flags >> i & 1)
			flags[count++] = ss_subflow_flags[i];
	flags[count] = '\0';
	json_open(json, "mptcp", '{');
	json_string(json, "flags", flags);
	put_number(json, "remote_token", flow->have_tokens, flow->remote_token);
	put_number(json, "remote_id", flow->have_tokens, flow->remote_id);
	put_number(json, "local_token", flow->have_tokens, flow->local_token);
	put_number(json, "local_id", flow->have_tokens, flow->local_id);
	if (flow->have_seq)
		json_id(json, "map_seq", flow->seq);
	else
		json_null(json, "map_seq");
	put_number(json, "map_subflow_seq", flow->have_subflow_seq, flow->subflow_seq);
	put_number(json, "subflow_offset", flow->have_offset, flow->offset);
	put_number(json, "map_length_bytes", flow->have_length, flow->length_bytes);
	json_close(json, '}');
}

static void put_ulp(struct json *json, const struct ulp *ulp)
{
	if (!ulp->name[0] && !ulp->has_tls && !ulp->has_subflow) {
		json_null(json, "ulp");
		return;
	}
	json_open(json, "ulp", '{');
	json_foreign(json, "name", ulp->name, strnlen(ulp->name, sizeof(ulp->name)));
	if (ulp->has_tls)
		put_tls(json, &ulp->tls);
	if (ulp->has_subflow)
		put_subflow(json, &ulp->subflow);
	json_close(json, '}');
}

/* For whom there are keys, and how many in all; never a key. */
static void put_md5(struct json *json, const struct detail *detail)
{
	json_open(json, "md5_keys", '[');
	for (size_t i = 0; i < detail->md5.count; i++) {
		const struct md5_peer *peer = &detail->md5.at[i];
		struct text text = { 0 };

		cell_addr(&text, &peer->addr, peer->family);
		json_open(json, NULL, '{');
		json_string(json, "address", text_str(&text));
		json_u64(json, "prefix", peer->prefix);
		json_close(json, '}');
		text_fini(&text);
	}
	json_close(json, ']');
	json_u64(json, "md5_keys_count", detail->md5.count);
}

static void put_above_tcp(struct json *json, const struct detail *detail)
{
	if (!detail) {
		json_null(json, "congestion_state");
		json_null(json, "ulp");
		json_null(json, "md5_keys");
		json_null(json, "md5_keys_count");
		return;
	}
	put_congestion_state(json, &detail->congestion_state);
	put_ulp(json, &detail->ulp);
	put_md5(json, detail);
}

static void put_tcp_info(struct json *json, const struct detail *detail)
{
	bool known = detail && detail->have_congestion;

	json_foreign(json, "congestion", known ? detail->congestion : NULL,
		     known ? strnlen(detail->congestion, sizeof(detail->congestion)) : 0);
	if (!detail || !metric_any(&detail->metrics)) {
		json_null(json, "tcp_info");
		return;
	}
	json_open(json, "tcp_info", '{');
	for (int i = 0; i < METRIC_COUNT; i++)
		put_number(json, metric_table[i].name,
			   metric_has(&detail->metrics, (enum metric)i),
			   detail->metrics.value[i]);
	json_u64(json, "unknown_bytes", detail->metrics.unknown_bytes);
	json_close(json, '}');
}

static void put_mptcp(struct json *json, const struct sock *sock)
{
	const struct mptcp_state *state = sock->detail ? &sock->detail->mptcp : NULL;

	if (!state || !state->have) {
		json_null(json, "mptcp_info");
		return;
	}
	json_open(json, "mptcp_info", '{');
	for (unsigned i = 0; i < MPTCP_NUMBER_COUNT; i++) {
		bool known = state->have >> i & 1;

		if (known && mptcp_table[i].is_id)
			json_id(json, mptcp_table[i].name, state->value[i]);
		else
			put_number(json, mptcp_table[i].name, known, state->value[i]);
	}
	json_close(json, '}');
}

static void put_identity(struct json *json, const struct sock *sock,
			 const struct snapshot *seen)
{
	const struct protocol_row *row = protocol_row(sock->protocol);
	const char *family = sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6";

	json_string(json, "family", row->family ? row->family : family);
	json_string(json, "protocol", row->name);
	json_string(json, "state", state_table[sock->state].name);
	if (sock->other) {
		put_other(json, sock, sock->other);
	} else {
		put_endpoint(json, "local", &sock->local, sock->local_port, sock, false);
		put_endpoint(json, "remote", &sock->remote, sock->remote_port, sock, true);
	}
	put_string(json, "interface", sock->ifindex ? snapshot_link(seen, sock->ifindex) : NULL);
	put_number(json, "ifindex", sock->ifindex, sock->ifindex);
	json_u64(json, "recv_queue", sock->recv_queue);
	put_number(json, "send_queue", !(sock->have & LACKS_BACKLOG), sock->send_queue);
	put_number(json, "uid", sock->have & HAVE_UID, sock->uid);
	put_number(json, "inode", sock->inode, sock->inode);
	if (sock->cookie == UINT64_MAX)
		json_null(json, "cookie");
	else
		json_id(json, "cookie", sock->cookie);
}

void json_sock_members(struct json *json, const struct sock *sock,
		       const struct snapshot *seen, const struct style *style)
{
	if (seen->place)
		json_place(json, "netns", seen->place);
	put_identity(json, sock, seen);
	put_cgroup(json, sock, seen);
	put_timer(json, sock);
	put_age(json, sock, seen);
	put_processes(json, sock, seen, style);
	if (style->with_extended)
		put_extended(json, sock);
	if (style->with_extended && sock->other) {
		put_vfs(json, sock->other);
		put_waiting(json, sock->other);
		put_packet(json, &sock->other->packet);
	}
	if (style->with_bpf)
		put_filter(json, sock);
	if (style->with_extended || style->with_sockopt)
		put_sockopt(json, sock);
	if (style->with_tos) {
		put_number(json, "tos", sock->detail && sock->detail->have_tos,
			   sock->detail ? sock->detail->tos : 0);
		put_number(json, "tclass", sock->detail && sock->detail->have_tclass,
			   sock->detail ? sock->detail->tclass : 0);
		put_number(json, "class_id", sock->detail && sock->detail->have_class_id,
			   sock->detail ? sock->detail->class_id : 0);
	}
	if (style->with_memory)
		put_memory(json, sock->detail);
	if (style->with_info)
		put_tcp_info(json, sock->detail);
	if (style->with_info && sock->protocol == PROTOCOL_MPTCP)
		put_mptcp(json, sock);
	if (style->with_info)
		put_above_tcp(json, sock->detail);
}

void json_sock(struct json *json, const char *name, const struct sock *sock,
	       const struct snapshot *seen, const struct style *style)
{
	bool pretty = json->pretty;

	/* A socket is a line, however deep the document. */
	json_open(json, name, '{');
	json->pretty = false;
	json_sock_members(json, sock, seen, style);
	json_close(json, '}');
	json->pretty = pretty;
}
