/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/page.h"

#include "base/wrap.h"
#include "model/unit.h"
#include "print/cell.h"
#include "words/fill.h"

#define NARROW 40
#define HOLDERS_SHOWN 3

/* -- drawing -- */

const char *screen_ink(const struct style *style, enum ink ink)
{
	static const char *const codes[] = {
		[INK_PLAIN] = "",          [INK_BOLD] = "\033[1m",
		[INK_FAINT] = "\033[2m",   [INK_RED] = "\033[1;31m",
		[INK_GREEN] = "\033[32m",  [INK_YELLOW] = "\033[33m",
		[INK_CYAN] = "\033[36m",
	};

	return style->colour ? codes[ink] : "";
}

const char *screen_plain(const struct style *style)
{
	return style->colour ? "\033[0m" : "";
}

enum ink screen_state_ink(enum state state)
{
	switch (state) {
	case STATE_CLOSE_WAIT:
		return INK_RED;
	case STATE_ESTABLISHED:
		return INK_GREEN;
	case STATE_LISTEN:
		return INK_CYAN;
	case STATE_TIME_WAIT:
		return INK_FAINT;
	case STATE_CLOSE:
	case STATE_BOUND:
		return INK_PLAIN;
	default:
		return INK_YELLOW;
	}
}

/* U+2588 is a full block; U+2589..258F are seven eighths to one eighth, from the left. */
static void put_block(struct text *text, unsigned eighths)
{
	char block[3] = { '\xe2', '\x96', (char)(0x88 + (8 - eighths)) };

	cell_put(text, block, sizeof(block));
}

static uint64_t scale(uint64_t value, uint64_t most, uint64_t steps)
{
	if (!value || !most)
		return 0;
	if (value >= most)
		return steps;
	double share = (double)value / (double)most * (double)steps;

	return share < 1 ? 1 : (uint64_t)share;
}

void screen_bar(struct text *text, const struct style *style, uint64_t value,
		uint64_t most, unsigned cells)
{
	uint64_t steps;

	if (style->ascii) {
		for (steps = scale(value, most, cells); steps; steps--)
			cell_char(text, '#');
		return;
	}
	for (steps = scale(value, most, (uint64_t)cells * 8); steps >= 8; steps -= 8)
		put_block(text, 8);
	if (steps)
		put_block(text, (unsigned)steps);
}

void screen_column(struct text *text, const struct style *style, uint64_t value, uint64_t most)
{
	unsigned height = (unsigned)scale(value, most, 8);
	char block[3] = { '\xe2', '\x96', (char)(0x80 + height) };      /* U+2581.. */

	if (style->ascii || !height)
		cell_char(text, " .:-=+*%#"[height]);
	else
		cell_put(text, block, sizeof(block));
}

void screen_shade(struct text *text, const struct style *style, unsigned used,
		  unsigned reserved, unsigned size)
{
	unsigned room = size > reserved ? size - reserved : 0;
	unsigned full = style->ascii ? 9 : 4;
	unsigned step = (unsigned)scale(used, room, full);

	/* The last step is only reached when no port is left. */
	if (step == full && used < room)
		step--;
	if (size && reserved * 2 > size && !step)
		cell_char(text, '/');
	else if (style->ascii)
		cell_char(text, " .:-=+*#%@"[step]);
	else if (!step)
		cell_char(text, ' ');
	else
		cell_put(text, (const char *[]){ "\xe2\x96\x91", "\xe2\x96\x92", "\xe2\x96\x93",
						 "\xe2\x96\x88" }[step - 1], 3);
}

/* -- pages -- */

void page_headline(const struct page *page, enum ink ink, const char *text)
{
	size_t start = strcspn(text, ":") + 1;

	out_str(page->out, screen_ink(page->style, ink));
	out_put(page->out, text, start);
	out_str(page->out, screen_plain(page->style));
	out_char(page->out, ' ');
	wrap_put(page->out, text + start + 1, start + 1, PAGE_INDENT, page->style->width);
}

unsigned page_label(const struct page *page, const char *label)
{
	bool narrow = page->style->width && page->style->width < NARROW;
	unsigned start = PAGE_INDENT * 2;
	size_t size = strlen(label);
	unsigned gap = size < page->label ? page->label - (unsigned)size : 1;

	if (!narrow)
		start = PAGE_INDENT + (unsigned)size + gap;
	/*
	 * Where the page is too narrow for two columns, the sentence begins below its
	 * label.
	 */
	if (!narrow || size)
		out_pad(page->out, ' ', PAGE_INDENT);
	if (size) {
		out_str(page->out, screen_ink(page->style, INK_BOLD));
		out_str(page->out, label);
		out_str(page->out, screen_plain(page->style));
	}
	if (narrow && size)
		out_char(page->out, '\n');
	out_pad(page->out, ' ', narrow ? start : gap);
	return start;
}

