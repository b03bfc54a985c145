/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/session.h"

#include "base/errline.h"
#include "base/grow.h"
#include "base/locale.h"
#include "base/number.h"
#include "base/text.h"
#include "cmd/deadline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* NULL when the variable is not set or empty. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* --color decides; else NO_COLOR, else CLICOLOR_FORCE, else the kind of output. */
static bool wants_colour(enum color color)
{
	const char *term = environment("TERM"), *force = environment("CLICOLOR_FORCE");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	if (environment("NO_COLOR"))
		return false;
	if (force)
		return strcmp(force, "0") != 0;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static unsigned terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (!columns || !number_whole(columns, 10000, &width) || width < 20)
		return 80;
	return (unsigned)width;
}

void session_style(struct style *style, const struct options *options)
{
	*style = (struct style){
		.format = options->format,
		.colour = wants_colour(options->color),
		.ascii = options->ascii || !locale_is_utf8(),
		.quiet = options->quiet,
		.header = !options->no_header,
		.words = options->columns,
		.resolve = options->resolve,
		.oneline = options->oneline,
		.numeric = options->numeric,
		.no_queues = options->no_queues,
		.width = options->wide ? 0 : terminal_width(),
		.with_process = options->processes || options->threads,
		.with_threads = options->threads,
		.with_timer = options->timers || options->extended,
		.with_extended = options->extended,
		.with_memory = options->memory,
		.with_info = options->info,
		.with_tos = options->tos,
		.with_cgroup = options->cgroup,
		.with_sockopt = options->sockopt,
		.with_bpf = options->bpf,
		.with_netns = options->all_netns,
	};
}

int session_open_with(struct session *session, const struct options *options,
		      enum basics basics)
{
	struct collect_source source = {
		.netns = options->netns, .root = options->root, .from = options->from,
		.record = options->record, .redact = options->redact,
		.deadline_ms = (unsigned)options->deadline_ms,
	};
	int err;

	memset(session, 0, sizeof(*session));
	session->options = options;
	snapshot_init(&session->seen);
	session_style(&session->style, options);
	/*
	 * Whoever feeds standard input may take as long as it likes, unless --deadline
	 * was given.
	 */
	if (options->deadline_ms)
		deadline_begin(options);
	err = collect_open(&session->collect, &source, &session->fault);
	if (err) {
		cmd_fail(&session->fault);
		snapshot_fini(&session->seen);
		return err;
	}
	deadline_begin(options);
	/* each namespace tells its own, ours as well: arrive() */
	if (options->all_netns)
		basics = BASICS_BRIEF;
	session->left_links = collect_basics(session->collect, &session->seen, basics);
	return 0;
}

int session_open(struct session *session, const struct options *options)
{
	return session_open_with(session, options, BASICS_WHOLE);
}

/* -- -G: in every network namespace of this machine, one after the other ------ */

/* No device ever has this number. */
#define NO_LINK UINT32_MAX

/* As without -G, a number is tried as a name first. */
static uint32_t find_link(const struct snapshot *seen, const char *name)
{
	uint32_t index = session_link(seen, name);
	uint64_t number;

	if (!index && filter_number(name, UINT32_MAX, &number))
		return (uint32_t)number;
	return index ?: NO_LINK;
}

/* A device that this namespace lacks becomes NO_LINK, to which no socket is bound. */
static void find_links(struct filter *filter, const struct snapshot *seen)
{
	for (size_t i = 0; i < filter->nodes.count; i++) {
		struct filter_node *node = &filter->nodes.at[i];

		if (node->kind == FILTER_DEV && node->word)
			node->number = find_link(seen, filter_word(filter, node->word));
		if (node->realm == REALM_LINK && node->port_word)
			node->port = (int32_t)(find_link(seen, filter_word(filter,
							 node->port_word)) & INT32_MAX);
	}
}

static void arrive(struct session *session, const struct netns *netns, struct filter *filter)
{
	deadline_begin(session->options);
	collect_arrival(session->collect, netns, &session->seen);
	session->left_links = false;
	if (filter)
		find_links(filter, &session->seen);
}

static bool has_gap(const struct snapshot *seen, const struct gap *gap)
{
	for (size_t i = 0; i < seen->gaps.count; i++)
		if (seen->gaps.at[i].kind == gap->kind &&
		    strcmp(seen->gaps.at[i].text, gap->text) == 0)
			return true;
	return false;
}

/* Adds the gaps of one namespace to those of all; a gap about the whole machine once. */
static void add_gaps(struct snapshot *all, const struct snapshot *seen)
{
	all->socks_complete &= seen->socks_complete;
	for (size_t i = 0; i < seen->gaps.count; i++)
		if (!has_gap(all, &seen->gaps.at[i]))
			snapshot_gap(all, seen->gaps.at[i].kind, seen->gaps.at[i].count, "%s",
				     seen->gaps.at[i].text);
}

