/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/filter_read.h"

#include <string.h>

/* ---- the canonical form ---- */

void filter_put_word(struct text *text, const char *word)
{
	for (; *word; word++) {
		if (strchr(" \t\r\n\\()=!<>&|", *word))
			text_add(text, "\\", 1);
		text_add(text, word, 1);
	}
}

static void put_port(struct text *text, int32_t port)
{
	if (port >= 0)
		text_addf(text, ":%d", port);
}

/*
 * The prefix is about the whole filter; it stands wherever it is not wrong. Where a later
 * one is of no internet family, an address needs its own, or an option would refuse it.
 */
static void put_family(struct text *text, const struct filter *filter,
		       const struct filter_host *host)
{
	enum family family = host && filter->realm != REALM_INET ? host->family : filter->family;

	if (family && (!host || host->family == family))
		text_addf(text, family == FAMILY_IPV4 ? "inet:" : "inet6:");
}

static void put_host(struct text *text, const struct filter *filter,
		     const struct filter_node *node, const struct filter_host *host)
{
	bool v6 = host && host->family == FAMILY_IPV6;
	char addr[ADDR_TEXT];

	text_addf(text, "%s %s ", filter_table[node->kind].name, filter_op_names[node->op]);
	put_family(text, filter, host);
	if (host) {
		addr_format(addr, &host->addr, host->family);
		text_addf(text, "%s%s", v6 ? "[" : "", addr);
		if (host->prefix != (v6 ? 128 : 32))
			text_addf(text, "/%u", host->prefix);
		text_addf(text, "%s", v6 ? "]" : "");
	} else {
		text_addf(text, "*");
	}
	put_port(text, node->port);
}

/* Each address of a name by itself. */
static void put_hosts(struct text *text, const struct filter *filter,
		      const struct filter_node *node)
{
	const struct filter_host *hosts = filter->hosts.at + node->first_host;

	if (!node->host_count)
		put_host(text, filter, node, NULL);
	for (uint32_t i = 0; i < node->host_count; i++) {
		text_addf(text, "%s", !i ? "" : node->op == FILTER_NE ? " and " : " or ");
		put_host(text, filter, node, &hosts[i]);
	}
}

static void put_value(struct text *text, const struct filter *filter,
		      const struct filter_node *node)
{
	const char *word = filter_word(filter, node->word);
	unsigned long long number = node->number;

	switch (node->kind) {
	case FILTER_SPORT: case FILTER_DPORT:
		put_family(text, filter, NULL);
		put_port(text, node->port);
		if (node->port < 0)
			text_addf(text, ":*");
		break;
	case FILTER_FWMARK:
		text_addf(text, "0x%llx", number);
		if (node->mask != UINT32_MAX)
			text_addf(text, "/0x%x", node->mask);
		break;
	case FILTER_AGE: case FILTER_IDLE:
		text_addf(text, "%llums", number);
		break;
	case FILTER_RTT:
		text_addf(text, "%lluus", number);
		break;
	case FILTER_OPENER:
		text_addf(text, number == OPENER_HERE ? "here" : "peer");
		break;
	default:
		if (*word)
			filter_put_word(text, word);
		else
			text_addf(text, "%llu", number);
	}
}

void filter_format_test(struct text *text, const struct filter *filter, uint32_t at)
{
	const struct filter_node *node = &filter->nodes.at[at];

	if (node->realm != REALM_INET) {
		text_addf(text, "%s %s ", filter_table[node->kind].name,
			  filter_op_names[node->op]);
		filter_put_end(text, filter, node);
		return;
	}
	if (node->kind == FILTER_SRC || node->kind == FILTER_DST) {
		put_hosts(text, filter, node);
		return;
	}
	text_addf(text, "%s", filter_table[node->kind].name);
	if (filter_table[node->kind].ops == FILTER_OPS_NONE)
		return;
	text_addf(text, " %s ", filter_op_names[node->op]);
	put_value(text, filter, node);
}

static void put_node(struct text *text, const struct filter *filter, uint32_t at);

/* A part in parentheses where it would be read differently without. */
static void put_part(struct text *text, const struct filter *filter, uint32_t at, bool inside)
{
	text_addf(text, "%s", inside ? "( " : "");
	put_node(text, filter, at);
	text_addf(text, "%s", inside ? " )" : "");
}

