/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `connect` for a person, in this order: one line that tells what is left; what the
 * range is used for; who uses it; the forecast; what helps and what does not; and the same
 * in JSON. Behind it: every destination, the fullest first, for `connect` without an
 * argument.
 */
#include "print/cell.h"
#include "print/endpoint.h"
#include "print/grid.h"
#include "print/json.h"
#include "print/page.h"
#include "words/fill.h"

#define LABEL      9    /* columns for "avoid", "search", "ports", ... and a blank */
#define PART       15   /* "blocked for all", the longest part of the range */
#define BAR_MOST   40
#define BAR_LEAST  5
#define USERS_MAX  10   /* on a terminal; into a pipe all of them */
#define ROWS_MAX   20   /* the same for destinations */
#define ALL_BAR_MOST 20 /* beside a destination */

/* What print_connect() was given. */
struct connect_page {
	const struct snapshot *seen;
	const struct connect_ask *ask;
	bool by_route;
	const struct port_probe *probe;         /* or NULL */
	const struct connect_answer *answer;
};

static enum ink connect_ink(enum connect_verdict verdict)
{
	return verdict == CONNECT_OK ? INK_GREEN : verdict == CONNECT_EXHAUSTED ? INK_RED :
	       INK_YELLOW;
}

/*
 * True when there is no number of ports that are left. Without the range there are no
 * numbers at all; in an incomplete listing, sockets that are missing can only have taken
 * more ports.
 */
static bool connect_is_blind(const struct connect_answer *a)
{
	return a->ports.verdict == CONNECT_UNKNOWN && !a->capacity;
}

/* The schema has no word for "unknown": it is null. */
static const char *verdict_word(enum connect_verdict verdict)
{
	static const char *const words[] = {
		[CONNECT_OK] = "ok", [CONNECT_TIGHT] = "tight",
		[CONNECT_EXHAUSTED] = "exhausted", [CONNECT_UNKNOWN] = NULL,
	};

	return words[verdict];
}

/* -- the first line ------------------------------------------------------ */

static void print_headline(const struct page *page, const struct connect_answer *a)
{
	static const char *const words[] = {
		[CONNECT_OK] = "OK", [CONNECT_TIGHT] = "TIGHT",
		[CONNECT_EXHAUSTED] = "EXHAUSTED", [CONNECT_UNKNOWN] = "UNKNOWN",
	};
	struct text text = { 0 };

	text_addf(&text, "%s: ", words[a->ports.verdict]);
	text_add_sentence(&text, text_str(&a->cause));
	page_headline(page, connect_ink(a->ports.verdict), text.at);
	text_fini(&text);
}

/* -- what the range is used for ------------------------------------------ */

struct part {
	const char *name;
	uint32_t    count;
	enum ink    ink;
	const char *note;       /* behind the bar, or "" */
};

struct parts {
	struct part at[STATE_COUNT + 5];
	size_t count;
};

static void add_part(struct parts *parts, const char *name, uint32_t count, enum ink ink,
		     const char *note)
{
	parts->at[parts->count++] = (struct part){ name, count, ink, note };
}

static void fill_parts(struct parts *parts, const struct connect_page *page,
		       const char *recyclable)
{
	const struct connect_answer *a = page->answer;

	for (int i = 1; i < STATE_COUNT; i++)
		if (a->states[i])
			add_part(parts, state_table[i].name, a->states[i],
				 screen_state_ink((enum state)i),
				 i == STATE_TIME_WAIT ? recyclable : "");
	/*
	 * Counts each port once: a port that is used for this destination and lost to
	 * every one is in a row above.
	 */
	if (a->blocked_for_all > a->used_and_blocked)
		add_part(parts, page->ask->bind_first ? "owned already" : "blocked for all",
			 a->blocked_for_all - a->used_and_blocked, INK_RED, "");
	if (a->ports.left > a->ports.left_min)
		add_part(parts, "perhaps blocked", a->ports.left - a->ports.left_min, INK_YELLOW,
			 "  counted as left");
	if (a->reserved)
		add_part(parts, "reserved", a->reserved, INK_FAINT, "");
	add_part(parts, a->ports.verdict == CONNECT_UNKNOWN ? "left, at most" : "left",
		 a->ports.verdict == CONNECT_UNKNOWN ? a->ports.left_max : a->ports.left, INK_BOLD, "");
}

