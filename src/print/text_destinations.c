/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `connect` without an argument: every destination, the fullest first. */
#include "print/connect.h"

#include "print/cell.h"
#include "print/endpoint.h"
#include "print/grid.h"
#include "print/page.h"

#define LABEL     9
#define ROWS_MAX  20    /* on a terminal; into a pipe all of them */
#define BAR_MOST  20
#define COLUMNS   9     /* with the bar */

/* -- the first line ------------------------------------------------------ */

static void put_way(struct text *text, const struct style *style, const struct destination *d)
{
	cell_host(text, &d->source, addr_family(&d->destination));
	cell_str(text, page_arrow(style));
	cell_host(text, &d->destination, addr_family(&d->destination));
	cell_char(text, ':');
	cell_u64(text, d->port);
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
	put_way(text, page->style, &all->list.at[0]);
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

static void put_headline(struct text *text, const struct page *page,
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

/* -- the table ----------------------------------------------------------- */

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
	static const char *const words[] = {
		[CONNECT_OK] = "ok", [CONNECT_TIGHT] = "tight",
		[CONNECT_EXHAUSTED] = "exhausted", [CONNECT_UNKNOWN] = "unknown",
	};
	struct grid_cell *cell = grid_add(grid);

	cell->ink = connect_ink(d->verdict);
	cell_str(&cell->text, words[d->verdict]);
	cell_str(&cell->text, d->cliff && d->left ? ", slow" : "");
}

struct rows {
	const struct page *page;
	const struct destination *at;
};

/* In the order of the headings. */
static void put_row(struct grid *grid, size_t row)
{
	const struct rows *rows = grid->ctx;
	const struct destination *d = &rows->at[row];
	struct grid_cell *cell;
	struct text *text;

	put_source(&grid_add(grid)->text, rows->page->seen, d);
	text = &grid_add(grid)->text;
	cell_host(text, &d->destination, addr_family(&d->destination));
	text_addf(text, ":%u", d->port);
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
		screen_bar(&cell->text, rows->page->style, (uint64_t)(d->percent_gone * 100), 10000,
			   grid->bar);
}

static void print_table(const struct page *page, const struct destinations *all)
{
	static const struct grid_column columns[COLUMNS] = {
		{ .heading = "SOURCE" }, { .heading = "DESTINATION" },
		{ .heading = "USED", .right = true, .spare = 3 },
		{ .heading = "TIME-WAIT", .right = true, .spare = 2 },
		{ .heading = "LEFT", .right = true }, { .heading = "FULL", .right = true },
		{ .heading = "CLOSED", .right = true, .spare = 1 }, { .heading = "VERDICT" },
		{ .heading = "", .bar = BAR_MOST },
	};
	struct rows rows = { page, all->list.at };
	struct grid grid = {
		.columns = columns, .columns_count = COLUMNS, .put_row = put_row, .ctx = &rows,
	};
	size_t count = all->list.count, shown = count;

	if (!count)
		return;
	if (page->style->width && count > ROWS_MAX + 1)
		shown = ROWS_MAX;
	grid.rows = shown;
	out_char(page->out, '\n');
	grid_print(&grid, page);
	if (shown < count)
		out_f(page->out, "  and %zu more, none fuller; a pipe and --json get all\n",
		      count - shown);
}

/* Prints what all destinations have in common. */
static void print_common(const struct page *page, const struct destinations *all)
{
	const struct known *low = &page->seen->limits.limit[LIMIT_PORT_LOW];
	const struct known *high = &page->seen->limits.limit[LIMIT_PORT_HIGH];
	struct text text = { 0 };

	if (low->is && high->is)
		text_addf(&text, "%u-%u: ", (unsigned)low->value, (unsigned)high->value);
	page_count(&text, all->capacity, "port");
	cell_str(&text, " for each pair of source and destination");
	if (all->reserved) {
		cell_str(&text, ", ");
		cell_thousands(&text, all->reserved);
		cell_str(&text, " more reserved");
	}
	if (all->blocked_for_all) {
		cell_str(&text, ", ");
		cell_thousands(&text, all->blocked_for_all);
		cell_str(&text, " of them blocked for all by owners that called bind()");
	}
	page_labelled(page, "range", text.at);
	text_fini(&text);
}

static void destinations_text(struct out *out, const struct style *style,
			      const struct snapshot *seen, const struct destinations *all)
{
	struct page page = { out, style, seen, LABEL };
	struct text text = { 0 };

	put_headline(&text, &page, all);
	page_headline(&page, connect_ink(all->worst), text.at);
	text_fini(&text);
	if (!style->quiet && !is_blind(all)) {
		print_common(&page, all);
		print_table(&page, all);
	}
	page_gaps(&page);
}

int print_destinations(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations)
{
	if (is_silent(style, seen, destinations->worst == CONNECT_OK))
		return -out->err;
	if (style->format == FORMAT_TEXT)
		destinations_text(out, style, seen, destinations);
	else
		destinations_json(out, style, seen, destinations);
	return -out->err;
}
