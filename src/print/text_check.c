/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `check` for a person, in this order: one line that says it all, the states as bars,
 * the findings with the worst first, what could not be seen.
 */
#include "print/check.h"

#include "base/wrap.h"
#include "print/cell.h"
#include "print/page.h"
#include "print/picture.h"
#include "print/who.h"
#include "words/words.h"

#define NAMED    3      /* findings named in the first line */

/* -- the first line ------------------------------------------------------ */

static void put_named(struct text *text, const struct page *page, const struct report *report)
{
	size_t count = report->findings.count;

	for (size_t i = 0; i < count && i < NAMED; i++) {
		const struct finding *f = &report->findings.at[i];

		cell_str(text, i ? ", " : ": ");
		cell_str(text, f->id);
		cell_str(text, " (");
		who_text(text, page->style, page->seen, f, false);
		cell_char(text, ')');
	}
	if (count > NAMED)
		text_addf(text, " and %zu more", count - NAMED);
}

/* It never says just "OK" when something that was asked for could not be seen. */
static enum ink put_headline(struct text *text, const struct page *page,
			     const struct report *report)
{
	bool complete = snapshot_is_complete(page->seen);
	enum severity worst = report->worst;
	size_t count = report->findings.count;

	if (!count) {
		cell_str(text, complete ? "OK: " : "OK as far as seen, incomplete: ");
		page_count(text, report->summary.total, "socket");
		cell_str(text, ", no findings");
		return complete ? INK_GREEN : INK_YELLOW;
	}
	cell_str(text, worst == SEVERITY_CRITICAL ? "CRITICAL: " : "WARNING: ");
	page_count(text, count, "finding");
	cell_str(text, " in ");
	page_count(text, report->summary.total, "socket");
	if (!complete)
		cell_str(text, " (incomplete)");
	put_named(text, page, report);
	return worst == SEVERITY_CRITICAL ? INK_RED : INK_YELLOW;
}

static void print_headline(const struct page *page, const struct report *report)
{
	struct text text = { 0 };
	enum ink ink = put_headline(&text, page, report);

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

void check_findings(const struct page *page, const struct report *report)
{
	for (size_t i = 0; i < report->findings.count; i++)
		print_finding(page, &report->findings.at[i]);
}

/* -- quiet: what cron mails ---------------------------------------------- */

static void print_short(const struct page *page, const char *where, const struct finding *f)
{
	struct text text = { 0 }, cause = { 0 };

	text_addf(&text, "%s%s%s %s ", where, *where ? ": " : "", who_severity(f->severity), f->id);
	who_text(&text, page->style, page->seen, f, true);
	cell_str(&text, ": ");
	words_cause(&cause, page->seen, f);
	text_add_sentence(&text, text_str(&cause));
	text_fini(&cause);
	cell_char(&text, '\n');
	out_put(page->out, text.at, text.count);
	text_fini(&text);
}

void check_short(const struct page *page, const char *where, const struct report *report)
{
	for (size_t i = 0; i < report->findings.count; i++)
		print_short(page, where, &report->findings.at[i]);
}

static void print_quiet(const struct page *page, const struct report *report)
{
	print_headline(page, report);
	check_short(page, "", report);
	if (!snapshot_is_complete(page->seen))
		page_gaps(page);
}

static void check_text(struct out *out, const struct style *style,
		       const struct snapshot *seen, const struct report *report)
{
	struct page page = { out, style, seen, CHECK_LABEL };

	if (style->quiet) {
		print_quiet(&page, report);
		return;
	}
	print_headline(&page, report);
	picture_states(page.out, page.style, report, PAGE_INDENT);
	check_findings(&page, report);
	page_gaps(&page);
}

int print_check(struct out *out, const struct style *style,
		const struct snapshot *seen, const struct report *report)
{
	if (!is_silent(style, seen, !report->findings.count))
		(format_is_json(style->format) ? check_json : check_text)(out, style, seen, report);
	return -out->err;
}
