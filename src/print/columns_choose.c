/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which columns a listing has: -C, the usual ones, and those for machines.
 */
#include "print/columns.h"

#include "base/text.h"
#include "model/need.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static void add(struct columns *chosen, const struct column *column)
{
	if (chosen->count < sizeof(chosen->at) / sizeof(*chosen->at))
		chosen->at[chosen->count++] = column;
}

static bool has_put(const struct columns *chosen, const struct column *column)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->at[i] == column)
			return true;
	return false;
}

static bool is_called(const struct column *column, const char *name)
{
	return strcmp(column->name, name) == 0;
}

static bool is_one_state(uint32_t states)
{
	return states && !(states & (states - 1));
}

/* -Q: as ss, the two columns of queues go. */
static bool is_hidden(const struct column *column, const struct style *style)
{
	return style->no_queues && (is_called(column, "RECVQ") || is_called(column, "SENDQ"));
}

static void add_usual(struct columns *chosen, const struct style *style, uint32_t states)
{
	if (style->with_netns)
		add(chosen, column_find("NETNS", 5));
	if (style->with_netid)
		add(chosen, column_find("NETID", 5));
	for (size_t i = 0; i < columns_count(); i++) {
		const struct column *column = column_at(i);

		if (!column->usual || (is_called(column, "STATE") && is_one_state(states)))
			continue;
		if (is_hidden(column, style))
			continue;
		if (is_called(column, "PROCESS") && !style->with_process)
			add(chosen, &column_empty_process);
		else
			add(chosen, column);
	}
}

const struct column *column_find(const char *name, size_t size)
{
	for (size_t i = 0; i < columns_count(); i++)
		if (strlen(column_name(i)) == size && strncasecmp(column_name(i), name, size) == 0)
			return column_at(i);
	return NULL;
}

int column_unknown(const char *name, size_t size, struct fault *fault)
{
	struct text names = { 0 };
	int err;

	for (size_t i = 0; i < columns_count(); i++)
		text_addf(&names, "%s%s", i ? " " : "", column_name(i));
	err = fault_set(fault, EINVAL, size ? "no column is called '%s'; there are: %s"
			: "%sa column name is empty; there are: %s",
			QUOTE_BYTES(name, size), text_str(&names));
	text_fini(&names);
	return err;
}

static int add_named(struct columns *chosen, const char *spec, struct fault *fault)
{
	size_t size;

	for (;; spec += size + 1) {
		size = strcspn(spec, ",");
		const struct column *column = column_find(spec, size);

		if (!column)
			return column_unknown(spec, size, fault);
		if (!has_put(chosen, column))
			add(chosen, column);
		if (!spec[size])
			return 0;
	}
}

int columns_choose(struct columns *chosen, const char *spec, const struct style *style,
		   uint32_t states, struct fault *fault)
{
	const struct column *process;
	int err;

	chosen->count = 0;
	if (!spec || *spec == '+')
		add_usual(chosen, style, states);
	if (!spec)
		return 0;
	if (*spec != '+') {
		err = add_named(chosen, spec, fault);
		if (!err && style->with_process && !has_put(chosen, column_find("PROCESS", 7)))
			add(chosen, column_find("PROCESS", 7));
		return err;
	}
	/* Process stays last: it may be empty, and fields are counted from the left. */
	process = chosen->at[--chosen->count];
	err = add_named(chosen, spec + 1, fault);
	if (process != &column_empty_process && !has_put(chosen, process))
		add(chosen, process);
	return err;
}

void columns_for_machines(struct columns *chosen, const struct columns *shown)
{
	struct fault fault;

	chosen->count = 0;
	for (size_t i = 0; i < shown->count; i++) {
		const struct column *column = shown->at[i];

		if (column->parts)
			add_named(chosen, column->parts, &fault);
		else if (column->member && !has_put(chosen, column))
			add(chosen, column);
	}
}

unsigned columns_need(const struct columns *chosen, const struct style *style)
{
	unsigned need = 0;

	for (size_t i = 0; i < chosen->count; i++)
		need |= chosen->at[i]->need;
	if (style->with_process)
		need |= NEED_HOLDERS;
	if (style->with_memory)
		need |= NEED_MEMORY;
	if (style->with_info)
		need |= NEED_TCP_INFO | NEED_CONGESTION;
	if (style->with_tos)
		need |= NEED_TOS;
	if (style->with_cgroup || style->with_extended)
		need |= NEED_CGROUP;
	if (style->with_extended)
		need |= NEED_WAITING;
	if (style->with_bpf)
		need |= NEED_BPF;
	return need;
}
