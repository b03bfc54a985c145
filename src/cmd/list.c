/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/errline.h"
#include "base/grow.h"
#include "base/order.h"
#include "cmd/families.h"
#include "cmd/filters.h"
#include "cmd/repeat.h"
#include "cmd/session.h"
#include "value/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct out out;

/* -- --sort and --top ----------------------------------------------------- */

#define SPARE_ROWS 4096         /* rows kept beyond --top before the last ones are dropped */

/* A row that is kept: its key, and behind it in the bytes what sock_pack() made of it. */
struct kept {
	size_t   key;
	uint32_t key_size, size;        /* of the key, and of key and row */
	uint32_t netns;                 /* index */
	uint32_t number;                /* the order in which rows came */
};

/* What a snapshot has of one network namespace only; with -G there are several. */
struct kept_netns {
	const struct netns *netns;
	struct limits limits;
	__typeof__(((struct snapshot *)0)->links) links;
};

/*
 * --sort and --top, between the dump and whatever prints its rows. Without --sort rows
 * are passed on as they come. With --sort they are kept until all have come; with --top,
 * too, only those that can still be among the first are kept.
 */
struct arrangement {
	struct order order;
	uint64_t     top;               /* this many rows are passed on; UINT64_MAX: all */
	uint64_t     matched;
	struct snapshot *seen;
	struct sink  next;
	struct { struct kept *at; size_t count, room; } rows;
	struct { struct kept_netns *at; size_t count, room; } namespaces;
	struct text  bytes;             /* keys and packed rows */
};

static bool arrange_cuts(const struct arrangement *arrangement)
{
	return arrangement->top != UINT64_MAX;
}

/* Returns 0, or -EINVAL with a sentence; nothing is allocated before the first row. */
static int arrange_choose(struct arrangement *arrangement, const struct options *options,
			  struct fault *fault)
{
	memset(arrangement, 0, sizeof(*arrangement));
	arrangement->top = options->top;
	return options->sort ? order_choose(&arrangement->order, options->sort, fault) : 0;
}

static void add_netns(struct arrangement *arrangement)
{
	const struct snapshot *seen = arrangement->seen;
	struct kept_netns *kept = grow_add(&arrangement->namespaces);

	kept->netns = seen->netns;
	kept->limits = seen->limits;
	/* without -G the snapshot keeps its own */
	for (size_t i = 0; seen->netns->visited && i < seen->links.count; i++)
		*grow_add(&kept->links) = seen->links.at[i];
}

/* Namespaces come one after the other, so only the last one is compared. */
static uint32_t netns_now(struct arrangement *arrangement)
{
	size_t count = arrangement->namespaces.count;

	if (!count || arrangement->namespaces.at[count - 1].netns != arrangement->seen->netns)
		add_netns(arrangement);
	return (uint32_t)(arrangement->namespaces.count - 1);
}

static void keep_packed(struct arrangement *arrangement, const struct sock *sock)
{
	uint32_t netns = netns_now(arrangement);
	struct text *bytes = &arrangement->bytes;
	struct kept *kept = grow_add(&arrangement->rows);

	kept->netns = netns;
	kept->key = bytes->count;
	order_key(bytes, &arrangement->order, arrangement->seen, sock);
	kept->key_size = (uint32_t)(bytes->count - kept->key);
	sock_pack(bytes, sock);
	kept->size = (uint32_t)(bytes->count - kept->key);
	kept->number = (uint32_t)arrangement->rows.count;
}

/* Rows with equal keys keep the order in which they came; thin_out() relies on that. */
static int compare_rows(const void *left, const void *right, void *bytes)
{
	const struct kept *a = left, *b = right;
	size_t size = a->key_size < b->key_size ? a->key_size : b->key_size;
	int order = memcmp((const char *)bytes + a->key, (const char *)bytes + b->key, size);

	return order ?: order_of(a->key_size, b->key_size) ?: order_of(a->number, b->number);
}

