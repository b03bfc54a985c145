/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bind`: in one network namespace, and with -G what bind() would say in each that was asked. */
#include "print/bind.h"

#include "print/cell.h"
#include "print/grid.h"
#include "print/json.h"
#include "words/words.h"

#define LABEL 11

static const struct grid_column columns[] = {
	{ .heading = "NETNS" }, { .heading = "VERDICT" }, { .heading = "ERRNO", .spare = 1 },
	{ .heading = "FIRST IN THE WAY", .words = true },
};

/* "fails in 2, works in 1" */
static void put_verdicts(struct text *text, const struct bind_page *pages, size_t count)
{
	static const char *const words[VERDICT_COUNT] = {
		[VERDICT_FAILS] = "fails", [VERDICT_DEPENDS] = "depends",
		[VERDICT_UNKNOWN] = "cannot be told", [VERDICT_OK] = "works",
	};
	static const enum verdict order[] = {
		VERDICT_FAILS, VERDICT_DEPENDS, VERDICT_UNKNOWN, VERDICT_OK,
	};
	const char *before = "";

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		size_t same = 0;

		for (size_t j = 0; j < count; j++)
			same += pages[j].answer->asked.verdict == order[i];
		if (!same)
			continue;
		text_addf(text, "%s%s in %zu", before, words[order[i]], same);
		before = ", ";
	}
	text_addf(text, " of %zu network namespace%s", count, count == 1 ? "" : "s");
}

static enum verdict worst_of(const struct bind_page *pages, size_t count)
{
	enum verdict worst = VERDICT_OK;

	for (size_t i = 0; i < count; i++)
		if (pages[i].answer->asked.verdict != VERDICT_OK && worst != VERDICT_FAILS)
			worst = pages[i].answer->asked.verdict;
	return worst;
}

static void print_headline(const struct page *page, const struct bind_page *pages, size_t count,
			   size_t vacant)
{
	static const char *const heads[VERDICT_COUNT] = {
		[VERDICT_OK] = "OK", [VERDICT_FAILS] = "FAILS", [VERDICT_DEPENDS] = "DEPENDS",
		[VERDICT_UNKNOWN] = "UNKNOWN",
	};
	enum verdict worst = worst_of(pages, count);
	struct text text = { 0 };

	text_addf(&text, "%s: bind() to port %u (%s) ", heads[worst], pages[0].ask->port,
		  pages[0].ask->protocol == PROTOCOL_UDP ? "UDP" : "TCP");
	put_verdicts(&text, pages, count);
	if (vacant)
		text_addf(&text, "; nobody has that port in the %zu other%s", vacant,
			  vacant == 1 ? "" : "s");
	page_headline(page, bind_ink(worst), text.at);
	text_fini(&text);
}

static void put_first(struct text *text, const struct bind_page *bind)
{
	const struct bind_answer *answer = bind->answer;
	struct text sentence = { .at = NULL };

	if (answer->blockers.count) {
		words_blocker(&sentence, bind->seen, answer->blockers.at);
		text_add_sentence(text, text_str(&sentence));
	} else if (answer->asked.verdict != VERDICT_OK) {
		text_add_sentence(text, text_str(&answer->cause));
	}
	if (answer->blockers.count > 1)
		text_addf(text, " (and %zu more)", answer->blockers.count - 1);
	text_fini(&sentence);
}

static void put_row(struct grid *grid, size_t row)
{
	const struct bind_page *bind = (const struct bind_page *)grid->ctx + row;
	const struct bind_answer *answer = bind->answer;
	const char *name = errno_name(answer->asked.err);
	struct grid_cell *cell = grid_add(grid);

	netns_word(&cell->text, bind->seen->netns, TEXT_WORD);
	cell = grid_add(grid);
	cell->ink = bind_ink(answer->asked.verdict);
	cell_str(&cell->text, verdict_name(answer->asked.verdict));
	cell = grid_add(grid);
	cell_str(&cell->text, name ? name : "-");
	cell = grid_add(grid);
	put_first(&cell->text, bind);
}

static void put_text(struct out *out, const struct style *style, const struct snapshot *seen,
		     const struct bind_page *pages, size_t count, size_t vacant)
{
	struct page page = { out, style, seen, LABEL };
	struct grid grid = {
		.columns = columns, .columns_count = sizeof(columns) / sizeof(*columns),
		.rows = count, .put_row = put_row, .ctx = pages,
	};

	print_headline(&page, pages, count, vacant);
	grid_print(&grid, &page);
	if (worst_of(pages, count) != VERDICT_OK)
		out_str(out, "\nsockvet bind -N tells what to do in one of them.\n");
	page_gaps(&page);
}

static uint64_t count_socks(const struct bind_page *pages, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += pages[i].seen->socks.count;
	return sum;
}

static void put_json(struct out *out, const struct style *style, const struct snapshot *seen,
		     const struct bind_page *pages, size_t count, size_t vacant)
{
	struct json json;

	answer_begin(&json, out, style->format, "bind", seen);
	answer_list(&json, "namespaces");
	for (size_t i = 0; i < count; i++) {
		answer_item(&json, "verdict", false);
		json_netns(&json, pages[i].seen->netns);
		bind_json_members(&json, style, &pages[i]);
		answer_item_end(&json);
	}
	answer_list_end(&json);
	answer_tail(&json);
	json_u64(&json, "without_owner", vacant);
	answer_end(&json, seen, count_socks(pages, count), NULL, snapshot_is_complete(seen));
}

int print_bind(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct bind_page *pages, size_t count, size_t vacant)
{
	bool is_json = format_is_json(style->format);

	if (is_silent(style, seen, worst_of(pages, count) == VERDICT_OK))
		return -out->err;
	if (!style->with_netns)
		(is_json ? bind_json : bind_text)(out, style, pages);
	else
		(is_json ? put_json : put_text)(out, style, seen, pages, count, vacant);
	return -out->err;
}