static void print_part(const struct page *page, const struct part *part, const char *label,
		       struct chart *chart)
{
	unsigned start = page_label(page, label) + chart->name + chart->number + 2;
	unsigned width = page->style->width ? page->style->width : start + BAR_MOST;
	unsigned room = width >= start + BAR_LEAST ? width - start : 0;

	chart->cells = room < BAR_MOST ? room : BAR_MOST;
	start += page_bar(page, chart, part->name, part->count, part->ink);
	if (*part->note && start + strlen(part->note) <= width)
		out_str(page->out, part->note);
	out_char(page->out, '\n');
}

/* All bars have one scale: a bar is a share of the range, reserved ports included. */
static void print_parts(const struct page *page, const struct connect_page *connect)
{
	const struct connect_answer *a = connect->answer;
	struct chart chart = {
		.name = PART + 2, .gap = "  ", .most = (uint64_t)a->capacity + a->reserved,
	};
	struct text recyclable = { 0 }, number = { 0 };
	struct parts parts = { .count = 0 };

	page_amount(&recyclable, "  ", a->ports.recyclable, " recyclable");
	fill_parts(&parts, connect, text_str(&recyclable));
	cell_thousands(&number, chart.most);
	chart.number = (unsigned)number.count;
	for (size_t i = 0; i < parts.count; i++)
		print_part(page, &parts.at[i], i ? "" : "ports", &chart);
	text_fini(&recyclable);
	text_fini(&number);
}

/* "32768-60999: 28,232 ports" */
static void put_range(struct text *text, const struct snapshot *seen, uint32_t capacity)
{
	const struct known *low = &seen->limits.limit[LIMIT_PORT_LOW];
	const struct known *high = &seen->limits.limit[LIMIT_PORT_HIGH];

	if (low->is && high->is)
		text_addf(text, "%u-%u: ", (unsigned)low->value, (unsigned)high->value);
	page_count(text, capacity, "port");
}

static void print_range(const struct page *page, const struct connect_answer *a)
{
	struct text text = { 0 };

	put_range(&text, page->seen, a->capacity);
	cell_str(&text, " to give");
	page_amount(&text, " and ", a->reserved, " reserved");
	page_labelled(page, "range", text.at);
	text_fini(&text);
}

/* -- who uses it --------------------------------------------------------- */

/* The cgroup of a process, or else of its sockets; NULL when not known. */
static const struct cgroup *user_cgroup(const struct snapshot *seen, const struct port_user *user)
{
	uint64_t id = user->process < 0 ? 0 : seen->processes.at[user->process].cgroup_id;

	id = id ? id : user->cgroup_id;
	return id ? snapshot_cgroup(seen, id) : NULL;
}

static void put_user(struct text *text, const struct snapshot *seen, const struct port_user *user)
{
	const struct cgroup *cgroup = user_cgroup(seen, user);

	if (user->process >= 0) {
		who_process_is(text, seen, (uint32_t)user->process);
		who_placed(text, cgroup);
	} else if (!who_place(text, cgroup)) {
		cell_str(text, user->count == user->states[STATE_TIME_WAIT] ? "no process" :
			 "no process, or one not seen");
	}
}

static void put_row(struct grid *grid, size_t row)
{
	const struct connect_answer *a = grid->ctx;
	const struct port_user *user = &a->users.at[row];
	struct grid_cell *cell;

	put_user(&grid_add(grid)->text, grid->page->seen, user);
	cell_thousands(&grid_add(grid)->text, user->count);
	cell = grid_add(grid);
	cell->ink = user->blocks_all ? INK_RED : INK_PLAIN;
	cell_str(&cell->text, user->blocks_all ? "everybody" : "this one");
	page_states(&grid_add(grid)->text, user->states);
}

