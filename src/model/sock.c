/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sock.h"

#include "base/grow.h"
#include "model/protocol.h"

#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *timer_name(enum timer timer)
{
	static const char *const names[TIMER_COUNT] = {
		[TIMER_RETRANSMIT] = "on", [TIMER_KEEPALIVE] = "keepalive",
		[TIMER_TIME_WAIT] = "timewait", [TIMER_PROBE] = "persist",
		[TIMER_DELAYED_ACK] = "delack",
	};

	return timer < TIMER_COUNT ? names[timer] : NULL;
}

bool sock_has_peer(const struct sock *sock)
{
	return sock->other || sock->remote_port || !addr_is_any(&sock->remote);
}

int64_t sock_port(const struct sock *sock, bool peer)
{
	const struct other *other = sock->other;

	if (!other)
		return peer ? sock->remote_port : sock->local_port;
	if (protocol_is_unix(sock->protocol))
		return peer ? other->peer_inode : sock->inode;
	if (protocol_is_packet(sock->protocol))
		return peer ? 0 : sock->ifindex;
	return peer ? -1 : (int32_t)other->port_id;
}

void detail_fini(struct detail *detail)
{
	grow_fini(&detail->md5);
}

void other_fini(struct other *other)
{
	grow_fini(&other->waiting);
	grow_fini(&other->packet.filter);
}

/* ---- in few bytes ---- */

/*
 * Packed rows hold 32-bit words in groups of four. A byte before each group says in two
 * bits for each word how many of its bytes follow: 0, 1, 2 or 4. The other bytes are 0.
 */
enum { GROUP_WORDS = 4, GROUP_BYTES = GROUP_WORDS * sizeof(uint32_t) };

static const uint8_t width_of[4] = { 0, 1, 2, 4 };
static const uint32_t mask_of[4] = { 0, UINT8_MAX, UINT16_MAX, UINT32_MAX };

/* Unread bytes behind the last group, because words are read whole. */
enum { SLACK = sizeof(uint32_t) };

static unsigned code_of(uint32_t word)
{
	return (unsigned)(word > 0) + (unsigned)(word > UINT8_MAX) + (unsigned)(word > UINT16_MAX);
}

/* Writes up to GROUP_BYTES + 1 bytes. Returns their end. */
static inline char *pack_group(char *to, const char *from, size_t size)
{
	static const uint32_t none[GROUP_WORDS];
	uint32_t words[GROUP_WORDS] = { 0 };
	char *head = to++;
	unsigned codes = 0;

	memcpy(words, from, size < GROUP_BYTES ? size : GROUP_BYTES);
	*head = 0;
	if (memcmp(words, none, sizeof(words)) == 0)
		return to;
	for (unsigned i = 0; i < GROUP_WORDS; i++) {
		unsigned code = code_of(words[i]);
		uint32_t word = htole32(words[i]);

		memcpy(to, &word, sizeof(word));
		to += width_of[code];
		codes |= code << (2 * i);
	}
	*head = (char)codes;
	return to;
}

static void pack(struct text *rows, const void *bytes, size_t size)
{
	const char *from = bytes;
	char *to;

	rows->at = grow_room(rows->at, &rows->room, rows->count + size + size / GROUP_BYTES +
			     2 * GROUP_BYTES, 1);
	to = rows->at + rows->count;
	for (size_t done = 0; done < size; done += GROUP_BYTES)
		to = pack_group(to, from + done, size - done);
	rows->count = (size_t)(to - rows->at);
}

/* @bytes must be zeroed. */
static const char *unpack(void *bytes, size_t size, const char *from)
{
	char *to = bytes;

	for (size_t done = 0; done < size; done += GROUP_BYTES) {
		unsigned codes = (unsigned char)*from++;
		uint32_t words[GROUP_WORDS];

		if (!codes)
			continue;
		for (unsigned i = 0; i < GROUP_WORDS; i++, codes >>= 2) {
			uint32_t word;

			memcpy(&word, from, sizeof(word));
			words[i] = le32toh(word) & mask_of[codes & 3];
			from += width_of[codes & 3];
		}
		memcpy(to + done, words, size - done < GROUP_BYTES ? size - done : GROUP_BYTES);
	}
	return from;
}

#define PACK_LIST(rows, list) pack(rows, (list).at, (list).count * sizeof(*(list).at))

/* The count was unpacked with the rest of the struct. */
#define UNPACK_LIST(list, from)                                                \
	((list).room = (list).count,                                           \
	 (list).at = grow_alloc((list).count * sizeof(*(list).at)),            \
	 unpack((list).at, (list).count * sizeof(*(list).at), from))

/* Without any tcp_info the values at the end are undefined and are left out. */
static size_t size_of(const struct detail *detail)
{
	return metric_any(&detail->metrics) ? sizeof(*detail) : offsetof(struct detail, metrics.value);
}

void sock_pack(struct text *rows, const struct sock *sock)
{
	const struct detail *detail = sock->detail;
	const struct other *other = sock->other;
	uint32_t size = detail ? (uint32_t)size_of(detail) : 0;

	pack(rows, sock, sizeof(*sock));
	pack(rows, &size, sizeof(size));
	if (detail) {
		pack(rows, detail, size);
		PACK_LIST(rows, detail->md5);
	}
	if (other) {
		pack(rows, other, sizeof(*other));
		PACK_LIST(rows, other->waiting);
		PACK_LIST(rows, other->packet.filter);
	}
	text_add(rows, (const char[SLACK]){ 0 }, SLACK);
}

void sock_unpack(struct sock_row *row, const char *packed)
{
	uint32_t size = 0;

	memset(row, 0, sizeof(*row));
	packed = unpack(&row->sock, sizeof(row->sock), packed);
	packed = unpack(&size, sizeof(size), packed);
	row->sock.detail = size ? &row->detail : NULL;
	if (size) {
		packed = unpack(&row->detail, size, packed);
		packed = UNPACK_LIST(row->detail.md5, packed);
	}
	if (row->sock.other) {
		row->sock.other = &row->other;
		packed = unpack(&row->other, sizeof(row->other), packed);
		packed = UNPACK_LIST(row->other.waiting, packed);
		UNPACK_LIST(row->other.packet.filter, packed);
	}
}

void sock_row_fini(struct sock_row *row)
{
	detail_fini(&row->detail);
	other_fini(&row->other);
}
