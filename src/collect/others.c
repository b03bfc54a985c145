/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/others.h"

#include "collect/dump.h"
#include "model/once.h"
#include "model/protocol.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * THE table of tables. To add one: a file with its struct other_table, its name here, a
 * row in model/protocol.c and one in cmd/families.c.
 */
static const struct other_table *const tables[] = { &unix_socks, &packet_socks, &netlink_socks };

#define TABLES (sizeof(tables) / sizeof(*tables))

/* The longest request. */
#define REQUEST_MAX 64

/* A listing while its messages come in. Its ask is that of the caller. */
struct others {
	struct dump               dump;         /* comes first: its rows come back to this */
	const struct other_table *table;
	uint64_t                  hidden;       /* with a filter that the kernel does not show */
};

static enum protocol whole_of(enum protocol protocol)
{
	return protocol_is_unix(protocol) ? PROTOCOL_UNIX :
	       protocol_is_packet(protocol) ? PROTOCOL_PACKET : protocol;
}

/*
 * The table of @protocol. For a protocol that others_lists() does not know it is the
 * last one, never NULL.
 */
static const struct other_table *table_of(enum protocol protocol)
{
	enum protocol whole = whole_of(protocol);
	size_t i = 0;

	while (i < TABLES - 1 && tables[i]->protocol != whole)
		i++;
	return tables[i];
}

uint8_t other_put(char *at, size_t room, const char *fmt, ...)
{
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsnprintf(at, room, fmt, args);
	va_end(args);
	return (uint8_t)(size < (int)room ? size : (int)room - 1);
}

bool others_lists(enum protocol protocol)
{
	return table_of(protocol)->protocol == whole_of(protocol);
}

/* ---- one message ---- */

const struct attr_table *others_attrs(uint8_t family)
{
	for (size_t i = 0; i < TABLES; i++)
		if (tables[i]->family == family)
			return &tables[i]->attrs;
	return NULL;
}

int others_parse(const struct other_table *table, const void *message, size_t size,
		 struct other_row *row)
{
	size_t fixed = table->attrs.fixed;
	struct parsed parsed = {
		.sock = &row->sock, .detail = &row->detail, .other = &row->other,
	};

	if (size < fixed || *(const uint8_t *)message != table->family ||
	    !table->parse(message, row))
		return -EBADMSG;
	return (int)attrs_parse(&table->attrs, (const char *)message + fixed, size - fixed, &parsed);
}

static bool is_wanted(const struct others *others, const struct sock *sock)
{
	const struct collect_ask *ask = &others->dump.ask;

	if (ask->protocol != others->table->protocol && ask->protocol != sock->protocol)
		return false;
	if (!(ask->states & STATE_BIT(sock->state)))
		return false;
	return !ask->filter || filter_test(ask->filter, &others->dump.view, sock) == FILTER_TRUE;
}

static int deliver_row(struct others *others, struct other_row *row, const void *bytes,
		       size_t size)
{
	struct dump *dump = &others->dump;

	recorder_put(dump->recorder, FRAME_SOCK, NULL, bytes, size);
	if (recorder_replays(dump->recorder) && !inodes_add(&dump->inodes, row->sock.inode)) {
		dump->senseless++;
		return 0;
	}
	if (others->table->complete)
		others->table->complete(dump->recorder, dump->view.seen, row);
	if (!is_wanted(others, &row->sock))
		return 0;
	others->hidden += row->other.packet.filter_hidden;
	return dump->sink.take(dump->sink.ctx, &row->sock);
}

/* Broken listings are repeated, and netlink lists members of groups twice. */
static int deliver(struct dump *dump, const void *bytes, size_t size)
{
	struct others *others = (struct others *)dump;
	struct other_row row;
	int senseless = -EBADMSG, err = 0;

	memset(&row, 0, sizeof(row));
	row.sock.other = &row.other;
	row.sock.detail = &row.detail;
	if (size >= NLMSG_HDRLEN)
		senseless = others_parse(others->table, (const char *)bytes + NLMSG_HDRLEN,
					 size - NLMSG_HDRLEN, &row);
	if (senseless < 0) {
		dump->senseless++;
		return 0;
	}
	if (once_add(&dump->delivered, row.sock.cookie, ONCE_SOCKET)) {
		dump->senseless += (unsigned)senseless;
		err = deliver_row(others, &row, bytes, size);
	}
	other_fini(&row.other);
	return err;
}