void page_labelled(const struct page *page, const char *label, const char *text)
{
	unsigned hang = strncmp(text, "- ", 2) == 0 ? 2 : 0;
	unsigned start = page_label(page, label);

	wrap_put(page->out, text, start, start + hang, page->style->width);
}

void page_sentence(const struct page *page, const char *label, const char *sentence)
{
	struct text safe = { 0 };

	text_add_sentence(&safe, sentence);
	if (safe.count)
		page_labelled(page, label, safe.at);
	text_fini(&safe);
}

void page_advice(const struct page *page, const char *label, const struct advice *advice)
{
	for (size_t i = 0; i < advice->count; i++) {
		struct text item = { 0 };

		cell_str(&item, advice->count > 1 ? "- " : "");
		cell_str(&item, advice->text[i]);
		page_sentence(page, i ? "" : label, item.at);
		text_fini(&item);
	}
}

unsigned page_bar(const struct page *page, const struct chart *chart, const char *name,
		  uint64_t count, enum ink ink)
{
	struct text line = { 0 }, number = { 0 }, bar = { 0 };
	unsigned width;

	cell_thousands(&number, count);
	if (chart->cells)
		screen_bar(&bar, page->style, count, chart->most, chart->cells);
	width = (unsigned)utf8_width(text_str(&bar));
	cell_str(&line, screen_ink(page->style, ink));
	cell_str(&line, name);
	cell_pad(&line, ' ', chart->name - strlen(name));
	cell_pad(&line, ' ', number.count < chart->number ? chart->number - number.count : 0);
	cell_str(&line, number.at);
	cell_str(&line, width ? chart->gap : "");
	cell_str(&line, text_str(&bar));
	cell_str(&line, screen_plain(page->style));
	out_put(page->out, line.at, line.count);
	text_fini(&line);
	text_fini(&number);
	text_fini(&bar);
	return width;
}

/*
 * The labels of this part are the names of gaps, which may be longer than the page's
 * labels.
 */
static unsigned gap_label(const struct page *page)
{
	size_t most = page->label;

	for (size_t i = 0; i < page->seen->gaps.count; i++) {
		size_t size = strlen(gap_name(page->seen->gaps.at[i].kind)) + 1;

		most = size > most ? size : most;
	}
	return (unsigned)most;
}

void page_gaps(const struct page *page)
{
	struct page part = *page;

	if (!page->seen->gaps.count) {
		if (!page->seen->socks_complete)
			out_str(page->out, "\nThe listing of sockets is incomplete.\n");
		return;
	}
	part.label = gap_label(page);
	out_str(page->out, "\nNot seen:\n");
	for (size_t i = 0; i < page->seen->gaps.count; i++)
		page_sentence(&part, gap_name(page->seen->gaps.at[i].kind),
			      page->seen->gaps.at[i].text);
}

void page_count(struct text *text, uint64_t count, const char *noun)
{
	cell_thousands(text, count);
	cell_char(text, ' ');
	cell_str(text, noun);
	if (count != 1)
		cell_char(text, 's');
}

void page_amount(struct text *text, const char *before, uint64_t count, const char *after)
{
	if (!count)
		return;
	cell_str(text, before);
	cell_thousands(text, count);
	cell_str(text, after);
}

void page_percent(struct text *text, double percent)
{
	text_addf(text, percent > 0 && percent < 1 ? "<1%%" : "%.0f%%", percent);
}

void page_states(struct text *text, const uint32_t count[STATE_COUNT])
{
	const char *before = "";

	for (int i = 0; i < STATE_COUNT; i++) {
		if (!count[i])
			continue;
		cell_str(text, before);
		cell_thousands(text, count[i]);
		cell_char(text, ' ');
		cell_str(text, state_table[i].name);
		before = ", ";
	}
}

const char *page_arrow(const struct style *style)
{
	return style->ascii ? " -> " : " \xe2\x86\x92 ";
}

/* -- names -- */

const char *who_severity(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_NONE] = "none", [SEVERITY_NOTICE] = "notice",
		[SEVERITY_WARNING] = "warning", [SEVERITY_CRITICAL] = "critical",
	};

	return names[severity];
}

const struct cgroup *who_cgroup(const struct snapshot *seen, const struct subject *subject)
{
	uint64_t id = snapshot_home(seen, subject->cgroup_id, subject_holder(seen, subject));

	return id ? snapshot_cgroup(seen, id) : NULL;
}

