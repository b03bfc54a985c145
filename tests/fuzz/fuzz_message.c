/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of sock_diag: which table, which needs, then the message, at the end of a
 * page behind which nothing can be read.
 */
#include "fuzz.h"

#include "collect/attrs.h"
#include "collect/others.h"

#include <string.h>

static const enum protocol protocols[] = {
	PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_RAW, PROTOCOL_MPTCP,
};
enum { INET_TABLES = sizeof(protocols) / sizeof(*protocols) };

static const struct other_table *const others[] = { &unix_socks, &packet_socks, &netlink_socks };

static void require_known(const struct sock *sock)
{
	fuzz_require(sock->state > STATE_NONE && sock->state < STATE_COUNT,
		     "a socket in state %d", sock->state);
	fuzz_require(sock->timer >= TIMER_NONE && sock->timer < TIMER_COUNT,
		     "a timer %d", sock->timer);
}

/* What --sort keeps of a row is all of it. */
static void require_packs(const struct sock *sock)
{
	struct text packed = { 0 };
	struct sock_row row;

	sock_pack(&packed, sock);
	sock_unpack(&row, packed.at);
	fuzz_require(row.sock.cookie == sock->cookie && !row.sock.detail == !sock->detail,
		     "another row came back");
	sock_row_fini(&row);
	text_fini(&packed);
}

static void parse_inet(const uint8_t *bytes, size_t size, enum protocol protocol, unsigned need)
{
	struct sock sock;
	struct detail detail = { 0 };
	int senseless = message_parse(bytes, size, protocol, need, &sock, &detail);

	if (senseless < 0)
		return;
	require_known(&sock);
	fuzz_require(sock.family == FAMILY_IPV4 || sock.family == FAMILY_IPV6,
		     "an internet socket of family %d", sock.family);
	if (sock.detail) {
		fuzz_require(memchr(detail.congestion, 0, sizeof(detail.congestion)) &&
			     memchr(detail.ulp.name, 0, sizeof(detail.ulp.name)),
			     "a name without an end");
		require_packs(&sock);
		detail_fini(&detail);
	}
}

static void parse_other(const uint8_t *bytes, size_t size, unsigned which)
{
	struct other_row row = { 0 };

	row.sock.other = &row.other;
	row.sock.detail = &row.detail;
	if (others_parse(others[which], bytes, size, &row) >= 0) {
		require_known(&row.sock);
		fuzz_require(row.other.local_size <= sizeof(row.other.local) &&
			     row.other.local_service_size <= sizeof(row.other.local_service) &&
			     row.other.remote_size <= sizeof(row.other.remote) &&
			     row.other.remote_service_size <= sizeof(row.other.remote_service),
			     "a name longer than its place");
		require_packs(&row.sock);
	}
	other_fini(&row.other);
	detail_fini(&row.detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	unsigned table = fuzz_byte(&input) % (INET_TABLES + sizeof(others) / sizeof(*others));
	unsigned need = fuzz_byte(&input) & 1 ? ~0u : NEED_FLOW;
	const uint8_t *message;

	if (input.left > FUZZ_PAGED)
		return 0;
	message = fuzz_at_page_end(input.at, input.left);
	if (table < INET_TABLES)
		parse_inet(message, input.left, protocols[table], need);
	else
		parse_other(message, input.left, table - INET_TABLES);
	return 0;
}