static void print_users(const struct page *page, const struct connect_answer *a)
{
	static const struct grid_column columns[] = {
		{ .heading = "WHO" }, { .heading = "PORTS", .right = true },
		{ .heading = "TAKEN FROM" }, { .heading = "STATES", .words = true },
	};
	struct grid grid = {
		.columns = columns, .columns_count = 4, .put_row = put_row, .ctx = a,
		.rows = a->users.count, .rows_most = USERS_MAX, .rest = "; a pipe and --json get all of them",
	};

	if (!grid.rows)
		return;
	out_char(page->out, '\n');
	grid_print(&grid, page);
	out_char(page->out, '\n');
}

/* -- how it goes on ------------------------------------------------------ */

static void print_rate(const struct page *page, const struct connect_answer *a)
{
	struct text text = { 0 };

	if (a->ports.rate_known && a->ports.close_rate_per_s > 0)
		text_addf(&text, "%.1f connections a second end here in TIME_WAIT",
			  a->ports.close_rate_per_s);
	if (text.count)
		page_labelled(page, "rate", text.at);
	text_fini(&text);
}

static void print_search(const struct page *page, const struct connect_page *connect)
{
	if (connect->answer->ports.cliff && connect->ask->bind_first)
		page_labelled(page, "search", "more than half of the range is taken: every bind() "
			      "to port 0 first scans taken ports, which costs CPU time long before "
			      "the ports run out");
	else if (connect->answer->ports.cliff)
		page_labelled(page, "search", "more than half of the range is in use towards this "
			      "destination: every connect() first scans a half that is full, which "
			      "costs CPU time long before the ports run out");
}

static void print_probe(const struct page *page, const struct port_probe *probe)
{
	struct text text = { 0 };

	if (probe && probe->made) {
		cell_str(&text, "asked the kernel about ");
		page_count(&text, probe->asked, "port");
		cell_str(&text, "; ");
		page_count(&text, probe->packets_sent, "packet");
		cell_str(&text, " sent");
	} else if (probe && *probe->refusal) {
		cell_str(&text, "the kernel was not asked");
	}
	if (probe && *probe->refusal) {
		cell_str(&text, ": ");
		text_add_sentence(&text, probe->refusal);
	}
	if (text.count)
		page_labelled(page, "probe", text.at);
	text_fini(&text);
}

static void print_rest(const struct page *page, const struct connect_page *connect)
{
	const struct connect_answer *a = connect->answer;

	if (!connect_is_blind(a)) {
		print_range(page, a);
		print_parts(page, connect);
		print_users(page, a);
		print_rate(page, a);
		print_search(page, connect);
	}
	page_advice(page, "fix", &a->advice);
	page_advice(page, "avoid", &a->avoid);
	page_advice(page, "note", &a->notes);
	print_probe(page, connect->probe);
}

static void connect_text(struct out *out, const struct style *style,
			 const struct connect_page *connect)
{
	struct page page = { out, style, connect->seen, LABEL };

	print_headline(&page, connect->answer);
	if (!style->quiet)
		print_rest(&page, connect);
	page_gaps(&page);
}

/* -- JSON --------------------------------------------------------------- */

/* How it goes on with the ports of @d, when that is @known. */
static void json_pace(struct json *json, bool known, const struct destination *d)
{
	json_real_of(json, "close_rate_per_s", known && d->rate_known, d->close_rate_per_s);
	json_real_of(json, "exhausted_in_s", known && d->exhaustion_known, d->exhausted_in_s);
	json_string(json, "search_cost", !known ? NULL : d->cliff ? "cliff" : "flat");
}

static void json_ask(struct json *json, const struct connect_page *page)
{
	const struct connect_ask *ask = page->ask;
	const char *device = ask->ifindex ? snapshot_link(page->seen, ask->ifindex) : NULL;

	json_address_port(json, "destination", &ask->destination, ask->family, ask->port);
	json_open(json, "source", '{');
	json_addr(json, "address", &ask->source, ask->family);
	json_string(json, "chosen_by", page->by_route ? "route" : "user");
	json_name(json, "device", device);
	json_close(json, '}');
	json_bool(json, "bind_first", ask->bind_first);
}