bool who_place(struct text *text, const struct cgroup *cgroup)
{
	if (!cgroup)
		return false;
	if (cgroup_unit(cgroup) && !(cgroup_container(cgroup) && cgroup->names->pod_name)) {
		cell_word(text, cgroup_unit(cgroup), strlen(cgroup_unit(cgroup)));
	} else if (cgroup_container(cgroup)) {
		cell_str(text, "container ");
		who_container_is(text, cgroup);
	} else if (cgroup->path[0] && cgroup->path[1]) {
		cell_str(text, "cgroup ");
		cell_word(text, cgroup->path, strlen(cgroup->path));
	} else {
		return false;
	}
	return true;
}

void who_placed(struct text *text, const struct cgroup *cgroup)
{
	size_t start = text->count;

	cell_str(text, " (");
	if (who_place(text, cgroup)) {
		cell_char(text, ')');
	} else {
		text->count = start;
		text->at[start] = '\0';
	}
}

/* Holders are sorted by process, so a process with two descriptors is named once. */
void who_holders(struct text *text, const struct snapshot *seen, uint32_t inode, size_t most)
{
	size_t count, named = 0, more = 0;
	const struct holder *holder = snapshot_holders(seen, inode, &count);

	for (size_t i = 0; i < count; i++) {
		if (i && holder[i].process == holder[i - 1].process)
			continue;
		if (named == most) {
			more++;
			continue;
		}
		cell_str(text, named++ ? ", " : "");
		who_process_is(text, seen, holder[i].process);
	}
	if (more)
		text_addf(text, " and %zu more", more);
}

static uint64_t number_of(const struct finding *f, const char *name)
{
	const struct fact *fact = facts_find(&f->facts, name);

	return fact && fact->known ? (uint64_t)fact->value : 0;
}

/* "10.0.0.9:443", "port 443 (60 addresses)", "300 ports (60 addresses)" */
static void put_remote(struct text *text, const struct style *style, const struct finding *f)
{
	const struct subject *subject = &f->subject;
	uint64_t ports = number_of(f, "ports"), addresses = number_of(f, "addresses");

	if (!subject->has_destination && !subject->port && ports < 2)
		return;
	cell_str(text, page_arrow(style));
	if (subject->has_destination) {
		cell_end(text, &subject->destination, subject->family, subject->port);
		return;
	}
	if (subject->port)
		text_addf(text, "port %u", subject->port);
	else
		page_count(text, ports, "port");
	if (addresses > 1)
		text_addf(text, " (%llu addresses)", (unsigned long long)addresses);
}

static void put_owner(struct text *text, const struct style *style,
		      const struct snapshot *seen, const struct finding *f, bool full)
{
	const struct subject *subject = &f->subject;
	const struct cgroup *cgroup = who_cgroup(seen, subject);
	bool named = true;

	if (subject->process >= 0)
		who_process_is(text, seen, (uint32_t)subject->process);
	else if (f->processes.count)
		who_processes_are(text, seen, f);
	else
		named = false;
	if (named && full)
		who_placed(text, cgroup);
	if (!named && !who_place(text, cgroup))
		cell_str(text, f->has_processes && !f->hidden ? "this network namespace" :
			       "hidden owner");
	if (full)
		put_remote(text, style, f);
}

static void put_destination(struct text *text, const struct style *style,
			    const struct subject *subject)
{
	if (subject->has_source)
		cell_host(text, &subject->source, subject->family);
	if (subject->has_source && subject->has_destination)
		cell_str(text, page_arrow(style));
	if (subject->has_destination)
		cell_end(text, &subject->destination, subject->family, subject->port);
	else if (!subject->has_source)
		cell_str(text, "several peers");
}

static void put_listener(struct text *text, const struct snapshot *seen,
			 const struct subject *subject, bool full)
{
	size_t count;

	cell_end(text, &subject->source, subject->family, subject->port);
	if (!full || !snapshot_holders(seen, subject->listener_inode, &count))
		return;
	cell_str(text, " of ");
	who_holders(text, seen, subject->listener_inode, HOLDERS_SHOWN);
}

void who_text(struct text *text, const struct style *style, const struct snapshot *seen,
	      const struct finding *finding, bool full)
{
	const struct subject *subject = &finding->subject;

	switch (subject->kind) {
	case SUBJECT_PROCESS:
		put_owner(text, style, seen, finding, full);
		break;
	case SUBJECT_DESTINATION:
		put_destination(text, style, subject);
		break;
	case SUBJECT_LISTENER:
		put_listener(text, seen, subject, full);
		break;
	case SUBJECT_NETNS:
		if (finding->has_processes)
			put_owner(text, style, seen, finding, full);
		else
			cell_str(text, "this network namespace");
		break;
	case SUBJECT_MACHINE:
		cell_str(text, "this machine");
		break;
	}
}
