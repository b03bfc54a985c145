/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/where.h"

#include "print/cell.h"

/* Adds what the word does not say. */
void where_title(struct text *text, const struct netns *netns)
{
	size_t start;

	where_word(text, netns);
	start = text->count;
	if (netns->is_own && netns->name) {
		cell_str(text, ", ");
		text_add_escaped(text, netns->name, strlen(netns->name), TEXT_WORD);
	}
	if (netns->unit) {
		cell_str(text, ", ");
		text_add_escaped(text, netns->unit, strlen(netns->unit), TEXT_WORD);
	}
	if (netns->comm_size) {
		cell_str(text, ", ");
		text_add_value(text, netns->comm, netns->comm_size, TEXT_COMM);
		text_addf(text, "[%d]", netns->pid);
	}
	text_addf(text, ", inode %llu)", (unsigned long long)netns->inode);
	text->at[start] = ' ';
	text->at[start + 1] = '(';
}
