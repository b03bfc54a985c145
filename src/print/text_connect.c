/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `connect` for a person, in this order: one line that tells what is left; what the
 * range is used for; who uses it; the forecast; what helps and what does not.
 */
#include "print/connect.h"

#include "print/cell.h"
#include "print/grid.h"
#include "print/page.h"
#include "print/who.h"

#define LABEL      9    /* columns for "avoid", "search", "ports", ... and a blank */
#define PART       15   /* "blocked for all", the longest part of the range */
#define BAR_MOST   40
#define BAR_LEAST  5
#define USERS_MAX  10   /* on a terminal; into a pipe all of them */

/* -- the first line ------------------------------------------------------ */

static void print_headline(const struct page *page, const struct connect_answer *a)
{
	static const char *const words[] = {
		[CONNECT_OK] = "OK", [CONNECT_TIGHT] = "TIGHT",
		[CONNECT_EXHAUSTED] = "EXHAUSTED", [CONNECT_UNKNOWN] = "UNKNOWN",
	};
	struct text text = { 0 };

	text_addf(&text, "%s: ", words[a->verdict]);
	text_add_sentence(&text, text_str(&a->cause));
	page_headline(page, connect_ink(a->verdict), text.at);
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
	if (a->left > a->left_min)
		add_part(parts, "perhaps blocked", a->left - a->left_min, INK_YELLOW,
			 "  counted as left");
	if (a->reserved)
		add_part(parts, "reserved", a->reserved, INK_FAINT, "");
	add_part(parts, a->verdict == CONNECT_UNKNOWN ? "left, at most" : "left",
		 a->verdict == CONNECT_UNKNOWN ? a->left_max : a->left, INK_BOLD, "");
}

static void print_part(const struct page *page, const struct part *part, const char *label,
		       unsigned digits, uint64_t whole)
{
	struct text number = { 0 }, bar = { 0 };
	unsigned start = page_label(page, label) + PART + 2 + digits + 2;
	unsigned width = page->style->width ? page->style->width : start + BAR_MOST;

	cell_thousands(&number, part->count);
	if (width >= start + BAR_LEAST)
		screen_bar(&bar, page->style, part->count, whole,
			   width - start < BAR_MOST ? width - start : BAR_MOST);
	out_str(page->out, screen_ink(page->style, part->ink));
	out_str(page->out, part->name);
	out_pad(page->out, ' ', PART + 2 - strlen(part->name));
	if (number.count < digits)
		out_pad(page->out, ' ', digits - number.count);
	out_str(page->out, number.at);
	out_str(page->out, bar.count ? "  " : "");
	out_str(page->out, text_str(&bar));
	out_str(page->out, screen_plain(page->style));
	if (*part->note && start + utf8_width(text_str(&bar)) + strlen(part->note) <= width)
		out_str(page->out, part->note);
	out_char(page->out, '\n');
	text_fini(&number);
	text_fini(&bar);
}

/* All bars have one scale: a bar is a share of the range, reserved ports included. */
static void print_parts(const struct page *page, const struct connect_page *connect)
{
	const struct connect_answer *a = connect->answer;
	uint64_t whole = (uint64_t)a->capacity + a->reserved;
	struct text recyclable = { 0 }, number = { 0 };
	struct parts parts = { .count = 0 };

	if (a->recyclable) {
		cell_str(&recyclable, "  ");
		cell_thousands(&recyclable, a->recyclable);
		cell_str(&recyclable, " recyclable");
	}
	fill_parts(&parts, connect, text_str(&recyclable));
	cell_thousands(&number, whole);
	for (size_t i = 0; i < parts.count; i++)
		print_part(page, &parts.at[i], i ? "" : "ports", (unsigned)number.count, whole);
	text_fini(&recyclable);
	text_fini(&number);
}

static void print_range(const struct page *page, const struct connect_answer *a)
{
	const struct known *low = &page->seen->limits.limit[LIMIT_PORT_LOW];
	const struct known *high = &page->seen->limits.limit[LIMIT_PORT_HIGH];
	struct text text = { 0 };

	if (low->is && high->is)
		text_addf(&text, "%u-%u: ", (unsigned)low->value, (unsigned)high->value);
	page_count(&text, a->capacity, "port");
	cell_str(&text, " to give");
	if (a->reserved) {
		cell_str(&text, " and ");
		cell_thousands(&text, a->reserved);
		cell_str(&text, " reserved");
	}
	page_labelled(page, "range", text.at);
	text_fini(&text);
}

/* -- who uses it --------------------------------------------------------- */

const struct cgroup *user_cgroup(const struct snapshot *seen, const struct port_user *user)
{
	uint64_t id = user->process < 0 ? 0 : seen->processes.at[user->process].cgroup_id;

	id = id ? id : user->cgroup_id;
	return id ? snapshot_cgroup(seen, id) : NULL;
}

static void put_user(struct text *text, const struct snapshot *seen, const struct port_user *user)
{
	const struct cgroup *cgroup = user_cgroup(seen, user);

	if (user->process >= 0) {
		who_process(text, &seen->processes.at[user->process]);
		who_placed(text, cgroup);
	} else if (!who_place(text, cgroup)) {
		cell_str(text, user->count == user->states[STATE_TIME_WAIT] ? "no process" :
			 "no process, or one not seen");
	}
}

struct users {
	const struct snapshot *seen;
	const struct port_user *at;
};

static void put_row(struct grid *grid, size_t row)
{
	const struct users *users = grid->ctx;
	const struct port_user *user = &users->at[row];
	struct grid_cell *cell;

	put_user(&grid_add(grid)->text, users->seen, user);
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
	struct users users = { page->seen, a->users.at };
	struct grid grid = {
		.columns = columns, .columns_count = 4, .put_row = put_row, .ctx = &users,
	};
	size_t shown = a->users.count;

	if (!shown)
		return;
	if (page->style->width && shown > USERS_MAX + 1)
		shown = USERS_MAX;
	grid.rows = shown;
	out_char(page->out, '\n');
	grid_print(&grid, page);
	if (shown < a->users.count)
		out_f(page->out, "  and %zu more; a pipe and --json get all of them\n",
		      a->users.count - shown);
	out_char(page->out, '\n');
}

/* -- how it goes on ------------------------------------------------------ */

static void print_rate(const struct page *page, const struct connect_answer *a)
{
	struct text text = { 0 };

	if (a->rate_known && a->close_rate_per_s > 0)
		text_addf(&text, "%.1f connections a second end here in TIME_WAIT",
			  a->close_rate_per_s);
	if (text.count)
		page_labelled(page, "rate", text.at);
	text_fini(&text);
}

static void print_search(const struct page *page, const struct connect_page *connect)
{
	if (connect->answer->cliff && connect->ask->bind_first)
		page_labelled(page, "search", "more than half of the range is taken: every bind() "
			      "to port 0 first scans taken ports, which costs CPU time long before "
			      "the ports run out");
	else if (connect->answer->cliff)
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

int print_connect(struct out *out, const struct style *style, const struct snapshot *seen,
		  const struct connect_ask *ask, bool by_route, const struct port_probe *probe,
		  const struct connect_answer *answer)
{
	struct connect_page page = { seen, ask, by_route, probe, answer };

	if (is_silent(style, seen, answer->verdict == CONNECT_OK))
		return -out->err;
	if (style->format == FORMAT_TEXT)
		connect_text(out, style, &page);
	else
		connect_json(out, style, &page);
	return -out->err;
}
