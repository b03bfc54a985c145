/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/filter_code.h"

#include "base/grow.h"
#include "collect/inet.h"

#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * The kernel runs a list of steps (inet_diag_bc_run(), net/ipv4/inet_diag.c). Each step
 * has two jumps, forward only: `yes` has 8 bits, so it always leads to the next step;
 * `no` leads anywhere. A socket passes when the program arrives exactly at its end;
 * sockets that do not pass jump to 4 bytes behind the end.
 *
 * The expression first becomes a tree of tests in which only tests are negated. A test
 * that the kernel does not have becomes "true" there, negated or not, so that the
 * program never drops a socket that matches.
 */

#define PROGRAM_MOST 65528      /* a 16-bit attribute length and jump, multiple of 4 */
#define TEST_MOST    (sizeof(struct inet_diag_bc_op) + sizeof(struct inet_diag_hostcond) + 16)
#define JUMP_SIZE    sizeof(struct inet_diag_bc_op)

enum part_kind { PART_TRUE, PART_FALSE, PART_TEST, PART_AND, PART_OR };

struct part {
	enum part_kind kind;
	bool     negated;               /* TEST */
	uint8_t  code;                  /* TEST: enum of INET_DIAG_BC_ */
	uint8_t  data_size;             /* TEST: bytes behind the step */
	uint32_t left, right;           /* AND, OR */
	uint32_t node;                  /* TEST: the word of the filter */
	size_t   size;                  /* in the program */
	char     data[TEST_MOST];
};

struct compiler {
	const struct filter *filter;
	const struct filter_kernel *kernel;
	struct filter_code *code;
	struct { struct part *at; size_t count, room; } parts;
	bool *weak;                     /* by node: a part of it was left out */
};

void filter_kernel_init(struct filter_kernel *kernel, const char *release, bool net_admin,
			const struct limits *limits)
{
	const struct known *low = &limits->limit[LIMIT_PORT_LOW];
	const struct known *high = &limits->limit[LIMIT_PORT_HIGH];

	*kernel = (struct filter_kernel){
		.device = release_at_least(release, 4, 9),
		.mark = net_admin && release_at_least(release, 4, 9),
		.cgroup = release_at_least(release, 5, 8),
		.has_range = low->is && high->is,
	};
	if (kernel->has_range) {
		kernel->port_low = (uint16_t)low->value;
		kernel->port_high = (uint16_t)high->value;
	}
}

/* ---- the tree of tests ---- */

static uint32_t add_part(struct compiler *c, struct part part)
{
	*grow_add(&c->parts) = part;
	return (uint32_t)(c->parts.count - 1);
}

static uint32_t add_constant(struct compiler *c, bool is)
{
	return add_part(c, (struct part){ .kind = is ? PART_TRUE : PART_FALSE,
					  .size = is ? 0 : JUMP_SIZE });
}

static uint32_t add_joint(struct compiler *c, bool and, uint32_t left, uint32_t right)
{
	const struct part *l = &c->parts.at[left], *r = &c->parts.at[right];
	enum part_kind strong = and ? PART_FALSE : PART_TRUE;
	enum part_kind idle = and ? PART_TRUE : PART_FALSE;

	if (l->kind == strong || r->kind == idle)
		return left;
	if (r->kind == strong || l->kind == idle)
		return right;
	return add_part(c, (struct part){
		.kind = and ? PART_AND : PART_OR, .left = left, .right = right,
		.size = l->size + r->size + (and ? 0 : JUMP_SIZE),
	});
}

static uint32_t add_test(struct compiler *c, uint32_t node, uint8_t code, bool negated,
			 const void *data, size_t size)
{
	struct part part = {
		.kind = PART_TEST, .code = code, .negated = negated, .node = node,
		.data_size = (uint8_t)size,
		.size = sizeof(struct inet_diag_bc_op) + size + (negated ? JUMP_SIZE : 0),
	};

	memcpy(part.data, data, size);
	return add_part(c, part);
}

