/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include "base/grow.h"
#include "base/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * To add a word: its enum word, a row here, a reader in filter_value.c and a
 * test in filter_eval.c. A word of ss never changes its meaning.
 */
const struct filter_row filter_table[FILTER_KIND_COUNT] = {
	[FILTER_SRC] = { "src", "an address: 10.0.0.0/8, [::1]:22, *:80 or a host name",
		"local address, with a prefix length, with a port", FILTER_OPS_EQUAL, 0, true },
	[FILTER_DST] = { "dst", "an address: 10.0.0.0/8, [::1]:22, *:80 or a host name",
		"peer's address, with a prefix length, with a port", FILTER_OPS_EQUAL, 0, true },
	[FILTER_SPORT] = { "sport", "a port: 443, :443 or the name of a service",
		"local port", FILTER_OPS_ORDER, 0, true },
	[FILTER_DPORT] = { "dport", "a port: 443, :443 or the name of a service",
		"port of the peer", FILTER_OPS_ORDER, 0, true },
	[FILTER_DEV] = { "dev", "the name or number of an interface",
		"interface that the socket is bound to", FILTER_OPS_EQUAL, 0, true },
	[FILTER_FWMARK] = { "fwmark", "a mark or mark/mask: 0x10/0xff",
		"firewall mark, under a mask (needs CAP_NET_ADMIN)", FILTER_OPS_EQUAL, 0, true },
	[FILTER_CGROUP] = { "cgroup", "the path of a cgroup",
		"control group that the socket was made in", FILTER_OPS_EQUAL, 0, true },
	[FILTER_AUTOBOUND] = { "autobound", "",
		"local port chosen by the kernel", FILTER_OPS_NONE, 0, true },
	[FILTER_PID] = { "pid", "a process id",
		"process that holds the socket", FILTER_OPS_ORDER, NEED_HOLDERS, false },
	[FILTER_USER] = { "user", "a user name or uid",
		"owner of the socket", FILTER_OPS_EQUAL, 0, false },
	[FILTER_COMM] = { "comm", "a process name; * and ? stand for others",
		"name of a process that holds the socket", FILTER_OPS_EQUAL, NEED_HOLDERS, false },
	[FILTER_UNIT] = { "unit", "a systemd unit; * and ? stand for others",
		"systemd unit that the socket was made in", FILTER_OPS_EQUAL, NEED_CGROUP, false },
	[FILTER_NETNS] = { "netns", "the name or inode number of a network namespace",
		"network namespace", FILTER_OPS_EQUAL, 0, false },
	[FILTER_AGE] = { "age", "a time: 500ms, 90s, 5m, 2h, 1d or plain seconds",
		"time in the present state", FILTER_OPS_ORDER, NEED_FLOW, false },
	[FILTER_IDLE] = { "idle", "a time: 500ms, 90s, 5m, 2h, 1d or plain seconds",
		"time since data last moved, either way", FILTER_OPS_ORDER, NEED_FLOW, false },
	[FILTER_RECVQ] = { "recvq", "a number of bytes (LISTEN: of connections)",
		"Recv-Q", FILTER_OPS_ORDER, 0, false },
	[FILTER_SENDQ] = { "sendq", "a number of bytes (LISTEN: of connections)",
		"Send-Q", FILTER_OPS_ORDER, 0, false },
	[FILTER_RETRANS] = { "retrans", "a number",
		"retransmissions or probes without an answer", FILTER_OPS_ORDER, 0, false },
	[FILTER_RTT] = { "rtt", "a time: 20ms, 500us, 1.5s or plain milliseconds",
		"smoothed round trip time", FILTER_OPS_ORDER, NEED_TCP_INFO, false },
	[FILTER_OPENER] = { "opener", "here or peer",
		"who called connect()", FILTER_OPS_EQUAL, NEED_FLOW, false },
	[FILTER_FINDING] = { "finding", "the id of a finding; * and ? stand for others",
		"sockets that a finding is about", FILTER_OPS_EQUAL, 0, false },
};

const char *const filter_op_names[] = {
	[FILTER_EQ] = "=", [FILTER_NE] = "!=", [FILTER_GT] = ">",
	[FILTER_LT] = "<", [FILTER_GE] = ">=", [FILTER_LE] = "<=",
};

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
	enum family family;             /* that a host without a prefix is of */
	enum filter_realm realm;        /* the same; a prefix is for what follows it too */
	struct filter_error *error;
};

enum filter_kind filter_kind_of(const char *name, size_t size)
{
	for (int i = FILTER_SRC; i < FILTER_KIND_COUNT; i++)
		if (strlen(filter_table[i].name) == size &&
		    strncmp(filter_table[i].name, name, size) == 0)
			return (enum filter_kind)i;
	return FILTER_KIND_COUNT;
}

static const struct filter_token *peek(const struct parser *p)
{
	return p->next < p->tokens.count ? &p->tokens.at[p->next] : NULL;
}

/* True when the next word is @name, or @other, or @third. */
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

/* Puts the caret under the next word, or behind the last one. */
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

/* The first of these words begins a set of its own, the others change it. */
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

/* Words that cannot be a value unless an operator stands before them. */
static bool is_reserved(const struct parser *p)
{
	const struct filter_token *token = peek(p);
	const char *word = filter_word(p->filter, token->word);

	return next_is(p, "and", "or", "not") || next_is(p, "&", "&&", NULL) ||
	       next_is(p, "|", "||", "!") ||
	       filter_kind_of(word, strlen(word)) != FILTER_KIND_COUNT;
}

static bool take_value(struct parser *p, struct filter_node *node, bool has_op)
{
	const struct filter_row *row = &filter_table[node->kind];
	const struct filter_token *token = peek(p);
	OWN_MEM char *text = NULL;

	point(p);
	if (!token || next_is_parenthesis(p) || (!has_op && is_reserved(p)))
		return filter_expect(p->error, "%s", row->value);
	node->offset = token->offset;
	/* the reader adds words, which may move them */
	text = grow_strdup(filter_word(p->filter, token->word));
	node->family = p->family;
	node->realm = node->kind <= FILTER_DPORT ? p->realm : REALM_INET;
	if (!filter_read_value(p->filter, node, text, p->error))
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

static bool take_test(struct parser *p, enum filter_kind kind, uint32_t *result)
{
	const struct filter_row *row = &filter_table[kind];
	struct filter_node node = { .kind = kind, .port = -1 };
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
	if (row->ops != FILTER_OPS_NONE && !take_value(p, &node, has_op))
		return false;
	*result = add_node(p, kind, 0, 0);
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
	enum filter_kind kind = filter_kind_of(word, strlen(word));

	if (depth > FILTER_DEPTH_MAX) {
		point(p);
		return filter_expect(p->error, "at most %d parentheses and not inside each other",
				     FILTER_DEPTH_MAX);
	}
	if (kind != FILTER_KIND_COUNT)
		return take_test(p, kind, result);
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

/* From left to right, as ss does. */
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

unsigned filter_need(const struct filter *filter)
{
	unsigned need = 0;

	for (size_t i = 0; i < filter->nodes.count; i++)
		need |= filter_table[filter->nodes.at[i].kind].need;
	return need;
}
