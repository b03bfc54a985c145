/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/redact_sock.h"

#include "collect/nlattrs.h"
#include "collect/redact.h"

#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#define BIT(number) (UINT32_C(1) << (number))

enum { UNIX_ATTR_UID = 7 };     /* since Linux 5.3, which headers may not know */

/* Writes what an attribute becomes; false: nothing, not even its head. */
typedef bool attr_writer(struct alias *alias, const struct nlattrs_one *one, struct text *out);

struct kind {
	uint8_t  family;        /* the first byte of the message */
	size_t   fixed;         /* bytes before the attributes */
	uint32_t harmless;      /* attributes that may stay as they are, by number */
	attr_writer *other;     /* NULL: the rest is left out */
};

/* ---- attributes that change ---- */

/* What stands behind the 4 bytes means nothing. */
static void replace_v4(struct alias *alias, uint8_t *at)
{
	alias_v4(alias, at);
	memset(at + 4, 0, 12);
}

static bool write_md5(struct alias *alias, const struct nlattrs_one *one, struct text *out)
{
	const uint8_t *at = one->at;
	struct tcp_diag_md5sig told;

	if (one->type != INET_DIAG_MD5SIG)
		return false;
	for (size_t left = one->size; left >= sizeof(told); left -= sizeof(told)) {
		memcpy(&told, at, sizeof(told));
		at += sizeof(told);
		memset(told.tcpm_key, 0, sizeof(told.tcpm_key));
		told.tcpm_keylen = 0;
		if (told.tcpm_family == AF_INET6)
			alias_v6(alias, (uint8_t *)told.tcpm_addr);
		else
			replace_v4(alias, (uint8_t *)told.tcpm_addr);
		text_add(out, (const char *)&told, sizeof(told));
	}
	return true;
}

static bool write_name(struct alias *alias, const struct nlattrs_one *one, struct text *out)
{
	if (one->type != UNIX_DIAG_NAME)
		return false;
	if (!one->size)
		return true;
	/* "/" or the NUL of an abstract name says which of the two it is */
	text_add(out, one->at[0] ? "/" : "", 1);
	alias_name(alias, ALIAS_SOCKET, one->at, one->size, out);
	return true;
}

/* Constants of a filter may be addresses. An empty one is a hidden one. */
static bool hide_filter(struct alias *alias, const struct nlattrs_one *one, struct text *out)
{
	(void)alias;
	(void)out;
	return one->type == PACKET_DIAG_FILTER;
}

/* ---- messages ---- */

/* THE table of what may stay in a message; what is not in it is left out. */
static const struct kind inet = {
	.fixed = sizeof(struct inet_diag_msg), .other = write_md5,
	.harmless = BIT(INET_DIAG_MEMINFO) | BIT(INET_DIAG_INFO) | BIT(INET_DIAG_VEGASINFO) |
		    BIT(INET_DIAG_CONG) | BIT(INET_DIAG_TOS) | BIT(INET_DIAG_TCLASS) |
		    BIT(INET_DIAG_SKMEMINFO) | BIT(INET_DIAG_SHUTDOWN) |
		    BIT(INET_DIAG_DCTCPINFO) | BIT(INET_DIAG_PROTOCOL) |
		    BIT(INET_DIAG_SKV6ONLY) | BIT(INET_DIAG_PAD) | BIT(INET_DIAG_MARK) |
		    BIT(INET_DIAG_BBRINFO) | BIT(INET_DIAG_CLASS_ID) |
		    BIT(INET_DIAG_ULP_INFO) | BIT(INET_DIAG_CGROUP_ID) | BIT(INET_DIAG_SOCKOPT),
};

static const struct kind others[] = {
	{ AF_UNIX, sizeof(struct unix_diag_msg),
	  BIT(UNIX_DIAG_VFS) | BIT(UNIX_DIAG_PEER) | BIT(UNIX_DIAG_ICONS) | BIT(UNIX_DIAG_RQLEN) |
	  BIT(UNIX_DIAG_MEMINFO) | BIT(UNIX_DIAG_SHUTDOWN) | BIT(UNIX_ATTR_UID), write_name },
	{ AF_PACKET, sizeof(struct packet_diag_msg),
	  BIT(PACKET_DIAG_INFO) | BIT(PACKET_DIAG_RX_RING) | BIT(PACKET_DIAG_TX_RING) |
	  BIT(PACKET_DIAG_FANOUT) | BIT(PACKET_DIAG_UID) | BIT(PACKET_DIAG_MEMINFO), hide_filter },
	{ AF_NETLINK, sizeof(struct netlink_diag_msg),
	  BIT(NETLINK_DIAG_MEMINFO) | BIT(NETLINK_DIAG_GROUPS) | BIT(NETLINK_DIAG_RX_RING) |
	  BIT(NETLINK_DIAG_TX_RING) | BIT(NETLINK_DIAG_FLAGS), NULL },
};