/* The port stands in the jump of a second step. */
static uint32_t add_port(struct compiler *c, uint32_t node, uint8_t code, bool negated,
			 uint16_t port)
{
	struct inet_diag_bc_op data = { .no = port };

	return add_test(c, node, code, negated, &data, sizeof(data));
}

/* @host NULL: any address of either family. */
static uint32_t add_host(struct compiler *c, uint32_t node, bool negated,
			 const struct filter_host *host)
{
	const struct filter_node *n = &c->filter->nodes.at[node];
	bool source = n->kind == FILTER_SRC || n->kind == FILTER_SPORT;
	struct inet_diag_hostcond cond = { .family = AF_UNSPEC, .port = n->port };
	char data[TEST_MOST];
	size_t size = 0;

	if (host) {
		size = host->family == FAMILY_IPV4 ? 4 : 16;
		cond.family = host->family == FAMILY_IPV4 ? AF_INET : AF_INET6;
		cond.prefix_len = host->prefix;
		memcpy(data + sizeof(cond), host->addr.b + 16 - size, size);
	}
	memcpy(data, &cond, sizeof(cond));
	return add_test(c, node, source ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND, negated,
			data, sizeof(cond) + size);
}

/* True for one of several addresses; negated, for none of them. */
static uint32_t build_host(struct compiler *c, uint32_t node, bool negated)
{
	const struct filter_node *n = &c->filter->nodes.at[node];
	uint32_t part;

	if (!n->host_count)
		return n->port < 0 ? add_constant(c, !negated) : add_host(c, node, negated, NULL);
	part = add_host(c, node, negated, &c->filter->hosts.at[n->first_host]);
	for (uint32_t i = 1; i < n->host_count; i++)
		part = add_joint(c, negated, part,
				 add_host(c, node, negated,
					  &c->filter->hosts.at[n->first_host + i]));
	return part;
}

static uint32_t build_port(struct compiler *c, uint32_t node, bool negated)
{
	const struct filter_node *n = &c->filter->nodes.at[node];
	bool source = n->kind == FILTER_SPORT, less;

	if (n->op == FILTER_EQ || n->op == FILTER_NE)
		return build_host(c, node, negated);
	less = n->op == FILTER_LE || n->op == FILTER_GT;
	/* the kernel has no "at most", but its negation "more than" */
	return add_port(c, node, source ? (less ? INET_DIAG_BC_S_LE : INET_DIAG_BC_S_GE) :
			(less ? INET_DIAG_BC_D_LE : INET_DIAG_BC_D_GE), negated,
			(uint16_t)n->port);
}

static uint32_t build_nothing(struct compiler *c, uint32_t node)
{
	c->weak[node] = true;
	return add_constant(c, true);
}

/* Two tests; see autobound_test() in value/filter_eval.c. */
static uint32_t build_autobound(struct compiler *c, uint32_t node, bool negated)
{
	uint32_t chosen, range;

	if (!c->kernel->has_range && negated)
		return build_nothing(c, node);
	chosen = add_test(c, node, INET_DIAG_BC_AUTO, negated, "", 0);
	if (!c->kernel->has_range) {
		c->weak[node] = true;
		return chosen;
	}
	range = add_port(c, node, INET_DIAG_BC_S_GE, negated, c->kernel->port_low);
	range = add_joint(c, !negated, range, add_port(c, node, INET_DIAG_BC_S_LE, negated,
						       c->kernel->port_high));
	return add_joint(c, !negated, chosen, range);
}