static void sort_kept(struct arrangement *arrangement)
{
	if (arrangement->rows.count)
		qsort_r(arrangement->rows.at, arrangement->rows.count,
			sizeof(*arrangement->rows.at), compare_rows, arrangement->bytes.at);
}

/*
 * Keeps the first rows only, in new memory, so that memory grows with --top and not with
 * the number of sockets.
 */
static void thin_out(struct arrangement *arrangement)
{
	struct text bytes = { 0 };

	sort_kept(arrangement);
	arrangement->rows.count = arrangement->top;
	for (size_t i = 0; i < arrangement->rows.count; i++) {
		struct kept *kept = &arrangement->rows.at[i];
		size_t start = bytes.count;

		text_add(&bytes, arrangement->bytes.at + kept->key, kept->size);
		kept->key = start;
		kept->number = (uint32_t)i + 1;
	}
	text_fini(&arrangement->bytes);
	arrangement->bytes = bytes;
}

static int keep_row(void *ctx, const struct sock *sock)
{
	struct arrangement *arrangement = ctx;

	keep_packed(arrangement, sock);
	arrangement->matched++;
	if (arrange_cuts(arrangement) && arrangement->top <= SIZE_MAX / 4 &&
	    arrangement->rows.count >= 2 * arrangement->top + SPARE_ROWS)
		thin_out(arrangement);
	return 0;
}

static int pass_row(void *ctx, const struct sock *sock)
{
	struct arrangement *arrangement = ctx;

	if (arrangement->matched++ >= arrangement->top)
		return 0;
	return arrangement->next.take(arrangement->next.ctx, sock);
}

/* Returns the sink for the dump. @next gets the rows. */
static struct sink arrange_begin(struct arrangement *arrangement, struct snapshot *seen,
				 struct sink next)
{
	arrangement->seen = seen;
	arrangement->next = next;
	if (arrangement->order.count)
		return (struct sink){ .take = keep_row, .ctx = arrangement };
	if (arrange_cuts(arrangement))
		return (struct sink){ .take = pass_row, .ctx = arrangement };
	return next;
}

/* Lends the namespace to the snapshot; its own device names stay with the caller. */
static void show_netns(struct snapshot *seen, const struct kept_netns *kept)
{
	seen->netns = kept->netns;
	seen->limits = kept->limits;
	seen->links = kept->links;
}

static int deliver_row(struct arrangement *arrangement, const struct kept *kept)
{
	struct sock_row row;
	int err;

	sock_unpack(&row, arrangement->bytes.at + kept->key + kept->key_size);
	err = arrangement->next.take(arrangement->next.ctx, &row.sock);
	sock_row_fini(&row);
	return err;
}

static int deliver(struct arrangement *arrangement)
{
	struct snapshot *seen = arrangement->seen;
	__typeof__(seen->links) links = seen->links;
	size_t count = arrangement->rows.count, shown = SIZE_MAX;
	int err = 0;

	sort_kept(arrangement);
	for (size_t i = 0; i < count && i < arrangement->top && !err; i++) {
		const struct kept *kept = &arrangement->rows.at[i];
		const struct kept_netns *of = &arrangement->namespaces.at[kept->netns];

		if (kept->netns != shown && of->netns->visited)
			show_netns(seen, of);
		shown = kept->netns;
		err = deliver_row(arrangement, kept);
	}
	seen->links = links;
	snapshot_return(seen);
	return err;
}

/*
 * Delivers the rows that were kept and frees them. Returns 0 or the error of the next
 * sink.
 */
static int arrange_end(struct arrangement *arrangement)
{
	int err = deliver(arrangement);

	for (size_t i = 0; i < arrangement->namespaces.count; i++)
		grow_fini(&arrangement->namespaces.at[i].links);
	grow_fini(&arrangement->rows);
	grow_fini(&arrangement->namespaces);
	text_fini(&arrangement->bytes);
	return err;
}

/* -- rows ---------------------------------------------------------------- */

