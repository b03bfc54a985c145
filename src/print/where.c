/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/where.h"

#include "print/cell.h"
#include "print/json_shapes.h"

#define SHORT_ID 12     /* digits of a container that people use */

static void put_string(struct text *text, const char *string)
{
	cell_foreign(text, string, strlen(string));
}

/* Nobody's name is taken for one of our words. */
static void put_name(struct text *text, const char *name)
{
	if (strcmp(name, "here") == 0 || strcmp(name, "init") == 0)
		cell_str(text, "netns:");
	put_string(text, name);
}

/* Of a session or slice many namespaces are a part; of a service hardly. */
static bool has_service(const struct place *place)
{
	size_t size = place->unit ? strlen(place->unit) : 0;

	return size > 8 && strcmp(place->unit + size - 8, ".service") == 0;
}

static void put_container(struct text *text, const struct place *place)
{
	size_t size = strlen(place->container);

	cell_str(text, "container:");
	cell_foreign(text, place->container, size == 64 ? SHORT_ID : size);
}

static void put_process(struct text *text, const struct place *place)
{
	text_addf(text, "%d:", place->pid);
	if (place->comm_size)
		cell_foreign(text, place->comm, place->comm_size);
}

void where_value(struct text *text, const struct place *place)
{
	if (place->is_own) {
		cell_str(text, "here");
	} else if (place->name) {
		put_name(text, place->name);
	} else if (place->is_init) {
		cell_str(text, "init");
	} else if (place->container) {
		put_container(text, place);
	} else if (place->pod) {
		cell_str(text, "pod:");
		put_string(text, place->pod);
	} else if (has_service(place)) {
		put_string(text, place->unit);
		text_addf(text, ":%d", place->pid);
	} else if (place->pid) {
		put_process(text, place);
	} else {
		cell_u64(text, place->inode);
	}
}

/* A field of a table: a blank would end it. */
void where_word(struct text *text, const struct place *place)
{
	size_t start = text->count;

	where_value(text, place);
	for (size_t i = start; i < text->count; i++)
		if (text->at[i] == ' ')
			text->at[i] = '_';
}

/* What the word has not said already. */
void where_title(struct text *text, const struct place *place)
{
	size_t start;

	where_word(text, place);
	start = text->count;
	if (place->is_own && place->name) {
		cell_str(text, ", ");
		put_string(text, place->name);
	}
	if (place->unit) {
		cell_str(text, ", ");
		put_string(text, place->unit);
	}
	if (place->comm_size) {
		cell_str(text, ", ");
		cell_foreign(text, place->comm, place->comm_size);
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
	if (place->init_known)
		json_bool(json, "init", place->is_init);
	else
		json_null(json, "init");
	json_close(json, '}');
}
