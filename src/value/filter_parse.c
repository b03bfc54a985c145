/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include "base/grow.h"
#include "base/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS "an address: 10.0.0.0/8, [::1]:22, *:80 or a host name"
#define PORT    "a port: 443, :443 or the name of a service"
#define TIME    "a time: 500ms, 90s, 5m, 2h, 1d or plain seconds"
#define BYTES   "a number of bytes (LISTEN: of connections)"

/*
 * THE table of words: those of ss, and those whose name or values differ from a
 * column's. All other words are in the table of columns. A word of ss never changes its
 * meaning.
 */
static const struct {
	const char *name;
	enum filter_kind kind;
	const char *column, *value, *meaning;
} words[] = {
	{ "src", FILTER_SRC, NULL, ADDRESS, "local address, with a prefix length, with a port" },
	{ "dst", FILTER_DST, NULL, ADDRESS, "peer's address, with a prefix length, with a port" },
	{ "sport", FILTER_SPORT, NULL, PORT, "local port" },
	{ "dport", FILTER_DPORT, NULL, PORT, "port of the peer" },
	{ "dev", FILTER_DEV, NULL, "the name or number of an interface",
	  "interface that the socket is bound to" },
	{ "fwmark", FILTER_FWMARK, NULL, "a mark or mark/mask: 0x10/0xff",
	  "firewall mark, under a mask (needs CAP_NET_ADMIN)" },
	{ "cgroup", FILTER_CGROUP, NULL, "the path of a cgroup",
	  "control group that the socket was made in" },
	{ "autobound", FILTER_AUTOBOUND, NULL, "", "local port chosen by the kernel" },
	{ "pid", FILTER_VALUE, "PID", "a process id", "process that holds the socket" },
	{ "user", FILTER_USER, "UID", "a user name or uid", "owner of the socket" },
	{ "comm", FILTER_VALUE, "COMM", "a process name; * and ? stand for others",
	  "name of a process that holds the socket" },
	{ "unit", FILTER_VALUE, "UNIT", "a systemd unit; * and ? stand for others",
	  "systemd unit that the socket was made in" },
	{ "netns", FILTER_NETNS, NULL, "the name or inode number of a network namespace",
	  "network namespace" },
	{ "age", FILTER_VALUE, "AGE", TIME, "time in the present state" },
	{ "idle", FILTER_VALUE, "IDLE", TIME, "time since new data last moved, either way" },
	{ "recvq", FILTER_VALUE, "RECVQ", BYTES, "Recv-Q" },
	{ "sendq", FILTER_VALUE, "SENDQ", BYTES, "Send-Q" },
	{ "retrans", FILTER_VALUE, "RETRANS", "a number",
	  "retransmissions or probes without an answer" },
	{ "rtt", FILTER_VALUE, "RTT", "a time: 20ms, 500us, 1.5s or plain milliseconds",
	  "smoothed round trip time" },
	{ "opener", FILTER_VALUE, "OPENER", "here or peer", "who called connect()" },
	{ "finding", FILTER_FINDING, NULL, "the id of a finding; * and ? stand for others",
	  "sockets that a finding is about" },
};

#define WORDS (sizeof(words) / sizeof(*words))

static enum filter_ops ops_of(enum filter_kind kind, const struct column *column)
{
	if (kind == FILTER_AUTOBOUND)
		return FILTER_OPS_NONE;
	if (kind == FILTER_SPORT || kind == FILTER_DPORT)
		return FILTER_OPS_ORDER;
	if (kind != FILTER_VALUE || column->kind == KIND_COMMS || !kind_has_order(column->kind))
		return FILTER_OPS_EQUAL;
	return FILTER_OPS_ORDER;
}

static const char *value_of(enum kind kind)
{
	switch (kind) {
	case KIND_MS: case KIND_AGE:
		return TIME;
	case KIND_US:
		return "a time: 20ms, 500us, 1.5s or plain milliseconds";
	default:
		return kind_has_order(kind) ? "a number" : "a name; * and ? stand for others";
	}
}

