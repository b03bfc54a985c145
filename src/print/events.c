/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/cell.h"
#include "print/columns.h"
#include "print/endpoint.h"
#include "print/json.h"

#include <time.h>

/* ---- JSON ---- */

/* [] when it was seen without a file, null when its holders were not seen. */
static void put_processes(struct json *json, const struct event_row *row)
{
	if (row->known && !row->sock->inode) {
		json_open(json, "processes", '[');
		json_close(json, ']');
	} else {
		json_holders(json, row->owners, row->known ? row->sock->inode : 0, 0);
	}
}

static void put_record(struct out *out, const struct event_row *row)
{
	const struct sock *sock = row->sock;
	struct json json;

	answer_record(&json, out, "event");
	json_time(&json, "time", row->time_ms);
	json_string(&json, "family", sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
	json_string(&json, "protocol", sock->protocol == PROTOCOL_UDP ? "udp" : "tcp");
	json_string(&json, "last_state", sock->state ? state_table[sock->state].name : NULL);
	json_address_port(&json, "local", &sock->local, sock->family, sock->local_port);
	json_address_port(&json, "remote", &sock->remote, sock->family, sock->remote_port);
	json_name(&json, "interface", sock->ifindex ? snapshot_link(row->owners, sock->ifindex) :
		  NULL);
	json_count(&json, "uid", sock->have & HAVE_UID, sock->uid);
	json_count(&json, "inode", row->known && sock->inode, sock->inode);
	json_id(&json, "cookie", sock->cookie);
	json_cgroup(&json, snapshot_home_of(row->owners, sock));
	json_count(&json, "sent_acked_bytes", sock->have & HAVE_ACKED, sock->flow.bytes_acked);
	json_count(&json, "received_bytes", sock->have & HAVE_ACKED, sock->flow.bytes_received);
	put_processes(&json, row);
	answer_record_end(&json);
}

static void put_lost_record(struct out *out, int64_t time_ms, uint64_t count)
{
	struct json json;

	answer_record(&json, out, "gap");
	json_time(&json, "time", time_ms);
	json_u64(&json, "lost", count);
	answer_record_end(&json);
}

/* ---- text ---- */

#define CLOCK_WIDTH 13  /* "15:04:05.678 " */
#define STATE_WIDTH 11
#define ENDS_WIDTH  24

static void put_clock(struct text *line, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;

	/* a time before 1970 is a broken clock */
	if (time_ms < 0 || !localtime_r(&seconds, &tm))
		return;
	text_addf(line, "%02d:%02d:%02d.%03d ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		  (int)(time_ms % 1000));
}

/* Adds blanks up to the next column, at least one. */
static void pad_from(struct text *line, size_t start, size_t width)
{
	size_t used = line->count - start;

	cell_pad(line, ' ', used < width ? width - used + 1 : 1);
}

static void put_owner(struct text *line, const struct view *view, const struct event_row *row)
{
	size_t start = line->count;

	if (row->known && !row->sock->inode) {
		cell_str(line, "nobody");
		return;
	}
	if (row->known)
		column_put(line, view, column_find("PROCESS", 7), row->sock);
	if (line->count == start)
		cell_str(line, "unknown");
}

static void put_line(struct out *out, const struct style *style, const struct event_row *row)
{
	const struct view view = { .seen = row->owners, .style = style };
	const struct sock *sock = row->sock;
	struct text line = { 0 };
	size_t start;

	put_clock(&line, row->time_ms);
	cell_str(&line, sock->protocol == PROTOCOL_UDP ? "udp   " : "tcp   ");
	start = line.count;
	cell_str(&line, sock->state ? state_table[sock->state].ss : "unknown");
	pad_from(&line, start, STATE_WIDTH);
	start = line.count;
	endpoint(&line, &view, sock, false);
	pad_from(&line, start, ENDS_WIDTH);
	start = line.count;
	endpoint(&line, &view, sock, true);
	pad_from(&line, start, ENDS_WIDTH);
	put_owner(&line, &view, row);
	cell_char(&line, '\n');
	out_put(out, line.at, line.count);
	text_fini(&line);
}

static void put_heading(struct out *out)
{
	out_f(out, "%-*s%-6s%-*s %-*s %-*s %s\n", CLOCK_WIDTH, "Time", "Netid",
	      STATE_WIDTH, "Last State", ENDS_WIDTH, "Local Address:Port",
	      ENDS_WIDTH, "Peer Address:Port", "Last Process");
}

/* ---- both ---- */

void events_begin(struct out *out, const struct style *style, const struct snapshot *seen)
{
	struct json json;

	if (style->format == FORMAT_TEXT) {
		if (style->header)
			put_heading(out);
	} else {
		answer_begin(&json, out, FORMAT_JSONL, "list", seen);
		answer_record_end(&json);
	}
}

void events_row(struct out *out, const struct style *style, const struct event_row *row)
{
	if (style->format == FORMAT_TEXT)
		put_line(out, style, row);
	else
		put_record(out, row);
}

void events_lost(struct out *out, const struct style *style, int64_t time_ms, uint64_t count)
{
	struct text line = { 0 };

	if (style->format != FORMAT_TEXT) {
		put_lost_record(out, time_ms, count);
		return;
	}
	put_clock(&line, time_ms);
	text_addf(&line, "%llu %s may be missing\n", (unsigned long long)count,
		  count == 1 ? "event" : "events");
	out_put(out, line.at, line.count);
	text_fini(&line);
}

void events_end(struct out *out, const struct style *style, const struct snapshot *seen,
		uint64_t count)
{
	struct json json;

	if (style->format == FORMAT_TEXT)
		return;
	answer_record(&json, out, "trailer");
	json_end(&json, seen, count, NULL, snapshot_lists_all(seen));
	answer_record_end(&json);
}
