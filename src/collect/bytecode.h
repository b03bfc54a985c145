/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_BYTECODE_H
#define COLLECT_BYTECODE_H

#include "collect/collect.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>

/* Two comparisons of two steps each, a test and a jump. */
#define BYTECODE_MAX 6

/*
 * A filter program as the attribute that stands behind an inet_diag request, so
 * that the kernel sends only what passes.
 */
struct bytecode {
	struct nlattr         attr;
	struct inet_diag_bc_op op[BYTECODE_MAX];
};

/**
 * bytecode_compile - the filter of a question: window of local ports, explicit
 * @tail: bytes of a further program that is sent behind it, which has to be
 *        passed too
 *
 * Returns the bytes of @code to be sent, 0 when every socket passes.
 */
size_t bytecode_compile(struct bytecode *code, const struct collect_ask *ask, size_t tail);

#endif
