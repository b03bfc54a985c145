/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/picture.h"

#include "print/cell.h"
#include "print/page.h"

#define USUAL_WIDTH 80
#define AGE_CELL    5
#define NAME_WIDTH  11  /* "ESTABLISHED" */

static void put_right(struct text *text, const char *str, size_t width)
{
	for (size_t size = strlen(str); size < width; size++)
		cell_char(text, ' ');
	cell_str(text, str);
}

static void write_line(struct out *out, const char *label, unsigned indent, unsigned width,
		       struct text *text)
{
	while (text->count && text->at[text->count - 1] == ' ')
		text->count--;
	out_pad(out, ' ', indent);
	out_str(out, label);
	if (text->count) {
		out_pad(out, ' ', width > strlen(label) ? width - strlen(label) : 1);
		out_put(out, text->at, text->count);
	}
	out_char(out, '\n');
	text->count = 0;
}

/* -- states -------------------------------------------------------------- */

static void print_state(struct out *out, const struct style *style, enum state state,
			const char *count, size_t count_width, struct text *bar)
{
	struct text line = { 0 };

	out_pad(out, ' ', 2);
	out_str(out, screen_ink(style, screen_state_ink(state)));
	out_str(out, state_table[state].name);
	out_pad(out, ' ', NAME_WIDTH - strlen(state_table[state].name));
	put_right(&line, count, count_width + 2);
	out_put(out, line.at, line.count);
	if (bar->count) {
		out_char(out, ' ');
		out_put(out, bar->at, bar->count);
	}
	out_str(out, screen_plain(style));
	out_char(out, '\n');
	text_fini(&line);
}

void picture_states(struct out *out, const struct style *style, const struct report *report,
		    unsigned indent)
{
	unsigned width = style->width ? style->width : USUAL_WIDTH, used;
	struct text number = { 0 }, bar = { 0 };
	uint64_t most = 0;
	size_t digits;

	for (int i = 1; i < STATE_COUNT; i++)
		if (report->summary.count[i] > most)
			most = report->summary.count[i];
	cell_thousands(&number, most);
	digits = number.count;
	used = indent + NAME_WIDTH + 2 + (unsigned)digits + 1;
	for (int i = 1; i < STATE_COUNT; i++) {
		uint64_t count = report->summary.count[i];

		if (!count)
			continue;
		number.count = bar.count = 0;
		cell_thousands(&number, count);
		if (width > used)
			screen_bar(&bar, style, count, most, width - used);
		print_state(out, style, (enum state)i, number.at, digits, &bar);
	}
	text_fini(&number);
	text_fini(&bar);
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

static void draw_ages(struct out *out, const struct style *style, const struct finding *finding,
		      unsigned indent, unsigned label, uint32_t most)
{
	struct text line = { 0 };

	for (int i = 0; i < AGE_BUCKETS; i++) {
		cell_str(&line, "   ");
		screen_column(&line, style, finding->ages[i], most);
		screen_column(&line, style, finding->ages[i], most);
	}
	write_line(out, "ages", indent, label, &line);
	for (int i = 0; i < AGE_BUCKETS; i++)
		if (finding->ages[i])
			put_short(&line, finding->ages[i]);
		else
			put_right(&line, "", AGE_CELL);
	write_line(out, "", indent, label, &line);
	for (int i = 0; i < AGE_BUCKETS; i++)
		put_right(&line, age_names[i], AGE_CELL);
	write_line(out, "at least", indent, label, &line);
	text_fini(&line);
}

void picture_ages(struct out *out, const struct style *style, const struct finding *finding,
		  unsigned indent, unsigned label)
{
	struct text line = { 0 };
	uint32_t most = 0;

	if (style->width && style->width < indent + label + AGE_BUCKETS * AGE_CELL)
		return;
	for (int i = 0; i < AGE_BUCKETS; i++)
		if (finding->ages[i] > most)
			most = finding->ages[i];
	if (most)
		draw_ages(out, style, finding, indent, label, most);
	if (finding->ages_unknown) {
		text_addf(&line, "%s%u whose age the kernel does not tell", most ? "and " : "",
			  finding->ages_unknown);
		write_line(out, most ? "" : "ages", indent, label, &line);
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
	if (reserved) {
		cell_str(text, ", ");
		cell_thousands(text, reserved);
		cell_str(text, " reserved (/)");
	}
	cell_str(text, style->ascii ? "; free [ .:-=+*#%@] full"
		 : "; free [ \xe2\x96\x91\xe2\x96\x92\xe2\x96\x93\xe2\x96\x88] full");
}

void picture_strip(struct out *out, const struct style *style, const struct port_strip *strip,
		   unsigned indent, unsigned label)
{
	struct text line = { 0 }, high = { 0 };

	if (style->width && style->width < indent + label + STRIP_CELLS + 2)
		return;
	cell_char(&line, '[');
	for (int i = 0; i < STRIP_CELLS; i++)
		screen_shade(&line, style, strip->used[i], strip->reserved[i],
			     strip->size[i]);
	cell_char(&line, ']');
	write_line(out, "ports", indent, label, &line);
	cell_u64(&line, strip->low);
	cell_u64(&high, strip->high);
	put_right(&line, high.at, STRIP_CELLS + 2 - line.count);
	write_line(out, "", indent, label, &line);
	put_legend(&line, style, strip);
	write_line(out, "", indent, label, &line);
	text_fini(&line);
	text_fini(&high);
}
