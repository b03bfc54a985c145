/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bytecode.h"

_Static_assert(sizeof(struct bytecode) ==
	       sizeof(struct nlattr) + BYTECODE_MAX * sizeof(struct inet_diag_bc_op),
	       "it is sent as it stands in memory");

/*
 * A step says how many bytes to advance when its test holds and when it does not. A
 * socket passes when the program arrives exactly at its end; a jump to 4 bytes behind
 * the end refuses it. The kernel accepts a program only if following every "yes" arrives
 * at the end, so a refusal by "yes" needs a jump step, whose "no" is always taken.
 */
enum { STEP = sizeof(struct inet_diag_bc_op) };

static void refuse_from(struct bytecode *code, size_t at, size_t end)
{
	code->op[at].no = (uint16_t)((end - at) * STEP + STEP);
}

/* The port of a comparison stands in the step behind it. */
static void compare(struct bytecode *code, size_t at, uint8_t test, uint16_t port, size_t end)
{
	code->op[at] = (struct inet_diag_bc_op){ .code = test, .yes = 2 * STEP };
	code->op[at + 1] = (struct inet_diag_bc_op){ .no = port };
	refuse_from(code, at, end);
}

/* AUTO holds for a socket whose port was not given to bind(); those are refused. */
static void refuse_auto(struct bytecode *code, size_t at, size_t end)
{
	code->op[at] = (struct inet_diag_bc_op){
		.code = INET_DIAG_BC_AUTO, .yes = STEP, .no = 2 * STEP,
	};
	code->op[at + 1] = (struct inet_diag_bc_op){ .code = INET_DIAG_BC_JMP, .yes = STEP };
	refuse_from(code, at + 1, end);
}

size_t bytecode_compile(struct bytecode *code, const struct collect_ask *ask, size_t tail)
{
	bool window = ask->port_low || ask->port_high;
	size_t own = (window ? 4u : 0u) + (ask->explicit_port ? 2u : 0u);
	size_t end = own + tail / STEP, at = 0;

	*code = (struct bytecode){ 0 };
	if (!end)
		return 0;
	code->attr.nla_type = INET_DIAG_REQ_BYTECODE;
	code->attr.nla_len = (uint16_t)(sizeof(code->attr) + end * STEP);
	if (window) {
		compare(code, at, INET_DIAG_BC_S_GE, ask->port_low, end);
		compare(code, at + 2, INET_DIAG_BC_S_LE, ask->port_high, end);
		at += 4;
	}
	if (ask->explicit_port)
		refuse_auto(code, at, end);
	return sizeof(code->attr) + own * STEP;
}
