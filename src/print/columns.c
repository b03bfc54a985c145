/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which columns a listing has (-C, the usual ones, those for machines), and how their
 * values become cells.
 */
#include "print/columns.h"

#include "model/protocol.h"
#include "print/cell.h"
#include "print/endpoint.h"
#include "print/ss_text.h"

#include <string.h>

static struct value get_nothing(const struct column *column, const struct sock *sock,
				const struct snapshot *seen)
{
	(void)column, (void)sock, (void)seen;
	return (struct value){ .told = TOLD_NONE };
}

/* As in ss, the heading stays without -p; /proc is not walked for it. */
static const struct column empty_process = {
	.name = "", .heading = "Process", .kind = KIND_USERS, .get = get_nothing, .help = "",
};

static void add(struct columns *chosen, const struct column *column)
{
	if (chosen->count < sizeof(chosen->at) / sizeof(*chosen->at))
		chosen->at[chosen->count++] = column;
}

static bool has_put(const struct columns *chosen, const struct column *column)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->at[i] == column)
			return true;
	return false;
}

static bool is_called(const struct column *column, const char *name)
{
	return strcmp(column->name, name) == 0;
}

static bool is_one_state(uint32_t states)
{
	return states && !(states & (states - 1));
}

/* As in ss, -Q removes the two columns of queues. */
static bool is_hidden(const struct column *column, const struct style *style)
{
	return style->no_queues && (is_called(column, "RECVQ") || is_called(column, "SENDQ"));
}

static void add_usual(struct columns *chosen, const struct style *style, uint32_t states)
{
	if (style->with_netns)
		add(chosen, column_find("NETNS", 5));
	if (style->with_netid)
		add(chosen, column_find("NETID", 5));
	for (size_t i = 0; i < columns_count(); i++) {
		const struct column *column = column_at(i);

		if (!column->usual || (is_called(column, "STATE") && is_one_state(states)))
			continue;
		if (is_hidden(column, style))
			continue;
		if (is_called(column, "PROCESS") && !style->with_process)
			add(chosen, &empty_process);
		else
			add(chosen, column);
	}
}

static int add_named(struct columns *chosen, const char *spec, struct fault *fault)
{
	size_t size;

	for (;; spec += size + 1) {
		size = strcspn(spec, ",");
		const struct column *column = column_find(spec, size);

		if (!column)
			return column_unknown(spec, size, fault);
		if (!has_put(chosen, column))
			add(chosen, column);
		if (!spec[size])
			return 0;
	}
}

int columns_choose(struct columns *chosen, const char *spec, const struct style *style,
		   uint32_t states, struct fault *fault)
{
	const struct column *process;
	int err;

	chosen->count = 0;
	if (!spec || *spec == '+')
		add_usual(chosen, style, states);
	if (!spec)
		return 0;
	if (*spec != '+') {
		err = add_named(chosen, spec, fault);
		if (!err && style->with_process && !has_put(chosen, column_find("PROCESS", 7)))
			add(chosen, column_find("PROCESS", 7));
		return err;
	}
	/*
	 * Process stays last, because it may be empty and scripts count fields from the
	 * left.
	 */
	process = chosen->at[--chosen->count];
	err = add_named(chosen, spec + 1, fault);
	if (process != &empty_process && !has_put(chosen, process))
		add(chosen, process);
	return err;
}

void columns_for_machines(struct columns *chosen, const struct columns *shown)
{
	struct fault fault;

	chosen->count = 0;
	for (size_t i = 0; i < shown->count; i++) {
		const struct column *column = shown->at[i];

		if (column->parts)
			add_named(chosen, column->parts, &fault);
		else if (column->member && !has_put(chosen, column))
			add(chosen, column);
	}
}

unsigned columns_need(const struct columns *chosen, const struct style *style)
{
	unsigned need = 0;

	for (size_t i = 0; i < chosen->count; i++)
		need |= chosen->at[i]->need;
	if (style->with_process)
		need |= NEED_HOLDERS;
	if (style->with_memory)
		need |= NEED_MEMORY;
	if (style->with_info)
		need |= NEED_TCP_INFO | NEED_CONGESTION;
	if (style->with_tos)
		need |= NEED_TOS;
	if (style->with_cgroup || style->with_extended)
		need |= NEED_CGROUP;
	if (style->with_extended)
		need |= NEED_WAITING;
	if (style->with_bpf)
		need |= NEED_BPF;
	return need;
}

/* ---- cells ---- */

/* A comma in a name is escaped, because commas separate the names. */
static void put_item(struct text *cell, const struct view *view, const char *bytes, size_t size)
{
	text_add_value(cell, bytes, size, view->machine ? "," : TEXT_COMM ",");
}

