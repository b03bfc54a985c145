/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/others.h"

#include "base/grow.h"

#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

/* Since Linux 5.3; headers may not know them. */
enum { SHOW_UID = 0x40, ATTR_UID = 7 };

static const struct unix_diag_req request = {
	.sdiag_family = AF_UNIX, .udiag_states = STATE_ALL,
	.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER |
		      UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO | SHOW_UID,
};

static void take_name(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct other *other = parsed->other;

	if (size > sizeof(other->local)) {
		parsed->senseless++;
		return;
	}
	other->local_is_path = size && at[0];
	if (other->local_is_path)
		size = strnlen((const char *)at, size);
	memcpy(other->local, at, size);
	/* as ss shows it: a NUL cannot be shown otherwise */
	for (size_t i = 0; i < size; i++)
		if (!other->local[i])
			other->local[i] = '@';
	other->local_size = (uint8_t)size;
}

static void take_lengths(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct unix_diag_rqlen queues;

	(void)size;
	memcpy(&queues, at, sizeof(queues));
	parsed->sock->recv_queue = queues.udiag_rqueue;
	parsed->sock->send_queue = queues.udiag_wqueue;
}

static void take_peer(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct other *other = parsed->other;

	(void)size;
	memcpy(&other->peer_inode, at, sizeof(other->peer_inode));
	OTHER_PUT(other, remote_service, "%u", other->peer_inode);
}

static void take_vfs(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct unix_diag_vfs told;

	(void)size;
	memcpy(&told, at, sizeof(told));
	parsed->other->have_vfs = true;
	parsed->other->vfs_inode = told.udiag_vfs_ino;
	parsed->other->vfs_device = told.udiag_vfs_dev;
}

static void take_waiting(struct parsed *parsed, const uint8_t *at, size_t size)
{
	parsed->other->have_waiting = true;
	for (; size >= sizeof(uint32_t); at += sizeof(uint32_t), size -= sizeof(uint32_t))
		memcpy(grow_add(&parsed->other->waiting), at, sizeof(uint32_t));
	parsed->senseless += size != 0;
}

/* THE table of unix_diag; the request says what is asked for. */
static const struct attr attrs[] = {
	[UNIX_DIAG_NAME]     = { REDACT_SOCKET_NAME, 0, 0, take_name },
	[UNIX_DIAG_VFS]      = { REDACT_KEEP, sizeof(struct unix_diag_vfs), 0, take_vfs },
	[UNIX_DIAG_PEER]     = { REDACT_KEEP, sizeof(uint32_t), 0, take_peer },
	[UNIX_DIAG_ICONS]    = { REDACT_KEEP, 0, 0, take_waiting },
	[UNIX_DIAG_RQLEN]    = { REDACT_KEEP, sizeof(struct unix_diag_rqlen), 0, take_lengths },
	[UNIX_DIAG_MEMINFO]  = { REDACT_KEEP, ATTR_MEMORY_LEAST, 0, attr_take_memory },
	[UNIX_DIAG_SHUTDOWN] = { REDACT_KEEP, 1, 0, attr_take_shutdown },
	[ATTR_UID]           = { REDACT_KEEP, sizeof(uint32_t), 0, attr_take_uid },
};

static enum protocol protocol_of(uint8_t type)
{
	switch (type) {
	case SOCK_STREAM:    return PROTOCOL_UNIX_STREAM;
	case SOCK_SEQPACKET: return PROTOCOL_UNIX_SEQPACKET;
	default:             return PROTOCOL_UNIX_DGRAM;
	}
}

static bool parse(const void *message, struct other_row *row)
{
	struct other *other = &row->other;
	struct unix_diag_msg told;

	memcpy(&told, message, sizeof(told));
	if (!told.udiag_state || told.udiag_state > STATE_CLOSING)
		return false;
	row->sock.protocol = protocol_of(told.udiag_type);
	row->sock.state = told.udiag_state;
	row->sock.inode = told.udiag_ino;
	row->sock.cookie = (uint64_t)told.udiag_cookie[1] << 32 | told.udiag_cookie[0];
	OTHER_PUT(other, local_service, "%u", told.udiag_ino);
	OTHER_PUT(other, remote_service, "0");
	return true;
}

const struct other_table unix_socks = {
	.protocol = PROTOCOL_UNIX, .family = AF_UNIX,
	.lister = { "unix", "unix_diag", "CONFIG_UNIX_DIAG" },
	.attrs = { ATTR_TABLE(unix_diag_msg, attrs) },
	.request = &request, .request_size = sizeof(request), .parse = parse,
	.states_at = offsetof(struct unix_diag_req, udiag_states),
	.show_at = offsetof(struct unix_diag_req, udiag_show), .show_waiting = UDIAG_SHOW_ICONS,
};