struct listing_job {
	struct session  session;
	struct style    style;          /* becomes the session's */
	struct families families;
	struct filter   filter;
	struct filter_findings findings; /* for the word `finding` */
	struct columns  columns;
	struct arrangement arrangement; /* --sort, --top */
	struct groups   groups;         /* --by */
	struct repeat  *repeat;         /* -c */
	uint32_t        states;
	unsigned        need;           /* of rows, order and filter (enum need) */
	struct sink     sink;           /* of the rows */
	uint64_t        unheld;         /* rows whose owner was looked for and not seen */
	bool            held;           /* some row has an owner that was seen */
	bool            bare;           /* see struct collect_ask */
};

static unsigned shown_needs(const struct listing_job *job)
{
	const struct style *style = &job->session.style;

	if (job->groups.keys_count)
		return groups_need(&job->groups);
	if (style->format == FORMAT_PIDS)
		return NEED_HOLDERS;
	/* ages, openers and cgroup paths are members of every socket in JSON */
	return columns_need(&job->columns, style) |
	       (format_is_json(style->format) ? NEED_FLOW | NEED_CGROUP | NEED_LINKS : 0);
}

static unsigned all_needs(const struct listing_job *job)
{
	return shown_needs(job) | order_need(&job->arrangement.order) | filter_need(&job->filter);
}

static void count_unheld(struct listing_job *job, const struct sock *sock)
{
	bool held;

	if (!(job->need & NEED_HOLDERS) || !sock->inode)
		return;
	held = snapshot_owner(&job->session.seen, sock->inode) >= 0;
	job->held |= held;
	job->unheld += !held;
}

struct row_sink {
	struct listing_job *job;
	struct listing *listing;
};

static int take_row(void *ctx, const struct sock *sock)
{
	const struct row_sink *rows = ctx;

	session_row(&rows->job->session, sock);
	count_unheld(rows->job, sock);
	return listing_row(rows->listing, sock);
}

static int take_for_groups(void *ctx, const struct sock *sock)
{
	struct listing_job *job = ctx;

	count_unheld(job, sock);
	groups_add(&job->groups, &job->session.seen, sock);
	return 0;
}

static int ask_for(struct listing_job *job, enum protocol protocol)
{
	struct collect_ask ask = {
		.states = job->states, .need = job->need, .protocol = protocol,
		.ipv4 = job->families.ipv4, .ipv6 = job->families.ipv6,
		.filter = job->filter.has_expression ? &job->filter : NULL,
		.findings = filter_has(&job->filter, FILTER_FINDING) ? &job->findings : NULL,
		.bare = job->bare,
		.ahead = job->session.options->info,    /* such rows take long to print */
	};

	return collect_socks(job->session.collect, &ask, job->sink, &job->session.seen,
			     &job->session.fault);
}

static int list_netns(void *ctx, struct session *session)
{
	struct listing_job *job = ctx;
	int err = 0;

	(void)session;
	for (size_t i = 0; i < job->families.count && !err; i++)
		err = ask_for(job, job->families.at[i]);
	return err;
}

/* In other answers such a value is one null among many; here it is what was asked for. */
static void note_untold(struct session *session)
{
	if (session->options->cgroup && snapshot_has_gap(&session->seen, GAP_SOURCE))
		snapshot_gap(&session->seen, GAP_ATTRIBUTE, 1,
			     "the control groups of sockets read from /proc are not known");
}

static int dump(struct listing_job *job, struct sink shown)
{
	struct session *session = &job->session;
	int err, late;

	job->sink = arrange_begin(&job->arrangement, &session->seen, shown);
	err = session_each(session, &job->filter, false, list_netns, job);
	collect_forget_socks(session->collect);
	late = arrange_end(&job->arrangement);
	note_untold(session);
	session_note_unheld(&session->seen, job->unheld);
	if (err && !out.err)
		session->seen.socks_complete = false;
	return err ? err : late;
}

