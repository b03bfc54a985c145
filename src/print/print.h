/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_PRINT_H
#define PRINT_PRINT_H

#include "base/fault.h"
#include "base/out.h"
#include "base/text.h"
#include "model/bind.h"
#include "model/connect.h"
#include "model/finding.h"
#include "model/kill_result.h"
#include "value/column.h"
#include "value/group.h"
#include "model/snapshot.h"

/*
 * The model goes in, bytes come out. These functions borrow all their arguments, escape
 * every foreign byte, and can fail only when output fails, which out_flush() returns.
 */
enum format {
	FORMAT_TEXT, FORMAT_JSON, FORMAT_JSONL,
	FORMAT_CSV, FORMAT_TSV, FORMAT_PIDS,    /* list only */
	FORMAT_COUNT,
};

/* THE table of formats; listing.c says how to add one. */
struct listing_format;
struct group_page;
struct format_row {
	const char *name, *help;        /* --NAME */
	const struct listing_format *listing;
	void (*groups)(const struct group_page *page);  /* NULL: not with --by */
};
extern const struct format_row format_table[FORMAT_COUNT];

static inline bool format_is_json(enum format format)
{
	return format == FORMAT_JSON || format == FORMAT_JSONL;
}

struct style {
	enum format format;
	bool     colour;        /* ANSI colours */
	bool     ascii;         /* no character beyond ASCII of our own */
	bool     quiet;         /* print nothing when there is nothing to say */
	bool     header;        /* list: column headings */
	bool     words;         /* list: -C chose the columns, and each value is one word */
	bool     resolve;       /* service and host names */
	bool     oneline;       /* list: details on the row itself (-O) */
	bool     no_queues;     /* list: no Recv-Q and Send-Q (-Q) */
	unsigned width;         /* columns of the terminal, 0: unlimited */
	unsigned most_holders;  /* of one socket in JSON, 0: all */
	/* list: ss's details behind the columns of a row */
	bool     with_process, with_timer, with_extended, with_memory, with_info;
	bool     with_tos, with_cgroup, with_sockopt, with_threads, with_bpf;
	bool     with_netns;    /* list: of every network namespace */
	bool     with_netid;    /* list: the column Netid, for several tables */
	bool     numeric;       /* list: numbers for protocols, rates without a prefix (-n) */
};

/*
 * True when -q leaves out what is printed for people: all is well and was seen
 * completely. Programs that read JSON get it in any case.
 */
static inline bool is_silent(const struct style *style, const struct snapshot *seen, bool all_right)
{
	return style->quiet && !format_is_json(style->format) && all_right && snapshot_is_complete(seen);
}

/* The columns of `list`. */
struct columns { const struct column *at[64]; size_t count; };

/**
 * columns_choose - the columns of -C
 * @spec:  "NAME,NAME", "+NAME,..." (the default ones and these), or NULL
 * @style: its with_* members decide about the default columns, which stand in the order
 *         of ss; with one state only (@states) there is no State column
 *
 * Returns 0, or -EINVAL with a sentence that lists the valid names.
 */
int columns_choose(struct columns *columns, const char *spec, const struct style *style,
		   uint32_t states, struct fault *fault);

/* What must be collected for these columns and this style (enum need). */
unsigned columns_need(const struct columns *columns, const struct style *style);

/*
 * A listing that is streamed: the first rows decide the widths, which later only grow.
 * @seen has limits, holders, cgroups and links; rows come one by one.
 */
struct listing;
struct listing *listing_begin(struct out *out, const struct style *style,
			      const struct columns *columns, const struct snapshot *seen);
/* Returns 0, or -errno of the output, after which going on is useless. */
int listing_row(struct listing *listing, const struct sock *sock);
/*
 * Tells how many rows there would be without --top, for JSON. Call it before
 * listing_end().
 */
void listing_matched(struct listing *listing, uint64_t matched);
/* Writes the rest and the gaps of @seen. Frees the listing. */
int listing_end(struct listing *listing);

/*
 * Prints counts by group, the biggest first, at most @most groups. Returns 0 or -errno
 * of the output.
 */
int print_groups(struct out *out, const struct style *style, const struct snapshot *seen,
		 const struct groups *groups, size_t most);

/*
 * Prints all of `list -s`: what ss -s prints, and the TCP sockets of each state. Returns
 * 0 or -errno of the output.
 */
struct tcp_states { uint64_t total, of[STATE_COUNT]; };
int print_summary(struct out *out, const struct style *style, const struct snapshot *seen,
		  const struct tcp_states *states);

/*
 * Prints what -K did or would do: as text, a line for each socket with its outcome, and
 * a closing line; as JSON, the sockets of `list` with "outcome" and "reason", and
 * totals. Returns 0 or -errno of the output.
 */
int print_kill_results(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct kill_results *results);

/* "3 sockets matched: 2 destroyed, 1 gone"; for people. */
void kill_results_sum(struct text *text, const struct kill_results *results);

/*
 * Events: sockets as they are freed, one line or record each, written out at once. Text
 * has the local time of day. JSON has one record a line, also with --json.
 */
struct event_row {
	int64_t            time_ms;
	const struct sock *sock;        /* state: the last one seen, or STATE_NONE */
	const struct snapshot *owners;  /* the snapshot with its holders and cgroup */
	bool               known;       /* it was seen before it was freed, so inode is known */
};

void events_begin(struct out *out, const struct style *style, const struct snapshot *seen);
void events_row(struct out *out, const struct style *style, const struct event_row *row);
void events_lost(struct out *out, const struct style *style, int64_t time_ms, uint64_t count);
/* @count: rows that were written. */
void events_end(struct out *out, const struct style *style, const struct snapshot *seen,
		uint64_t count);

/* What `check` found in one network namespace. */
struct check_area {
	const struct snapshot *seen;
	struct report report;
	size_t        number;   /* in the order in which they were looked at */
};

/*
 * Prints all of `check`: of one namespace, or with -G of each, in this order. @seen: the
 * namespace that looked, and all gaps. Returns 0 or -errno of the output.
 */
int print_check(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct check_area *areas, size_t count);

/* What `bind` answers in one network namespace. */
struct bind_page {
	const struct snapshot     *seen;
	const struct bind_ask     *ask;
	const struct bind_context *context;
	const struct bind_answer  *answer;
};

/*
 * Prints all of `bind`: in one namespace, or with -G in each. @seen: the namespace that
 * looked, and all gaps; @vacant: namespaces in which nobody owns the port. Returns 0 or
 * -errno of the output.
 */
int print_bind(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct bind_page *pages, size_t count, size_t vacant);
/* Print all of `bind` of a unix name, and of `connect`. Each returns 0 or -errno of the output. */
int print_unix(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct unix_ask *ask, const struct unix_context *context,
	       const struct bind_answer *answer);
/* @by_route: the kernel chose the source; @probe: NULL when no probe was asked for. */
int print_connect(struct out *out, const struct style *style, const struct snapshot *seen,
		  const struct connect_ask *ask, bool by_route, const struct port_probe *probe,
		  const struct connect_answer *answer);
int print_destinations(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations);

#endif
