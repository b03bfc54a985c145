/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_PAGE_H
#define PRINT_PAGE_H

#include "print/print.h"

/*
 * Drawing for a person: colours, bars, text wrapped at the terminal's edge. A colour
 * only repeats what a word or a shape says; without colours INK does nothing.
 */
enum ink { INK_PLAIN, INK_BOLD, INK_FAINT, INK_RED, INK_GREEN, INK_YELLOW, INK_CYAN };

/* The escape sequence that begins @ink, and the one that ends any ink; "" without colours. */
const char *screen_ink(const struct style *style, enum ink ink);
const char *screen_plain(const struct style *style);

/* The ink of a state tells who has to act. */
enum ink screen_state_ink(enum state state);

/**
 * screen_bar - a horizontal bar in eighths of a cell (ASCII: whole cells)
 * @cells: columns that @most takes; any value but 0 shows at least a sliver
 */
void screen_bar(struct text *text, const struct style *style, uint64_t value,
		uint64_t most, unsigned cells);

/*
 * Adds one cell filled to value/most of its height, in eighths; in ASCII one of eight
 * signs.
 */
void screen_column(struct text *text, const struct style *style, uint64_t value, uint64_t most);

/* Adds one cell of a port strip: @used of @size ports, of which @reserved are never given. */
void screen_shade(struct text *text, const struct style *style, unsigned used,
		  unsigned reserved, unsigned size);

/*
 * A page for a person: one line that says it all, then paragraphs with a label each,
 * then what could not be seen. Text is wrapped at the edge of the terminal.
 */
struct page {
	struct out *out;
	const struct style *style;
	const struct snapshot *seen;
	unsigned label;         /* columns for the longest label and a blank */
};

#define PAGE_INDENT 2

/* Prints "WORD: what it means"; the word up to the colon has the colour. */
void page_headline(const struct page *page, enum ink ink, const char *text);

/*
 * Prints the label, or nothing where @label is "", and blanks up to the text. Returns
 * the column where the text begins. On a very narrow terminal the label has a line of
 * its own.
 */
unsigned page_label(const struct page *page, const char *label);

/*
 * Prints " label text". Further lines begin below the text, or for an item behind its
 * dash.
 */
void page_labelled(const struct page *page, const char *label, const char *text);

/* The same for a sentence that may quote foreign bytes; prints nothing when it is empty. */
void page_sentence(const struct page *page, const char *label, const char *sentence);

/* Prints one paragraph, or a list when there are several. */
void page_advice(const struct page *page, const char *label, const struct advice *advice);

/* What the lines of a chart share. */
struct chart {
	unsigned name, number;  /* columns of a name with the blanks behind it, and of a number */
	const char *gap;        /* before the bar */
	uint64_t most;          /* value of a bar of @cells columns; 0 cells: no bars */
	unsigned cells;
};

/* Writes a name, a number and a bar in colour, and no new line. Returns the bar's columns. */
unsigned page_bar(const struct page *page, const struct chart *chart, const char *name,
		  uint64_t count, enum ink ink);

/* Prints what could not be seen. */
void page_gaps(const struct page *page);

/* "BEFORE1,204AFTER", or nothing for 0. */
void page_amount(struct text *text, const char *before, uint64_t count, const char *after);

/* "1 socket", "1,204 sockets" */
void page_count(struct text *text, uint64_t count, const char *noun);

/* "12%"; never "0%" for more than nothing. */
void page_percent(struct text *text, double percent);

/* "3,990 TIME_WAIT, 2 ESTABLISHED" */
void page_states(struct text *text, const uint32_t count[STATE_COUNT]);

/* The arrow between two ends of a connection, with blanks around it. */
const char *page_arrow(const struct style *style);

/* -- names -- */

/*
 * What a finding is about, for a person: "python3[812]", "10.0.0.1 -> 10.0.0.9:443",
 * "0.0.0.0:80 of nginx[12], nginx[13]". @full adds the unit or container and the remote
 * service.
 */
void who_text(struct text *text, const struct style *style, const struct snapshot *seen,
	      const struct finding *finding, bool full);

/*
 * The most telling name in a cgroup path: unit, container, or the path itself. Returns
 * false, with nothing added, when there is none.
 */
bool who_place(struct text *text, const struct cgroup *cgroup);

/* The same in the form " (nginx.service)", or nothing. */
void who_placed(struct text *text, const struct cgroup *cgroup);

/*
 * "nginx[12], nginx[13] and 4 more": processes that hold the socket, at most @most by
 * name; nothing when no holder was seen.
 */
void who_holders(struct text *text, const struct snapshot *seen, uint32_t inode, size_t most);

/* The cgroup of a subject that is a process, or NULL. */
const struct cgroup *who_cgroup(const struct snapshot *seen, const struct subject *subject);

/* "critical", "warning" or "none". */
const char *who_severity(enum severity severity);

#endif