static int show_rows(struct listing_job *job)
{
	struct session *session = &job->session;
	struct listing *listing = listing_begin(&out, &session->style, &job->columns,
						&session->seen);
	struct row_sink rows = { job, listing };
	int err = dump(job, (struct sink){ .take = take_row, .ctx = &rows });

	if (arrange_cuts(&job->arrangement))
		listing_matched(listing, job->arrangement.matched);
	listing_end(listing);
	return err;
}

/* Here --top limits groups, not rows. */
static int show_groups(struct listing_job *job)
{
	struct session *session = &job->session;
	uint64_t top = job->arrangement.top;
	int err;

	job->arrangement.top = UINT64_MAX;
	err = dump(job, (struct sink){ .take = take_for_groups, .ctx = job });
	groups_sort(&job->groups);
	print_groups(&out, &session->style, &session->seen, &job->groups,
		     top < SIZE_MAX ? (size_t)top : SIZE_MAX);
	return err;
}

static enum status show(struct listing_job *job)
{
	struct session *session = &job->session;
	int err;

	if (filters_prepare(&job->filter, session, &job->findings) < 0)
		return cmd_fail(&session->fault);
	job->need = all_needs(job);
	session_owners(session, job->need);
	collect_forget_owners(session->collect);
	err = job->groups.keys_count ? show_groups(job) : show_rows(job);
	if (err && !out.err)
		return cmd_fail(&session->fault);
	return STATUS_OK;
}

/*
 * An empty owner must not be read as "nobody", so gaps are printed. With -c they are
 * printed once, or on a terminal in each round, because a round overwrites the one
 * before.
 */
static void tell_gaps(struct listing_job *job)
{
	struct session *session = &job->session;
	size_t count = session->seen.gaps.count;

	if (format_is_json(session->style.format) || session->style.quiet)
		return;
	session->told = count > 0;
	if (job->repeat->rounds && !job->repeat->on_screen)
		return;
	/* an empty list of pids may be what a mistake in the filter left */
	if (session->style.format == FORMAT_PIDS && !job->held && !count)
		errline("note: no pid to print: no process has a socket that matches");
	for (size_t i = 0; i < count; i++)
		if (repeat_output(job->repeat) == STDOUT_FILENO)
			errline("note: %s", session->seen.gaps.at[i].text);
		else
			out_f(&out, "note: %s\n", session->seen.gaps.at[i].text);
}

/* -- what is asked for --------------------------------------------------- */

static int choose_groups(struct groups *groups, const struct options *options, struct fault *fault)
{
	if (!format_table[options->format].groups)
		return fault_set(fault, EINVAL, "--by and --%s cannot be used together",
				 format_table[options->format].name);
	return groups_choose(groups, options->by, fault);
}

static int choose(struct listing_job *job, const struct options *options, struct fault *fault)
{
	struct style style = job->style;

	job->states = filters_states(&job->filter, families_states(options));
	if (families_choose(&job->families, options, fault) < 0 ||
	    families_limit(&job->families, &job->filter, fault) < 0)
		return -EINVAL;
	style.with_netid = job->families.many;
	/* for programs, the columns do not depend on the number of states asked for */
	if (columns_choose(&job->columns, options->columns, &style,
			   style.format == FORMAT_TEXT ? job->states : 0,
			   fault) < 0)
		return -EINVAL;
	if (options->by && choose_groups(&job->groups, options, fault) < 0)
		return -EINVAL;
	return arrange_choose(&job->arrangement, options, fault);
}

/* True for TCP and UDP sockets as text, in the order in which they come. */
static bool is_plain(const struct listing_job *job, const struct options *options)
{
	bool is_inet = true;

	for (size_t i = 0; i < job->families.count; i++)
		is_inet &= job->families.at[i] == PROTOCOL_TCP ||
			   job->families.at[i] == PROTOCOL_UDP;
	return is_inet && !options->by && !options->sort && !options->all_netns &&
	       !job->filter.has_expression;
}

/*
 * Limits are needed for ages, JSON, names of ports and filters; plain rows have none of
 * these.
 */
