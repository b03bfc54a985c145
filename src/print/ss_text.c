/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/ss_text.h"

#include "model/protocol.h"
#include "print/cell.h"

#include <sys/sysmacros.h>

void ss_field(struct text *cell, const char *name, uint64_t value)
{
	cell_str(cell, name);
	cell_u64(cell, value);
}

void ss_hex_field(struct text *cell, const char *name, uint64_t value)
{
	cell_str(cell, name);
	cell_hex(cell, value);
}

/* True for what ends the name, or looks like one of ss's fields: pid=1, ino:1. */
static bool is_mark(const char *at, const char *end)
{
	return *at == '"' || *at == '=' || (*at == ':' && at + 1 < end && at[1] != ' ');
}

/*
 * Writes the name as ss does, with its blanks, but escapes what a script could take for
 * a field of ss.
 */
static void put_comm(struct text *cell, const char *at, size_t size)
{
	const char *end = at + size, *stop;

	for (; at < end; at = stop) {
		stop = at;
		while (stop < end && !is_mark(stop, end))
			stop++;
		cell_foreign(cell, at, (size_t)(stop - at));
		if (stop < end)
			text_addf(cell, "\\x%02x", (unsigned char)*stop++);
	}
}

void ss_users(struct text *cell, const struct view *view, const struct holder *holders,
	      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct process *process = &view->seen->processes.at[holders[i].process];

		cell_str(cell, i ? ",(\"" : "users:((\"");
		put_comm(cell, process->comm, process->comm_size);
		ss_field(cell, "\",pid=", (uint64_t)process->pid);
		if (view->style->with_threads)
			ss_field(cell, ",tid=", (uint64_t)(process->tid ? process->tid : process->pid));
		ss_field(cell, ",fd=", (uint64_t)holders[i].fd);
		cell_char(cell, ')');
	}
	if (count)
		cell_char(cell, ')');
}

