/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/where.h"

#include "print/cell.h"
#include "print/json_shapes.h"

/* What the word has not said already. */
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

void json_netns_found(struct json *json, const char *name, const struct netns *netns)
{
	if (!netns) {
		json_null(json, name);
		return;
	}
	json_open(json, name, '{');
	json_u64(json, "inode", netns->inode);
	json_name(json, "name", netns->name);
	json_count(json, "pid", netns->pid > 0, (uint64_t)netns->pid);
	json_foreign(json, "comm", netns->comm_size ? netns->comm : NULL, netns->comm_size);
	json_name(json, "container", netns->container);
	json_string(json, "pod", netns->pod);
	json_name(json, "unit", netns->unit);
	json_bool(json, "own", netns->is_own);
	json_flag(json, "init", netns->init_known, netns->is_init);
	json_close(json, '}');
}