static int open_session(struct listing_job *job, const struct options *options)
{
	bool needs_limits = job->style.format != FORMAT_TEXT || job->style.resolve ||
			    columns_need(&job->columns, &job->style) & NEED_FLOW;

	return is_plain(job, options) && !needs_limits ?
	       session_open_with(&job->session, options, BASICS_BRIEF) :
	       session_open(&job->session, options);
}

/* True for ss's own columns, with nothing behind them unless an option asks for it. */
static bool is_bare(const struct listing_job *job, const struct options *options)
{
	return is_plain(job, options) && job->style.format == FORMAT_TEXT && !options->columns &&
	       !options->timers && !options->sockopt &&
	       !(columns_need(&job->columns, &job->style) & ~(unsigned)(NEED_LINKS | NEED_HOLDERS));
}

static enum status list_once(struct listing_job *job, const struct options *options)
{
	struct fault fault;
	enum status status;

	if (filters_read(&job->filter, options) < 0)
		return STATUS_UNKNOWN;
	session_style(&job->style, options);
	if (choose(job, options, &fault) < 0)
		return cmd_fail(&fault);
	job->bare = is_bare(job, options);
	if (open_session(job, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, repeat_output(job->repeat));
	if (families_open(&job->families, &job->session) < 0)
		status = cmd_fail(&job->session.fault);
	else
		status = filters_resolve(&job->filter, &job->session) < 0 ? STATUS_UNKNOWN : show(job);
	tell_gaps(job);
	return session_close(&job->session, &out, status);
}

/* -- -s ------------------------------------------------------------------ */

static int count_state(void *ctx, const struct sock *sock)
{
	struct tcp_states *states = ctx;

	states->total++;
	states->of[sock->state]++;
	return 0;
}

/*
 * As in ss, an option that names a table or filters (here also -C) adds the listing
 * below the summary.
 */
static bool summary_is_all(const struct options *options)
{
	bool tables = options->tcp || options->udp || options->raw || options->unix_sockets ||
		      options->packet || options->mptcp || options->family || options->query.count ||
		      options->ipv4 || options->ipv6;

	return format_is_json(options->format) ||
	       !(tables || options->words_count || options->filter_file || options->columns);
}

static enum status summarize(struct session *session)
{
	static bool told;       /* once, not in each round of -c */
	struct tcp_states states = { 0 };
	struct collect_ask ask = {
		.states = STATE_ALL, .ipv4 = true, .ipv6 = true, .protocol = PROTOCOL_TCP,
	};

	if (collect_socks(session->collect, &ask,
			  (struct sink){ .take = count_state, .ctx = &states },
			  &session->seen, &session->fault) < 0)
		return cmd_fail(&session->fault);
	print_summary(&out, &session->style, &session->seen, &states);
	if (!told)
		session_tell_gaps(session);
	told = true;
	return STATUS_OK;
}

static enum status summary_run(const struct options *options)
{
	struct session session;

	if (session_open(&session, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, 1);
	return session_close(&session, &out, summarize(&session));
}

/* -- rounds --------------------------------------------------------------- */

struct round {
	const struct options *options;
	struct repeat *repeat;
};

static enum status list_round(void *ctx)
{
	const struct round *round = ctx;
	const struct options *options = round->options;
	struct listing_job job = { .repeat = round->repeat };
	enum status status = options->summary ? summary_run(options) : STATUS_OK;

	if (options->summary && (status != STATUS_OK || summary_is_all(options)))
		return status;
	status = list_once(&job, options);
	filter_fini(&job.filter);
	filter_findings_fini(&job.findings);
	groups_fini(&job.groups);
	return status;
}

enum status list_run(const struct options *options)
{
	struct repeat repeat = repeat_of(options);
	struct round round = { options, &repeat };

	if (options->kill || options->events)
		return options->kill ? kill_run(options) : events_run(options);
	if (options->repeat_ms)
		return repeat_run(&repeat, list_round, &round, &out);
	return list_round(&round);
}
