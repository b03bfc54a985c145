/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys for --sort: bytes that memcmp() orders, made once a row. Each part is self-
 * delimiting: a byte that puts the unknown last, then a number of fixed size or a
 * string with its NUL. A descending part is the same with its bits turned.
 */
#include "print/print.h"

#include "print/cell.h"
#include "print/columns.h"

#include <errno.h>
#include <stdlib.h>

#define KNOWN   '\0'
#define UNKNOWN '\1'

int order_choose(struct order *order, const char *spec, struct fault *fault)
{
	size_t most = sizeof(order->at) / sizeof(*order->at), size;

	order->count = 0;
	for (;; spec += size + 1) {
		bool descending = *spec == '-';

		spec += descending;
		size = strcspn(spec, ",");
		const struct column *column = column_find(spec, size);

		if (!column)
			return column_unknown(spec, size, fault);
		if (order->count == most)
			return fault_set(fault, EINVAL, "--sort takes at most %zu columns", most);
		order->at[order->count].column = column;
		order->at[order->count++].descending = descending;
		if (!spec[size])
			return 0;
	}
}

unsigned order_need(const struct order *order)
{
	unsigned need = 0;

	for (size_t i = 0; i < order->count; i++)
		need |= order->at[i].column->need;
	return need;
}

static void put_big_endian(struct text *key, uint64_t value, unsigned bytes)
{
	while (bytes--)
		cell_char(key, (char)(value >> (8 * bytes)));
}

static bool put_end(struct text *key, const struct sock *sock, bool peer)
{
	const struct addr *addr = peer ? &sock->remote : &sock->local;
	uint16_t port = peer ? sock->remote_port : sock->local_port;

	if (peer && !port && addr_is_any(addr))
		return false;
	cell_put(key, (const char *)addr->b, sizeof(addr->b));
	put_big_endian(key, port, 2);
	return true;
}

/* The cell as machines get it; a list of numbers counts as its first one. */
static bool put_cell(struct text *key, const struct column *column, const struct view *view,
		     const struct sock *sock)
{
	size_t start = key->count;

	column->put(key, view, sock);
	if (key->count == start)
		return false;
	if (column->order == ORDER_NUMBER) {
		uint64_t value = strtoull(key->at + start, NULL, 10);

		key->count = start;
		put_big_endian(key, value, 8);
	} else {
		cell_char(key, '\0');
	}
	return true;
}

static bool put_value(struct text *key, const struct column *column, const struct view *view,
		      const struct sock *sock)
{
	if (!sock_is_inet(sock) || column->order == ORDER_TEXT || column->order == ORDER_NUMBER)
		return put_cell(key, column, view, sock);
	return put_end(key, sock, column->order == ORDER_PEER);
}

void order_key(struct text *key, const struct order *order, const struct snapshot *seen,
	       const struct sock *sock)
{
	static const struct style plain;
	struct view view = { .seen = seen, .style = &plain, .machine = true };

	for (size_t i = 0; i < order->count; i++) {
		size_t start = key->count + 1;

		cell_char(key, KNOWN);
		if (!put_value(key, order->at[i].column, &view, sock))
			key->at[start - 1] = UNKNOWN;
		else if (order->at[i].descending)
			for (size_t byte = start; byte < key->count; byte++)
				key->at[byte] = (char)~key->at[byte];
	}
}
