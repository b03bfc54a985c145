/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_BYTECODE_H
#define COLLECT_BYTECODE_H

#include "collect/collect.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>

/* Two comparisons of two steps each, a test and a jump. */
#define BYTECODE_MAX 6

/*
 * A filter program, in the form of the attribute that follows an inet_diag request: the
 * kernel sends only sockets that pass.
 */
struct bytecode {
	struct nlattr         attr;
	struct inet_diag_bc_op op[BYTECODE_MAX];
};

/**
 * bytecode_compile - the program of a question: the window of local ports, and
 * "explicit"
 * @tail: bytes of a second program that follows and must be passed, too
 *
 * Returns the bytes of @code to be sent, 0 when every socket passes.
 */
size_t bytecode_compile(struct bytecode *code, const struct collect_ask *ask, size_t tail);

#endif
