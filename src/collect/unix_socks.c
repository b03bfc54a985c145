/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unix_socks.h"

#include "base/grow.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Since Linux 5.3, which headers may not know. */
enum { SHOW_UID = 0x40, ATTR_UID = 7 };

size_t unix_socks_request(void *request, uint32_t states, bool waiting)
{
	struct unix_diag_req asked = {
		.sdiag_family = AF_UNIX, .udiag_states = states,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER |
			      UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO | SHOW_UID,
	};

	if (waiting)
		asked.udiag_show |= UDIAG_SHOW_ICONS;
	memcpy(request, &asked, sizeof(asked));
	return sizeof(asked);
}

static bool take_name(struct other_row *row, const uint8_t *at, size_t size)
{
	struct other *other = &row->other;

	if (size > sizeof(other->local))
		return false;
	other->local_is_path = size && at[0];
	if (other->local_is_path)
		size = strnlen((const char *)at, size);
	memcpy(other->local, at, size);
	/* as ss shows them: there is no other way to write a NUL */
	for (size_t i = 0; i < size; i++)
		if (!other->local[i])
			other->local[i] = '@';
	other->local_size = (uint8_t)size;
	return true;
}

static bool take_queues(struct other_row *row, const uint8_t *at, size_t size)
{
	struct unix_diag_rqlen queues;

	if (size < sizeof(queues))
		return false;
	memcpy(&queues, at, sizeof(queues));
	row->sock.recv_queue = queues.udiag_rqueue;
	row->sock.send_queue = queues.udiag_wqueue;
	return true;
}

static bool take_number(uint32_t *number, const uint8_t *at, size_t size)
{
	if (size < sizeof(*number))
		return false;
	memcpy(number, at, sizeof(*number));
	return true;
}

static bool take_shutdown(struct sock *sock, const uint8_t *at, size_t size)
{
	if (!size)
		return false;
	sock->shutdown = *at;
	sock->have |= HAVE_SHUTDOWN;
	return true;
}

static bool take_uid(struct sock *sock, const uint8_t *at, size_t size)
{
	if (!take_number(&sock->uid, at, size))
		return false;
	sock->have |= HAVE_UID;
	return true;
}

static bool take_vfs(struct other *other, const uint8_t *at, size_t size)
{
	struct unix_diag_vfs told;

	if (size < sizeof(told))
		return false;
	memcpy(&told, at, sizeof(told));
	other->have_vfs = true;
	other->vfs_inode = told.udiag_vfs_ino;
	other->vfs_device = told.udiag_vfs_dev;
	return true;
}

static bool take_waiting(struct other *other, const uint8_t *at, size_t size)
{
	other->have_waiting = true;
	for (; size >= sizeof(uint32_t); at += sizeof(uint32_t), size -= sizeof(uint32_t))
		memcpy(grow_add(&other->waiting), at, sizeof(uint32_t));
	return size == 0;
}

static bool take_attr(struct other_row *row, unsigned type, const uint8_t *at, size_t size)
{
	switch (type) {
	case UNIX_DIAG_NAME:     return take_name(row, at, size);
	case UNIX_DIAG_VFS:      return take_vfs(&row->other, at, size);
	case UNIX_DIAG_ICONS:    return take_waiting(&row->other, at, size);
	case UNIX_DIAG_PEER:     return take_number(&row->other.peer_inode, at, size);
	case UNIX_DIAG_RQLEN:    return take_queues(row, at, size);
	case UNIX_DIAG_MEMINFO:  return others_memory(row, at, size, false);
	case UNIX_DIAG_SHUTDOWN: return take_shutdown(&row->sock, at, size);
	case ATTR_UID:           return take_uid(&row->sock, at, size);
	default:                 return true;
	}
}

static enum protocol protocol_of(uint8_t type)
{
	switch (type) {
	case SOCK_STREAM:    return PROTOCOL_UNIX_STREAM;
	case SOCK_SEQPACKET: return PROTOCOL_UNIX_SEQPACKET;
	default:             return PROTOCOL_UNIX_DGRAM;
	}
}

static uint8_t write_inode(char *at, size_t room, uint32_t inode)
{
	return (uint8_t)snprintf(at, room, "%u", inode);
}

int unix_socks_parse(const void *message, size_t size, struct other_row *row)
{
	struct other *other = &row->other;
	struct unix_diag_msg told;
	unsigned senseless;

	if (size < sizeof(told))
		return -EBADMSG;
	memcpy(&told, message, sizeof(told));
	if (told.udiag_family != AF_UNIX || !told.udiag_state || told.udiag_state > STATE_CLOSING)
		return -EBADMSG;
	row->sock.protocol = protocol_of(told.udiag_type);
	row->sock.state = told.udiag_state;
	row->sock.inode = told.udiag_ino;
	row->sock.cookie = (uint64_t)told.udiag_cookie[1] << 32 | told.udiag_cookie[0];
	senseless = others_attrs((const char *)message + sizeof(told), size - sizeof(told),
				 take_attr, row);
	other->local_service_size = write_inode(other->local_service,
						sizeof(other->local_service), told.udiag_ino);
	other->remote_service_size = write_inode(other->remote_service,
						 sizeof(other->remote_service),
						 other->peer_inode);
	return (int)senseless;
}