bool filter_row_at(size_t i, struct filter_row *row)
{
	const struct column *column;

	if (i < WORDS) {
		column = words[i].column ? column_find(words[i].column, strlen(words[i].column)) :
					   NULL;
		*row = (struct filter_row){
			words[i].name, words[i].kind, words[i].value, words[i].meaning,
			ops_of(words[i].kind, column), column,
		};
		return true;
	}
	column = column_with_word(i - WORDS);
	if (column)
		*row = (struct filter_row){
			column->word, FILTER_VALUE, value_of(column->kind), column->help,
			ops_of(FILTER_VALUE, column), column,
		};
	return column;
}

bool filter_row_of(const char *name, size_t size, struct filter_row *row)
{
	for (size_t i = 0; filter_row_at(i, row); i++)
		if (strlen(row->name) == size && memcmp(row->name, name, size) == 0)
			return true;
	return false;
}

static const struct { const char *name; enum filter_op op; } op_words[] = {
	{ "=", FILTER_EQ }, { "==", FILTER_EQ }, { "eq", FILTER_EQ },
	{ "!=", FILTER_NE }, { "ne", FILTER_NE }, { "neq", FILTER_NE },
	{ ">", FILTER_GT }, { "gt", FILTER_GT }, { "<", FILTER_LT }, { "lt", FILTER_LT },
	{ ">=", FILTER_GE }, { "ge", FILTER_GE }, { "geq", FILTER_GE },
	{ "<=", FILTER_LE }, { "le", FILTER_LE }, { "leq", FILTER_LE },
};

struct parser {
	struct filter *filter;
	struct filter_tokens tokens;
	size_t next;
	enum family family;             /* the family of hosts without a prefix */
	enum filter_realm realm;        /* realm of ends without a prefix; a prefix changes it */
	struct filter_error *error;
};

static const struct filter_token *peek(const struct parser *p)
{
	return p->next < p->tokens.count ? &p->tokens.at[p->next] : NULL;
}

/* True when the next word is @name, @other or @third. */
static bool next_is(const struct parser *p, const char *name, const char *other,
		    const char *third)
{
	const struct filter_token *token = peek(p);
	const char *word = token ? filter_word(p->filter, token->word) : NULL;

	return word && (strcmp(word, name) == 0 || (other && strcmp(word, other) == 0) ||
			(third && strcmp(word, third) == 0));
}

static bool next_is_parenthesis(const struct parser *p)
{
	const struct filter_token *token = peek(p);

	return token && !token->escaped && next_is(p, "(", ")", NULL);
}

/* Puts the caret under the next word, or behind the last word. */
static void point(struct parser *p)
{
	const struct filter_token *token = peek(p);

	p->error->offset = token ? token->offset : p->filter->source.count;
}

static uint32_t add_node(struct parser *p, enum filter_kind kind, uint32_t left, uint32_t right)
{
	struct filter_node *node = grow_add(&p->filter->nodes);

	node->kind = kind;
	node->left = left;
	node->right = right;
	node->port = -1;
	return (uint32_t)(p->filter->nodes.count - 1);
}

/* ---- states ---- */

/* The first word for states starts the set; each further word changes it. */
static bool take_state(struct parser *p, bool excludes)
{
	struct filter *f = p->filter;
	const struct filter_token *token;
	uint32_t mask = 0;

	p->next++;
	token = peek(p);
	if (token)
		mask = state_mask_by_name(filter_word(f, token->word));
	point(p);
	if (!mask)
		return filter_expect(p->error, "the name of a state: established, time-wait, ...");
	if (!f->has_states)
		f->states = excludes ? STATE_ALL : 0;
	f->states = excludes ? f->states & ~mask : f->states | mask;
	f->has_states = true;
	p->next++;
	return true;
}

