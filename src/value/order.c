/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys for --sort: bytes that memcmp() orders, made once for each row. Each part of a
 * key tells its own end: a byte that puts the unknown last, then a number of fixed size
 * or a string with its NUL. A descending part has all its bits inverted.
 */
#include "value/order.h"

#include "model/protocol.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define KNOWN   "\0"
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

static void put_number(struct text *key, uint64_t value)
{
	uint64_t big_endian = htobe64(value);

	text_add(key, &big_endian, sizeof(big_endian));
}

static void put_string(struct text *key, const char *bytes, size_t size)
{
	text_add(key, bytes, size);
	text_add(key, "", 1);
}

static void put_word(struct text *key, const char *word)
{
	put_string(key, word, strlen(word));
}

/* For an internet socket the port counts, too. */
static bool put_end(struct text *key, const struct sock *sock, bool peer, bool alone)
{
	struct sock_end end = sock_end(sock, peer);

	if (!sock->other) {
		text_add(key, (const char *)end.addr->b, sizeof(end.addr->b));
		text_add(key, (char[]){ (char)(end.port >> 8), (char)end.port }, 2);
		return true;
	}
	put_string(key, end.name, end.name_size);
	if (!alone)
		put_string(key, end.service, end.service_size);
	return !alone || end.name_size;
}

static void put_device(struct text *key, const struct snapshot *seen, uint32_t index)
{
	const char *name = snapshot_link(seen, index);

	if (name)
		text_addf(key, "%s", name);
	else
		text_addf(key, "if%u", index);
	text_add(key, "", 1);
}

/* Numbers of several holders count as the first one. */
static void put_holders(struct text *key, enum kind kind, const struct value *value,
			const struct snapshot *seen)
{
	const struct holder *holder = value->holders;

	if (kind == KIND_PIDS || kind == KIND_FDS) {
		put_number(key, (uint64_t)(kind == KIND_FDS ? holder->fd :
					   seen->processes.at[holder->process].pid));
		return;
	}
	for (size_t i = 0; i < value->count; i++, holder++) {
		const struct process *process = &seen->processes.at[holder->process];

		put_string(key, process->comm, process->comm_size);
		if (kind == KIND_USERS) {
			put_number(key, (uint64_t)process->pid);
			put_number(key, (uint64_t)holder->fd);
		}
	}
}

/* Returns false when the value counts as unknown. */
static bool put_value(struct text *key, const struct column *column, const struct value *value,
		      const struct snapshot *seen, const struct sock *sock)
{
	struct age age;

	switch (column->kind) {
	case KIND_AGE:
		age = sock_age(sock, &seen->limits);
		put_number(key, (uint64_t)age.min_ms);
		return age.kind != AGE_UNACKED && age.min_ms >= 0;
	case KIND_STATE:
		put_word(key, state_table[sock->state].name);
		return true;
	case KIND_PROTOCOL:
		put_word(key, protocol_row(sock->protocol)->name);
		return true;
	case KIND_WORD: case KIND_STRING:
		put_string(key, value->bytes, value->count);
		return true;
	case KIND_DEVICE:
		put_device(key, seen, (uint32_t)value->number);
		return true;
	case KIND_NETNS:
		netns_word(key, seen->netns, "");
		text_add(key, "", 1);
		return true;
	case KIND_PIDS: case KIND_COMMS: case KIND_FDS: case KIND_USERS:
		put_holders(key, column->kind, value, seen);
		return true;
	case KIND_HOST: case KIND_END:
		return put_end(key, sock, column->peer, column->kind == KIND_HOST);
	default:
		put_number(key, value->number);
		return true;
	}
}

void order_key(struct text *key, const struct order *order, const struct snapshot *seen,
	       const struct sock *sock)
{
	for (size_t i = 0; i < order->count; i++) {
		struct value value = column_value(order->at[i].column, sock, seen);
		size_t start = key->count + 1;

		text_add(key, KNOWN, 1);
		if (value.told != TOLD_KNOWN ||
		    !put_value(key, order->at[i].column, &value, seen, sock)) {
			key->at[start - 1] = UNKNOWN;
			key->count = start;
		} else if (order->at[i].descending) {
			for (size_t byte = start; byte < key->count; byte++)
				key->at[byte] = (char)~key->at[byte];
		}
	}
}