/* AND or OR where it is written as one, which several addresses are too. */
static enum filter_kind joint_of(const struct filter *filter, uint32_t at)
{
	const struct filter_node *node = &filter->nodes.at[at];

	if (node->kind == FILTER_AND || node->kind == FILTER_OR)
		return node->kind;
	if (node->host_count > 1)
		return node->op == FILTER_NE ? FILTER_AND : FILTER_OR;
	return FILTER_NOT;
}

static bool is_joint(const struct filter *filter, uint32_t at)
{
	return joint_of(filter, at) != FILTER_NOT;
}

static void put_node(struct text *text, const struct filter *filter, uint32_t at)
{
	const struct filter_node *node = &filter->nodes.at[at];

	if (node->kind == FILTER_NOT) {
		text_addf(text, "not ");
		put_part(text, filter, node->left, is_joint(filter, node->left));
	} else if (node->kind == FILTER_AND || node->kind == FILTER_OR) {
		put_part(text, filter, node->left, is_joint(filter, node->left) &&
			 joint_of(filter, node->left) != node->kind);
		text_addf(text, node->kind == FILTER_AND ? " and " : " or ");
		put_part(text, filter, node->right, is_joint(filter, node->right));
	} else {
		filter_format_test(text, filter, at);
	}
}

void filter_format_states(struct text *text, uint32_t states)
{
	bool first = true;

	if (states == STATE_ALL) {
		text_addf(text, "state all");
		return;
	}
	for (int i = 1; i < STATE_COUNT; i++) {
		if (states & STATE_BIT(i)) {
			text_addf(text, "%sstate %s", first ? "" : " ", state_table[i].filter);
			first = false;
		}
	}
}

void filter_format(struct text *text, const struct filter *filter)
{
	if (filter->has_states)
		filter_format_states(text, filter->states);
	if (filter->has_states && filter->has_expression)
		text_addf(text, " ");
	if (filter->has_expression)
		put_node(text, filter, filter->root);
}

/* ---- the place of an error ---- */

#define DOTS "..."

/* Bytes of the first character of @str, which is valid UTF-8; 0 at its end. */
static size_t char_size(const char *str, size_t *columns)
{
	uint32_t code;
	size_t size = utf8_decode(str, strlen(str) < 4 ? strlen(str) : 4, &code);
	char one[5] = "";

	/* one byte more was zero: NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(one, str, size);
	*columns = utf8_width(one);
	return size;
}

/* Bytes at the begin of @str that take at most @room columns. */
static size_t head_size(const char *str, size_t room)
{
	size_t used = 0, size, columns;

	while (str[used]) {
		size = char_size(str + used, &columns);
		if (!size || columns > room)
			break;
		room -= columns;
		used += size;
	}
	return used;
}

/* The end of @str that takes at most @room columns. */
static const char *tail_of(const char *str, size_t room)
{
	size_t left = utf8_width(str), size, columns;

	while (left > room && *str) {
		size = char_size(str, &columns);
		if (!size)
			break;
		left -= columns < left ? columns : left;
		str += size;
	}
	return str;
}

static void put_place(struct text *text, const char *before, const char *after, size_t width)
{
	size_t caret = utf8_width(before), shown;

	if (width && caret + utf8_width(after) > width) {
		size_t most = width * 2 / 3;

		if (caret > most) {
			before = tail_of(before, most - strlen(DOTS));
			text_addf(text, DOTS);
			caret = utf8_width(before) + strlen(DOTS);
		}
		text_addf(text, "%s", before);
		shown = head_size(after, width - caret);
		if (after[shown])
			shown = head_size(after, width - caret - strlen(DOTS));
		text_add(text, after, shown);
		text_addf(text, after[shown] ? DOTS : "");
	} else {
		text_addf(text, "%s%s", before, after);
	}
	text_addf(text, "\n%*s^\n", (int)caret, "");
}

void filter_error_format(struct text *text, const struct filter *filter,
			 const struct filter_error *error, size_t width)
{
	const char *source = text_str(&filter->source);
	size_t size = filter->source.count;
	size_t offset = error->offset < size ? error->offset : size;
	struct text before = { 0 }, after = { 0 };

	text_add_safe(&before, source, offset);
	text_add_safe(&after, source + offset, size - offset);
	/* a caret behind the end takes a column too */
	if (width)
		width = width < 20 ? 19 : width - 1;
	put_place(text, text_str(&before), text_str(&after), width);
	text_fini(&before);
	text_fini(&after);
}