static const struct kind *kind_of(uint8_t family)
{
	if (family == AF_INET || family == AF_INET6)
		return &inet;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].family == family)
			return &others[i];
	return NULL;
}

static void add_attr(struct text *out, unsigned type, const void *bytes, size_t size)
{
	static const char padding[NLA_ALIGNTO];
	struct nlattr head = {
		.nla_len = (uint16_t)(sizeof(head) + size), .nla_type = (uint16_t)type,
	};

	text_add(out, (const char *)&head, sizeof(head));
	text_add(out, bytes, size);
	text_add(out, padding, (size_t)NLA_ALIGN(head.nla_len) - head.nla_len);
}

static void add_attrs(struct alias *alias, const struct kind *kind, struct nlattrs *walk,
		      struct text *out)
{
	struct nlattrs_one one;

	while (nlattrs_next(walk, &one)) {
		struct text changed = { 0 };

		if (one.type < 32 && kind->harmless & BIT(one.type))
			add_attr(out, one.type, one.at, one.size);
		else if (kind->other && kind->other(alias, &one, &changed))
			add_attr(out, one.type, text_str(&changed), changed.count);
		text_fini(&changed);
	}
}

/* The ends of a connection; both families have them in the same place. */
static void replace_ends(struct alias *alias, uint8_t family, uint8_t *message)
{
	uint8_t *ends = message + offsetof(struct inet_diag_msg, id.idiag_src);

	for (size_t i = 0; i < 2; i++) {
		if (family == AF_INET6)
			alias_v6(alias, ends + 16 * i);
		else
			replace_v4(alias, ends + 16 * i);
	}
}

bool redact_message(struct alias *alias, const void *bytes, size_t size, struct text *out)
{
	const uint8_t *message = bytes;
	const struct kind *kind = size > NLMSG_HDRLEN ? kind_of(message[NLMSG_HDRLEN]) : NULL;
	uint32_t length;
	size_t before;

	if (!kind || size < NLMSG_HDRLEN + kind->fixed)
		return false;
	before = NLMSG_HDRLEN + kind->fixed;
	text_add(out, bytes, before);
	if (kind == &inet)
		replace_ends(alias, message[NLMSG_HDRLEN], (uint8_t *)out->at + NLMSG_HDRLEN);
	add_attrs(alias, kind, &(struct nlattrs){ .at = message + before, .left = size - before },
		  out);
	length = (uint32_t)out->count;
	memcpy(out->at + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
	return true;
}

/* ---- keys ---- */

/* Where the next signature of the message is, or NULL. */
static const uint8_t *next_keys(struct nlattrs *walk, size_t *size)
{
	struct nlattrs_one one;

	while (nlattrs_next(walk, &one)) {
		if (one.type != INET_DIAG_MD5SIG)
			continue;
		*size = one.size;
		return one.at;
	}
	return NULL;
}

static void blank_keys(uint8_t *at, size_t size)
{
	for (; size >= sizeof(struct tcp_diag_md5sig); size -= sizeof(struct tcp_diag_md5sig)) {
		struct tcp_diag_md5sig told;

		memcpy(&told, at, sizeof(told));
		told.tcpm_keylen = 0;
		memset(told.tcpm_key, 0, sizeof(told.tcpm_key));
		memcpy(at, &told, sizeof(told));
		at += sizeof(told);
	}
	memset(at, 0, size);
}

bool redact_keys(const void *bytes, size_t size, struct text *out)
{
	const uint8_t *message = bytes, *at;
	size_t before = NLMSG_HDRLEN + inet.fixed;
	struct nlattrs walk;
	size_t keys;

	if (size < before || kind_of(message[NLMSG_HDRLEN]) != &inet)
		return false;
	walk = (struct nlattrs){ .at = message + before, .left = size - before };
	while ((at = next_keys(&walk, &keys))) {
		if (!out->count)
			text_add(out, bytes, size);
		blank_keys((uint8_t *)out->at + (at - message), keys);
	}
	return out->count > 0;
}
