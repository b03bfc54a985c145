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
#include "words/words.h"

#define CHECK_LABEL 10  /* "recording", the longest label, and a blank */
#define NAMED       3       /* findings named in the first line */
#define USUAL_WIDTH 80
#define AGE_CELL    5
#define NAME_WIDTH  11      /* "ESTABLISHED" */

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
	if (sum->findings + sum->notices > NAMED)
		text_addf(text, " and %llu more",
			  (unsigned long long)(sum->findings + sum->notices - NAMED));
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

/* "2 findings and 1 notice in 1,941 sockets: ..." */
static void put_found(struct text *text, const struct page *page, const struct check_sum *sum)
{
	if (sum->findings)
		page_count(text, sum->findings, "finding");
	cell_str(text, sum->findings && sum->notices ? " and " : "");
	if (sum->notices)
		page_count(text, sum->notices, "notice");
	cell_str(text, " in ");
	if (page->style->with_netns)
		text_addf(text, "%zu of ", sum->troubled);
	put_extent(text, page->style, sum);
	if (sum->findings && page->seen->gaps.count)
		cell_str(text, snapshot_is_complete(page->seen) ? " (as far as seen)" :
			 " (incomplete)");
	put_all_named(text, page->style, sum);
}

/*
 * It never says just "OK" when something that was asked for, or a process that a rule is
 * about, could not be seen.
 */