/* ---- live ---- */

/* A recording gets every state, so that it can answer every question. */
static int ask_live(struct others *others, struct wire_dump *wire, bool waiting,
		    struct snapshot *seen, int *failed, struct fault *fault)
{
	struct dump *dump = &others->dump;
	uint32_t states = recorder_records(dump->recorder) ? STATE_ALL : dump->ask.states;
	const struct other_table *table = others->table;
	uint32_t request[REQUEST_MAX / sizeof(uint32_t)];

	memcpy(request, table->request, table->request_size);
	if (table->states_at)
		request[table->states_at / sizeof(*request)] = states;
	if (waiting)
		request[table->show_at / sizeof(*request)] |= table->show_waiting;
	wire->request = request;
	wire->size = table->request_size;
	return dump_live(dump, wire, table->lister.sockets, seen, failed, fault);
}

static int list_live(struct others *others, unsigned deadline_ms, struct snapshot *seen,
		     struct fault *fault)
{
	struct frame_ask asked = { .states = STATE_ALL, .protocol = others->table->protocol };
	bool waiting = others->table->show_waiting && (others->dump.ask.need & NEED_WAITING);
	struct wire_dump wire = { .lister = &others->table->lister, .deadline_ms = deadline_ms };
	int err = 0, failed = 0;

	recorder_put(others->dump.recorder, FRAME_ASK, &asked, NULL, 0);
	/*
	 * The kernel ends a listing silently at a listener whose waiting connections do
	 * not fit into its message. The sockets behind it come with a second listing
	 * that asks for no waiting connections.
	 */
	if (waiting)
		err = ask_live(others, &wire, true, seen, &failed, fault);
	if (!err && !failed)
		err = ask_live(others, &wire, false, seen, &failed, fault);
	return err || wire.answered ? err : failed;
}

int others_offered(enum protocol protocol, unsigned deadline_ms, struct fault *fault)
{
	const struct other_table *table = table_of(protocol);
	struct wire_dump wire = {
		.request = table->request, .size = table->request_size,
		.lister = &table->lister, .deadline_ms = deadline_ms,
	};

	return wire_answers(&wire, fault);
}

/* ---- replay ---- */

/* The first section answers, because each holds the whole table. */
static int list_replayed(struct others *others, struct snapshot *seen)
{
	const struct load *load = others->dump.recorder->load;

	for (size_t i = 0; i < load_heads(load); i++)
		if (replay_asked(load, i).protocol == others->table->protocol)
			return replay_section(&others->dump, i, seen);
	snapshot_gap(seen, GAP_RECORDING, 1, "the recording does not hold %s sockets",
		     others->table->lister.sockets);
	seen->socks_complete = false;
	return 0;
}

/* ---- both ---- */

int others_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		   unsigned deadline_ms, struct snapshot *seen, struct fault *fault)
{
	struct others others = {
		.dump = dump_begin(recorder, ask, ASK_LISTING, sink),
		.table = table_of(ask->protocol),
	};
	int err;

	others.dump.deliver = deliver;
	others.dump.view = (struct filter_view){ .seen = seen, .findings = ask->findings };
	err = recorder_replays(recorder) ? list_replayed(&others, seen) :
	      list_live(&others, deadline_ms, seen, fault);
	if (others.hidden && (ask->need & NEED_BPF))
		snapshot_gap(seen, GAP_ATTRIBUTE, others.hidden,
			     "the kernel tells the filters of packet sockets only with CAP_NET_ADMIN");
	dump_end(&others.dump, seen);
	return err;
}
