/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `check` for a person, in this order: one line that says it all, the states as bars,
 * the findings with the worst first, what could not be seen. With -G the states are those
 * of all namespaces together, and the findings those of each.
 */
#include "print/check.h"

#include "base/wrap.h"
#include "print/cell.h"
#include "print/page.h"
#include "print/picture.h"
#include "print/who.h"
#include "words/words.h"

#define CHECK_LABEL 10  /* "recording", the longest label, and a blank */
#define NAMED       3      /* findings named in the first line */

/* -- the first line ------------------------------------------------------ */

/* "close-wait-leak (blue: python3[12])" */
static void put_named(struct text *text, const struct style *style, const struct check_area *area,
		      const struct finding *finding)
{
	cell_str(text, finding->id);
	cell_str(text, " (");
	if (style->with_netns) {
		netns_word(text, area->seen->netns, TEXT_WORD);
		cell_str(text, ": ");
	}
	who_text(text, style, area->seen, finding, false);
	cell_char(text, ')');
}

static void put_all_named(struct text *text, const struct style *style,
			  const struct check_sum *sum)
{
	uint64_t named = 0;

	for (size_t i = 0; i < sum->count; i++) {
		const struct report *report = &sum->areas[i].report;

		for (size_t j = 0; j < report->findings.count && named < NAMED; j++) {
			cell_str(text, named++ ? ", " : ": ");
			put_named(text, style, &sum->areas[i], &report->findings.at[j]);
		}
	}
	if (sum->findings > NAMED)
		text_addf(text, " and %llu more", (unsigned long long)(sum->findings - NAMED));
}

/* "3 network namespaces, 1,941 sockets" */
static void put_extent(struct text *text, const struct style *style, const struct check_sum *sum)
{
	if (style->with_netns) {
		page_count(text, sum->count, "network namespace");
		cell_str(text, ", ");
	}
	page_count(text, sum->of_all.summary.total, "socket");
}

/* It never says just "OK" when something that was asked for could not be seen. */
static enum ink put_headline(struct text *text, const struct page *page,
			     const struct check_sum *sum)
{
	bool complete = snapshot_is_complete(page->seen), all = page->style->with_netns;
	bool critical = sum->of_all.worst == SEVERITY_CRITICAL;

	if (!sum->findings) {
		cell_str(text, complete ? "OK: " : "OK as far as seen, incomplete: ");
		cell_str(text, all ? "no findings in " : "");
		put_extent(text, page->style, sum);
		cell_str(text, all ? "" : ", no findings");
		return complete ? INK_GREEN : INK_YELLOW;
	}
	cell_str(text, critical ? "CRITICAL: " : "WARNING: ");
	page_count(text, sum->findings, "finding");
	cell_str(text, " in ");
	if (all)
		text_addf(text, "%zu of ", sum->troubled);
	put_extent(text, page->style, sum);
	cell_str(text, complete ? "" : " (incomplete)");
	put_all_named(text, page->style, sum);
	return critical ? INK_RED : INK_YELLOW;
}

static void print_headline(const struct page *page, const struct check_sum *sum)
{
	struct text text = { 0 };
	enum ink ink = put_headline(&text, page, sum);

	page_headline(page, ink, text.at);
	text_fini(&text);
}

/* -- evidence ------------------------------------------------------------ */

/* Writes "oldest_waiting_ms" as "oldest waiting", because the unit follows the value. */
static void put_name(struct text *text, const char *name, enum fact_kind kind)
{
	static const char *const units[] = {
		[FACT_COUNT] = "", [FACT_MS] = "_ms", [FACT_S] = "_s", [FACT_BYTES] = "_bytes",
		[FACT_RATE] = "_per_s", [FACT_PERCENT] = "_percent", [FACT_TEXT] = "",
		[FACT_ID] = "", [FACT_BOOL] = "", [FACT_LEFT_MS] = "_ms", [FACT_WORDS] = "",
	};
	size_t size = strlen(name), unit = strlen(units[kind]);

	if (unit && size > unit && strcmp(name + size - unit, units[kind]) == 0)
		size -= unit;
	for (size_t i = 0; i < size; i++)
		cell_char(text, name[i] == '_' ? ' ' : name[i]);
}