/* Writes "a,b,c". PIDS, COMMS and FDS name the same holders in the same order. */
static void put_holders(struct text *cell, const struct view *view, enum kind kind,
			const struct value *value)
{
	const struct holder *holder = value->holders;

	for (size_t i = 0; i < value->count; i++, holder++) {
		const struct process *process = &view->seen->processes.at[holder->process];

		if (i)
			cell_char(cell, ',');
		if (kind == KIND_PIDS)
			cell_u64(cell, (uint64_t)process->pid);
		else if (kind == KIND_FDS)
			cell_u64(cell, (uint64_t)holder->fd);
		else
			put_item(cell, view, process->comm, process->comm_size);
	}
}

static void put_age_range(struct text *cell, const struct age *age)
{
	struct text high = { 0 };
	size_t start = cell->count;

	cell_duration(cell, age->min_ms, false);
	cell_duration(&high, age->max_ms, false);
	if (strcmp(text_str(&high), cell->at + start) != 0) {
		cell_char(cell, '-');
		cell_duration(cell, age->max_ms, true);
	}
	text_fini(&high);
}

static void put_age(struct text *cell, struct age age)
{
	if (age.kind == AGE_UNACKED) {
		cell_str(cell, "unacked>=");
		cell_duration(cell, age.min_ms, false);
	} else if (age.max_ms < 0) {
		cell_str(cell, ">=");
		cell_duration(cell, age.min_ms, false);
	} else if (age.min_ms < 0) {
		cell_str(cell, "<=");
		cell_duration(cell, age.max_ms, true);
	} else {
		put_age_range(cell, &age);
	}
}

/* People get the number in a form that is easy to read, programs as a plain number. */
static void put_number(struct text *cell, enum kind kind, uint64_t number)
{
	switch (kind) {
	case KIND_MARK:
		cell_str(cell, "0x");
		cell_hex(cell, number);
		break;
	case KIND_COOKIE:
		cell_hex(cell, number);
		break;
	case KIND_MS:
		cell_duration(cell, (int64_t)number, false);
		break;
	case KIND_US:
		cell_us_as_ms(cell, number);
		break;
	default:
		cell_u64(cell, number);
	}
}

void value_put(struct text *cell, const struct view *view, enum kind kind,
	       const struct value *value)
{
	const struct protocol_row *protocol;
	const struct state_row *state;

	switch (kind) {
	case KIND_NUMBER:
		cell_u64(cell, value->number);
		break;
	case KIND_STATE:
		state = &state_table[value->number];
		cell_str(cell, view->machine ? state->name : state->ss);
		break;
	case KIND_PROTOCOL:
		protocol = protocol_row((enum protocol)value->number);
		cell_str(cell, view->machine ? protocol->name : protocol->netid);
		break;
	case KIND_WORD: case KIND_STRING:
		view_foreign(cell, view, value->bytes, value->count);
		break;
	case KIND_DEVICE:
		endpoint_link(cell, view, (uint32_t)value->number);
		break;
	case KIND_NETNS:
		netns_word(cell, view->seen->netns, view->machine ? "" : TEXT_WORD);
		break;
	case KIND_PIDS: case KIND_COMMS: case KIND_FDS:
		put_holders(cell, view, kind, value);
		break;
	case KIND_USERS:
		ss_users(cell, view, value->holders, value->count);
		break;
	default:
		put_number(cell, view->machine ? KIND_NUMBER : kind, value->number);
	}
}

/* Not inlined, because most cells are none of these and would pay for it. */
static __attribute__((noinline)) void put_told(struct text *cell, const struct view *view,
					       const struct column *column,
					       const struct sock *sock)
{
	struct value value = column_value(column, sock, view->seen);

	if (value.told == TOLD_KNOWN && column->kind == KIND_AGE)
		put_age(cell, sock_age(sock, &view->seen->limits));
	else if (value.told == TOLD_KNOWN)
		value_put(cell, view, column->kind, &value);
	else if (!view->machine && column->kind != KIND_USERS)
		/* a placeholder keeps the fields of a line countable; ss has none for users */
		cell_char(cell, '-');
}

void column_put(struct text *cell, const struct view *view, const struct column *column,
		const struct sock *sock)
{
	switch (column->kind) {
	case KIND_HOST:
		endpoint_host(cell, view, sock, column->peer);
		break;
	case KIND_PORT:
		endpoint_port(cell, view, sock, column->peer);
		break;
	case KIND_END:
		endpoint(cell, view, sock, column->peer);
		break;
	case KIND_NUMBER:
		if (column_is_member(column) && column_is_told(column, sock))
			cell_u64(cell, column_member(column, sock));
		else
			put_told(cell, view, column, sock);
		break;
	default:
		put_told(cell, view, column, sock);
	}
}
