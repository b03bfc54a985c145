/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter as text that parses to the same filter: what the reader made of an
 * expression is shown, and read back, by this.
 */
#ifndef TESTS_FILTER_FORMAT_H
#define TESTS_FILTER_FORMAT_H

#include "value/filter.h"

#include <string.h>

static const char *const filter_op_names[] = {
	[FILTER_EQ] = "=", [FILTER_NE] = "!=", [FILTER_GT] = ">",
	[FILTER_LT] = "<", [FILTER_GE] = ">=", [FILTER_LE] = "<=",
};

static void put_word(struct text *text, const char *word)
{
	for (; *word; word++) {
		if (strchr(" \t\r\n\\()=!<>&|", *word))
			text_add(text, "\\", 1);
		text_add(text, word, 1);
	}
}

static void put_other_end(struct text *text, const struct filter *filter,
			  const struct filter_node *node)
{
	text_addf(text, "%s", filter_realm_prefix(node->realm));
	if (node->realm == REALM_UNIX) {
		put_word(text, filter_word(filter, node->word));
		return;
	}
	if (node->is_number)
		text_addf(text, "%llu", (unsigned long long)node->number);
	else if (node->kind == FILTER_SRC || node->kind == FILTER_DST || node->port == -1)
		text_addf(text, "*");
	if (node->port != -1)
		text_addf(text, ":%lld", node->realm == REALM_VSOCK ?
			  (long long)(uint32_t)node->port : (long long)node->port);
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

	text_addf(text, "%s %s ", node->name, filter_op_names[node->op]);
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

static const char *unit_of(const struct column *column)
{
	bool is_ms = column && (column->kind == KIND_MS || column->kind == KIND_AGE);

	return is_ms ? "ms" : column && column->kind == KIND_US ? "us" : "";
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
	default:
		if (*word)
			put_word(text, word);
		else
			text_addf(text, "%llu%s", number, unit_of(node->column));
	}
}

static void put_test(struct text *text, const struct filter *filter, uint32_t at)
{
	const struct filter_node *node = &filter->nodes.at[at];

	if (node->realm != REALM_INET) {
		text_addf(text, "%s %s ", node->name,
			  filter_op_names[node->op]);
		put_other_end(text, filter, node);
		return;
	}
	if (node->kind == FILTER_SRC || node->kind == FILTER_DST) {
		put_hosts(text, filter, node);
		return;
	}
	text_addf(text, "%s", node->name);
	if (node->kind == FILTER_AUTOBOUND)
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
		put_test(text, filter, at);
	}
}

static void put_states(struct text *text, uint32_t states)
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

static inline void filter_format(struct text *text, const struct filter *filter)
{
	if (filter->has_states)
		put_states(text, filter->states);
	if (filter->has_states && filter->has_expression)
		text_addf(text, " ");
	if (filter->has_expression)
		put_node(text, filter, filter->root);
}

#endif