static void json_budget(struct json *json, const struct connect_answer *a)
{
	bool known = !connect_is_blind(a), whole = a->ports.verdict != CONNECT_UNKNOWN;

	json_count(json, "capacity", known, a->capacity);
	json_count(json, "left", whole, a->ports.left);
	json_count(json, "left_min", whole, a->ports.left_min);
	json_count(json, "left_max", known, a->ports.left_max);
	json_count(json, "used_by_destination", known, a->ports.used);
	if (known)
		json_states(json, "by_state", a->states);
	else
		json_null(json, "by_state");
	json_count(json, "recyclable", known, a->ports.recyclable);
	json_count(json, "blocked_for_all", known, a->blocked_for_all);
	json_count(json, "used_and_blocked", known, a->used_and_blocked);
	json_count(json, "ambiguous", known, a->ambiguous);
	json_count(json, "reserved", known, a->reserved);
	json_known(json, "next_free_ms", &a->next_free_ms);
	json_pace(json, known, &a->ports);
}

static void json_probe(struct json *json, const struct port_probe *probe)
{
	if (json_open_if(json, "probe", probe && probe->made, '{')) {
		json_u64(json, "ports_asked", probe->asked);
		json_u64(json, "packets_sent", probe->packets_sent);
		json_close(json, '}');
	}
	json_sentence(json, "probe_refused", probe ? probe->refusal : "");
}

static void json_user(struct json *json, const struct snapshot *seen,
		     const struct port_user *user)
{
	bool pretty = json_begin_line(json);

	json_process(json, user->process < 0 ? NULL : &seen->processes.at[user->process]);
	json_cgroup(json, user_cgroup(seen, user));
	json_bool(json, "blocks_all", user->blocks_all);
	json_u64(json, "count", user->count);
	json_states(json, "by_state", user->states);
	json_end_line(json, pretty);
}

static void json_users(struct json *json, const struct connect_page *page)
{
	if (!json_open_if(json, "users", !connect_is_blind(page->answer), '['))
		return;
	for (size_t i = 0; i < page->answer->users.count; i++)
		json_user(json, page->seen, &page->answer->users.at[i]);
	json_close(json, ']');
}

static void connect_json(struct out *out, const struct style *style, const struct connect_page *page)
{
	const struct connect_answer *a = page->answer;
	struct json json;

	answer_begin(&json, out, style->format, "connect", page->seen);
	answer_part(&json, "verdict");
	json_ask(&json, page);
	json_budget(&json, a);
	json_string(&json, "verdict", verdict_word(a->ports.verdict));
	json_string(&json, "errno", errno_name(a->err));
	json_evidence(&json, &a->facts);
	json_sentence(&json, "cause", text_str(&a->cause));
	json_probe(&json, page->probe);
	json_users(&json, page);
	json_advice(&json, "advice", &a->advice);
	json_advice(&json, "avoid", &a->avoid);
	json_advice(&json, "notes", &a->notes);
	answer_end(&json, page->seen, page->seen->socks.count, NULL, snapshot_is_complete(page->seen));
}

int print_connect(struct out *out, const struct style *style, const struct snapshot *seen,
		  const struct connect_ask *ask, bool by_route, const struct port_probe *probe,
		  const struct connect_answer *answer)
{
	struct connect_page page = { seen, ask, by_route, probe, answer };

	if (!is_silent(style, seen, answer->ports.verdict == CONNECT_OK))
		(format_is_json(style->format) ? connect_json : connect_text)(out, style, &page);
	return -out->err;
}

/* -- all destinations, the fullest first --------------------------------- */

static void put_path(struct text *text, const struct style *style, const struct destination *d)
{
	cell_host(text, &d->source, addr_family(&d->destination));
	cell_str(text, page_arrow(style));
	cell_end(text, &d->destination, addr_family(&d->destination), d->port);
}

/* Never "100%" while a port is left, and never "0%" for more than nothing. */
static void put_percent(struct text *text, const struct destination *d)
{
	double percent = d->percent_gone;

	if (d->left && percent > 99)
		percent = 99;
	page_percent(text, percent);
}

static size_t count_verdict(const struct destinations *all, enum connect_verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < all->list.count; i++)
		count += all->list.at[i].verdict == verdict;
	return count;
}

static void put_fullest(struct text *text, const struct page *page,
			const struct destinations *all)
{
	if (!all->list.count)
		return;
	cell_str(text, "; the fullest is ");
	put_path(text, page->style, &all->list.at[0]);
	cell_str(text, " with ");
	put_percent(text, &all->list.at[0]);
	cell_str(text, " of ");
	page_count(text, all->capacity, "port");
	cell_str(text, " gone");
}

