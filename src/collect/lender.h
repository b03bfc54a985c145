/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_LENDER_H
#define COLLECT_LENDER_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Duplicates descriptors of other processes, so that their sockets can be asked. */
struct lender {
	int32_t     pid;                /* the process of @pidfd; 0: none yet */
	int         pidfd;              /* -1 when its descriptors cannot be had ... */
	int         err;                /* ... and why not, an errno */
	struct text our_groups;
	bool        knows_ours;
	bool        pids_are_ours;      /* of the /proc that the holders are from */
};

void lender_init(struct lender *lender);
void lender_fini(struct lender *lender);

/*
 * A duplicate of descriptor @fd of process @pid, which the caller closes; -1 with errno
 * when it cannot be had: EPERM without the right to trace that process, EBUSY where
 * duplicating would change the socket's traffic class, EXDEV where pids are not ours.
 */
int lender_borrow(struct lender *lender, int32_t pid, int32_t fd);

#endif