static bool take_states(struct parser *p)
{
	for (;;) {
		bool state = next_is(p, "state", NULL, NULL);

		if (!state && !next_is(p, "exclude", "excl", NULL))
			break;
		if (!take_state(p, !state))
			return false;
	}
	if (p->filter->has_states && !p->filter->states)
		return filter_expect(p->error, "a state that is left after all the excluded ones");
	return true;
}

/* ---- words with a value ---- */

static bool take_op(struct parser *p, enum filter_op *op)
{
	const struct filter_token *token = peek(p);

	*op = FILTER_EQ;
	if (!token || token->escaped)
		return false;
	for (size_t i = 0; i < sizeof(op_words) / sizeof(*op_words); i++) {
		if (strcmp(filter_word(p->filter, token->word), op_words[i].name) == 0) {
			*op = op_words[i].op;
			p->next++;
			return true;
		}
	}
	return false;
}

/* True for words that are a value only when an operator stands before them. */
static bool is_reserved(const struct parser *p)
{
	const struct filter_token *token = peek(p);
	const char *word = filter_word(p->filter, token->word);
	struct filter_row row;

	return next_is(p, "and", "or", "not") || next_is(p, "&", "&&", NULL) ||
	       next_is(p, "|", "||", "!") ||
	       filter_row_of(word, strlen(word), &row);
}

static bool take_value(struct parser *p, struct filter_node *node, const struct filter_row *row,
		       bool has_op)
{
	const struct filter_token *token = peek(p);
	OWN_MEM char *text = NULL;

	point(p);
	if (!token || next_is_parenthesis(p) || (!has_op && is_reserved(p)))
		return filter_expect(p->error, "%s", row->value);
	node->offset = token->offset;
	/* a copy, because reading adds words, which may move the text */
	text = grow_strdup(filter_word(p->filter, token->word));
	node->family = p->family;
	node->realm = node->kind <= FILTER_DPORT ? p->realm : REALM_INET;
	if (!filter_read_value(p->filter, node, row, text, p->error))
		return false;
	if (node->kind <= FILTER_DPORT)
		p->realm = node->realm;
	p->next++;
	return true;
}

static bool is_allowed(const struct filter_row *row, bool has_op, enum filter_op op,
		       struct filter_error *error)
{
	if (row->ops == FILTER_OPS_EQUAL && op != FILTER_EQ && op != FILTER_NE)
		return filter_expect(error, "= or != after \"%s\"", row->name);
	if (row->ops == FILTER_OPS_NONE && has_op)
		return filter_expect(error, "no operator after \"%s\"", row->name);
	return true;
}

static bool take_test(struct parser *p, const struct filter_row *row, uint32_t *result)
{
	struct filter_node node = {
		.kind = row->kind, .name = row->name, .column = row->column, .port = -1,
	};
	bool has_op;

	point(p);
	if (++p->filter->tests > FILTER_TESTS_MAX)
		return filter_expect(p->error, "at most %d words with a value", FILTER_TESTS_MAX);
	node.offset = p->tokens.at[p->next].offset;
	p->next++;
	point(p);
	has_op = take_op(p, &node.op);
	if (!is_allowed(row, has_op, node.op, p->error))
		return false;
	if (row->ops != FILTER_OPS_NONE && !take_value(p, &node, row, has_op))
		return false;
	*result = add_node(p, node.kind, 0, 0);
	p->filter->nodes.at[*result] = node;
	return true;
}

/* ---- the expression ---- */

static bool take_list(struct parser *p, unsigned depth, uint32_t *result);

static bool take_nothing(struct parser *p)
{
	const struct filter_token *token = peek(p);

	point(p);
	if (token && next_is(p, "state", "exclude", "excl"))
		return filter_expect(p->error, "states before everything else, or a condition");
	return filter_expect(p->error, "a condition such as sport, dst, age or pid");
}

static bool take_inside(struct parser *p, unsigned depth, uint32_t *result)
{
	p->next++;
	if (!take_list(p, depth, result))
		return false;
	point(p);
	if (!next_is(p, ")", NULL, NULL))
		return filter_expect(p->error, "a closing parenthesis, and, or");
	p->next++;
	return true;
}