/*
 * "3 of 12 destinations"; there are none when bind() took the ports before anybody
 * connected.
 */
static void put_affected(struct text *text, const struct destinations *all)
{
	size_t affected = count_verdict(all, all->worst);

	if (affected) {
		cell_thousands(text, affected);
		cell_str(text, " of ");
		page_count(text, all->list.count, "destination");
		return;
	}
	if (!all->capacity) {
		cell_str(text, "any destination: all ports of the range are reserved");
		return;
	}
	cell_str(text, "any destination: owners that called bind() have ");
	cell_thousands(text, all->blocked_for_all);
	cell_str(text, " of ");
	page_count(text, all->capacity, "port");
}

static bool is_blind(const struct destinations *all)
{
	return all->worst == CONNECT_UNKNOWN && !all->capacity;
}

static void put_overview(struct text *text, const struct page *page,
			 const struct destinations *all)
{
	size_t count = all->list.count;

	switch (all->worst) {
	case CONNECT_OK:
		cell_str(text, count ? "OK: room enough for " : "OK: no destination in use, ");
		page_count(text, count ? count : all->capacity, count ? "destination" : "port");
		cell_str(text, count ? "" : " for each");
		put_fullest(text, page, all);
		break;
	case CONNECT_TIGHT:
		cell_str(text, "TIGHT: few ports are left for ");
		put_affected(text, all);
		put_fullest(text, page, all);
		break;
	case CONNECT_EXHAUSTED:
		cell_str(text, "EXHAUSTED: no port is left for ");
		put_affected(text, all);
		put_fullest(text, page, all);
		break;
	default:
		cell_str(text, "UNKNOWN: ");
		cell_str(text, is_blind(all) ?
			 "the range of ephemeral ports or the reserved ones could not be read" :
			 "the sockets were not all seen, less may be left than is shown");
	}
}

static void put_left(struct text *text, const struct destination *d)
{
	if (d->left_min == d->left_max) {
		cell_thousands(text, d->left);
		return;
	}
	cell_thousands(text, d->left_min);
	cell_char(text, '-');
	cell_thousands(text, d->left_max);
}

static void put_source(struct text *text, const struct snapshot *seen,
		       const struct destination *d)
{
	cell_addr(text, &d->source, addr_family(&d->destination));
	if (d->ifindex) {
		cell_char(text, '%');
		endpoint_link(text, &(struct view){ .seen = seen }, d->ifindex);
	}
}

static void add_verdict(struct grid *grid, const struct destination *d)
{
	const char *word = verdict_word(d->verdict);
	struct grid_cell *cell = grid_add(grid);

	cell->ink = connect_ink(d->verdict);
	cell_str(&cell->text, word ? word : "unknown");
	cell_str(&cell->text, d->cliff && d->left ? ", slow" : "");
}

/* In the order of the headings. */
static void put_destination(struct grid *grid, size_t row)
{
	const struct destinations *all = grid->ctx;
	const struct destination *d = &all->list.at[row];
	struct grid_cell *cell;
	struct text *text;

	put_source(&grid_add(grid)->text, grid->page->seen, d);
	text = &grid_add(grid)->text;
	cell_end(text, &d->destination, addr_family(&d->destination), d->port);
	cell_thousands(&grid_add(grid)->text, d->used);
	cell_thousands(&grid_add(grid)->text, d->time_wait);
	put_left(&grid_add(grid)->text, d);
	put_percent(&grid_add(grid)->text, d);
	text = &grid_add(grid)->text;
	if (d->rate_known)
		text_addf(text, "%.1f/s", d->close_rate_per_s);
	else
		cell_char(text, '-');
	add_verdict(grid, d);
	cell = grid_add(grid);
	cell->ink = connect_ink(d->verdict);
	if (grid->bar)
		screen_bar(&cell->text, grid->page->style, (uint64_t)(d->percent_gone * 100), 10000,
			   grid->bar);
}