static enum ink put_headline(struct text *text, const struct page *page,
			     const struct check_sum *sum)
{
	bool complete = snapshot_is_complete(page->seen), all = page->style->with_netns;
	bool whole = complete && !page->seen->gaps.count;
	bool critical = sum->of_all.worst == SEVERITY_CRITICAL;

	if (sum->findings) {
		cell_str(text, critical ? "CRITICAL: " : "WARNING: ");
		put_found(text, page, sum);
		return critical ? INK_RED : INK_YELLOW;
	}
	cell_str(text, whole ? "OK: " : complete ? "OK as far as seen: " :
		 "OK as far as seen, incomplete: ");
	if (sum->notices) {
		put_found(text, page, sum);
	} else {
		cell_str(text, all ? "no findings in " : "");
		put_extent(text, page->style, sum);
		cell_str(text, all ? "" : ", no findings");
	}
	return whole ? INK_GREEN : INK_YELLOW;
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

/* The title says how many processes they are, and names a single port or address. */
static bool is_in_title(const struct fact *fact)
{
	return strcmp(fact->name, "processes") == 0 ||
	       (fact->value == 1 && (strcmp(fact->name, "ports") == 0 ||
				     strcmp(fact->name, "addresses") == 0));
}

/* False for what is unknown, zero, or in the sentences below. JSON has it. */
static bool is_shown(const struct page *page, const struct finding *f, const struct fact *fact)
{
	bool is = fact->known && (fact->kind == FACT_TEXT ? fact->text.count : fact->value != 0);

	return is && !is_in_title(fact) && !words_tell(page->seen, f, fact->group, fact->name);
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

/* -- pictures ----------------------------------------------------------- */

static void put_right(struct text *text, const char *str, size_t width)
{
	for (size_t size = strlen(str); size < width; size++)
		cell_char(text, ' ');
	cell_str(text, str);
}

static void write_line(const struct page *page, const char *label, struct text *text)
{
	while (text->count && text->at[text->count - 1] == ' ')
		text->count--;
	out_pad(page->out, ' ', PAGE_INDENT);
	out_str(page->out, label);
	out_pad(page->out, ' ', page->label - strlen(label));
	out_put(page->out, text->at, text->count);
	out_char(page->out, '\n');
	text->count = 0;
}

/* -- states -------------------------------------------------------------- */

/* Prints a bar for each state that has sockets. */
static void print_states(const struct page *page, const struct report *report)
{
	unsigned width = page->style->width ? page->style->width : USUAL_WIDTH, used;
	struct chart chart = { .name = NAME_WIDTH + 2, .gap = " " };
	struct text number = { 0 };

	for (int i = 1; i < STATE_COUNT; i++)
		if (report->summary.count[i] > chart.most)
			chart.most = report->summary.count[i];
	cell_thousands(&number, chart.most);
	chart.number = (unsigned)number.count;
	used = PAGE_INDENT + chart.name + chart.number + 1;
	chart.cells = width > used ? width - used : 0;
	for (int i = 1; i < STATE_COUNT; i++) {
		if (!report->summary.count[i])
			continue;
		out_pad(page->out, ' ', PAGE_INDENT);
		page_bar(page, &chart, state_table[i].name, report->summary.count[i],
			 screen_state_ink((enum state)i));
		out_char(page->out, '\n');
	}
	text_fini(&number);
}

/* -- ages ---------------------------------------------------------------- */

/* At most four characters: 9999, 12k, 34M. */
static void put_short(struct text *text, uint32_t count)
{
	static const char units[] = { 'k', 'M', 'G' };
	struct text number = { 0 };
	uint32_t value = count;
	size_t unit = 0;

	if (count < 10000) {
		cell_u64(&number, count);
	} else {
		for (value /= 1000; value >= 1000 && unit < sizeof(units) - 1; value /= 1000)
			unit++;
		cell_u64(&number, value);
		cell_char(&number, units[unit]);
	}
	put_right(text, text_str(&number), AGE_CELL);
	text_fini(&number);
}

static const char *const age_names[AGE_BUCKETS] = {
	"<1s", "1s", "2s", "4s", "8s", "16s", "32s", "1m", "2m", "4m", "8m", "17m+",
};

static void draw_ages(const struct page *page, const struct finding *finding, uint32_t most)
{
	struct text line = { 0 };

	for (int i = 0; i < AGE_BUCKETS; i++) {
		cell_str(&line, "   ");
		screen_column(&line, page->style, finding->ages[i], most);
		screen_column(&line, page->style, finding->ages[i], most);
	}
	write_line(page, "ages", &line);
	for (int i = 0; i < AGE_BUCKETS; i++)
		if (finding->ages[i])
			put_short(&line, finding->ages[i]);
		else
			put_right(&line, "", AGE_CELL);
	write_line(page, "", &line);
	for (int i = 0; i < AGE_BUCKETS; i++)
		put_right(&line, age_names[i], AGE_CELL);
	write_line(page, "at least", &line);
	text_fini(&line);
}

/*
 * Prints sockets by age, a column for each doubling. A leak leans to the right, a burst
 * to the left.
 */
static void print_ages(const struct page *page, const struct finding *finding)
{
	struct text line = { 0 };
	uint32_t most = 0;

	if (page->style->width && page->style->width < PAGE_INDENT + page->label + AGE_BUCKETS * AGE_CELL)
		return;
	for (int i = 0; i < AGE_BUCKETS; i++)
		if (finding->ages[i] > most)
			most = finding->ages[i];
	if (most)
		draw_ages(page, finding, most);
	if (finding->ages_unknown) {
		text_addf(&line, "%s%u whose age the kernel does not tell", most ? "and " : "",
			  finding->ages_unknown);
		write_line(page, most ? "" : "ages", &line);
	}
	text_fini(&line);
}

/* -- ports --------------------------------------------------------------- */

static void put_legend(struct text *text, const struct style *style,
		       const struct port_strip *strip)
{
	uint64_t size = 0, used = 0, reserved = 0;

	for (int i = 0; i < STRIP_CELLS; i++) {
		size += strip->size[i];
		used += strip->used[i];
		reserved += strip->reserved[i];
	}
	cell_thousands(text, used);
	cell_str(text, " of ");
	cell_thousands(text, size);
	cell_str(text, " ports in use");
	page_amount(text, ", ", reserved, " reserved (/)");
	cell_str(text, style->ascii ? "; free [ .:-=+*#%@] full"
		 : "; free [ \xe2\x96\x91\xe2\x96\x92\xe2\x96\x93\xe2\x96\x88] full");
}

/* Prints the port range as a strip that shows how full each part is. */
static void print_strip(const struct page *page, const struct port_strip *strip)
{
	const struct style *style = page->style;
	struct text line = { 0 }, high = { 0 };

	if (style->width && style->width < PAGE_INDENT + page->label + STRIP_CELLS + 2)
		return;
	cell_char(&line, '[');
	for (int i = 0; i < STRIP_CELLS; i++)
		screen_shade(&line, style, strip->used[i], strip->reserved[i],
			     strip->size[i]);
	cell_char(&line, ']');
	write_line(page, "ports", &line);
	cell_u64(&line, strip->low);
	cell_u64(&high, strip->high);
	put_right(&line, high.at, STRIP_CELLS + 2 - line.count);
	write_line(page, "", &line);
	put_legend(&line, style, strip);
	write_line(page, "", &line);
	text_fini(&line);
	text_fini(&high);
}

/* -- findings ------------------------------------------------------------ */

static void print_title(const struct page *page, const struct finding *f)
{
	static const struct { const char *word; enum ink ink; } titles[] = {
		[SEVERITY_NOTICE] = { "NOTICE", INK_CYAN },
		[SEVERITY_WARNING] = { "WARNING", INK_YELLOW },
		[SEVERITY_CRITICAL] = { "CRITICAL", INK_RED },
	};
	const char *word = titles[f->severity].word;
	struct text text = { 0 };
	unsigned start;

	out_str(page->out, screen_ink(page->style, titles[f->severity].ink));
	out_str(page->out, word);
	out_char(page->out, ' ');
	out_str(page->out, f->id);
	out_str(page->out, screen_plain(page->style));
	out_str(page->out, "  ");
	start = (unsigned)(strlen(word) + strlen("   ") + strlen(f->id));
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
		print_ages(page, f);
	if (f->strip)
		print_strip(page, f->strip);
	words_advice(&fix, &avoid, page->seen, f);
	page_advice(page, "fix", &fix);
	page_advice(page, "avoid", &avoid);
	advice_fini(&fix);
	advice_fini(&avoid);
}

/* -- each network namespace ---------------------------------------------- */

/* "blue (redis.service, redis-server[812], inode 9)": adds what the word does not say. */
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
		who_is(text, netns->comm, netns->comm_size, netns->pid);
		cell_str(text, ", ");
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

/* With -q a finding is one line, as cron mails it. */
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

/* Counts the others where some namespaces have findings. */
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
		print_states(&page, &sum->of_all);
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
	for (size_t i = 0; i < report->findings.count; i++)
		report->findings.at[i].severity > SEVERITY_NOTICE ? sum->findings++ : sum->notices++;
	sum->troubled += report->findings.count > 0;
}

int print_check(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct check_area *areas, size_t count)
{
	struct check_sum sum = { .areas = areas, .count = count };

	for (size_t i = 0; i < count; i++)
		add_up(&sum, &areas[i].report);
	if (!is_silent(style, seen, !sum.findings && !sum.notices))
		(format_is_json(style->format) ? check_json : check_text)(out, style, seen, &sum);
	return -out->err;
}
