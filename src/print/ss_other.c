/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -e -m -i and --bpf add to rows of unix, packet and netlink sockets. */
#include "print/ss_parts.h"

#include "model/protocol.h"
#include "print/cell.h"
#include "print/ss_text.h"

#include <sys/sysmacros.h>

/*
 * ss takes the device apart as if it were in the form for programs, and so prints
 * 0/65024 for 254:0. Here its spelling counts; the JSON has the true numbers.
 */
static void put_unix(struct text *cell, const struct sock *sock)
{
	const struct other *other = sock->other;

	ss_shutdown(cell, sock);
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

static void put_packet_flags(struct text *cell, uint32_t flags)
{
	static const char *const names[] = {
		"running", " auxdata", " origdev", " vnethdr", " loss",
	};

	cell_str(cell, " flags( ");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (flags >> i & 1)
			cell_str(cell, names[i]);
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

static void put_filter(struct text *cell, const struct packet_state *packet, const char *line)
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

/* The kernel keeps the first two of netlink to itself; ss prints them as 0. */
static void put_netlink(struct text *cell, const struct other *other)
{
	text_addf(cell, " sk=0 cb=0 groups=0x%08x", other->groups);
}

/* ss has its own order for each of them. */
void ss_other(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct style *style = view->style;
	const char *line = style->oneline ? " " : "\n\t";
	bool is_unix = protocol_is_unix(sock->protocol);

	if (style->with_extended && protocol_is_packet(sock->protocol)) {
		ss_extended(cell, view, sock);
		put_packet(cell, &sock->other->packet, line);
	}
	if (style->with_bpf)
		put_filter(cell, &sock->other->packet, line);
	if (style->with_extended && sock->protocol == PROTOCOL_NETLINK)
		put_netlink(cell, sock->other);
	if (style->with_memory && sock->protocol == PROTOCOL_NETLINK)
		cell_char(cell, '\t');
	if (style->with_memory && sock->detail)
		ss_memory(cell, sock->detail);
	if (style->with_extended && is_unix)
		put_unix(cell, sock);
}