static void put_value(struct text *text, const struct fact *fact)
{
	if (fact->kind == FACT_TEXT)
		cell_foreign(text, text_str(&fact->text), fact->text.count);
	else
		fill_number(text, fact->kind, fact->value);
	cell_str(text, fact->kind == FACT_RATE ? "/s" : "");
}

static bool is_same_group(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* False for what is unknown, zero, or in the sentences below. JSON has it. */
static bool is_shown(const struct page *page, const struct finding *f, const struct fact *fact)
{
	bool is = fact->known && (fact->kind == FACT_TEXT ? fact->text.count : fact->value != 0);

	return is && !words_tell(page->seen, f, fact->group, fact->name);
}

/* Prints one line for the facts without a group and one for each group. */
static void print_group(const struct page *page, const struct finding *f, const char *group,
			bool *first)
{
	struct text text = { 0 };

	for (size_t i = 0; i < f->facts.count; i++) {
		const struct fact *fact = &f->facts.at[i];

		if (!is_same_group(fact->group, group) || !is_shown(page, f, fact))
			continue;
		if (text.count)
			cell_str(&text, ", ");
		else if (group)
			text_addf(&text, "%s: ", group);
		put_name(&text, fact->name, fact->kind);
		cell_char(&text, ' ');
		put_value(&text, fact);
	}
	if (text.count)
		page_labelled(page, *first ? "evidence" : "", text.at);
	*first = *first && !text.count;
	text_fini(&text);
}

static void put_age(struct text *text, const struct finding *f)
{
	if (f->age.min_ms < 0)
		return;
	cell_str(text, ", the oldest for at least ");
	fill_number(text, FACT_MS, (double)f->age.min_ms);
}

static bool is_first_of_group(const struct finding *f, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_same_group(f->facts.at[i].group, f->facts.at[index].group))
			return false;
	return true;
}

/*
 * Without members, the count is about something else, which the facts tell; most
 * sentences begin with it.
 */
static bool print_members(const struct page *page, const struct finding *f)
{
	struct text text = { 0 };

	if (!f->members.count || words_tell(page->seen, f, NULL, "count"))
		return false;
	page_count(&text, f->members.count, "socket");
	if (f->subject.kind != SUBJECT_DESTINATION)
		put_age(&text, f);
	page_labelled(page, "evidence", text.at);
	text_fini(&text);
	return true;
}

static void print_evidence(const struct page *page, const struct finding *f)
{
	bool first = !print_members(page, f);

	print_group(page, f, NULL, &first);
	for (size_t i = 0; i < f->facts.count; i++)
		if (f->facts.at[i].group && is_first_of_group(f, i))
			print_group(page, f, f->facts.at[i].group, &first);
}

/* -- findings ------------------------------------------------------------ */

static void print_title(const struct page *page, const struct finding *f)
{
	bool critical = f->severity == SEVERITY_CRITICAL;
	struct text text = { 0 };
	unsigned start;

	out_str(page->out, screen_ink(page->style, critical ? INK_RED : INK_YELLOW));
	out_str(page->out, critical ? "CRITICAL" : "WARNING");
	out_char(page->out, ' ');
	out_str(page->out, f->id);
	out_str(page->out, screen_plain(page->style));
	out_str(page->out, "  ");
	start = (unsigned)(critical ? 8 : 7) + 3 + (unsigned)strlen(f->id);
	who_text(&text, page->style, page->seen, f, true);
	wrap_put(page->out, text_str(&text), start, PAGE_INDENT, page->style->width);
	text_fini(&text);
}

static void print_cause(const struct page *page, const struct finding *f)
{
	struct text cause = { 0 };

	words_cause(&cause, page->seen, f);
	page_sentence(page, "cause", text_str(&cause));
	text_fini(&cause);
}

static void print_finding(const struct page *page, const struct finding *f)
{
	struct advice fix, avoid;

	out_char(page->out, '\n');
	print_title(page, f);
	print_evidence(page, f);
	print_cause(page, f);
	if (f->has_ages)
		picture_ages(page->out, page->style, f, PAGE_INDENT, CHECK_LABEL);
	if (f->strip)
		picture_strip(page->out, page->style, f->strip, PAGE_INDENT, CHECK_LABEL);
	words_advice(&fix, &avoid, page->seen, f);
	page_advice(page, "fix", &fix);
	page_advice(page, "avoid", &avoid);
	advice_fini(&fix);
	advice_fini(&avoid);
}

