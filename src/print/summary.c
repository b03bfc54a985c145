/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/cell.h"
#include "print/json.h"

/* A row of ss's table; FRAG counts packets that wait for their other fragments. */
struct transport { const char *name, *json; struct known ipv4, ipv6; };

#define TRANSPORTS 5

static struct known counter(const struct snapshot *seen, enum counter which)
{
	return seen->limits.counter[which];
}

static struct known sum(struct known a, struct known b)
{
	return (struct known){ a.is && b.is, a.value + b.value };
}

/*
 * A kernel without IPv6 has neither the file with its counters nor its sysctls: the
 * count is 0.
 */
static struct known counter6(const struct snapshot *seen, enum counter which)
{
	struct known value = counter(seen, which);

	return value.is || seen->limits.limit[LIMIT_BINDV6ONLY].is ? value :
	       (struct known){ true, 0 };
}

static struct transport transport(const struct snapshot *seen, const char *name,
				  const char *json, enum counter ipv4, enum counter ipv6)
{
	return (struct transport){
		name, json, counter(seen, ipv4), counter6(seen, ipv6),
	};
}

static void read_transports(const struct snapshot *seen, struct transport rows[TRANSPORTS])
{
	rows[0] = transport(seen, "RAW", "raw", COUNTER_RAW_INUSE, COUNTER_RAW6_INUSE);
	rows[1] = transport(seen, "UDP", "udp", COUNTER_UDP_INUSE, COUNTER_UDP6_INUSE);
	rows[2] = transport(seen, "TCP", "tcp", COUNTER_TCP_INUSE, COUNTER_TCP6_INUSE);
	rows[3] = (struct transport){ .name = "INET", .json = "inet", .ipv4 = { true, 0 },
				      .ipv6 = { true, 0 } };
	for (int i = 0; i < 3; i++) {
		rows[3].ipv4 = sum(rows[3].ipv4, rows[i].ipv4);
		rows[3].ipv6 = sum(rows[3].ipv6, rows[i].ipv6);
	}
	rows[4] = transport(seen, "FRAG", "frag", COUNTER_FRAG_INUSE, COUNTER_FRAG6_INUSE);
}

/*
 * As ss computes it: sockets that are allocated and in no table. Both numbers are the
 * whole machine's, so inside a namespace the result counts sockets of others, too.
 */
static struct known closed(const struct snapshot *seen)
{
	struct known hashed = sum(counter(seen, COUNTER_TCP_INUSE),
				  counter6(seen, COUNTER_TCP6_INUSE));
	struct known alloc = counter(seen, COUNTER_ALLOC), tw = counter(seen, COUNTER_TW);

	return (struct known){ alloc.is && hashed.is && tw.is,
			       alloc.value - (hashed.value - tw.value) };
}

static struct known tcp_total(const struct snapshot *seen)
{
	return sum(counter(seen, COUNTER_ALLOC), counter(seen, COUNTER_TW));
}

/* ---- text ---- */

static void put_known(struct text *text, const char *before, struct known known)
{
	cell_str(text, before);
	if (known.is)
		text_addf(text, "%lld", (long long)known.value);
	else
		cell_char(text, '-');
}

/* Pads to the column, unless it is the last one of its line. */
static void put_column(struct text *text, struct known known, bool last)
{
	size_t from = text->count;

	put_known(text, "", known);
	if (last)
		cell_char(text, '\n');
	else
		cell_pad(text, ' ', text->count - from < 10 ? 10 - (text->count - from) : 1);
}

static void put_head(struct text *text, const struct snapshot *seen)
{
	put_known(text, "Total: ", counter(seen, COUNTER_SOCKETS));
	put_known(text, "\nTCP:   ", tcp_total(seen));
	put_known(text, " (estab ", counter(seen, COUNTER_CURR_ESTAB));
	put_known(text, ", closed ", closed(seen));
	put_known(text, ", orphaned ", counter(seen, COUNTER_ORPHANS));
	put_known(text, ", timewait ", counter(seen, COUNTER_TW));
	cell_str(text, ")\n\nTransport Total     IP        IPv6\n");
}

static void put_states(struct text *text, const struct tcp_states *states)
{
	cell_str(text, "\nTCP state   Sockets\n");
	for (unsigned i = 1; i < STATE_COUNT; i++) {
		const char *name = i == STATE_BOUND ? "BOUND" : state_table[i].ss;

		if (i == STATE_CLOSE)
			continue;       /* no table has these, so nobody can list them */
		cell_str(text, name);
		cell_pad(text, ' ', 12 - strlen(name));
		cell_u64(text, states->of[i]);
		cell_char(text, '\n');
	}
}

static void summary_text(struct out *out, const struct snapshot *seen,
			 const struct tcp_states *states)
{
	struct transport rows[TRANSPORTS];
	struct text text = { 0 };

	read_transports(seen, rows);
	put_head(&text, seen);
	for (int i = 0; i < TRANSPORTS; i++) {
		cell_str(&text, rows[i].name);
		cell_str(&text, "\t  ");
		put_column(&text, sum(rows[i].ipv4, rows[i].ipv6), false);
		put_column(&text, rows[i].ipv4, false);
		put_column(&text, rows[i].ipv6, true);
	}
	put_states(&text, states);
	cell_char(&text, '\n');
	out_put(out, text.at, text.count);
	text_fini(&text);
}

/* ---- JSON ---- */

static void put_number(struct json *json, const char *name, struct known known)
{
	json_known(json, name, &known);
}

static void put_tcp(struct json *json, const struct snapshot *seen)
{
	json_open(json, "tcp", '{');
	put_number(json, "total", tcp_total(seen));
	put_number(json, "established", counter(seen, COUNTER_CURR_ESTAB));
	put_number(json, "closed", closed(seen));
	put_number(json, "orphaned", counter(seen, COUNTER_ORPHANS));
	put_number(json, "time_wait", counter(seen, COUNTER_TW));
	json_close(json, '}');
}

static void put_summary(struct json *json, const struct snapshot *seen,
			const struct tcp_states *states)
{
	struct transport rows[TRANSPORTS];

	read_transports(seen, rows);
	json_open(json, "summary", '{');
	put_number(json, "sockets", counter(seen, COUNTER_SOCKETS));
	put_tcp(json, seen);
	json_open(json, "transports", '{');
	for (int i = 0; i < TRANSPORTS; i++) {
		json_open(json, rows[i].json, '{');
		put_number(json, "total", sum(rows[i].ipv4, rows[i].ipv6));
		put_number(json, "ipv4", rows[i].ipv4);
		put_number(json, "ipv6", rows[i].ipv6);
		json_close(json, '}');
	}
	json_close(json, '}');
	json_open(json, "states", '{');
	for (int i = 1; i < STATE_COUNT; i++)
		json_u64(json, state_table[i].name, states->of[i]);
	json_close(json, '}');
	json_close(json, '}');
}

static void summary_json(struct out *out, enum format format, const struct snapshot *seen,
			 const struct tcp_states *states)
{
	struct json json;

	answer_begin(&json, out, format, "list", seen);
	answer_part(&json, "summary");
	put_summary(&json, seen, states);
	answer_end(&json, seen, states->total, NULL, snapshot_lists_all(seen));
}

int print_summary(struct out *out, const struct style *style, const struct snapshot *seen,
		  const struct tcp_states *states)
{
	if (format_is_json(style->format))
		summary_json(out, style->format, seen, states);
	else
		summary_text(out, seen, states);
	return -out->err;
}