struct round {
	struct session *session;
	struct filter  *filter;
	bool            apart;
	session_visit  *visit;
	void           *ctx;
};

static void drop_visit(struct session *session)
{
	struct session *there = session->visits.at[--session->visits.count];

	snapshot_fini(&there->seen);
	free(there);
}

static int visit_apart(const struct round *round, const struct netns *netns)
{
	struct session *session = round->session, *there = grow_alloc(sizeof(*there));
	int err;

	*there = *session;
	*grow_add(&session->visits) = there;
	snapshot_init(&there->seen);
	arrive(there, netns, round->filter);
	err = round->visit(round->ctx, there);
	if (err < 0)
		session->fault = there->fault;
	add_gaps(&session->seen, &there->seen);
	if (err > 0)
		drop_visit(session);
	return err < 0 ? err : 0;
}

static int visit_netns(void *ctx, const struct netns *netns)
{
	const struct round *round = ctx;

	if (round->apart)
		return visit_apart(round, netns);
	arrive(round->session, netns, round->filter);
	return round->visit(round->ctx, round->session);
}

int session_each(struct session *session, struct filter *filter, bool apart,
		 session_visit *visit, void *ctx)
{
	struct round round = { session, filter, apart, visit, ctx };

	if (!session->options->all_netns)
		return visit(ctx, session);
	return collect_everywhere(session->collect, visit_netns, &round, &session->seen,
				  &session->fault);
}

/* Few sockets are bound to a device, so the names are collected when one is. */
void session_row(struct session *session, const struct sock *sock)
{
	if (!sock->ifindex || !session->left_links)
		return;
	collect_links(session->collect, &session->seen);
	session->left_links = false;
}

enum status session_flush(struct out *out, enum status status)
{
	int err = -out_flush(out);

	if (!err)
		return status;
	/* a reader that closed its end needs no message */
	if (err != EPIPE)
		errline("writing the output: %s; what was printed is incomplete",
			strerror(err));
	return STATUS_UNKNOWN;
}

void session_tell_gaps(struct session *session)
{
	if (session->style.format != FORMAT_TEXT || session->style.quiet)
		return;
	for (; session->gaps_told < session->seen.gaps.count; session->gaps_told++)
		errline("note: %s", session->seen.gaps.at[session->gaps_told].text);
	session->told = session->seen.gaps.count > 0;
}

enum status session_close(struct session *session, struct out *out, enum status status)
{
	struct snapshot *seen = &session->seen;
	bool complete = session->judges ? snapshot_is_complete(seen) : snapshot_lists_all(seen);
	const struct gap *reason = snapshot_worst_gap(seen);
	bool keep = status != STATUS_UNKNOWN || session->answered;

	if (out)
		status = session_flush(out, status);
	if (session->options->verbose && *seen->holders_way)
		errline("owners of sockets: %s", seen->holders_way);
	if (collect_close(session->collect, keep, &session->fault) < 0)
		status = cmd_fail(&session->fault);
	else
		session->recorded = keep;
	if (session->recorded && session->tells_gaps)
		session_tell_gaps(session);
	if (!complete && (status == STATUS_UNKNOWN) == session->answered) {
		if (!session->told)
			errline("what could be seen is incomplete: %s",
				reason ? reason->text : "the dump was cut");
		status = STATUS_UNKNOWN;
	}
	if (status != STATUS_UNKNOWN && session->options->strict && seen->gaps.count) {
		errline("--strict: %s", seen->gaps.at[0].text);
		status = STATUS_UNKNOWN;
	}
	while (session->visits.count)
		drop_visit(session);
	grow_fini(&session->visits);
	snapshot_fini(seen);
	deadline_end();
	return status;
}

static int set_threshold(struct thresholds *thresholds, const char *spec, bool crit,
			 struct fault *fault)
{
	static const char *const errors[THRESHOLD_ERRORS] = {
		[THRESHOLD_NO_RULE] = "it is written ID=VALUE[,count=N], and ID is one of",
		[THRESHOLD_NO_AGE] = "its value has to be an age: 90s, 5m, 2h, 500ms, or plain seconds",
		[THRESHOLD_NO_PERCENT] = "its value has to be a share in percent: 80 or 80%",
		[THRESHOLD_NO_COUNT] = "its value has to be a count, a whole number",
		[THRESHOLD_NO_LEAST] = "after the value only \",count=N\" can follow, with a whole number",
	};
	enum threshold_error error = thresholds_set(thresholds, spec, crit);
	struct text ids = { .at = NULL };
	int err;

	if (error == THRESHOLD_TAKEN)
		return 0;
	for (size_t i = 0; i < rules_count && error == THRESHOLD_NO_RULE; i++)
		text_addf(&ids, " %s", rules[i].id);
	err = fault_set(fault, EINVAL, "\"%s\" is not a threshold: %s%s", QUOTE(spec), errors[error],
			text_str(&ids));
	text_fini(&ids);
	return err;
}

