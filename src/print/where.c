/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/where.h"

#include "print/cell.h"
#include "print/json_shapes.h"

/* What the word has not said already. */
void where_title(struct text *text, const struct place *place)
{
	size_t start;

	where_word(text, place);
	start = text->count;
	if (place->is_own && place->name) {
		cell_str(text, ", ");
		text_add_escaped(text, place->name, strlen(place->name), TEXT_WORD);
	}
	if (place->unit) {
		cell_str(text, ", ");
		text_add_escaped(text, place->unit, strlen(place->unit), TEXT_WORD);
	}
	if (place->comm_size) {
		cell_str(text, ", ");
		text_add_value(text, place->comm, place->comm_size, TEXT_COMM);
		text_addf(text, "[%d]", place->pid);
	}
	text_addf(text, ", inode %llu)", (unsigned long long)place->inode);
	text->at[start] = ' ';
	text->at[start + 1] = '(';
}

void json_place(struct json *json, const char *name, const struct place *place)
{
	if (!place) {
		json_null(json, name);
		return;
	}
	json_open(json, name, '{');
	json_u64(json, "inode", place->inode);
	json_name(json, "name", place->name);
	json_count(json, "pid", place->pid > 0, (uint64_t)place->pid);
	json_foreign(json, "comm", place->comm_size ? place->comm : NULL, place->comm_size);
	json_name(json, "container", place->container);
	json_string(json, "pod", place->pod);
	json_name(json, "unit", place->unit);
	json_bool(json, "own", place->is_own);
	json_flag(json, "init", place->init_known, place->is_init);
	json_close(json, '}');
}