/* The spelling of ss: 119min, 1min30sec, 9.500ms, 500ms; 0 is left out. */
static void put_timer_time(struct text *cell, uint32_t ms)
{
	uint32_t minutes = ms / 60000, seconds = ms / 1000 % 60, rest = ms % 1000;

	if (minutes) {
		ss_field(cell, "", minutes);
		cell_str(cell, "min");
		rest = 0;
		if (minutes > 9)
			seconds = 0;
	}
	if (seconds > 9)
		rest = 0;
	if (seconds) {
		cell_u64(cell, seconds);
		cell_str(cell, rest ? "." : "sec");
	}
	if (rest) {
		char digits[5] = { (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
				   (char)('0' + rest % 10), 'm', 's' };

		cell_put(cell, digits, sizeof(digits));
	}
}

static void put_timer(struct text *cell, const struct sock *sock)
{
	const char *name = timer_name(sock->timer);

	if (!name)
		return;
	cell_str(cell, " timer:(");
	cell_str(cell, name);
	cell_char(cell, ',');
	put_timer_time(cell, sock->timer_ms);
	ss_field(cell, ",", sock->retransmits);
	cell_char(cell, ')');
}

static void put_cgroup(struct text *cell, const struct view *view, uint64_t id)
{
	const struct cgroup *cgroup = snapshot_cgroup(view->seen, id);

	cell_str(cell, " cgroup:");
	if (cgroup) {
		cell_word(cell, cgroup->path, strlen(cgroup->path));
	} else {
		cell_str(cell, "unreachable:");
		cell_hex(cell, id);
	}
}

static void put_shutdown(struct text *cell, const struct sock *sock)
{
	char arrow[4] = { ' ', sock->shutdown & 1 ? '-' : '<', '-', sock->shutdown & 2 ? '-' : '>' };

	if (sock->have & HAVE_SHUTDOWN)
		cell_put(cell, arrow, sizeof(arrow));
}

static void put_extended(struct text *cell, const struct view *view, const struct sock *sock)
{
	if ((sock->have & HAVE_UID) && sock->uid)
		ss_field(cell, " uid:", sock->uid);
	ss_field(cell, " ino:", sock->inode);
	if (sock->cookie != UINT64_MAX) {
		cell_str(cell, " sk:");
		cell_hex(cell, sock->cookie);
	}
	if ((sock->have & HAVE_MARK) && sock->mark) {
		cell_str(cell, " fwmark:0x");
		cell_hex(cell, sock->mark);
	}
	if ((sock->have & HAVE_CGROUP) && sock->cgroup_id)
		put_cgroup(cell, view, sock->cgroup_id);
	if (sock->family == FAMILY_IPV6 && (sock->have & HAVE_V6ONLY))
		ss_field(cell, " v6only:", sock->v6only);
	put_shutdown(cell, sock);
}

static void put_class(struct text *cell, const char *name, uint32_t value)
{
	cell_str(cell, name);
	if (value)
		cell_str(cell, "0x");
	cell_hex(cell, value);
}

static void put_tos(struct text *cell, const struct detail *detail)
{
	if (detail && detail->have_tos)
		put_class(cell, " tos:", detail->tos);
	if (detail && detail->have_tclass)
		put_class(cell, " tclass:", detail->tclass);
	if (detail && detail->have_class_id)
		put_class(cell, " class_id:", detail->class_id);
}

/* In the order of the bits of enum sockopt, which is the order of ss. */
static void put_sockopt(struct text *cell, const struct sock *sock, bool oneline)
{
	static const char *const names[] = {
		" recverr", " is_icsk", " freebind", " hdrincl", " mc_loop", " transparent",
		" mc_all", " nodefrag", " bind_addr_no_port", " recverr_rfc4884",
		" defer_connect",
	};

	if (!(sock->have & HAVE_SOCKOPT))
		return;
	cell_str(cell, oneline ? " inet-sockopt: (" : "\n\tinet-sockopt: (");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (sock->sockopt >> i & 1)
			cell_str(cell, names[i]);
	cell_char(cell, ')');
}

static void put_memory(struct text *cell, const struct detail *detail)
{
	static const char *const names[9] = {
		" skmem:(r", ",rb", ",t", ",tb", ",f", ",w", ",o", ",bl", ",d",
	};

	if (!detail->have_memory)
		return;
	for (int i = 0; i < 9 - detail->memory_lacks; i++)
		ss_field(cell, names[i], detail->memory[i]);
	cell_char(cell, ')');
}

/* ---- what -e -m -i and --bpf add to rows of unix, packet and netlink sockets ---- */

/*
 * ss splits the device number as if it had the form of user space, and so prints 0/65024
 * for 254:0. This is ss's spelling; JSON has the true numbers.
 */
static void put_unix(struct text *cell, const struct sock *sock)
{
	const struct other *other = sock->other;

	put_shutdown(cell, sock);
	if (other->have_vfs) {
		ss_field(cell, " ino:", other->vfs_inode);
		ss_field(cell, " dev:", major(other->vfs_device));
		ss_field(cell, "/", minor(other->vfs_device));
	}
	if (!other->have_waiting)
		return;
	cell_str(cell, " peers:");
	for (size_t i = 0; i < other->waiting.count; i++)
		ss_field(cell, " ", other->waiting.at[i]);
}

const char *const ss_packet_flags[] = { "running", "auxdata", "origdev", "vnethdr", "loss", NULL };

static void put_packet_flags(struct text *cell, uint32_t flags)
{
	cell_str(cell, " flags( ");
	for (unsigned i = 0; ss_packet_flags[i]; i++) {
		if (!(flags >> i & 1))
			continue;
		cell_str(cell, i ? " " : "");
		cell_str(cell, ss_packet_flags[i]);
	}
	cell_str(cell, flags ? " )" : "0 )");
}

static void put_ring(struct text *cell, const char *name, const struct ring_state *ring)
{
	if (!ring->told)
		return;
	ss_field(cell, name, ring->block_bytes);
	ss_field(cell, ",blk_nr:", ring->blocks);
	ss_field(cell, ",frm_size:", ring->frame_bytes);
	ss_field(cell, ",frm_nr:", ring->frames);
	ss_field(cell, ",tmo:", ring->retire_ms);
	ss_hex_field(cell, ",features:0x", ring->features);
	cell_char(cell, ')');
}

const char *ss_fanout_type(uint16_t type)
{
	static const char *const names[] = { "hash", "lb", "cpu", "roll", "random", "qm" };

	return type < sizeof(names) / sizeof(*names) ? names[type] : NULL;
}

static void put_fanout(struct text *cell, const struct packet_state *packet)
{
	const char *type = ss_fanout_type(packet->fanout_type);

	ss_field(cell, "fanout(id:", packet->fanout_id);
	if (type) {
		cell_str(cell, ",type:");
		cell_str(cell, type);
	} else {
		ss_hex_field(cell, ",type:0x", packet->fanout_type);
	}
	cell_char(cell, ')');
}

static void put_packet(struct text *cell, const struct packet_state *packet, const char *line)
{
	if (packet->have_info) {
		cell_str(cell, line);
		ss_field(cell, "ver:", packet->version);
		ss_field(cell, " cpy_thresh:", packet->copy_threshold);
		put_packet_flags(cell, packet->flags);
	}
	if (packet->rx.told)
		cell_str(cell, line);
	put_ring(cell, "ring_rx(blk_size:", &packet->rx);
	if (packet->tx.told)
		cell_str(cell, line);
	put_ring(cell, "ring_tx(blk_size:", &packet->tx);
	if (packet->have_fanout) {
		cell_str(cell, line);
		put_fanout(cell, packet);
	}
}

static void put_bpf(struct text *cell, const struct packet_state *packet, const char *line)
{
	if (!packet->filter.count)
		return;
	cell_str(cell, line);
	ss_field(cell, "bpf filter (", packet->filter.count);
	cell_str(cell, "): ");
	for (size_t i = 0; i < packet->filter.count; i++) {
		const struct bpf_step *step = &packet->filter.at[i];

		text_addf(cell, " 0x%02x %u %u %u,", step->code, step->jump_true,
			  step->jump_false, step->value);
	}
}

/* The kernel never tells the first two for netlink; ss prints them as 0. */
static void put_netlink(struct text *cell, const struct other *other)
{
	text_addf(cell, " sk=0 cb=0 groups=0x%08x", other->groups);
}

/* ss has an order of its own for each of the three. */
static void put_other(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct style *style = view->style;
	const char *line = style->oneline ? " " : "\n\t";
	bool is_unix = protocol_is_unix(sock->protocol);

	if (style->with_extended && protocol_is_packet(sock->protocol)) {
		put_extended(cell, view, sock);
		put_packet(cell, &sock->other->packet, line);
	}
	if (style->with_bpf)
		put_bpf(cell, &sock->other->packet, line);
	if (style->with_extended && sock->protocol == PROTOCOL_NETLINK)
		put_netlink(cell, sock->other);
	if (style->with_memory && sock->protocol == PROTOCOL_NETLINK)
		cell_char(cell, '\t');
	if (style->with_memory && sock->detail)
		put_memory(cell, sock->detail);
	if (style->with_extended && is_unix)
		put_unix(cell, sock);
}

void ss_details(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct style *style = view->style;

	if (sock->other) {
		put_other(cell, view, sock);
		return;
	}
	if (style->with_timer || style->with_extended)
		put_timer(cell, sock);
	if (style->with_extended)
		put_extended(cell, view, sock);
	if (style->with_tos)
		put_tos(cell, sock->detail);
	if (style->with_cgroup && (sock->have & HAVE_CGROUP))
		put_cgroup(cell, view, sock->cgroup_id);
	if (style->with_sockopt)
		put_sockopt(cell, sock, style->oneline);
	if (!style->with_memory && !style->with_info)
		return;
	if (!style->oneline)
		cell_str(cell, "\n\t");
	if (style->with_memory && sock->detail)
		put_memory(cell, sock->detail);
	if (style->with_info && sock->detail)
		ss_info(cell, view, sock);
	if (sock->detail) {
		ss_md5(cell, sock->detail);
		ss_ulp(cell, &sock->detail->ulp);
	}
}