int session_thresholds(const struct options *options, struct thresholds *thresholds,
		       struct fault *fault)
{
	int err = 0;

	for (size_t i = 0; i < options->warn.count && !err; i++)
		err = set_threshold(thresholds, options->warn.at[i], false, fault);
	for (size_t i = 0; i < options->crit.count && !err; i++)
		err = set_threshold(thresholds, options->crit.at[i], true, fault);
	return err;
}

/* The reason why no name is known. */
static const char *links_gap(const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->gaps.count; i++)
		if (seen->gaps.at[i].kind == GAP_LINKS)
			return seen->gaps.at[i].text;
	return NULL;
}

uint32_t session_link(const struct snapshot *seen, const char *name)
{
	for (size_t i = 0; i < seen->links.count; i++)
		if (strcmp(seen->links.at[i].name, name) == 0)
			return seen->links.at[i].index;
	return 0;
}

uint32_t session_device(struct session *session, const char *name)
{
	const struct snapshot *seen = &session->seen;
	struct text names = { 0 };

	if (!seen->links.count && links_gap(seen)) {
		fault_set(&session->fault, ENODATA, "the device '%s' cannot be looked up: %s",
			  QUOTE(name), links_gap(seen));
		return 0;
	}
	if (session_link(seen, name))
		return session_link(seen, name);
	for (size_t i = 0; i < seen->links.count && i < 16; i++)
		text_addf(&names, "%s%s", i ? ", " : "", QUOTE(seen->links.at[i].name));
	fault_set(&session->fault, ENODEV, "there is no device '%s' in this network namespace; it has %s%s",
		  QUOTE(name), seen->links.count ? text_str(&names) : "none that could be read",
		  seen->links.count > 16 ? ", ..." : "");
	text_fini(&names);
	return 0;
}

/* The path of a cgroup with CGROUP_TOLD came with its process. */
static void want_cgroup(struct map *ids, uint64_t id)
{
	session_want(ids, id & CGROUP_TOLD ? 0 : id);
}

void session_want_home(struct map *ids, const struct snapshot *seen, uint64_t own,
		       int32_t process)
{
	want_cgroup(ids, snapshot_home(seen, own, process));
	if (process >= 0)
		want_cgroup(ids, seen->processes.at[process].cgroup_id);
}

void session_note_unheld(struct snapshot *seen, uint64_t count)
{
	const char *plural = count == 1 ? "" : "s", *held = count == 1 ? "it" : "them";

	if (!count || !seen->holders_known)
		return;
	if (seen->holders_outside)
		snapshot_gap(seen, GAP_OWNERS, count, "the owner of %" PRIu64 " socket%s was not seen: a "
			     "process outside of this process namespace can have %s (look from the host, "
			     "or run with --pid=host, hostPID: true)", count, plural, held);
	else if (seen->holders_complete)
		snapshot_gap(seen, GAP_OWNERS, count, "the owner of %" PRIu64 " socket%s was not seen: no "
			     "process shows %s; a service of the kernel, a message (SCM_RIGHTS) or a thread "
			     "with its own descriptors can have %s", count, plural, held, held);
}

void session_name(struct session *session, const struct map *inodes)
{
	struct snapshot *seen = &session->seen;
	struct map ids = { 0 };

	collect_holders(session->collect, seen, inodes);
	session_note_unheld(seen, snapshot_unheld(seen, inodes));
	for (size_t i = 0; i < seen->socks.count; i++)
		if (map_find(inodes, seen->socks.at[i].inode))
			session_want_home(&ids, seen, seen->socks.at[i].cgroup_id,
					  snapshot_owner(seen, seen->socks.at[i].inode));
	for (size_t i = 0; i < seen->processes.count; i++)
		want_cgroup(&ids, seen->processes.at[i].cgroup_id);
	session_cgroups(session, &ids);
	map_fini(&ids);
}

void session_cgroups(struct session *session, const struct map *ids)
{
	if (!ids || ids->count)
		collect_cgroups(session->collect, &session->seen, ids);
	collect_pods(session->collect, &session->seen);
}

void session_owners(struct session *session, unsigned need)
{
	if (need & NEED_HOLDERS)
		collect_holders(session->collect, &session->seen, NULL);
	if (session->style.with_threads)
		collect_threads(session->collect, &session->seen);
	if (need & NEED_CGROUP)
		session_cgroups(session, NULL);
}

struct collect_ask session_ask(const struct options *options, uint32_t states, unsigned need)
{
	bool both = options->ipv4 == options->ipv6;

	return (struct collect_ask){
		.states = states, .need = need,
		.ipv4 = both || options->ipv4, .ipv6 = both || options->ipv6,
	};
}