static uint32_t build_word(struct compiler *c, uint32_t node, bool negated)
{
	const struct filter_node *n = &c->filter->nodes.at[node];
	struct inet_diag_markcond mark = { .mark = (uint32_t)n->number, .mask = n->mask };
	uint32_t index = (uint32_t)n->number;

	/* a socket whose listing takes a program has no such ends */
	if (n->realm != REALM_INET)
		return add_constant(c, negated != (n->op == FILTER_NE));
	/* these three operators are the negation of =, <= and >= */
	if (n->op == FILTER_NE || ((n->kind == FILTER_SPORT || n->kind == FILTER_DPORT) &&
				   (n->op == FILTER_GT || n->op == FILTER_LT)))
		negated = !negated;
	switch (n->kind) {
	case FILTER_SRC: case FILTER_DST:
		return build_host(c, node, negated);
	case FILTER_SPORT: case FILTER_DPORT:
		return build_port(c, node, negated);
	case FILTER_AUTOBOUND:
		return build_autobound(c, node, negated);
	case FILTER_DEV:
		return !c->kernel->device ? build_nothing(c, node) :
		       add_test(c, node, INET_DIAG_BC_DEV_COND, negated, &index, sizeof(index));
	case FILTER_FWMARK:
		return !c->kernel->mark ? build_nothing(c, node) :
		       add_test(c, node, INET_DIAG_BC_MARK_COND, negated, &mark, sizeof(mark));
	case FILTER_CGROUP:
		return !c->kernel->cgroup ? build_nothing(c, node) :
		       add_test(c, node, INET_DIAG_BC_CGROUP_COND, negated, &n->number,
				sizeof(n->number));
	default:
		return build_nothing(c, node);
	}
}

static uint32_t build(struct compiler *c, uint32_t node, bool negated)
{
	const struct filter_node *n = &c->filter->nodes.at[node];
	uint32_t left, right, part;

	if (n->kind == FILTER_NOT) {
		part = build(c, n->left, !negated);
		c->weak[node] = c->weak[n->left];
	} else if (n->kind == FILTER_AND || n->kind == FILTER_OR) {
		left = build(c, n->left, negated);
		right = build(c, n->right, negated);
		part = add_joint(c, (n->kind == FILTER_AND) != negated, left, right);
		c->weak[node] = c->weak[n->left] || c->weak[n->right];
	} else {
		part = build_word(c, node, negated);
	}
	return part;
}

/* ---- what fits ---- */

/* Takes back the claim that the program decides the words below a node. */
static void give_up(struct compiler *c, uint32_t part)
{
	const struct part *p = &c->parts.at[part];

	if (p->kind == PART_TEST)
		c->weak[p->node] = true;
	if (p->kind == PART_AND || p->kind == PART_OR) {
		give_up(c, p->left);
		give_up(c, p->right);
	}
}

/* Leaves conditions out until the program has at most @room bytes. */
static uint32_t fit(struct compiler *c, uint32_t part, size_t room)
{
	const struct part p = c->parts.at[part];
	uint32_t left, right;

	if (p.size <= room)
		return part;
	if (p.kind != PART_AND) {
		give_up(c, part);
		return add_constant(c, true);
	}
	left = fit(c, p.left, room);
	right = fit(c, p.right, room - c->parts.at[left].size);
	return add_joint(c, true, left, right);
}

/* A node is weak when a word below it was left out. */
static void spread_weakness(struct compiler *c)
{
	for (size_t i = 0; i < c->filter->nodes.count; i++) {
		const struct filter_node *n = &c->filter->nodes.at[i];

		/* children stand before their parents */
		if (n->kind == FILTER_NOT)
			c->weak[i] = c->weak[n->left];
		else if (n->kind == FILTER_AND || n->kind == FILTER_OR)
			c->weak[i] = c->weak[n->left] || c->weak[n->right];
	}
}

/* ---- the program ---- */

static void put_step(struct compiler *c, size_t at, uint8_t code, size_t yes, size_t no)
{
	struct inet_diag_bc_op op = { .code = code, .yes = (uint8_t)yes, .no = (uint16_t)no };

	memcpy(c->code->program.at + at, &op, sizeof(op));
}

static void put_jump(struct compiler *c, size_t at, size_t target)
{
	put_step(c, at, INET_DIAG_BC_JMP, JUMP_SIZE, target - at);
}

static void put_test(struct compiler *c, const struct part *p, size_t at, size_t fail)
{
	size_t size = sizeof(struct inet_diag_bc_op) + p->data_size;

	memcpy(c->code->program.at + at + sizeof(struct inet_diag_bc_op), p->data, p->data_size);
	if (p->negated) {
		put_step(c, at, p->code, size, size + JUMP_SIZE);
		put_jump(c, at + size, fail);
	} else {
		put_step(c, at, p->code, size, fail - at);
	}
}