static void print_table(const struct page *page, const struct destinations *all)
{
	static const struct grid_column columns[] = {
		{ .heading = "SOURCE" }, { .heading = "DESTINATION" },
		{ .heading = "USED", .right = true, .spare = 3 },
		{ .heading = "TIME-WAIT", .right = true, .spare = 2 },
		{ .heading = "LEFT", .right = true }, { .heading = "FULL", .right = true },
		{ .heading = "CLOSED", .right = true, .spare = 1 }, { .heading = "VERDICT" },
		{ .heading = "", .bar = ALL_BAR_MOST },
	};
	struct grid grid = {
		.columns = columns, .columns_count = sizeof(columns) / sizeof(*columns),
		.put_row = put_destination, .ctx = all, .rows = all->list.count,
		.rows_most = ROWS_MAX, .rest = ", none fuller; a pipe and --json get all",
	};

	if (!grid.rows)
		return;
	out_char(page->out, '\n');
	grid_print(&grid, page);
}

/* Prints what all destinations have in common. */
static void print_common(const struct page *page, const struct destinations *all)
{
	struct text text = { 0 };

	put_range(&text, page->seen, all->capacity);
	cell_str(&text, " for each pair of source and destination");
	page_amount(&text, ", ", all->reserved, " more reserved");
	page_amount(&text, ", ", all->blocked_for_all,
		    " of them blocked for all by owners that called bind()");
	page_labelled(page, "range", text.at);
	text_fini(&text);
}

static void destinations_text(struct out *out, const struct style *style,
			      const struct snapshot *seen, const struct destinations *all)
{
	struct page page = { out, style, seen, LABEL };
	struct text text = { 0 };

	put_overview(&text, &page, all);
	page_headline(&page, connect_ink(all->worst), text.at);
	text_fini(&text);
	if (!style->quiet && !is_blind(all)) {
		print_common(&page, all);
		print_table(&page, all);
	}
	page_gaps(&page);
}

static void json_overview(struct json *json, const struct destinations *all)
{
	bool known = !is_blind(all);

	json_count(json, "capacity", known, all->capacity);
	json_count(json, "reserved", known, all->reserved);
	json_count(json, "blocked_for_all", known, all->blocked_for_all);
	json_string(json, "verdict", verdict_word(all->worst));
}

static void json_destination(struct json *json, const struct snapshot *seen,
			    const struct destination *d)
{
	bool known = d->verdict != CONNECT_UNKNOWN;

	json_addr(json, "source", &d->source, addr_family(&d->destination));
	json_addr(json, "destination", &d->destination, addr_family(&d->destination));
	json_u64(json, "port", d->port);
	json_name(json, "device", d->ifindex ? snapshot_link(seen, d->ifindex) : NULL);
	json_u64(json, "used", d->used);
	json_open(json, "by_state", '{');
	json_u64(json, state_table[STATE_ESTABLISHED].name, d->established);
	json_u64(json, state_table[STATE_TIME_WAIT].name, d->time_wait);
	json_u64(json, "other", d->other);
	json_close(json, '}');
	json_u64(json, "recyclable", d->recyclable);
	json_count(json, "left", known, d->left);
	json_count(json, "left_min", known, d->left_min);
	json_u64(json, "left_max", d->left_max);
	json_real_of(json, "gone_percent", known, d->percent_gone);
	json_pace(json, true, d);
	json_string(json, "verdict", verdict_word(d->verdict));
}

static void destinations_json(struct out *out, const struct style *style,
			      const struct snapshot *seen,
			      const struct destinations *destinations)
{
	struct json json;

	answer_begin(&json, out, style->format, "connect", seen);
	json_overview(&json, destinations);
	answer_list(&json, "destinations");
	for (size_t i = 0; i < destinations->list.count; i++) {
		answer_item(&json, "destination", true);
		json_destination(&json, seen, &destinations->list.at[i]);
		answer_item_end(&json);
	}
	answer_list_end(&json);
	answer_end(&json, seen, seen->socks.count, NULL, snapshot_is_complete(seen));
}

int print_destinations(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations)
{
	if (!is_silent(style, seen, destinations->worst == CONNECT_OK))
		(format_is_json(style->format) ? destinations_json : destinations_text)
			(out, style, seen, destinations);
	return -out->err;
}