/* -- each network namespace ---------------------------------------------- */

/* "blue (redis.service, redis-server[812], inode 9)": what the word has not said already. */
static void put_netns(struct text *text, const struct netns *netns)
{
	netns_word(text, netns, TEXT_WORD);
	cell_str(text, " (");
	if (netns->is_own && netns->name) {
		text_add_escaped(text, netns->name, strlen(netns->name), TEXT_WORD);
		cell_str(text, ", ");
	}
	if (netns->unit) {
		text_add_escaped(text, netns->unit, strlen(netns->unit), TEXT_WORD);
		cell_str(text, ", ");
	}
	if (netns->comm_size) {
		text_add_value(text, netns->comm, netns->comm_size, TEXT_COMM);
		text_addf(text, "[%d], ", netns->pid);
	}
	text_addf(text, "inode %llu)", (unsigned long long)netns->inode);
}

static void print_netns(const struct page *page, const struct netns *netns)
{
	struct text title = { 0 };

	cell_str(&title, "Network namespace: ");
	put_netns(&title, netns);
	out_char(page->out, '\n');
	page_headline(page, INK_BOLD, title.at);
	text_fini(&title);
}

/* With -q: what cron mails. */
static void print_short(const struct page *page, const struct finding *f)
{
	struct text text = { 0 }, cause = { 0 };

	if (page->style->with_netns) {
		netns_word(&text, page->seen->netns, TEXT_WORD);
		cell_str(&text, ": ");
	}
	text_addf(&text, "%s %s ", who_severity(f->severity), f->id);
	who_text(&text, page->style, page->seen, f, true);
	cell_str(&text, ": ");
	words_cause(&cause, page->seen, f);
	text_add_sentence(&text, text_str(&cause));
	text_fini(&cause);
	cell_char(&text, '\n');
	out_put(page->out, text.at, text.count);
	text_fini(&text);
}

static void print_area(const struct page *all, const struct check_area *area)
{
	struct page page = *all;

	page.seen = area->seen;
	if (page.style->with_netns && !page.style->quiet && area->report.findings.count)
		print_netns(&page, area->seen->netns);
	for (size_t i = 0; i < area->report.findings.count; i++)
		(page.style->quiet ? print_short : print_finding)(&page, &area->report.findings.at[i]);
}

/* Where there are findings elsewhere. */
static void print_healthy(const struct page *page, const struct check_sum *sum)
{
	struct text text = { 0 };

	if (page->style->quiet || !sum->troubled || sum->troubled == sum->count)
		return;
	cell_char(&text, '\n');
	page_count(&text, sum->count - sum->troubled, "network namespace");
	cell_str(&text, " without findings\n");
	out_str(page->out, text.at);
	text_fini(&text);
}

static void check_text(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct check_sum *sum)
{
	struct page page = { out, style, seen, CHECK_LABEL };

	print_headline(&page, sum);
	if (!style->quiet)
		picture_states(out, style, &sum->of_all, PAGE_INDENT);
	for (size_t i = 0; i < sum->count; i++)
		print_area(&page, &sum->areas[i]);
	print_healthy(&page, sum);
	if (!style->quiet || !snapshot_is_complete(seen))
		page_gaps(&page);
}

static void add_up(struct check_sum *sum, const struct report *report)
{
	sum->of_all.summary.total += report->summary.total;
	for (int i = 0; i < STATE_COUNT; i++) {
		sum->of_all.summary.count[i] += report->summary.count[i];
		sum->of_all.summary.untold[i] |= report->summary.untold[i];
	}
	if (report->worst > sum->of_all.worst)
		sum->of_all.worst = report->worst;
	sum->findings += report->findings.count;
	sum->troubled += report->findings.count > 0;
}

int print_check(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct check_area *areas, size_t count)
{
	struct check_sum sum = { .areas = areas, .count = count };

	for (size_t i = 0; i < count; i++)
		add_up(&sum, &areas[i].report);
	if (!is_silent(style, seen, !sum.findings))
		(format_is_json(style->format) ? check_json : check_text)(out, style, seen, &sum);
	return -out->err;
}