/*
 * Writes a part at @at. When it is true the program goes on behind it, when false at
 * @fail.
 */
static void put_part(struct compiler *c, uint32_t part, size_t at, size_t fail)
{
	const struct part *p = &c->parts.at[part];
	size_t middle;

	switch (p->kind) {
	case PART_TRUE:
		break;
	case PART_FALSE:
		put_jump(c, at, fail);
		break;
	case PART_TEST:
		put_test(c, p, at, fail);
		break;
	case PART_AND:
		put_part(c, p->left, at, fail);
		put_part(c, p->right, at + c->parts.at[p->left].size, fail);
		break;
	case PART_OR:
		middle = at + c->parts.at[p->left].size;
		put_part(c, p->left, at, middle + JUMP_SIZE);
		put_jump(c, middle, at + p->size);
		put_part(c, p->right, middle + JUMP_SIZE, fail);
		break;
	}
}

static void put_program(struct compiler *c, uint32_t root)
{
	static const char zero[256];
	size_t size = c->parts.at[root].size;

	for (size_t done = 0; done < size; done += sizeof(zero))
		text_add(&c->code->program, zero,
			 size - done < sizeof(zero) ? size - done : sizeof(zero));
	put_part(c, root, 0, size + JUMP_SIZE);
}

/* The root of the expression, and all that `and` joins to it, is true of whatever passes. */
static void grant(struct compiler *c, uint32_t node)
{
	const struct filter_node *n = &c->filter->nodes.at[node];

	c->code->granted[node] = !c->weak[node];
	if (n->kind == FILTER_AND) {
		grant(c, n->left);
		grant(c, n->right);
	}
}

/* What else the question leaves out; it belongs to the node behind those of the filter. */
static uint32_t build_window(struct compiler *c, uint32_t node, const struct collect_ask *ask)
{
	uint32_t part = add_constant(c, true);

	if (ask->port_low || ask->port_high) {
		part = add_port(c, node, INET_DIAG_BC_S_GE, false, ask->port_low);
		part = add_joint(c, true, part,
				 add_port(c, node, INET_DIAG_BC_S_LE, false, ask->port_high));
	}
	/* AUTO holds for a socket whose port was not given to bind() */
	if (ask->explicit_port)
		part = add_joint(c, true, part, add_test(c, node, INET_DIAG_BC_AUTO, true, "", 0));
	return part;
}

/* For sockets of other kinds the kernel takes no programs. */
static bool can_compile(const struct filter *filter)
{
	return filter->has_expression && filter->realm == REALM_INET;
}

void filter_compile(struct filter_code *code, const struct collect_ask *ask,
		    const struct filter *filter, const struct filter_kernel *kernel)
{
	uint32_t nodes = filter ? (uint32_t)filter->nodes.count : 0, root;
	struct compiler c = { .filter = filter, .kernel = kernel, .code = code };
	size_t most = kernel && kernel->most_bytes && kernel->most_bytes < PROGRAM_MOST ?
		      kernel->most_bytes : PROGRAM_MOST;
	bool compiles = filter && can_compile(filter);

	memset(code, 0, sizeof(*code));
	code->granted = filter ? grow_alloc(nodes + 1) : NULL;
	c.weak = grow_alloc(nodes + 1);
	root = build_window(&c, nodes, ask);
	if (compiles)
		root = add_joint(&c, true, root, build(&c, filter->root, false));
	put_program(&c, fit(&c, root, most));
	if (compiles) {
		spread_weakness(&c);
		grant(&c, filter->root);
	}
	code->exact = !filter || !filter->has_expression || (compiles && !c.weak[filter->root]);
	free(c.weak);
	grow_fini(&c.parts);
}

void filter_code_fini(struct filter_code *code)
{
	text_fini(&code->program);
	free(code->granted);
	code->granted = NULL;
}
