/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/screen.h"

#include "print/cell.h"

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

/* U+2588 full, U+2589..258F seven to one eighth from the left. */
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

	/* Full means full: the last but one step holds until no port is left. */
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
