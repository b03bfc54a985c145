/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/where.h"

#include "print/cell.h"
#include "print/json_shapes.h"

#define SHORT_ID 12     /* digits of a container that people use */

static void put_string(struct text *text, const char *string, const char *also)
{
	text_add_escaped(text, string, strlen(string), also);
}

/* Nobody's name is taken for one of our words. */
static void put_name(struct text *text, const char *name, const char *also)
{
	if (strcmp(name, "here") == 0 || strcmp(name, "init") == 0)
		cell_str(text, "netns:");
	text_add_value(text, name, strlen(name), also);
}

/* Of a session or slice many namespaces are a part; of a service hardly. */
static bool has_service(const struct place *place)
{
	size_t size = place->unit ? strlen(place->unit) : 0;

	return size > 8 && strcmp(place->unit + size - 8, ".service") == 0;
}

static void put_container(struct text *text, const struct place *place, const char *also)
{
	size_t size = strlen(place->container);

	cell_str(text, "container:");
	text_add_escaped(text, place->container, size == 64 ? SHORT_ID : size, also);
}

static void put_place(struct text *text, const struct place *place, const char *also)
{
	if (place->is_own) {
		cell_str(text, "here");
	} else if (place->name) {
		put_name(text, place->name, also);
	} else if (place->is_init) {
		cell_str(text, "init");
	} else if (place->container) {
		put_container(text, place, also);
	} else if (place->pod) {
		cell_str(text, "pod:");
		put_string(text, place->pod, also);
	} else if (has_service(place)) {
		put_string(text, place->unit, also);
		text_addf(text, ":%d", place->pid);
	} else if (place->pid) {
		text_addf(text, "%d:", place->pid);
		text_add_escaped(text, place->comm, place->comm_size, also);
	} else {
		cell_u64(text, place->inode);
	}
}

void where_value(struct text *text, const struct place *place)
{
	put_place(text, place, "");
}

void where_word(struct text *text, const struct place *place)
{
	put_place(text, place, TEXT_WORD);
}

/* What the word has not said already. */
void where_title(struct text *text, const struct place *place)
{
	size_t start;

	where_word(text, place);
	start = text->count;
	if (place->is_own && place->name) {
		cell_str(text, ", ");
		put_string(text, place->name, TEXT_WORD);
	}
	if (place->unit) {
		cell_str(text, ", ");
		put_string(text, place->unit, TEXT_WORD);
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