static bool take_not(struct parser *p, unsigned depth, uint32_t *result);

static bool take_one(struct parser *p, unsigned depth, uint32_t *result)
{
	const struct filter_token *token = peek(p);
	const char *word = token ? filter_word(p->filter, token->word) : "";
	struct filter_row row;

	if (depth > FILTER_DEPTH_MAX) {
		point(p);
		return filter_expect(p->error, "at most %d parentheses and not inside each other",
				     FILTER_DEPTH_MAX);
	}
	if (filter_row_of(word, strlen(word), &row))
		return take_test(p, &row, result);
	if (next_is(p, "not", "!", NULL))
		return take_not(p, depth, result);
	if (token && !token->escaped && next_is(p, "(", NULL, NULL))
		return take_inside(p, depth + 1, result);
	return take_nothing(p);
}

static bool take_not(struct parser *p, unsigned depth, uint32_t *result)
{
	uint32_t inner;

	p->next++;
	if (!take_one(p, depth + 1, &inner))
		return false;
	*result = add_node(p, FILTER_NOT, inner, 0);
	return true;
}

static enum filter_kind take_joint(struct parser *p)
{
	bool or = next_is(p, "or", "|", "||");

	if (or || next_is(p, "and", "&", "&&"))
		p->next++;
	return or ? FILTER_OR : FILTER_AND;
}

/* Takes operands from left to right, as ss does. */
static bool take_list(struct parser *p, unsigned depth, uint32_t *result)
{
	bool had_or = false;
	uint32_t right = 0;

	if (!take_one(p, depth, result))
		return false;
	while (peek(p) && !(next_is_parenthesis(p) && next_is(p, ")", NULL, NULL))) {
		enum filter_kind joint = take_joint(p);

		if (!take_one(p, depth, &right))
			return false;
		p->filter->is_mixed |= had_or && joint == FILTER_AND;
		had_or |= joint == FILTER_OR;
		*result = add_node(p, joint, *result, right);
	}
	return true;
}

static bool take_filter(struct parser *p)
{
	if (!take_states(p))
		return false;
	if (!peek(p))
		return true;
	if (!take_list(p, 0, &p->filter->root))
		return false;
	point(p);
	if (peek(p))
		return filter_expect(p->error, "and, or, a condition: nothing is open here");
	p->filter->has_expression = true;
	return true;
}

int filter_parse(struct filter *filter, const struct filter_source *source,
		 struct filter_error *error, struct fault *fault)
{
	struct parser p = {
		.filter = filter, .family = source->family, .realm = source->realm, .error = error,
	};
	int err;

	memset(filter, 0, sizeof(*filter));
	memset(error, 0, sizeof(*error));
	err = filter_cut(filter, source, &p.tokens, error, fault);
	if (!err && !take_filter(&p))
		err = filter_refuse(filter, error, EINVAL, fault);
	grow_fini(&p.tokens);
	return err;
}

void filter_fini(struct filter *filter)
{
	grow_fini(&filter->nodes);
	grow_fini(&filter->hosts);
	text_fini(&filter->source);
	text_fini(&filter->words);
}

bool filter_has(const struct filter *filter, enum filter_kind kind)
{
	for (size_t i = 0; i < filter->nodes.count; i++)
		if (filter->nodes.at[i].kind == kind)
			return true;
	return false;
}

bool filter_has_word(const struct filter *filter, const char *name)
{
	for (size_t i = 0; i < filter->nodes.count; i++)
		if (filter->nodes.at[i].name && strcmp(filter->nodes.at[i].name, name) == 0)
			return true;
	return false;
}

unsigned filter_need(const struct filter *filter)
{
	unsigned need = 0;

	for (size_t i = 0; i < filter->nodes.count; i++)
		if (filter->nodes.at[i].column)
			need |= filter->nodes.at[i].column->need;
	return need;
}
