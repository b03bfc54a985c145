/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `check -G`: one line that says it all, the states of all namespaces together,
 * each namespace that has findings, how many have none, what could not be seen.
 */
#include "print/check.h"

#include "print/answer.h"
#include "print/cell.h"
#include "print/json_shapes.h"
#include "print/picture.h"
#include "print/where.h"
#include "print/who.h"

#define NAMED 3         /* findings named in the first line */

struct check_all {
	const struct snapshot *seen;
	const struct check_area *areas;
	size_t count;
	struct report sum;      /* worst and summary of all; no findings */
	uint64_t findings;
	size_t troubled;        /* areas that have findings */
};

/* "close-wait-leak (blue: python3[12])" */
static void put_named(struct text *text, const struct style *style, const struct check_all *all)
{
	uint64_t named = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct check_area *area = &all->areas[i];

		for (size_t j = 0; j < area->report->findings.count && named < NAMED; j++) {
			const struct finding *f = &area->report->findings.at[j];

			cell_str(text, named++ ? ", " : ": ");
			cell_str(text, f->id);
			cell_str(text, " (");
			where_word(text, area->netns);
			cell_str(text, ": ");
			who_text(text, style, area->seen, f, false);
			cell_char(text, ')');
		}
	}
	if (all->findings > NAMED)
		text_addf(text, " and %llu more", (unsigned long long)(all->findings - NAMED));
}

static enum ink put_headline(struct text *text, const struct style *style,
			     const struct check_all *all)
{
	bool complete = snapshot_is_complete(all->seen);
	bool critical = all->sum.worst == SEVERITY_CRITICAL;

	if (all->findings) {
		cell_str(text, critical ? "CRITICAL: " : "WARNING: ");
		page_count(text, all->findings, "finding");
		text_addf(text, " in %zu of ", all->troubled);
	} else {
		cell_str(text, complete ? "OK: " : "OK as far as seen, incomplete: ");
		cell_str(text, "no findings in ");
	}
	page_count(text, all->count, "network namespace");
	cell_str(text, ", ");
	page_count(text, all->sum.summary.total, "socket");
	if (!all->findings)
		return complete ? INK_GREEN : INK_YELLOW;
	cell_str(text, complete ? "" : " (incomplete)");
	put_named(text, style, all);
	return critical ? INK_RED : INK_YELLOW;
}

static void print_headline(const struct page *page, const struct check_all *all)
{
	struct text text = { 0 };
	enum ink ink = put_headline(&text, page->style, all);

	page_headline(page, ink, text.at);
	text_fini(&text);
}

static void print_area(const struct page *page, const struct check_area *area)
{
	struct page part = *page;
	struct text title = { 0 };

	part.seen = area->seen;
	cell_str(&title, "Network namespace: ");
	where_title(&title, area->netns);
	out_char(page->out, '\n');
	page_headline(page, INK_BOLD, title.at);
	text_fini(&title);
	check_findings(&part, area->report);
}

static void print_healthy(const struct page *page, const struct check_all *all)
{
	struct text text = { 0 };

	if (!all->troubled || all->troubled == all->count)
		return;
	cell_char(&text, '\n');
	page_count(&text, all->count - all->troubled, "network namespace");
	cell_str(&text, " without findings\n");
	out_str(page->out, text.at);
	text_fini(&text);
}

static void print_quiet(const struct page *page, const struct check_all *all)
{
	print_headline(page, all);
	for (size_t i = 0; i < all->count; i++) {
		struct page part = *page;
		struct text word = { 0 };

		part.seen = all->areas[i].seen;
		where_word(&word, all->areas[i].netns);
		check_short(&part, text_str(&word), all->areas[i].report);
		text_fini(&word);
	}
	if (!snapshot_is_complete(all->seen))
		page_gaps(page);
}

static void put_text(struct out *out, const struct style *style, const struct check_all *all)
{
	struct page page = { out, style, all->seen, CHECK_LABEL };

	if (style->quiet) {
		print_quiet(&page, all);
		return;
	}
	print_headline(&page, all);
	picture_states(page.out, page.style, &all->sum, PAGE_INDENT);
	for (size_t i = 0; i < all->count; i++)
		if (all->areas[i].report->findings.count)
			print_area(&page, &all->areas[i]);
	print_healthy(&page, all);
	page_gaps(&page);
}

/* -- JSON ------------------------------------------------------------------ */

static void put_area(struct json *json, const struct check_area *area)
{
	json_netns(json, area->netns);
	check_json_overview(json, area->seen, area->report);
}

static void put_finding(struct json *json, const struct check_area *area,
			const struct finding *finding, const struct style *style)
{
	answer_item(json, "finding", false);
	if (json->is_records)
		json_netns(json, area->netns);
	check_json_finding(json, finding, area->seen, style);
	answer_item_end(json);
}

/* Of a document each has its own end. */
static void put_netns(struct json *json, const struct style *style, const struct check_area *area)
{
	answer_item(json, "namespace", false);
	put_area(json, area);
	answer_list(json, "findings");
	for (size_t i = 0; i < area->report->findings.count; i++)
		put_finding(json, area, &area->report->findings.at[i], style);
	answer_list_end(json);
	if (!json->is_records)
		json_end(json, area->seen, area->report->summary.total, NULL,
			 snapshot_is_complete(area->seen));
	answer_item_end(json);
}

static void put_json(struct out *out, const struct style *style, const struct check_all *all)
{
	struct json json;

	answer_begin(&json, out, style->format, "check", all->seen);
	answer_list(&json, "namespaces");
	for (size_t i = 0; i < all->count; i++)
		put_netns(&json, style, &all->areas[i]);
	answer_list_end(&json);
	answer_end(&json, all->seen, all->sum.summary.total, NULL, snapshot_is_complete(all->seen));
}

/* -- both ------------------------------------------------------------------ */

static void add_up(struct check_all *all, const struct report *report)
{
	all->sum.summary.total += report->summary.total;
	for (int i = 0; i < STATE_COUNT; i++) {
		all->sum.summary.count[i] += report->summary.count[i];
		all->sum.summary.untold[i] |= report->summary.untold[i];
	}
	if (report->worst > all->sum.worst)
		all->sum.worst = report->worst;
	all->findings += report->findings.count;
	all->troubled += report->findings.count > 0;
}

int print_check_everywhere(struct out *out, const struct style *style, const struct snapshot *seen,
			   const struct check_area *areas, size_t count)
{
	struct check_all all = { .seen = seen, .areas = areas, .count = count };

	for (size_t i = 0; i < count; i++)
		add_up(&all, areas[i].report);
	if (!is_silent(style, seen, !all.findings))
		(format_is_json(style->format) ? put_json : put_text)(out, style, &all);
	return -out->err;
}
