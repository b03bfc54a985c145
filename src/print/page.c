/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/page.h"

#include "base/wrap.h"
#include "print/cell.h"

#define NARROW 40

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
	/* Too narrow for two columns: the sentence starts below its label. */
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

/* The labels of this part are names of gaps, which may be longer than the page's. */
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

const char *page_arrow(const struct style *style)
{
	return style->ascii ? " -> " : " \xe2\x86\x92 ";
}
